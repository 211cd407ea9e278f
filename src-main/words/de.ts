/** German. */
import { PHOTO_FORMATS } from '../engine/images/photo-formats.ts'
import type { Range } from '../engine/limits.ts'
import type { HeadFileHelp } from './en.ts'
import type { Words } from './message.ts'

const either = new Intl.ListFormat('de', { type: 'disjunction' })
const all = new Intl.ListFormat('de', { type: 'conjunction' })
const FORMATS = either.format(PHOTO_FORMATS.map(({ name }) => name))
const number = (value: number, digits: number) => value.toFixed(digits).replace('.', ',')

const COPY_AGAIN = 'Die Datei noch einmal von dort kopieren, woher sie kam, oder aus einem Bildprogramm neu speichern.'
const NOT_A_FOLDER = 'Ein Teil des Pfads ist eine Datei, kein Ordner: einen anderen Pfad wählen.'
const CHECKPOINT = 'Einen EG3D-Generator wählen, wie NVIDIA ihn veröffentlicht (.pkl), etwa ffhqrebalanced512-128.pkl.'
const A_PANOHEAD =
  'Den Generator wählen, den die Autoren von PanoHead veröffentlichen, oder einen von EG3D. Ist es ihrer, diese Meldung bitte weitergeben: ihre Dateien sind nur aus Beschreibungen bekannt.'
const DAMAGED_CHECKPOINT = 'Die Datei ist beschädigt oder kein EG3D-Checkpoint: neu holen.'
const UNTRUSTED =
  'Gelesen werden nur Checkpoints von EG3D und PanoHead, wie ihre Autoren sie veröffentlichen (.pkl). Nichts aus der Datei wurde ausgeführt; ist ihre Herkunft zweifelhaft, sollte sie gelöscht werden.'
const DAMAGED_WEIGHTS = 'Die Datei ist beschädigt oder enthält ein anderes Netz: neu holen oder neu erzeugen.'
const A_GENERATOR = 'Eine Generatordatei wählen oder einen EG3D-Checkpoint (.pkl) importieren.'
const GENERATOR_PATH = 'Den Pfad einer Generatordatei (.safetensors) oder eines EG3D-Checkpoints (.pkl) angeben.'
const OPEN_PHOTO = 'Zuerst ein Foto öffnen.'
const PROJECT_FILE = 'Eine von Halfturn gespeicherte .halfturn-Datei wählen oder sie neu speichern.'
const FROM_THE_PHOTO = 'Den Kopf aus dem Foto neu formen.'
const START_AGAIN = 'Die Rekonstruktion vom Foto an neu beginnen.'
const WITHOUT_RESUME = 'Ohne --resume vom Foto an beginnen.'
const GOES_ON = 'Die Arbeit geht weiter, und das Speichern wird wieder versucht.'
const SIDE_PHOTO = 'Wenn das nicht stimmt, ein Foto von der Seite dazunehmen.'
const FRONT_PHOTO = 'Ein Foto, das mehr von vorn aufgenommen ist, zeigte mehr vom Gesicht.'
const LIST = 'Eine CSV-Datei angeben, wie halfturn batch --help sie beschreibt.'
const VERDICTS = {
  good: 'Gut.',
  front: 'Gut von vorn.',
  uncertain: 'Form ungewiss.',
  failed: 'Noch nicht brauchbar.',
}

const DEFECT_OF_WINDOW = 'Das ist ein Fehler des Fensters: bitte mit dem Protokoll melden.'

const notWritten =
  (cure: string) =>
  ({ path, system }: { path: string; system: string }): readonly [string, string] => [
    `${path} konnte nicht geschrieben werden (${system}).`,
    cure,
  ]

const headFileHelp = ({ formats, usual, resolution, options }: HeadFileHelp) => `\
  --format LISTE         von ${formats.join(', ')} (sonst ${usual.join(',')})
  --mesh-resolution N    Dichteproben je Seite, ${resolution.least} bis ${resolution.most} (sonst 256)
  --triangles N          Dreiecke des Netzes (sonst 60000)
  --even                 alle Dreiecke gleich groß, zum Animieren und Modellieren; 5000 oder 20000 davon
  --texture-size N       Pixel je Seite: ${options.textureSize.choices.join(', ')} (sonst ${options.textureSize.usual})
  --texture-format NAME  in einer GLB: ${options.textureFormat.choices.join(', ')} (sonst ${options.textureFormat.usual})
  --compression NAME     der Dreiecke einer GLB: ${options.compression.choices.join(', ')} (sonst ${options.compression.usual})
  --vertex-colours       eine Farbe je Ecke einer GLB statt der Textur
  --evidence-texture     ein zweites Aussehen in einer GLB: was das Foto sah und was erfunden ist
  --author NAME          wer in der Datei genannt wird
  --height MM            eines Drucks, ${options.height.range.least} bis ${options.height.range.most} (sonst ${options.height.usual})
  --base NAME            eines Drucks: ${options.base.choices.join(', ')} (sonst ${options.base.usual})
  --hollow               ein hohler Druck mit einem Loch im Boden
  --wall MM              eines hohlen Drucks, ${options.wall.range.least} bis ${options.wall.range.most} (sonst ${options.wall.usual})`
const editHelp = ({ least, most }: Range) => `\
  --edit LISTE           den Kopf ändern: Eigenschaften mit Stärken von ${least} bis ${most}, etwa age=-1,hair=0.6
                         (halfturn info zählt auf, was jeder Generator ändern kann)`

const INVERSION_HELP = `\
  --quality NAME         fast, balanced oder full (sonst balanced)
  --steps N              Schritte des Optimierers (sonst die der Qualität)
  --learning-rate X      Lernrate (sonst 0.08)
  --seed N               Startwert (sonst 0); derselbe Startwert ergibt denselben Kopf`
const GENERATOR_HELP = '  --generator DATEI      eine Generatordatei oder ein EG3D-Checkpoint (sonst der eingebaute)'
const RUNTIME_HELP = `\
  --provider NAME        cuda, dml, coreml, webgpu oder cpu (sonst der beste, der geht)
  --allow-software       auch eine Software-Grafikkarte gilt`

export const de: Words = {
  name: 'Deutsch',
  number,

  settings: {
    cli: {
      quality: '--quality full',
      provider: '--provider cpu',
      seed: '--seed',
      learningRate: '--learning-rate',
    },
    window: {
      quality: 'der Qualität „Voll“',
      provider: 'HALFTURN_PROVIDER=cpu in der Umgebung',
      seed: 'Startwert',
      learningRate: 'Lernrate',
    },
  },

  messages: {
    'unknown-message': ({ code }) => [`Diese Version hat keine Worte für „${code}“.`, 'Halfturn aktualisieren.'],
    tool: ({ text, cure }) => [text, cure],
    defect: ({ what }) => [`Etwas ist schiefgegangen: ${what}`, 'Das Protokoll kopieren und den Fehler melden.'],

    'disk-full': notWritten('Platz schaffen oder einen anderen Ordner wählen.'),
    'write-denied': notWritten('Einen Ordner wählen, in den geschrieben werden darf.'),
    'disk-read-only': notWritten('Der Datenträger ist schreibgeschützt: einen anderen Ordner wählen.'),
    'path-through-file': notWritten(NOT_A_FOLDER),
    'folder-not-made': notWritten('Der Ordner kann dort nicht angelegt werden: einen anderen Pfad wählen.'),
    'path-is-folder': notWritten('Das ist ein Ordner: einen Dateinamen angeben.'),
    'name-too-long': notWritten('Einen kürzeren Namen oder Pfad wählen.'),
    'file-in-use': notWritten(
      'Ein anderes Programm hat die Datei geöffnet: sie dort schließen oder einen anderen Namen wählen.',
    ),
    'disk-without-locks': ({ path, system }) => [
      `Auf dem Datenträger von ${path} lassen sich keine Dateien sperren (${system}).`,
      'Einen Ordner auf einem anderen Datenträger wählen.',
    ],
    'locked-elsewhere': ({ path }) => [
      `Ein anderer Prozess hält ${path} gesperrt.`,
      'Ihn beenden oder einen anderen Ordner wählen.',
    ],
    'name-claimed': ({ path }) => [`Ein anderer Lauf ist dabei, ${path} zu schreiben.`, 'Warten, bis er beendet ist.'],
    'name-is-input': ({ path }) => [
      `${path} wird gelesen und kann deshalb nicht geschrieben werden.`,
      'Einen anderen Namen wählen.',
    ],
    'name-taken': ({ path }) => [
      `${path} ist schon da und wird behalten.`,
      'Die Datei wegräumen oder einen anderen Ordner wählen.',
    ],
    'work-folder-taken': ({ path }) => [`${path} ist kein Ordner.`, 'Die Datei wegräumen.'],
    'input-is-folder': ({ path, cure }) => [`${path} ist ein Ordner.`, cure],
    'input-is-device': ({ path, cure }) => [`${path} ist eine Pipe oder ein Gerät, keine Datei.`, cure],
    'input-too-large': ({ what, path, size, most, cure }) => [
      `${what} ${path} hat ${size} MiB; gelesen werden höchstens ${most} MiB.`,
      cure,
    ],
    'input-unreadable': ({ path, system, cure }) => [`${path} konnte nicht gelesen werden (${system}).`, cure],
    'the-photo': () => 'Das Foto',
    'the-file': () => 'Die Datei',
    'give-photo': () => `Den Pfad eines Fotos angeben: ${FORMATS}.`,
    'give-generator': () => GENERATOR_PATH,
    'name-shortened': ({ stem }) => `Der Datenträger nimmt keinen so langen Namen: die Dateien heißen ${stem}.`,
    'leftover-stuck': ({ run, system }) =>
      `Was ein früherer Lauf in ${run} hinterlassen hat, konnte nicht an seinen Ort gebracht werden (${system}).`,
    'leftover-beside': ({ path, beside }) =>
      `${path} ist inzwischen etwas anderes: was ein früherer Lauf gemacht hat, ist ${beside}.`,

    'photo-empty': () => ['Die Fotodatei ist leer (0 Byte).', COPY_AGAIN],
    'photo-too-large': ({ size, most }) => [
      `Die Fotodatei hat ${size} MiB; gelesen werden höchstens ${most} MiB.`,
      'Das Foto als JPEG speichern oder in einem Bildprogramm verkleinern.',
    ],
    'not-a-photo': ({ kind }) => [
      `Die Datei ist kein Foto (${FORMATS})${kind && `, sondern ${kind}`}.`,
      'Das Foto als JPEG oder PNG speichern oder exportieren und dieses verwenden.',
    ],
    'kind-pdf': () => 'ein PDF',
    'kind-raw': () => 'eine Kamera-Rohdatei',
    'kind-film': () => 'ein Film',
    'kind-svg': () => 'eine Zeichnung (SVG)',
    'kind-photoshop': () => 'eine Photoshop-Datei',
    'photo-too-costly': () => [
      'Das Dekodieren des Fotos brauchte zu viel Zeit oder Speicher und wurde beendet.',
      'Es in einem Bildprogramm öffnen und neu speichern, mit höchstens 4000 Pixeln je Seite, als JPEG oder PNG.',
    ],
    'photo-too-many-pixels': ({ width, height, megapixels, side }) => [
      `Das Foto gibt ${width} x ${height} Pixel an; gelesen werden höchstens ${megapixels} Megapixel und ` +
        `${side} Pixel je Seite.`,
      'Das Foto in einem Bildprogramm verkleinern; 2000 Pixel Breite sind reichlich.',
    ],
    'bmp-unfolds': ({ width, height, bits }) => [
      `Das BMP-Foto entfaltet sich zu ${width} x ${height} Pixeln aus je ${bits} Bit.`,
      'Es als JPEG oder PNG speichern oder in einem Bildprogramm verkleinern; 2000 Pixel Breite sind reichlich.',
    ],
    'photo-damaged': ({ format }) => [
      `Das ${format}-Foto ist beschädigt oder abgeschnitten und kann nicht dekodiert werden.`,
      COPY_AGAIN,
    ],
    'picture-unreadable': () => ['Das Bild kann nicht gelesen werden.', 'Noch einmal speichern.'],
    'end-missing': () => 'Der Datei fehlt ihr Ende, wie nach einem abgebrochenen Kopieren, aber alle Pixel sind da.',
    transparent: () => 'Das Bild ist ganz durchsichtig; die Farben unter der Durchsichtigkeit werden verwendet.',
    'first-picture': () => 'Die Datei enthält mehrere Bilder; das erste wird verwendet.',

    'no-face': () => [
      'In dem Foto wurde kein Gesicht gefunden.',
      'Ein Foto verwenden, das ein Gesicht von vorn zeigt, scharf und gut beleuchtet; Zeichnungen und verdeckte Gesichter werden oft übersehen.',
    ],
    'no-such-face': ({ number, count }) => [
      `Ein Gesicht ${number} gibt es nicht: das Foto zeigt ${count === 1 ? 'ein Gesicht' : `${count} Gesichter`}.`,
      count === 1
        ? 'Gesicht 1 verwenden oder die Nummer weglassen.'
        : `Eine Nummer von 1 (das größte) bis ${count} wählen.`,
    ],
    'face-too-small': ({ interocular, least }) => [
      `Das Gesicht ist zu klein: ${number(interocular, 1)} Pixel zwischen den Augen, mindestens ${least} sind nötig.`,
      'Ein größeres oder näher aufgenommenes Foto verwenden; gut sind 60 Pixel und mehr zwischen den Augen.',
    ],
    'face-too-blurred': () => [
      'Das Gesicht ist zu unscharf, um seine Form zu erkennen.',
      'Ein schärferes Foto verwenden.',
    ],
    'face-turned-away': ({ degrees, most }) => [
      `Das Gesicht ist zu weit abgewandt: ${degrees}° oder mehr, verwendbar sind bis ${most}°.`,
      'Ein Foto verwenden, das beide Augen zeigt, der Kamera zugewandt.',
    ],
    'several-faces': ({ count }) =>
      `Das Foto zeigt ${count} Gesichter; das größte wird verwendet. Ein anderes lässt sich mit seiner Nummer wählen.`,
    'not-upright': ({ degrees }) =>
      `Das Gesicht ist im Foto um ${Math.abs(degrees)}° gedreht und wurde aufgerichtet. Den Ausschnitt prüfen; er lässt sich von Hand drehen.`,
    small: ({ distance }) =>
      `Das Gesicht ist klein: ${distance} Pixel zwischen den Augen. Dem Kopf werden Einzelheiten fehlen; besser ist ` +
      'ein größeres oder näher aufgenommenes Foto mit 60 oder mehr.',
    blurred: () => 'Das Gesicht ist unscharf. Ein schärferes Foto ergibt mehr Ähnlichkeit.',
    dark: ({ brightness }) =>
      `Das Gesicht ist dunkel: seine mittlere Helligkeit ist ${brightness} von 255. Ein Foto mit mehr Licht auf dem ` +
      'Gesicht verwenden oder dieses aufhellen.',
    flat: () =>
      'Das Gesicht hat wenig Kontrast, wie im Nebel oder auf einem verblassten Abzug. Ein anderes Foto verwenden oder den Kontrast erhöhen.',
    overexposed: ({ percent }) =>
      `${percent} % des Gesichts sind zu Weiß ausgebrannt. Ein Foto mit weniger Licht auf dem Gesicht verwenden.`,
    turned: ({ degrees }) =>
      `Das Gesicht ist um ${Math.abs(degrees)}° zur Seite gedreht. Sicherer ist ein Foto, das mehr der Kamera zugewandt ist.`,
    tilted: ({ degrees }) =>
      `Das Gesicht ist von ${degrees > 0 ? 'oben' : 'unten'} zu sehen (${Math.abs(degrees)}°). Sicherer ist ein Foto auf Augenhöhe.`,
    'strongly-tilted': ({ degrees }) =>
      `Das Gesicht ist von weit ${degrees > 0 ? 'oben' : 'unten'} zu sehen (${Math.abs(degrees)}° oder mehr). Seine Form kann abweichen.`,
    doubtful: () =>
      'Das Gesicht passt schlecht zum mittleren Kopf. Den Ausschnitt prüfen und nötigenfalls von Hand berichtigen.',
    outside: ({ percent }) =>
      `${percent} % des Ausschnitts liegen außerhalb des Fotos. Sicherer ist ein Foto mit mehr Rand.`,
    'different-people': ({ photo, first, distance, limit }) =>
      `${photo} und ${first} zeigen anscheinend verschiedene Menschen ` +
      `(Abstand ${number(distance, 2)}; derselbe Mensch bleibt unter ${number(limit, 1)}). Der Kopf wird keiner von beiden.`,
    'of-photo': ({ photo, what }) => `${photo}: ${what}`,
    'photo-refused': ({ photo, what, cure }) => [`${photo}: ${what}`, cure],

    'generator-format': ({ name, format }) => [
      `${name} ist kein Generator dieses Programms: seine Konfiguration hat kein Format „${format}“.`,
      A_GENERATOR,
    ],
    'generator-version': ({ name, version, newest }) => [
      `${name} hat die Formatversion ${version}, dieses Programm kennt 0 bis ${newest}.`,
      'Das Programm aktualisieren oder die Generatordatei mit diesem neu erzeugen.',
    ],
    'config-unusable': ({ name, field, reason }) => [
      `${name}: ${field ? `${field} der Konfiguration` : 'die Konfiguration'} ist nicht verwendbar: ${reason}.`,
      'Die Generatordatei neu holen oder neu erzeugen.',
    ],
    'value-missing': () => 'der Wert fehlt',
    'value-outside': ({ met, least, most }) => `der Wert ist ${met}; möglich ist ${least} bis ${most}`,
    'neither-auto-nor': ({ least, most }) => `der Wert ist weder „auto“ noch ${least} bis ${most}`,
    'value-below': ({ met, least }) => `der Wert ist ${met}; möglich ist mindestens ${least}`,
    'value-above': ({ met, most }) => `der Wert ist ${met}; möglich ist höchstens ${most}`,
    'value-too-short': ({ least }) => `der Wert ist kürzer als ${least}`,
    'value-too-long': ({ most }) => `der Wert ist länger als ${most}`,
    'value-not-among': ({ met, possible }) => `der Wert ist ${met}; möglich: ${possible.join(', ')}`,
    'value-unfit': ({ met }) => `der Wert ist ${met}`,
    'value-is-not': ({ wanted }) => `der Wert ist nicht ${wanted} wie im Netz`,
    'keys-unknown': ({ keys }) => `unbekannt darin: ${keys.join(', ')}`,
    'a-list': () => 'eine Liste',
    'an-object': () => 'ein Objekt',
    'no-power-of-two': () => 'der Wert ist keine Zweierpotenz',
    'resolutions-not-named': ({ resolutions }) => `die Auflösungen ${resolutions.join(', ')} fehlen darin`,
    'not-invertible': () => 'die Matrix hat keine Inverse',
    'half-automatic': ({ other }) => `entweder sind dieser Wert und ${other} beide „auto“ oder beide Zahlen`,
    'not-beyond': ({ other }) => `der Wert liegt nicht hinter ${other}`,
    'too-few-for-importance': ({ least }) => `Importance Sampling braucht mindestens ${least}`,
    'too-many-channels': ({ channels, side, most }) =>
      `${channels} Kanäle zu ${side} x ${side} sind mehr als die ${most} Zahlen, die möglich sind`,
    'config-missing': ({ name }) => [
      `${name} ist eine safetensors-Datei, aber kein Generator: ihren Metadaten fehlt die Konfiguration.`,
      A_GENERATOR,
    ],
    'json-cut-off': () => 'es endet zu früh',
    'json-broken-at': ({ position }) => `es bricht bei Zeichen ${position + 1} ab`,
    'json-unexpected': ({ token }) => `darin steht ${token}, wo das nicht stehen kann`,
    'json-broken': () => 'es ist nicht wohlgeformt',
    'config-not-json': ({ name, reason }) => [
      `${name}: die Konfiguration ist kein JSON (${reason}).`,
      'Die Datei neu holen.',
    ],
    'weights-missing': ({ name, missing, all, first }) => [
      `${name} fehlen ${missing} von ${all} Gewichten, als erstes „${first}“.`,
      DAMAGED_WEIGHTS,
    ],
    'weight-shape': ({ name, weight, shape, wanted }) => [
      `${name}: ${weight} hat die Form ${shape}, die Konfiguration verlangt ${wanted}.`,
      DAMAGED_WEIGHTS,
    ],
    'weight-type': ({ name, weight, type }) => [
      `${name}: ${weight} ist als ${type} gespeichert, Gewichte eines Generators sind F32 oder F16.`,
      DAMAGED_WEIGHTS,
    ],
    'weight-not-finite': ({ name, weight, element }) => [
      `${name}: ${weight} enthält eine Zahl, die nicht endlich ist (Element ${element}).`,
      DAMAGED_WEIGHTS,
    ],
    'weight-filter': ({ name, weight }) => [
      `${name}: ${weight} ist nicht das Filter [1, 3, 3, 1], das diese Art Netz benutzt.`,
      DAMAGED_WEIGHTS,
    ],
    'neither-generator': ({ path }) => [
      `${path} beginnt weder wie eine Generatordatei noch wie ein EG3D-Checkpoint.`,
      GENERATOR_PATH,
    ],
    'generator-gone': ({ id }) => [
      `Der Generator „${id}“ ist nicht mehr da.`,
      'Einen anderen wählen oder ihn neu importieren.',
    ],
    'no-such-generator': ({ id }) => [`Es gibt keinen Generator „${id}“.`, 'Einen anderen wählen.'],
    'no-generator-file': ({ path }) => [
      `Es gibt keine Generatordatei ${path}.`,
      'Ohne --generator wird der eingebaute verwendet; halfturn info nennt die anderen.',
    ],

    'checkpoint-is-archive': ({ name }) => [
      `${name} ist ein Zip-Archiv (oder eine PyTorch-Datei in dieser Form), kein EG3D-Checkpoint.`,
      `Ein Archiv zuerst entpacken. ${CHECKPOINT}`,
    ],
    'checkpoint-goes-on': ({ name, bytes }) => [`${name} geht nach dem Ende noch ${bytes} Byte weiter.`, CHECKPOINT],
    'checkpoint-surplus': ({ name, weight }) => [
      `${name} enthält ein anderes Netz als das von EG3D: ${weight} ist unbekannt.`,
      CHECKPOINT,
    ],
    'checkpoint-without-generator': ({ name, keys }) => [
      `${name} enthält keinen Generator (G_ema oder G), sondern ${keys.length > 0 ? keys.join(', ') : 'nichts'}.`,
      CHECKPOINT,
    ],
    'checkpoint-unfit': ({ name, fault }) => [`${name} ${fault}.`, CHECKPOINT],
    'panohead-unfit': ({ name, fault }) => [`${name} ${fault}.`, A_PANOHEAD],
    'layers-uneven': ({ painted, channels }) =>
      `malt ${painted} Kanäle, die drei Ebenen von ${channels} Kanälen nicht gleichmäßig teilen`,
    'unknown-setting': ({ setting }) =>
      `hat Ebenen aus mehreren Lagen, wie PanoHead, und in rendering_kwargs die unbekannte Einstellung ${setting}`,
    'unknown-part': ({ part }) => `hat Ebenen aus mehreren Lagen, wie PanoHead, und den unbekannten Teil ${part}`,
    'no-background': ({ layers }) => `hat Ebenen aus ${layers} Lagen, wie PanoHead, aber keinen eigenen Hintergrund`,
    'other-class': ({ kind }) => `enthält ${kind}, nicht den Generator von EG3D`,
    'modules-endless': () => 'schachtelt seine Module ohne Ende',
    'not-a-module': ({ kind, module }) => `hat ${kind}, wo das Modul ${module} hingehört`,
    'not-members': ({ kind, group, module }) => `hat ${kind} als ${group} von ${module}`,
    'long-key': ({ key, module }) => `hat in ${module} den überlangen Namen ${key}`,
    'weight-twice': ({ weight }) => `enthält das Gewicht ${weight} zweimal`,
    'too-many-weights': ({ most }) => `hat mehr als ${most} Gewichte`,
    'weight-unfit': ({ weight }) => `hat das Gewicht „${weight}“ nicht oder in anderer Form`,
    'clamps-differ': ({ path }) => `begrenzt die Schichten von ${path} verschieden, was nicht unterstützt wird`,
    'no-plane-axes': () => 'hat keine drei Ebenenachsen von 3 x 3',
    'unknown-super-resolution': ({ kind }) => `hat die unbekannte Superauflösung ${kind}`,
    'no-rendering-settings': () => 'hat keine rendering_kwargs',

    'pickle-damaged': ({ name, byte, fault }) => [`${name}, Byte ${byte}: ${fault}.`, DAMAGED_CHECKPOINT],
    'pickle-untrusted': ({ name, byte, fault }) => [`${name}, Byte ${byte}: ${fault}.`, UNTRUSTED],
    'in-a-storage': ({ name }) => `${name}, in einem Speicherblock`,
    'beyond-file': ({ count, left }) => `${count} weitere Byte sind angekündigt, die Datei hat noch ${left}`,
    'beyond-frame': ({ count, left }) => `${count} weitere Byte sind angekündigt, der Rahmen hat noch ${left}`,
    'too-much-text': ({ most }) => `mehr als ${most} Byte Text`,
    'not-utf-8': () => 'ein Text, der kein UTF-8 ist',
    'endless-name': () => 'ein Name ohne Ende',
    'long-integer': ({ count }) => `eine ganze Zahl von ${count} Byte`,
    'too-few-values': () => 'eine Operation findet zu wenige Werte vor',
    'no-mark': () => 'eine Operation findet keine Marke vor',
    'items-added-to': ({ kind }) => `Einträge werden hinzugefügt zu: ${kind}`,
    'keys-set-in': ({ kind }) => `Schlüssel werden gesetzt in: ${kind}`,
    'key-alone': () => 'ein Schlüssel ohne Wert',
    'kind-as-key': ({ kind }) => `${kind} als Schlüssel`,
    'key-twice': ({ key }) => `der Schlüssel ${key} wird zweimal gesetzt`,
    'name-not-text': () => 'ein Name, der kein Text ist',
    'unwanted-name': ({ name }) => `die Datei verlangt ${name}, was kein EG3D-Checkpoint braucht`,
    'kind-called': ({ kind }) => `aufgerufen wird: ${kind}`,
    'kind-for-arguments': ({ kind }) => `${kind} statt Argumenten`,
    'called-with': ({ kind, count }) => `${kind} wird mit ${count} Argumenten aufgerufen`,
    'state-given-to': ({ kind }) => `einen Zustand bekommt: ${kind}`,
    'never-kept': ({ index }) => `Wert ${index} wird verlangt, aber wurde nie aufgehoben`,
    'no-pickle': () => 'hier beginnt kein Pickle des Protokolls 2 oder später',
    'other-protocol': ({ protocol }) => `Pickle-Protokoll ${protocol}`,
    'frame-in-frame': () => 'ein Rahmen in einem Rahmen',
    'large-frame': ({ size, left }) => `ein Rahmen von ${size} Byte, die Datei hat noch ${left}`,
    'early-end': () => 'das Ende kommt, bevor alle Werte verwendet sind',
    'unwanted-id': () => 'eine dauerhafte Kennung, wo keine hingehört',
    'unwanted-operation': ({ operation }) => `die Operation ${operation}, die kein EG3D-Checkpoint braucht`,
    'too-many-operations': ({ most }) => `mehr als ${most} Operationen`,
    'kind-nothing': () => 'nichts',
    'kind-bytes': ({ count }) => `${count} Byte`,
    'kind-dict': () => 'ein Wörterbuch',
    'kind-set': () => 'eine Menge',
    'kind-tuple': () => 'ein Tupel',
    'kind-list': () => 'eine Liste',
    'kind-text': () => 'ein Text',
    'kind-truth': () => 'ein Wahrheitswert',
    'kind-number': () => 'eine Zahl',

    'tensor-damaged': ({ name, tensor, fault }) => [`${name}: Tensor ${tensor} ${fault}.`, DAMAGED_CHECKPOINT],
    'is-kind': ({ kind }) => `ist ${kind}`,
    'no-shape-and-strides': () => 'hat keine brauchbare Form und Schrittweite',
    'bad-size': () => 'hat eine Größe, Lage oder Schrittweite, die negativ, zu groß oder keine Zahl ist',
    'beyond-storage': ({ last, count, stored }) =>
      `reicht mit ${count} Elementen bis Element ${last}, sein Speicherblock hat ${stored}`,
    'tensors-beyond-file': () => 'macht die Tensoren größer als die Datei, aus der sie sind',
    'kind-for-storage': ({ kind }) => `hat als Speicherblock: ${kind}`,
    'storage-of-kind': ({ kind }) => `hat einen Speicherblock aus: ${kind}`,
    'storage-zip': () => 'hat seinen Speicherblock in der Zip-Form, die nicht gelesen wird',
    'storage-without-magic': () => 'hat einen Speicherblock ohne die Kennzahl von torch',
    'storage-version': ({ known }) => `hat einen Speicherblock einer anderen Version als ${known}`,
    'storage-big-endian': () => 'hat einen Speicherblock, der nicht little-endian ist',
    'storage-without-id': () => 'hat einen Speicherblock ohne Kennung',
    'storage-type': () => 'hat einen Speicherblock von unbekanntem Typ',
    'storage-part': () => 'hat einen Speicherblock, der Teil eines anderen ist',
    'storage-key': () => 'hat einen Speicherblock mit anderem Schlüssel',
    'storage-cut': () => 'hat einen abgeschnittenen Speicherblock',
    'storage-size': ({ bytes, elements, type }) =>
      `hat einen Speicherblock von ${bytes} Byte, der ${elements} Elemente ${type} zu haben behauptet`,

    'safetensors-damaged': ({ name, fault }) => [
      `${name}: ${fault}.`,
      'Die Datei ist beschädigt oder keine safetensors-Datei: neu holen oder neu exportieren.',
    ],
    'too-short': ({ bytes }) => `nur ${bytes} Byte, eine safetensors-Datei hat mindestens 8`,
    'header-length': ({ bytes, most }) => `die Länge des Kopfs bei Byte 0 ist ${bytes}, möglich sind höchstens ${most}`,
    'header-too-deep': () => 'der Kopf bei Byte 8 ist zu tief geschachtelt',
    'header-key-twice': ({ key }) => `der Kopf bei Byte 8 hat ${key} zweimal`,
    'header-not-json': ({ reason }) => `der Kopf bei Byte 8 ist kein JSON (${reason})`,
    'header-not-object': () => 'der Kopf bei Byte 8 ist kein Objekt',
    'entry-not-object': ({ key }) => `${key} im Kopf ist kein Objekt`,
    'metadata-not-text': ({ key }) => `${key} in den Metadaten ist kein Text`,
    'tensor-type': ({ tensor, type }) => `Tensor ${tensor} hat den unbekannten Typ ${type}`,
    'tensor-shape': ({ tensor }) => `Tensor ${tensor} hat keine brauchbare Form`,
    'tensor-offsets': ({ tensor }) => `Tensor ${tensor} hat keine brauchbaren data_offsets`,
    'tensor-beyond': ({ tensor, begin, end, bytes }) =>
      `Tensor ${tensor} beansprucht die Bytes ${begin} bis ${end} von ${bytes} Byte Daten`,
    'tensor-bytes': ({ tensor, type, shape, wanted, bytes }) =>
      `Tensor ${tensor}: ${type} ${shape} braucht ${wanted} Byte, die Datei gibt ${bytes}`,
    'tensor-gap': ({ tensor, begin, before }) =>
      `Tensor ${tensor} beginnt bei Byte ${begin}, der davor endet bei ${before}`,
    'bytes-of-none': ({ bytes }) => `${bytes} Byte nach dem letzten Tensor gehören zu keinem`,

    'network-missing': ({ file }) => [
      `Das Netz ${file} fehlt.`,
      'Im Halfturn-Ordner einmal „npm run prepare“ ausführen; das braucht keine Verbindung.',
    ],
    'landmarks-unreadable': ({ path }) => [
      `Das Paket der Gesichtspunkte ${path} kann nicht gelesen werden.`,
      'Den Pfad prüfen.',
    ],
    'landmarks-damaged': ({ path }) => [
      `${path} ist kein Paket der Gesichtspunkte, das MediaPipe laden kann.`,
      'Eine andere Kopie davon verwenden.',
    ],
    'no-such-provider': ({ provider, known }) => [
      `Es gibt keinen Provider „${provider}“.`,
      `Einen von diesen wählen oder keinen: ${known.join(', ')}.`,
    ],
    'provider-unusable': ({ provider, problem, available }) => [
      `Der Provider „${provider}“ ist hier nicht verwendbar: ${problem}.`,
      `Vorhanden: ${available.join(', ')}.`,
    ],
    'provider-failed': ({ provider, adapter, reason }, settings) => [
      `Der Provider ${provider} (${adapter}) hat versagt: ${reason}`,
      `Den Prozessor verwenden: ${settings.provider}.`,
    ],
    'provider-asked-for': ({ provider }) => `${provider}, weil danach gefragt wurde.`,
    'provider-best': ({ provider }) => `${provider}, das Beste, was da ist.`,
    'provider-left': ({ provider, others }) => `${provider}; nicht verwendbar: ${all.format(others)}.`,
    'provider-on': ({ provider, adapter }) => `${provider} (${adapter})`,
    'provider-but': ({ provider, problem }) => `${provider} (${problem})`,
    cuda: () => 'CUDA',
    dml: () => 'DirectML',
    coreml: () => 'CoreML',
    webgpu: () => 'WebGPU',
    cpu: () => 'Der Prozessor',
    'software-adapter': ({ adapter }) => `${adapter} ist Software, langsamer als der Prozessor`,
    'provider-not-built': ({ system }) => `für ${system} gibt es keinen`,
    'provider-not-tried': ({ reason }) => `ließ sich nicht ausprobieren: ${reason}`,
    'provider-silent': ({ seconds }) => `hat nach ${String(seconds).replace('.', ',')} s nicht geantwortet`,
    'provider-crashed': ({ end }) => `ist abgestürzt (${end})`,
    'exit-code': ({ exit }) => `Rückgabewert ${exit}`,
    'results-not-numbers': () => 'seine Ergebnisse sind keine Zahlen',
    'results-wrong': ({ percent }) => `seine Ergebnisse sind falsch, um ${percent} %`,
    'operations-missing': () => 'hat nicht alle Operationen',
    'no-adapter': () => 'findet keine Grafikkarte',
    'libraries-missing': () => 'seine Bibliotheken sind nicht installiert',
    'provider-says': ({ reason }) => `sagt „${reason}“`,
    'picture-sick': ({ fault, provider, adapter }, settings) => [
      `${fault}; gerechnet von ${provider} (${adapter}).`,
      provider === 'cpu'
        ? 'Der Generator ist beschädigt oder zu weit angepasst: ihn neu importieren oder den Kopf neu beginnen.'
        : `Den Prozessor verwenden: ${settings.provider}. Ein neuerer Grafiktreiber kann auch helfen.`,
    ],
    'picture-not-finite': () => 'Der Kopf hat Werte, die keine endlichen Zahlen sind',
    'picture-black': () => 'Der Kopf ist ganz schwarz',
    'picture-one-colour': () => 'Der Kopf hat nur eine Farbe',

    'loss-not-finite': ({ provider }, settings) => [
      `Der Verlust oder sein Gradient ist auf ${provider} keine Zahl mehr.`,
      `Mit ${settings.provider} noch einmal versuchen, oder mit kleinerer ${settings.learningRate}.`,
    ],
    'checkpoint-unreadable': ({ name }) => [
      `${name}: enthält keine angefangene Rekonstruktion, die diese Version lesen kann.`,
      START_AGAIN,
    ],
    'checkpoint-of-another': ({ name, generator }) => [
      `${name}: ist mit einem anderen Generator gemacht als „${generator}“.`,
      START_AGAIN,
    ],
    'checkpoint-part-unfit': ({ name, part, generator }) => [
      `${name}: „${part}“ fehlt oder passt nicht zum Generator „${generator}“.`,
      START_AGAIN,
    ],
    'edit-without-traits': ({ generator }) => [
      `Der Generator „${generator}“ hat keine Richtungen, in die ein Kopf zu ändern wäre.`,
      'Zum Ändern den eingebauten Generator nehmen.',
    ],
    'edit-unknown': ({ trait, known }) => [
      `„${trait}“ ist nicht zu ändern.`,
      `Dieser Generator kennt ${all.format(known)}.`,
    ],
    'edit-strength': ({ trait, strength, least, most }) => [
      `„${trait}“ lässt sich nicht um ${strength} ändern.`,
      `Eine Zahl von ${least} bis ${most} angeben.`,
    ],
    'head-unfit': () => ['Der Kopf dieses Projekts passt nicht zu seinem Generator.', FROM_THE_PHOTO],
    'head-portrait-damaged': () => ['Das Porträt, aus dem dieser Kopf geformt wurde, ist beschädigt.', FROM_THE_PHOTO],
    'density-not-finite': () => [
      'Der Kopf antwortet mit Werten, die keine Zahlen sind.',
      'Ihn mit weniger oder kleineren Schritten neu anpassen oder prüfen, ob die Generatordatei vollständig ist.',
    ],
    'level-not-finite': ({ level }) => [
      `Die Schwelle ${level} ist keine Zahl.`,
      'Eine Dichte angeben, zum Beispiel 10.',
    ],
    'surface-empty': ({ level, highest }) => [
      `Keine Oberfläche bei der Schwelle ${level}: die höchste gefundene Dichte ist ${highest.toPrecision(3).replace('.', ',')}.`,
      'Eine niedrigere Schwelle wählen oder zuerst den Kopf ansehen: er kann leer sein, weil das Anpassen misslungen ist.',
    ],
    'print-has-no-inside': ({ height, wall }) => [
      `Ein Druck von ${height} mm Höhe mit Wänden von ${wall} mm hat kein Inneres, das leer sein könnte.`,
      'Ihn höher oder seine Wände dünner machen, oder ihn voll drucken.',
    ],
    'thinnest-wall': ({ millimetres }) =>
      `Die dünnsten Wände des Drucks sind etwa ${millimetres.toFixed(1).replace('.', ',')} mm stark.`,
    'surface-option': ({ what, value, least, most }) => [
      `${what}: ${value}.`,
      `Eine ganze Zahl von ${least} bis ${most} angeben.`,
    ],
    resolution: () => 'Auflösung',
    'smoothing-passes': () => 'Zahl der Glättungen',
    triangles: () => 'Zahl der Dreiecke',

    'head-good': () => 'Er sieht aus wie das Foto, und er hält von allen Seiten.',
    'head-black': (_, settings) => ['Das Bild ist schwarz.', `Mit ${settings.provider} versuchen.`],
    'head-grey': (_, settings) => [
      'Das Bild zeigt nichts.',
      `Mit ${settings.provider} versuchen oder den Generator prüfen.`,
    ],
    'head-flat': (_, settings) => [
      'Der Kopf ist zu einer flachen Maske zusammengefallen.',
      `Mit anderem ${settings.seed} versuchen oder mit einem Foto von einer anderen Seite.`,
    ],
    'head-holes': (_, settings) => [
      'Der Kopf hat Löcher.',
      `Mit weniger Schritten versuchen oder mit anderem ${settings.seed}.`,
    ],
    'head-spikes': (_, settings) => [
      'Die Oberfläche hat Stacheln.',
      `Mit weniger Schritten versuchen oder mit kleinerer ${settings.learningRate}.`,
    ],
    'head-unconverged': () => [
      'Es ist nicht gelungen, das Bild ist noch nicht dieser Mensch.',
      'Mit mehr Schritten versuchen.',
    ],
    'head-faceless': () => [
      'In ihm ist kein Gesicht zu finden.',
      'Den Ausschnitt prüfen oder ein anderes Foto nehmen.',
    ],
    'head-second-face': (_, settings) => [
      'Am Hinterkopf ist ein Gesicht zu sehen.',
      `Ihn von vorn zeigen oder mit anderem ${settings.seed} versuchen.`,
    ],
    'head-back-uneven': (_, settings) => [
      'Der Hinterkopf ist uneben.',
      `Ihn von vorn zeigen oder mit anderem ${settings.seed} versuchen.`,
    ],
    'face-depth': ({ percent }) => [
      `Das Gesicht ist ${percent} % so tief wie Gesichter sind.`,
      'Ein Foto von einer anderen Seite dazunehmen oder eines von vorn verwenden.',
    ],
    'nose-off': ({ millimetres }) => [
      `Die Nase steht ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'weniger' : 'weiter'} vor als im Durchschnitt.`,
      SIDE_PHOTO,
    ],
    'chin-off': ({ millimetres }) => [
      `Das Kinn steht ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'weniger' : 'weiter'} vor als im Durchschnitt.`,
      SIDE_PHOTO,
    ],
    'brow-off': ({ millimetres }) => [
      `Die Stirn steht ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'weniger' : 'weiter'} vor als im Durchschnitt.`,
      SIDE_PHOTO,
    ],
    'outline-off': () => [
      'Sein Umriss ist nicht der des Menschen auf dem Foto.',
      'Den Ausschnitt prüfen oder mit mehr Schritten versuchen.',
    ],
    'head-size': () => [
      'Schädel oder Haar sind so groß wie an keinem Kopf.',
      'Den Ausschnitt prüfen oder mit mehr Schritten versuchen.',
    ],
    'photo-from-the-side': ({ degrees }) => [
      `Die Seitenansicht ist ungewiss, weil das Foto um ${degrees}° gedreht ist.`,
      FRONT_PHOTO,
    ],
    'likeness-weak': (_, settings) => [
      'Die Ähnlichkeit ist schwach.',
      `Mit mehr Schritten versuchen oder mit ${settings.quality}.`,
    ],
    'sides-unlike': ({ angles }) => [
      `Die Seitenansicht ist ungewiss: von ${all.format(angles.map((angle) => `${angle > 0 ? '+' : ''}${angle}°`))} sieht ` +
        'sie nicht mehr aus wie der Mensch auf dem Foto.',
      FRONT_PHOTO,
    ],
    'hair-around': () => [
      'Wie Kopf und Wangen unter dem Haar geformt sind, ist erraten.',
      'Ein Foto mit zurückgebundenem Haar dazunehmen.',
    ],
    'head-floaters': (_, settings) => ['Neben dem Kopf schwebt etwas.', `Mit anderem ${settings.seed} versuchen.`],
    'head-rough': () => ['Die Oberfläche ist rau.', 'Mit weniger Schritten versuchen.'],

    'no-photo': () => ['Dieses Projekt hat kein Foto.', OPEN_PHOTO],
    'no-such-photo': () => ['Dieses Projekt hat kein solches Foto.', 'Eines von denen wählen, die gezeigt werden.'],
    'photos-too-many': ({ most }) => [
      `Ein Kopf entsteht aus höchstens ${most} Fotos.`,
      'Zuerst ein anderes entfernen.',
    ],
    'photos-too-large': ({ most }) => [
      `Die Fotos eines Projekts sind zusammen größer als ${most} MiB.`,
      'Kleinere oder weniger Fotos nehmen.',
    ],
    'photo-last': () => [
      'Das letzte Foto bleibt im Projekt.',
      'Zuerst ein anderes hinzufügen oder ein neues Projekt beginnen.',
    ],
    'no-photo-to-form': () => ['Es gibt kein Foto, aus dem ein Kopf zu formen wäre.', OPEN_PHOTO],
    'no-head': () => ['Es gibt noch keinen Kopf.', 'Ihn zuerst aus einem Foto formen.'],
    'head-not-shown': ({ what }) => [what, 'Das Foto ist noch da: den Kopf daraus neu formen.'],
    'job-busy': () => ['Der Kopf wird gerade geformt.', 'Zuerst anhalten oder warten, bis er fertig ist.'],
    'job-idle': () => ['Es wird nichts geformt.', 'Zuerst beginnen.'],
    'job-failed': ({ what }) => [what, 'Vom letzten Zwischenstand weitermachen oder mit dem Protokoll melden.'],
    'job-checkpoint-missing': () => ['Der Zwischenstand dieser Arbeit fehlt.', 'Den Kopf von vorn formen.'],
    'project-put-away': () => ['Dieses Projekt ist weggelegt worden.', 'Es wieder öffnen.'],
    'project-gone': () => [
      'Dieses Projekt ist nicht mehr auf diesem Rechner.',
      'Stattdessen seine .halfturn-Datei öffnen.',
    ],
    'project-changed': () => [
      'Ein anderes Halfturn hat dieses Projekt inzwischen geändert.',
      'Es als Datei speichern und diese öffnen.',
    ],
    'project-borrowed': () => [
      'Dieses Projekt gehört einem anderen laufenden Halfturn: hier lässt es sich nur ansehen.',
      'Es dort ändern oder das andere schließen.',
    ],
    'project-of-another-generator': ({ generator }) => [
      `Dieses Projekt ist mit einem anderen Generator gemacht als dem vorhandenen „${generator}“.`,
      'Den Generator importieren, mit dem es gemacht ist, oder sein Foto neu öffnen.',
    ],
    'record-damaged': ({ name }) => [`${name}: die Angaben zum Projekt sind beschädigt.`, PROJECT_FILE],
    'not-a-project': ({ name, record }) => [`${name} ist kein Halfturn-Projekt: es fehlt ${record}.`, PROJECT_FILE],
    'project-file-damaged': ({ name }) => [`${name} ist beschädigt oder kein Halfturn-Projekt.`, PROJECT_FILE],
    'project-file-lacks': ({ name, part }) => [`${name} ist beschädigt; es fehlt: ${part}.`, PROJECT_FILE],
    'project-file-surplus': ({ name }) => [`${name} enthält mehr als ein Projekt.`, PROJECT_FILE],
    'project-file-too-large': ({ name, most }) => [
      `${name} behauptet, mehr als ${most} MiB zu enthalten.`,
      PROJECT_FILE,
    ],
    'part-changed': ({ part, whose }) => [
      `${whose}, ${part}: beschädigt, die Bytes haben sich geändert.`,
      'Eine Kopie verwenden oder mit dem Foto neu beginnen.',
    ],
    'part-missing': ({ part }) => [
      `Auf dem Datenträger fehlt von diesem Projekt: ${part}.`,
      'Eine Kopie des Projekts verwenden.',
    ],
    'part-of': ({ part, whose }) => `${whose}, ${part}`,
    'part-photo': () => 'Foto',
    'part-head': () => 'Kopf',
    'part-checkpoint': () => 'Zwischenstand',
    'part-thumbnail': () => 'Vorschaubild',
    'this-project': () => 'Dieses Projekt',
    'the-project': () => 'Das Projekt',
    'the-head': () => 'Der Kopf',
    'the-checkpoint': () => 'Der Zwischenstand',
    'the-generator': () => 'Der Generator',
    'file-missing': ({ path }) => [`${path} fehlt.`, 'Halfturn neu installieren.'],

    'unsaved-full': () => ['Nicht gespeichert: der Datenträger ist voll.', `Platz schaffen. ${GOES_ON}`],
    'unsaved-read-only': () => [
      'Nicht gespeichert: der Datenträger ist schreibgeschützt.',
      `Ihn beschreibbar machen. ${GOES_ON}`,
    ],
    'unsaved-denied': ({ system }) => [
      `Nicht gespeichert: in den Ordner der Projekte darf nicht geschrieben werden (${system}).`,
      `Seine Rechte ändern. ${GOES_ON}`,
    ],
    'unsaved-failed': ({ what }) => [`Nicht gespeichert: ${what}`, GOES_ON],
    'unsaved-refused': ({ what, cure }) => [`Nicht gespeichert: ${what}`, cure],
    'unsaved-locked': ({ process }) => [
      `Ein anderes Halfturn${process > 0 ? ` (Prozess ${process})` : ''} hat die Projekte: hier wird nichts gespeichert.`,
      'Es schließen, dann speichert dieses; oder das hier Gemachte als Dateien behalten.',
    ],
    'data-folder-missing': ({ missing, folder }) => [
      `Der für die Köpfe gewählte Ordner ist nicht da: ${missing}. Bis dahin liegen sie in ${folder}.`,
      'Seine Platte anschließen und neu starten, oder in den Einstellungen einen anderen wählen.',
    ],
    'data-folder-within': ({ folder }) => [
      `${folder} liegt in dem Ordner, der dorthin kopiert werden soll.`,
      'Einen daneben wählen.',
    ],
    'unsaved-not-open': () => ['Nicht gespeichert: die Projekte sind noch nicht offen.', GOES_ON],

    'request-unknown': ({ request }) => [
      `Das Fenster hat ${request} verlangt, was die Engine nicht kennt.`,
      DEFECT_OF_WINDOW,
    ],
    'request-unfit': ({ field, reason }) => [
      `Was das Fenster verlangt hat, ist nicht zu gebrauchen (${field || 'im Ganzen'}): ${reason}.`,
      DEFECT_OF_WINDOW,
    ],
    'too-many-calls': () => ['Zu viele Anfragen auf einmal.', 'Auf einige Antworten warten.'],
    'engine-ended': () => ['Die Engine ist mittendrin zu Ende gegangen.', 'Sie wird neu gestartet.'],
    'engine-absent': () => ['Die Engine läuft nicht.', 'Sie wird neu gestartet.'],
    'nothing-chosen': () => ['Es wurde kein Ort zum Speichern gewählt.', 'Einen Ort wählen.'],
    'blob-gone': () => ['Die Engine hat diese Daten nicht mehr.', 'Noch einmal versuchen.'],
    'blob-too-large': ({ most }) => [`Die Datei ist größer als ${most}.`, 'Eine kleinere wählen.'],
    'too-many-uploads': () => [
      'Es wird zu viel auf einmal aufgenommen.',
      'Warten, bis die anderen Dateien aufgenommen sind.',
    ],
    'upload-failed': () => ['Die Datei konnte nicht aufgenommen werden.', 'Noch einmal versuchen.'],
    'camera-refused': () => [
      'Die Kamera ist nicht verwendbar.',
      'Sie in den Einstellungen des Systems erlauben oder stattdessen ein Foto wählen.',
    ],
    'no-stage': ({ reason }) => [
      `Die 3D-Ansicht kann auf diesem Rechner nicht gezeichnet werden (${reason}).`,
      'Seine Oberfläche zeigen oder den Grafiktreiber aktualisieren.',
    ],
    'no-video': () => [
      'Diese Art Video lässt sich hier nicht kodieren.',
      'Eine andere Art wählen, ein aktuelles Edge oder Chrome verwenden oder ein Bild speichern.',
    ],

    'no-command': ({ name, known }) => [`Es gibt keinen Befehl „${name}“.`, `Möglich sind ${known.join(', ')}.`],
    'arguments-unfit': ({ command, reason }) => [`${command}: ${reason}.`, `Mehr sagt halfturn ${command} --help.`],
    'unknown-option': ({ option }) => `Unbekannte Option ${option}`,
    'option-without-value': ({ option }) => `Die Option ${option} verlangt einen Wert`,
    'option-with-value': ({ option }) => `Die Option ${option} nimmt keinen Wert`,
    'not-a-whole-number': ({ option, text, least, most }) => [
      `--${option} ist „${text}“.`,
      `Eine ganze Zahl von ${least} bis ${most} angeben.`,
    ],
    'not-a-number': ({ option, text, least, most }) => [
      `--${option} ist „${text}“.`,
      `Eine Zahl von ${least} bis ${most} angeben, mit Punkt statt Komma.`,
    ],
    'unknown-formats': ({ text, known }) => [
      `--format ist „${text}“.`,
      `Eines oder mehrere von ${known.join(', ')} angeben, mit Kommas dazwischen.`,
    ],
    'edit-unreadable': ({ part }) => [
      `--edit hat „${part}“.`,
      'Eigenschaften mit ihrer Stärke angeben, zum Beispiel age=-1,hair=0.6.',
    ],
    'edit-words-unknown': ({ unknown, known }) => [
      `Was „${unknown.join(', ')}“ ändern würde, ist nicht bekannt.`,
      `Bekannt sind ${all.format(known)}, und Eigenschaften mit ihrer Stärke, etwa hair=0.6.`,
    ],
    'not-one-of': ({ option, text, known }) => [`--${option} ist „${text}“.`, `Möglich sind ${known.join(', ')}.`],
    'import-one-file': () => ['import nimmt eine Datei.', 'Zum Beispiel: halfturn import ffhq512-128.pkl'],
    'import-to-folder': ({ path, file }) => [`${path} ist ein Ordner.`, `Einen Dateinamen angeben: ${file}`],
    'photos-count': ({ most }) => [
      `reconstruct nimmt ein bis ${most} Fotos eines Menschen.`,
      'Zum Beispiel: halfturn reconstruct portrait.jpg',
    ],
    'face-of-several': () => [
      '--face geht nur mit einem Foto.',
      'Die anderen Fotos so zuschneiden, dass der Mensch darauf allein ist.',
    ],
    'files-not-written': ({ what, cure, kept }) => [what, `${cure}\n${kept}`],
    'nothing-unfinished': ({ folder }) => [`In ${folder} ist nichts Angefangenes.`, WITHOUT_RESUME],
    'begun-otherwise': ({ path, differences }) => [
      `${path} wurde anders begonnen: ${all.format(differences)}.`,
      'Die Fotos und Optionen angeben, mit denen es begonnen wurde, oder ohne --resume neu beginnen: es bleibt erhalten.',
    ],
    'unfinished-unreadable': ({ path, system }) => [`${path} konnte nicht gelesen werden (${system}).`, WITHOUT_RESUME],
    'begun-unreadable': () => 'mit etwas, das diese Version nicht lesen kann',
    'begun-other-photos': ({ count }) => (count === 1 ? 'mit einem anderen Foto' : 'mit anderen Fotos'),
    'begun-more-photos': ({ begun, now }) =>
      `mit ${begun === 1 ? 'einem Foto' : `${begun} Fotos`}, nicht ${now === 1 ? 'einem' : now}`,
    'begun-without': ({ option }) => `ohne ${option}`,
    'begun-with': ({ option, begun, now }) => `mit ${option} ${begun}, nicht ${now}`,
    without: () => 'ohne',
    'its-generator': () => 'dem Generator',
    'as-the-quality': () => 'wie die Qualität',
    'running-on': ({ provider }) => `Es rechnet: ${provider}`,
    wrote: ({ files }) => `Geschrieben: ${files.join(', ')}`,
    stopped: ({ step, steps, checkpoint, again, least }) =>
      `Angehalten nach Schritt ${step} von ${steps}. Das Beste bis dahin liegt in ${checkpoint}.\n` +
      `Weitermachen:  ${again}\n` +
      `Jetzt beenden: ${again} --steps ${least}`,
    'head-kept': ({ checkpoint }) =>
      `Der Kopf liegt in ${checkpoint}: derselbe Befehl mit --resume schreibt seine Dateien.`,
    'unfinished-here': ({ path }) => `${path} enthält diesen Kopf, unfertig: --resume macht damit weiter.`,
    'verdict-as-formed': () => 'Das gilt für den Kopf, wie er geformt wurde, ehe er geändert wurde.',
    verdict: ({ title, what, cure }) => [title, what, ...(cure === what ? [] : [cure])].filter(Boolean).join(' '),
    good: () => VERDICTS.good,
    front: () => VERDICTS.front,
    uncertain: () => VERDICTS.uncertain,
    failed: () => VERDICTS.failed,
    'batch-arguments': () => [
      'batch nimmt Ordner, Listen oder Fotos, und mit -o den Ordner für die Ergebnisse.',
      'Zum Beispiel: halfturn batch fotos -o koepfe',
    ],
    'nobody-there': () => [
      'In dem, was angegeben wurde, ist kein Foto.',
      'Ordner mit Fotos oder Listen davon angeben.',
    ],
    'no-such-input': ({ path }) => [`${path} gibt es nicht.`, 'Ordner mit Fotos, Listen (.csv) oder Fotos angeben.'],
    'the-list': () => 'Die Liste',
    'give-list': () => LIST,
    'list-without-columns': ({ path }) => [`${path} fehlen die Spalten für Mensch und Foto.`, LIST],
    'list-row-incomplete': ({ path, row }) => [
      `${path}: in Zeile ${row} unter der ersten fehlt der Mensch oder das Foto.`,
      'Beide Spalten ausfüllen.',
    ],
    'batch-there': ({ folder }) => [
      `${folder} enthält schon einen Stapel.`,
      'Mit --resume damit weitermachen oder einen anderen Ordner wählen.',
    ],
    'batch-begun-otherwise': ({ folder, differences }) => [
      `Der Stapel in ${folder} wurde anders begonnen: ${all.format(differences)}.`,
      'Die Optionen angeben, mit denen er begonnen wurde, oder einen anderen Ordner wählen.',
    ],
    'too-many-photos': ({ count, most }) => [
      `Von einem Menschen gibt es ${count} Fotos; ein Kopf entsteht aus höchstens ${most}.`,
      'Zeigt jedes einen anderen Menschen, ihren Ordner selbst angeben; sonst die besten wählen.',
    ],
    'made-elsewhere': ({ version, generator }) => [
      `Der Stapel entsteht mit Halfturn ${version} und dem Generator ${generator}.`,
      'Auf allen Rechnern dieselbe Version und denselben Generator verwenden.',
    ],
    'head-process-ended': ({ end }) => [
      `Der Prozess, der ihn formte, ist zu Ende gegangen (${end}).`,
      'Ihn allein mit halfturn reconstruct formen; weniger zugleich brauchen weniger Speicher.',
    ],
    'bucket-address': ({ address }) => [`${address} ist keine Adresse eines Buckets.`, 's3://BUCKET/PFAD angeben.'],
    'bucket-not-empty': ({ address }) => [
      `Unter ${address} liegt etwas, das kein Stapel ist.`,
      'Einen Pfad wählen, unter dem noch nichts liegt.',
    ],
    'bucket-failed': ({ bucket, reason }) => [
      `Der Bucket ${bucket} war nicht zu benutzen: ${reason}`,
      'Seinen Namen, AWS_ENDPOINT_URL_S3 und die Rechte der Zugangsdaten prüfen.',
    ],
    'bucket-refused': ({ bucket, reason }) => [
      `Dieser Rechner darf den Bucket ${bucket} nicht benutzen: ${reason}`,
      'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY und AWS_REGION setzen; für einen eigenen Server AWS_ENDPOINT_URL_S3.',
    ],
    'queue-missing': () => [
      'worker braucht eine Warteschlange.',
      'Zum Beispiel: halfturn worker --queue redis://localhost:6379',
    ],
    'queue-url': () => [
      '--queue ist keine Adresse einer Warteschlange.',
      'redis://HOST:PORT angeben, mit TLS rediss://.',
    ],
    'queue-unreachable': ({ host, reason }) => [
      `Die Warteschlange ${host} antwortet nicht: ${reason}`,
      'Dort Redis oder Valkey starten oder --queue prüfen: rediss:// für TLS, redis://:PASSWORT@HOST:PORT für ein Passwort.',
    ],
    'queue-lost': ({ host, reason }) =>
      `Die Warteschlange ${host} antwortet nicht (${reason}); es wird wieder versucht.`,
    'queue-waits': ({ version, generator }) =>
      `Noch arbeitet kein worker mit Halfturn ${version} und dem Generator ${generator}; es wird auf einen gewartet.`,
    'worker-ready': ({ host, version, generator }) =>
      `Wartet bei ${host} auf Köpfe, mit Halfturn ${version} und dem Generator ${generator}. Strg-C beendet es.`,
    'person-made': ({ person, title, what }) => `${person}: ${title} ${what}`,
    'person-failed': ({ person, what, cure }) => `${person}: ${what} ${cure}`,
    'batch-stopped': ({ done, total, again }) =>
      `Angehalten, ${done} von ${total} sind fertig.\nWeitermachen: ${again}`,
    'batch-done': ({ good, front, uncertain, failed, none, files }) =>
      `${good} gut, ${front} gut von vorn, ${uncertain} mit ungewisser Form, ${failed} noch nicht brauchbar, ${none} ohne Kopf.\n` +
      `Geschrieben: ${files.join(', ')}`,
    'imported-before': ({ path, kept }) => `${path} ist schon importiert: ${kept}`,
    'panohead-unverified': () =>
      'Er wird als Generator von PanoHead gelesen. Solche Dateien sind nur aus Beschreibungen bekannt, und keine wurde erprobt: erst einige erfundene Menschen daraus ansehen, dann ihm trauen.',
    'left-out-background': () => 'Sein Hintergrund bleibt weg: Köpfe stehen auf Weiß.',
    'left-out-mask': () => 'Seine vergrößerte Maske bleibt weg: kein Bild braucht sie.',
    'left-out-camera': () => 'Seine Korrekturen der Kameras bleiben weg: Kameras stehen, wo sie stehen sollen.',
    'cameras-elsewhere': ({ radius, pivot }) =>
      `Seine Kameras sehen aus der Entfernung ${radius} auf (${pivot}), die von EG3D aus 2,7 auf (0, 0, 0,2). Wo seine Gesichter liegen, ist nicht gemessen: erfundene Menschen brauchen es nicht, Köpfe aus Fotos können falsch werden.`,
    imported: ({ name, file, licence }) => `${name} ist importiert: ${file}\n${licence}`,
  },

  cli: {
    note: (text) => `Hinweis: ${text}`,
    help: (commands) => `Halfturn: ein Porträt hinein, ein 3D-Kopf heraus. Nichts verlässt diesen Rechner.

Aufruf: halfturn <Befehl> [Optionen]

${commands}

halfturn <Befehl> --help sagt mehr.
`,
    summaries: {
      reconstruct: 'aus einem Foto ein Kopf',
      batch: 'aus vielen Fotos Köpfe, auf einem Rechner oder vielen',
      worker: 'formt die Köpfe von Stapeln, die andere in eine Warteschlange gestellt haben',
      generate: 'ein Mensch, den es nicht gibt',
      import: 'aus einem Checkpoint von EG3D oder PanoHead (.pkl) eine Generatordatei',
      info: 'Provider, Grafikkarten, Generatoren; oder was eine Datei ist',
    },
    helps: {
      reconstruct: (
        photos,
        files,
        edit,
      ) => `Macht aus einem Porträtfoto, oder aus bis zu ${photos} eines Menschen, einen 3D-Kopf.

Aufruf: halfturn reconstruct FOTO [FOTO ...] [Optionen]

  FOTO                   ein Gesicht, als ${FORMATS};
                         mehrere zeigen einen Menschen von verschiedenen Seiten
  -o, --output ORDNER    wohin die Dateien kommen (sonst ./<Name des ersten Fotos>-head)
${INVERSION_HELP}
  --face N               welches Gesicht, 1 ist das größte
${headFileHelp(files)}
${editHelp(edit)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --resume               mit dem weitermachen, was im Ausgabeordner unterbrochen wurde, mit denselben Fotos und Optionen
  --overwrite            einen früheren Kopf dieses Namens ersetzen (sonst bleibt er, und dieser wird nummeriert)
  --json                 Fortschritt als JSON-Zeilen
  -h, --help

Schreibt NAME.glb, NAME.obj mit .mtl und Textur (oder was --format sagt), und NAME.sheet.png zum Ansehen.
Strg-C hält nach dem laufenden Schritt an und behält das Beste bis dahin.
`,
      batch: (photos, files) => `Macht aus vielen Porträtfotos 3D-Köpfe.

Aufruf: halfturn batch ORDNER|LISTE|FOTO [...] -o ORDNER [Optionen]

  ORDNER                 jedes Foto darin ist ein Mensch; jeder Ordner darunter mit Fotos ist ein Mensch,
                         von dem bis zu ${photos} Fotos genommen werden
  LISTE                  eine .csv, deren erste Zeile person,photo ist; Pfade gelten von dort, wo sie liegt
  FOTO                   ${FORMATS}
  -o, --output ORDNER    wohin die Ergebnisse kommen: ein Ordner je Mensch, results.csv, results.html, results.png
  s3://BUCKET/PFAD       steht für jedes davon in einem S3-kompatiblen Objektspeicher; Zugangsdaten, Region und Server
                         kommen aus AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3
  --jobs N               Köpfe zugleich, jeder in einem eigenen Prozess (sonst 1)
  --queue URL            sie von halfturn worker formen lassen, auf beliebig vielen Rechnern: redis://HOST:PORT
  --resume               mit dem weitermachen, was im Ordner liegt
${INVERSION_HELP}
${headFileHelp(files)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --json                 Fortschritt als JSON-Zeilen
  -h, --help

Ein Foto, das nicht zu gebrauchen ist, wird gemeldet und übergangen. Strg-C hält nach dem laufenden Schritt an; --resume
macht weiter, auch nach einem gewaltsamen Ende, und nichts zweimal. Rückgabewert 0: alle haben einen Kopf; 3: jemand
hat keinen.
`,
      worker: `Formt die Köpfe von Stapeln, die andere in eine Warteschlange gestellt haben, bis es beendet wird.

Aufruf: halfturn worker --queue URL [Optionen]

  --queue URL            redis://HOST:PORT, dieselbe wie die des Stapels
  --jobs N               Köpfe zugleich, jeder in einem eigenen Prozess (sonst 1)
${GENERATOR_HELP}; wie die des Stapels
${RUNTIME_HELP}
  --json                 Fortschritt als JSON-Zeilen
  -h, --help

Fotos und Ergebnisse müssen unter denselben Pfaden liegen wie dort, wo der Stapel begonnen wurde: in einem gemeinsamen
Ordner oder in einem Bucket, für den auch dieser Rechner Zugangsdaten hat. Strg-C hält nach dem laufenden Schritt an;
ein anderer macht damit weiter.
`,
      generate: (truncation, files, edit) => `Erfindet einen Menschen: Bild, Tiefe und einen 3D-Kopf.

Aufruf: halfturn generate [Optionen]

  --seed N               Startwert (sonst 0)
  --truncation X         ${truncation.least} bis ${truncation.most}: kleiner ist gewöhnlicher (sonst 1)
  -o, --output ORDNER    wohin die Dateien kommen (sonst ./person-<Startwert>)
  --overwrite            ersetzen, was unter diesem Namen da ist (sonst bleibt es, und dieses wird nummeriert)
${headFileHelp(files)}
${editHelp(edit)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --json                 Fortschritt als JSON-Zeilen
  -h, --help
`,
      import: `Nimmt einen offiziellen Checkpoint von EG3D oder PanoHead auf: liest ihn als Daten (das Programm darin wird nie
ausgeführt) und schreibt eine Generatordatei dieses Programms.

Aufruf: halfturn import DATEI.pkl [-o DATEI.safetensors] [--overwrite]

  -o, --output DATEI     sonst der Ordner der importierten Generatoren; dieselbe Datei zweimal wird einmal behalten
  --overwrite            DATEI ersetzen, wo sie schon da ist (sonst bleibt sie, und diese wird nummeriert)
  -h, --help
`,
      info: `Sagt, welche Provider, Grafikkarten und Generatoren es gibt, oder was eine Generatordatei oder ein
Checkpoint ist.

Aufruf: halfturn info [DATEI]

  --json                 als JSON
  -h, --help
`,
    },
    labels: { code: 'Code', layers: 'Ebenen', shape: 'Form', detail: 'Detail', surface: 'Fläche', heads: 'Köpfe' },
    page: {
      title: (heads) => (heads === 1 ? 'Ein Kopf von Halfturn' : `${heads} Köpfe von Halfturn`),
      sortBy: 'Sortiert nach',
      sorts: { verdict: 'Urteil', person: 'Mensch', likeness: 'Ähnlichkeit', seconds: 'Sekunden' },
      standings: {
        good: 'gut',
        front: 'gut von vorn',
        uncertain: 'ungewiss',
        failed: 'unbrauchbar',
        error: 'ohne Kopf',
      },
    },
    batchPace: (done, total, none, left) =>
      `${done}/${total}${none > 0 ? `  ${none} ohne Kopf` : ''}${left === undefined ? '' : `  noch ${left}`}`,
    pace: (step, steps, loss, rate, left) =>
      `${step}/${steps}  Verlust ${number(loss, 4)}  ${number(rate, 2)} Schritte/s  noch ${left}`,
    info: {
      providers: 'Provider, der beste zuerst:',
      unavailable: (problem) => `nicht verwendbar: ${problem}`,
      generators: 'Generatoren:',
      generator: (name, side, traits) =>
        `${name}, Bilder von ${side}²${traits.length > 0 ? `, kann ändern: ${traits.join(', ')}` : ''}`,
      file: (path, origin) => `${path}: ${origin === undefined ? 'ein Generator' : `ein ${origin}-Checkpoint`}`,
      rows: {
        name: 'Name',
        codes: 'Codes',
        planes: 'Ebenen',
        rendering: 'Rendern',
        superResolution: 'Superauflösung',
        traits: 'kann ändern',
        source: 'Herkunft',
        licence: 'Lizenz',
      },
      codes: (z, w, layers) => `z ${z}, w ${w}, ${layers} Schichten`,
      planes: (channels, side, layers) => `3 x ${channels} Kanäle von ${side}², ${layers.join(', ')} Lagen`,
      rendering: (side, coarse, fine) => `${side}² Strahlen, ${coarse} + ${fine} Proben`,
      superResolution: (kind, side) => `${kind}, auf ${side}²`,
      none: 'keine',
    },
  },

  start: {
    building: 'Das Fenster wird gebaut (einige Sekunden, einmal)…',
    desktop: 'Die Desktop-App wird geöffnet.',
    notAdopted: (folder, error) => `Frühere Projekte bleiben in ${folder}: ${error}`,
    browser:
      'Wird im Browser geöffnet: das Programm von Electron ist nicht hier („npx install-electron“ holt es einmal).',
  },

  serve: {
    notAPort: (port) => `--port ${port} ist kein Port. Eine Zahl von 0 bis 65535 angeben; 0 nimmt irgendeinen freien.`,
    engineLost: (times) =>
      `Die Engine ist ${times}-mal nacheinander zu Ende gegangen. Bitte mit dem melden, was darüber steht.`,
    at: (url) =>
      `Halfturn ist hier:\n\n  ${url}\n\nNur dieser Rechner erreicht es, und nur unter dieser Adresse. Strg-C beendet es.`,
  },

  guidance: {
    traits: {
      age: { more: ['älter', 'alt', 'ältlich', 'betagt'], less: ['jünger', 'jung', 'jugendlich'] },
      male: {
        more: ['männlicher', 'männlich', 'mann'],
        less: ['weiblicher', 'weiblich', 'frau'],
      },
      skin: {
        more: ['dunklere haut', 'dunkle haut', 'dunkler', 'gebräunt'],
        less: ['hellere haut', 'helle haut', 'heller', 'blasser', 'blass'],
      },
      smile: {
        more: ['lächelnd', 'lächeln', 'lächelt', 'fröhlich', 'fröhlicher', 'freundlich', 'freundlicher'],
        less: ['ernst', 'ernster', 'traurig', 'trauriger'],
      },
      hair: {
        more: ['längere haare', 'längeres haar', 'lange haare', 'langes haar'],
        less: ['kürzere haare', 'kürzeres haar', 'kurze haare', 'kurzes haar'],
      },
      'hair-colour': {
        more: ['blond', 'blonder', 'blonde haare', 'blondes haar', 'helle haare', 'helles haar', 'hellere haare'],
        less: ['dunkle haare', 'dunkles haar', 'dunklere haare', 'schwarze haare', 'schwarzes haar'],
      },
      weight: {
        more: ['schwerer', 'schwer', 'dicker', 'dick', 'fülliger', 'füllig', 'rundlich', 'rundlicher'],
        less: ['schlanker', 'schlank', 'dünner', 'dünn', 'schmaler', 'schmal', 'hager'],
      },
      jaw: {
        more: ['offener mund', 'offenem mund', 'mund offen', 'mund auf', 'sprechend', 'redend'],
        less: ['geschlossener mund', 'geschlossenem mund', 'mund geschlossen', 'mund zu'],
      },
      eyes: {
        more: ['offene augen', 'offenen augen', 'augen offen', 'augen auf', 'große augen', 'großen augen'],
        less: ['geschlossene augen', 'geschlossenen augen', 'augen geschlossen', 'augen zu', 'schlafend'],
      },
      brows: {
        more: ['hochgezogene brauen', 'hochgezogenen brauen', 'brauen hoch', 'überrascht', 'erstaunt'],
        less: ['gesenkte brauen', 'gesenkten brauen', 'brauen runter', 'stirnrunzelnd', 'wütend', 'zornig', 'böse'],
      },
      beard: { more: ['bart', 'bärtig', 'vollbart'], less: ['bartlos', 'rasiert', 'glatt rasiert'] },
    },
    much: ['viel', 'sehr', 'deutlich', 'stark'],
    little: ['etwas', 'bisschen', 'wenig', 'leicht'],
    opposite: ['weniger', 'nicht', 'kein', 'keine', 'ohne'],
    silent: ['ein', 'eine', 'der', 'die', 'das', 'mehr', 'bitte', 'mach', 'ihn', 'sie', 'es', 'soll', 'aussehen'],
    between: ['und', 'mit', 'aber'],
  },

  menu: {
    file: '&Datei',
    newWindow: 'Neues Fenster',
    newHead: 'Neuer Kopf',
    open: 'Öffnen…',
    saveProject: 'Projekt speichern…',
    preferences: 'Einstellungen…',
    close: 'Fenster schließen',
    quit: 'Beenden',
    edit: '&Bearbeiten',
    undo: 'Rückgängig',
    redo: 'Wiederholen',
    cut: 'Ausschneiden',
    copy: 'Kopieren',
    paste: 'Einfügen',
    selectAll: 'Alles auswählen',
    view: '&Ansicht',
    reload: 'Neu laden',
    resetZoom: 'Originalgröße',
    zoomIn: 'Vergrößern',
    zoomOut: 'Verkleinern',
    fullScreen: 'Vollbild',
    developerTools: 'Entwicklerwerkzeuge',
    window: '&Fenster',
    minimize: 'Minimieren',
    help: '&Hilfe',
    log: 'Protokoll zeigen',
  },

  window: {
    app: 'Halfturn',
    newHead: 'Neuer Kopf',
    about: 'Über Halfturn und Protokoll',
    theme: { light: 'Helles Aussehen', dark: 'Dunkles Aussehen' },

    way: 'Vom Foto zum Kopf',
    steps: { photo: 'Foto', form: 'Formen', look: 'Ansehen & speichern' },
    stepHints: {
      photo: 'Ein Porträt wählen. Das Gesicht wird gefunden und eingerahmt.',
      form: 'Der Kopf nimmt aus dem Foto Gestalt an.',
      look: 'Ihn drehen, dann mitnehmen.',
    },

    drop: {
      title: 'Ein Porträt hinein, ein 3D-Kopf heraus',
      body: 'Ein Foto eines Menschen hier ablegen oder einfügen. Bis zu fünf desselben Menschen geben einen Kopf.',
      hint: `${FORMATS}. Es bleibt auf diesem Rechner.`,
      choose: 'Ein Foto wählen…',
      camera: 'Die Kamera benutzen',
      sample: 'Das Beispiel ausprobieren',
      sampleName: 'Beispielporträt',
      photoName: 'Foto',
      random: 'Einen erfundenen Menschen kennenlernen',
      release: 'Loslassen, um dieses Foto zu verwenden',
      recent: 'Zuletzt',
      opening: 'Wird geöffnet…',
      several: (count, name) =>
        `Von diesen ${count} Dateien wurde ${name} geöffnet: Projekte und Generatoren werden einzeln geöffnet.`,
      refused: (name) => `Nicht verwendet: ${name}.`,
      forget: (name) => `${name} aus den letzten Projekten entfernen`,
      unfinished: 'unfertig',
    },

    offered: {
      title: (count) => (count === 1 ? 'Noch ein Foto' : `${count} Fotos`),
      question: (count) => (count === 1 ? 'Wen zeigt es?' : 'Zeigen sie einen Menschen oder mehrere?'),
      add: (name) => `Den Menschen von „${name}“`,
      addHelp: 'Kommt zu den Fotos, die da sind; danach den Kopf noch einmal formen.',
      together: (count) => (count === 1 ? 'Jemand anderen' : 'Einen Menschen'),
      togetherHelp: (count) =>
        count === 1 ? 'Ein neuer Kopf. Dieser bleibt, wie er ist.' : 'Aus allen wird ein Kopf geformt.',
      apart: 'Mehrere Menschen',
      apartHelp: 'Jedes wird ein eigener Kopf. Der erste wird geöffnet, die anderen stehen unter Zuletzt.',
      cancel: 'Weder noch',
    },

    camera: {
      title: 'In die Kamera sehen',
      take: 'Das Foto aufnehmen',
      photoName: 'Kamerafoto',
      cancel: 'Zurück',
    },

    photo: {
      finding: 'Das Gesicht wird gesucht…',
      faces: (count) => `${count} Gesichter gefunden. Auf das gemeinte klicken.`,
      face: (index) => `Gesicht ${index}`,
      crop: 'Ausschnitt: ziehen zum Verschieben, Pfeiltasten für kleine Schritte, Plus und Minus für die Größe',
      corner: 'Ziehen ändert die Größe des Ausschnitts',
      rollHandle: 'Ziehen dreht den Ausschnitt',
      pose: 'Ziehen berichtigt, wohin das Gesicht blickt',
      yaw: 'Gedreht',
      pitch: 'Geneigt',
      roll: 'Gekippt',
      correct: 'Von Hand berichtigen',
      correctHint: 'Den Rahmen auf dem Foto ziehen, seine Ecken, den Knopf darüber oder die Achsen auf dem Gesicht.',
      reset: 'Zurücksetzen',
      resetHint: 'Zurück zu dem, was von selbst gefunden wurde',
      undo: 'Rückgängig',
      redo: 'Wiederholen',
      good: 'Das Gesicht ist klar. Nichts zu berichtigen.',
      crops: 'Was die Engine sehen wird',
      next: 'Weiter',
      all: 'Fotos dieses Menschen',
      show: (number, name) => `Foto ${number}: ${name}`,
      first: 'kommt zuerst',
      warned: 'hat eine Warnung',
      add: 'Ein Foto dazunehmen…',
      addHelp: (most) => `Mit Fotos von anderen Seiten hält der Kopf dort besser. Bis zu ${most}, vom selben Menschen.`,
      remove: 'Dieses Foto entfernen',
      leads: 'Mit diesem Foto beginnt das Formen: es ist am wenigsten gedreht.',
      alt: 'Das Foto',
      cropAlt: 'Der Ausschnitt um das Gesicht',
    },

    form: {
      start: 'Den Kopf formen',
      again: 'Noch einmal formen',
      together: (count) => `Aus ${count} Fotos wird ein Kopf geformt.`,
      quality: 'Qualität',
      qualities: { fast: 'Schnell', balanced: 'Mittel', full: 'Voll' },
      qualityHelp: {
        fast: 'Ein erster Blick, bald da.',
        balanced: 'Eine gute Ähnlichkeit.',
        full: 'Das Feinste, und es dauert am längsten.',
      },
      steps: 'Schritte',
      stepsHelp: 'Wie oft der Kopf mit dem Foto verglichen und verbessert wird.',
      generator: 'Generator',
      generatorHelp: 'Das Netz, das weiß, wie Köpfe aussehen.',
      importGenerator: 'Einen Generator importieren…',
      licence: 'Lizenz',
      more: 'Mehr Einstellungen',
      seed: 'Startwert',
      seedHelp: 'Eine andere Zahl versucht es auf andere Art.',
      learningRate: 'Lernrate',
      learningRateHelp: 'Wie weit jeder Schritt geht: kleiner ist sicherer und langsamer.',
      pause: 'Pause',
      resume: 'Weiter',
      cancel: 'Hier anhalten',
      cancelHint: 'Behält den besten Kopf bis dahin',
      preparing: 'Vorbereitung…',
      phases: {
        code: 'Ein ähnlicher Kopf wird gesucht',
        layers: 'Seine Teile werden angepasst',
        shape: 'Sein Umriss wird angepasst',
        detail: 'Die Einzelheiten des Fotos kommen hinzu',
      },
      stepOf: (step, steps) => `Schritt ${step} von ${steps}`,
      left: (text) => `noch ${text}`,
      stopped: { paused: 'Angehalten', interrupted: 'Unterbrochen', failed: 'Von einem Fehler beendet' },
      likeness: 'Ähnlichkeit',
      likenessLabel: (percent) => `Ähnlichkeit mit dem Foto über die Schritte, jetzt ${percent} %`,
      before: 'Foto',
      after: 'Kopf',
      compare: 'Foto und Kopf vergleichen',
      look: 'Ansehen',
    },

    look: {
      presets: 'Drehen nach',
      presetNames: { photo: 'Foto', front: 'Vorn', left: 'Links', right: 'Rechts', top: 'Oben', back: 'Hinten' },
      presetHelp: {
        photo: 'Wie das Foto aufgenommen wurde',
        front: 'Von vorn',
        left: 'Die linke Seite des Kopfs',
        right: 'Die rechte Seite des Kopfs',
        top: 'Von oben',
        back: 'Von hinten',
      },
      turntable: 'Drehteller',
      mode: 'Zeigen als',
      modes: { volume: 'Kopf', surface: 'Oberfläche', depth: 'Tiefe' },
      modeHelp: {
        volume: 'Wie ein Foto ihn zeigen würde; feiner, wenn er ruht.',
        surface: 'Die Haut, die ein gespeichertes 3D-Modell hat.',
        depth: 'Wie nah jede Stelle ist: Hell ist nah, Dunkel ist fern.',
      },
      surfaceStyles: { colour: 'Farbe', clay: 'Ton', wire: 'Gitter', evidence: 'Belegt' },
      surfaceHelp: {
        colour: 'In eigenen Farben, wie ein gespeichertes GLB oder OBJ sie hat.',
        clay: 'Die bloße Form.',
        wire: 'Die Dreiecke, aus denen sie besteht.',
        evidence: 'Was das Foto gesehen hat und was erfunden ist.',
      },
      evidence: { seen: 'Gesehen', invented: 'Erfunden' },
      evidenceLabel: 'Orange hat das Foto gesehen, Blau ist erfunden',
      surfaceStyle: 'Art der Oberfläche',
      extracting: 'Die Oberfläche entsteht…',
      painting: 'Die Oberfläche wird bemalt…',
      preparing: 'Die Ansicht wird vorbereitet…',
      stage: '3D-Ansicht des Kopfs. Pfeiltasten drehen ihn, Plus und Minus vergrößern, Pos1 zeigt ihn von vorn.',
      honest: (count) =>
        count === 1
          ? 'Aus einem Foto erzeugt: was das Foto nicht zeigt, ist erfunden.'
          : `Aus ${count} Fotos erzeugt: was kein Foto zeigt, ist erfunden.`,
      honestRandom: 'Ein erfundener Mensch: niemand hat dieses Gesicht.',
      fps: (value, scale) => `${value.toFixed(0)} Bilder/s bei ${Math.round(scale * 100)} %`,
    },

    stage: {
      title: 'Hintergrund und Licht',
      backdrop: 'Hintergrund',
      backdrops: {
        window: 'Wie das Fenster',
        light: 'Hell',
        dark: 'Dunkel',
        own: 'Eigene Farbe',
        clear: 'Durchsichtig',
      },
      colour: 'Farbe',
      light: 'Licht',
      lights: { even: 'Gleichmäßig', studio: 'Studio', side: 'Von der Seite' },
      exposure: 'Belichtung',
    },

    verdict: {
      judging: 'Er wird von allen Seiten betrachtet…',
      titles: VERDICTS,
    },

    change: {
      title: 'Den Kopf ändern',
      traits: {
        age: 'Alter',
        male: 'Männlich',
        skin: 'Dunklere Haut',
        smile: 'Lächeln',
        hair: 'Haarlänge',
        'hair-colour': 'Helleres Haar',
        weight: 'Gewicht',
        jaw: 'Mund offen',
        eyes: 'Augen offen',
        brows: 'Brauen hoch',
        beard: 'Bart',
      },
      groups: { person: 'Mensch', face: 'Ausdruck', hair: 'Haare', others: 'Weiteres' },
      strength: (amount, sign) => (sign === 0 ? 'wie geformt' : `${amount} ${sign > 0 ? 'mehr' : 'weniger'}`),
      words: 'In Worten',
      wordsHint: 'älter, kurze Haare',
      unknown: (words) => `Nicht verstanden: ${words}.`,
      lacking: (traits) => `Der Generator dieses Kopfes kann nicht ändern: ${traits}.`,
      reset: 'Wie geformt',
      compare: 'Nebeneinander',
      before: 'Wie geformt',
      after: 'Geändert',
      none: 'Der Generator dieses Kopfs hat keine Richtungen, in die er zu ändern wäre.',
      honest:
        'Was geändert wurde, ist erfunden. Das Urteil gilt dem Kopf, wie er geformt wurde. Auf der Oberfläche bleibt vom Foto, was die Änderung an seinem Ort lässt.',
      honestRandom: 'Was geändert wurde, wird mit dem Kopf gesichert und steht in seinen Dateien.',
    },

    random: {
      title: 'Erfundener Mensch',
      seed: 'Startwert',
      truncation: 'Vielfalt',
      next: 'Der nächste Mensch',
      show: 'Zeigen',
    },

    save: {
      title: 'Speichern',
      mesh: '3D-Modell',
      hints: {
        glb: 'Modell mit der Textur des Fotos für Blender, das Web und die meisten Programme',
        obj: 'Dieselbe Textur, für fast jedes Programm',
        ply: 'Farben an den Ecken, für MeshLab und Forschung',
        stl: 'Nur die Form, für den 3D-Druck',
        usdz: 'Dieselbe Textur, für Telefone von Apple',
        '3mf': 'Die Form mit ihrer Größe in Millimetern, für den 3D-Druck',
      },
      resolution: 'Feinheit',
      resolutions: { 96: 'Grob', 128: 'Niedrig', 192: 'Normal', 256: 'Fein', 384: 'Am feinsten' },
      triangles: 'Dreiecke',
      meshHelp: 'Mehr von beidem behält kleinere Züge, dauert länger und gibt größere Dateien.',
      even: 'Gleichmäßige Dreiecke',
      evenHelp: 'Alle gleich groß, zum Animieren und Modellieren. Das Drahtgitter zeigt sie.',
      mostTriangles: (most) => `Bis zu ${most} Dreiecke`,
      hasTriangles: (triangles) => `${triangles} Dreiecke`,
      save: (format) => `${format} speichern…`,
      more: 'Mehr zu diesem Format',
      options: {
        textureSize: 'Textur, Pixel',
        textureFormat: 'Textur als',
        compression: 'Kompression',
        vertexColours: 'Farben an den Ecken stattdessen',
        evidenceTexture: 'Belegtes als zweites Aussehen',
        author: 'Urheber',
        height: 'Höhe, mm',
        base: 'Steht auf',
        hollow: 'Hohl',
        wall: 'Wand, mm',
      },
      choices: {
        auto: 'Wie die Fotos',
        jpeg: 'JPEG',
        png: 'PNG',
        webp: 'WebP',
        none: 'Nichts',
        meshopt: 'meshopt',
        flat: 'Einem ebenen Schnitt',
        stand: 'Einem Ständer',
      },
      make: 'Wie groß?',
      makeHelp: 'Macht die Datei, ohne sie zu speichern: dann ist ihre Größe bekannt.',
      making: 'Die Datei entsteht…',
      drag: 'Herausziehen',
      dragHelp: 'In ein anderes Programm oder einen Ordner ziehen',
      reveal: 'Im Ordner zeigen',
      pictures: 'Bild und Film',
      picture: 'Bild speichern…',
      pictureSize: 'Bildgröße',
      pixels: (side) => `${side} Pixel`,
      film: 'Als Film',
      films: { webm: 'WebM', mp4: 'MP4', gif: 'GIF', webp: 'WebP' },
      noEncoder: (film) => `${film} (hier kein Encoder)`,
      video: 'Drehung speichern…',
      project: 'Projekt',
      saveProject: 'Projekt speichern…',
      projectHelp: 'Fotos, Einstellungen und Kopf in einer Datei, um anderswo weiterzumachen.',
      saving: (what) => `${what} wird gespeichert…`,
      saved: (name) => `${name} ist gespeichert`,
    },

    engine: {
      connecting: 'Die Engine startet…',
      restarting: 'Die Engine ist zu Ende gegangen und wird neu gestartet. Nichts ist verloren.',
      moving: 'Die Köpfe werden in den anderen Ordner kopiert…',
      ended: 'Die Engine ist unerwartet zu Ende gegangen und läuft wieder.',
      kept: {
        nothing: 'Kein Kopf war offen.',
        forming: (step, steps) => `Der Kopf ist mit Schritt ${step} von ${steps} erhalten und geht von dort weiter.`,
        head: 'Fotos, Einstellungen und Kopf sind erhalten.',
        photos: 'Die Fotos sind erhalten, wie sie berichtigt waren.',
      },
      lost: 'Die Engine lässt sich nicht starten.',
      lostCure: 'Halfturn schließen und wieder öffnen. Hilft das nicht, mit dem Protokoll melden.',
      runsOn: (provider) => `Rechnet mit ${provider}`,
    },

    log: {
      title: 'Über Halfturn und Protokoll',
      copy: 'Bericht kopieren',
      copied: 'Kopiert',
      report: 'Bericht',
      reportHelp:
        'Was ein Bericht über Schwierigkeiten braucht. Von Fotos und Köpfen steht nichts darin; Namen von Dateien können es.',
      licences: 'Lizenzen',
      licence:
        'Halfturn steht unter der Apache-Lizenz 2.0. Die Netze, die Gesichter finden und vergleichen: MediaPipe (Apache-2.0), HSE FaceRes (Apache-2.0), dlib (gemeinfrei). libvips, libheif und libde265 sind eigene Bibliotheken unter LGPL-3.0.',
      close: 'Schließen',
      version: 'Version',
      provider: 'Rechnet mit',
      graphics: 'Zeichnet mit',
      privacy: 'Nichts von dem, was hier geschieht, verlässt diesen Rechner.',
    },

    preferences: {
      title: 'Einstellungen',
      language: 'Sprache',
      theme: 'Aussehen',
      themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
      quality: 'Qualität zu Beginn',
      provider: 'Rechnen mit',
      automatic: 'Dem Schnellsten, was da ist',
      threads: 'Threads des Prozessors',
      threadsHelp: '0: einer je Kern. Dies und womit gerechnet wird, gilt vom nächsten Start an.',
      folder: 'Datenordner',
      folderHelp:
        'Dort liegen Köpfe und importierte Generatoren. Ein anderer wird in der Desktop-App gewählt, oder mit HALFTURN_DATA beim Start.',
      showFolder: 'Zeigen',
      moveFolder: 'Anderen wählen…',
      moveHelp:
        'Dort liegen Köpfe und importierte Generatoren. In den Ordner, der gewählt wird, werden sie kopiert und von da an dort aufgehoben; was in diesem liegt, bleibt, wie es ist.',
      moved: (folder) => `Köpfe liegen von jetzt an in ${folder}. Der Ordner davor hat noch, was er hatte.`,
    },

    hint: {
      text: 'Den Kopf ziehen, um ihn zu drehen; das Mausrad holt ihn näher. Die Tasten 0 bis 5 zeigen seine Seiten.',
      close: 'Verstanden',
    },

    dismiss: 'Schließen',
    providers: { cpu: 'dem Prozessor', cuda: 'NVIDIA CUDA', dml: 'DirectML', coreml: 'Core ML', webgpu: 'WebGPU' },
  },
}
