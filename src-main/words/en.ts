/**
 * English: everything Halfturn says, and the form every other language has. A sentence with a cure is a pair; the values
 * of a sentence are its parameters. Options, file names and what libraries say stay as they are.
 */
import { PHOTO_FORMATS } from '../engine/images/photo-formats.ts'
import type { Range } from '../engine/limits.ts'
import type { FileOption, fileOptions } from '../engine/surface/formats/options.ts'
import type { Door, SettingNames } from './door.ts'

type Sentence = string | readonly [message: string, cure: string]

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' })
const all = new Intl.ListFormat('en-GB', { type: 'conjunction' })
const FORMATS = either.format(PHOTO_FORMATS.map(({ name }) => name))

const COPY_AGAIN = 'Copy the file again from where it came, or save it anew from an image editor.'
const NOT_A_FOLDER = 'A part of the path is a file, not a folder: choose another path.'
const CHECKPOINT = 'Choose an EG3D generator as NVIDIA publishes it (.pkl), such as ffhqrebalanced512-128.pkl.'
const A_PANOHEAD =
  "Choose the generator that PanoHead's authors publish, or one of EG3D's. If it is theirs, please report this message: their files are known from descriptions alone."
const DAMAGED_CHECKPOINT = 'The file is damaged or not an EG3D checkpoint: fetch it again.'
const UNTRUSTED =
  'Only checkpoints of EG3D and PanoHead as their authors publish them (.pkl) are read. Nothing in the file was run; if you do not trust where it is from, delete it.'
const DAMAGED_WEIGHTS = 'The file is damaged or holds another network: fetch or make it again.'
const A_GENERATOR = 'Choose a generator file, or import an EG3D checkpoint (.pkl).'
const OPEN_PHOTO = 'Open a photo first.'
const PROJECT_FILE = 'Choose a .halfturn file saved by Halfturn, or save it again.'
const FROM_THE_PHOTO = 'Form it again from the photo.'
const START_AGAIN = 'Start the reconstruction again from the photo.'
const WITHOUT_RESUME = 'Leave --resume out to start from the photo.'
const GOES_ON = 'The work goes on, and saving is tried again.'
const SIDE_PHOTO = 'Where that is not so, add a photo from the side.'
const FRONT_PHOTO = 'A photo more from the front would show more of the face.'

const DEFECT_OF_WINDOW = 'This is a defect of the window: please report it with the log.'

/** Words for changes of a head. */
interface Guided {
  /** By trait: phrases for more and for less of it. */
  traits: Record<string, { more: readonly string[]; less: readonly string[] }>
  much: readonly string[]
  little: readonly string[]
  opposite: readonly string[]
  silent: readonly string[]
  between: readonly string[]
}

/** What commands that write a head's files say of their options. */
export interface HeadFileHelp {
  readonly formats: readonly string[]
  readonly usual: readonly string[]
  readonly resolution: Range
  readonly options: typeof fileOptions
}
const headFileHelp = ({ formats, usual, resolution, options }: HeadFileHelp) => `\
  --format LIST          of ${formats.join(', ')} (default: ${usual.join(',')})
  --mesh-resolution N    density samples along a side, ${resolution.least} to ${resolution.most} (default 256)
  --triangles N          of the mesh (default 60000)
  --even                 all triangles of one size, for animating and sculpting; 5000 or 20000 of them
  --texture-size N       pixels a side, ${either.format(options.textureSize.choices)} (default ${options.textureSize.usual})
  --texture-format NAME  in a GLB: ${either.format(options.textureFormat.choices)} (default ${options.textureFormat.usual})
  --compression NAME     of a GLB's triangles: ${either.format(options.compression.choices)} (default ${options.compression.usual})
  --vertex-colours       a colour for each vertex of a GLB in the place of its texture
  --evidence-texture     a second look in a GLB: what the photo saw and what is invented
  --author NAME          who is named in the file
  --height MM            of a print, ${options.height.range.least} to ${options.height.range.most} (default ${options.height.usual})
  --base NAME            of a print: ${either.format(options.base.choices)} (default ${options.base.usual})
  --hollow               an empty print with a hole in its floor
  --wall MM              of a hollow print, ${options.wall.range.least} to ${options.wall.range.most} (default ${options.wall.usual})`

const editHelp = ({ least, most }: Range) => `\
  --edit LIST            change the head: traits with strengths from ${least} to ${most}, such as age=-1,hair=0.6
                         (halfturn info lists what each generator can change)`

const INVERSION_HELP = `\
  --quality NAME         fast, balanced or full (default: balanced)
  --steps N              optimiser steps (default: the quality's)
  --learning-rate X      default 0.08
  --seed N               default 0; the same seed gives the same head`
const GENERATOR_HELP = '  --generator FILE       a generator file or an EG3D checkpoint (default: the embedded one)'
const RUNTIME_HELP = `\
  --provider NAME        cuda, dml, coreml, webgpu or cpu (default: the best that works)
  --allow-software       let a software adapter count as a GPU`

const VERDICTS = {
  good: 'Good.',
  front: 'Good from the front.',
  uncertain: 'Shape uncertain.',
  failed: 'Not usable yet.',
}

const notWritten =
  (cure: string) =>
  ({ path, system }: { path: string; system: string }): readonly [string, string] => [
    `Could not write ${path} (${system}).`,
    cure,
  ]

export const en = {
  /** What it is called in itself. */
  name: 'English',
  number: (value: number, digits: number) => value.toFixed(digits),

  /** What the command line calls its options, and what the window calls them. */
  settings: {
    cli: {
      quality: '--quality full',
      provider: '--provider cpu',
      seed: '--seed',
      learningRate: '--learning-rate',
    },
    window: {
      quality: 'the quality Full',
      provider: 'HALFTURN_PROVIDER=cpu in the environment',
      seed: 'seed',
      learningRate: 'learning rate',
    },
  } satisfies Record<Door, SettingNames>,

  messages: {
    'unknown-message': ({ code }: { code: string }) => [`This version has no words for "${code}".`, 'Update Halfturn.'],
    /** Of tools for development, which speak English alone. */
    tool: ({ text, cure }: { text: string; cure: string }) => [text, cure],
    defect: ({ what }: { what: string }) => [`Something went wrong: ${what}`, 'Copy the log and report it.'],

    // Files
    'disk-full': notWritten('Free some space or choose another folder.'),
    'write-denied': notWritten('Choose a folder you may write to.'),
    'disk-read-only': notWritten('The disk is read-only: choose another folder.'),
    'path-through-file': notWritten(NOT_A_FOLDER),
    'folder-not-made': notWritten('The folder cannot be made there: choose another path.'),
    'path-is-folder': notWritten('That is a folder: give a file name.'),
    'name-too-long': notWritten('Choose a shorter name or path.'),
    'file-in-use': notWritten('Another program has the file open: close it there, or choose another name.'),
    'disk-without-locks': ({ path, system }: { path: string; system: string }) => [
      `The disk of ${path} cannot lock files (${system}).`,
      'Choose a folder on another disk.',
    ],
    'locked-elsewhere': ({ path }: { path: string }) => [
      `Another process keeps ${path} locked.`,
      'End it, or choose another folder.',
    ],
    'name-claimed': ({ path }: { path: string }) => [
      `Another run is about to write ${path}.`,
      'Wait until it has ended.',
    ],
    'name-is-input': ({ path }: { path: string }) => [
      `${path} is read, so it cannot be written.`,
      'Choose another name.',
    ],
    'name-taken': ({ path }: { path: string }) => [
      `${path} is there already, and is kept.`,
      'Move it away, or choose another folder.',
    ],
    'work-folder-taken': ({ path }: { path: string }) => [`${path} is no folder.`, 'Move it away.'],
    'input-is-folder': ({ path, cure }: { path: string; cure: string }) => [`${path} is a folder.`, cure],
    'input-is-device': ({ path, cure }: { path: string; cure: string }) => [
      `${path} is a pipe or a device, not a file.`,
      cure,
    ],
    'input-too-large': (values: { what: string; path: string; size: number; most: number; cure: string }) => [
      `${values.what} ${values.path} has ${values.size} MiB; at most ${values.most} MiB are read.`,
      values.cure,
    ],
    'input-unreadable': ({ path, system, cure }: { path: string; system: string; cure: string }) => [
      `Could not read ${path} (${system}).`,
      cure,
    ],
    'the-photo': () => 'The photo',
    'the-file': () => 'The file',
    'give-photo': () => `Give the path of a ${FORMATS} file.`,
    'give-generator': () => 'Give the path of a generator file (.safetensors) or of an EG3D checkpoint (.pkl).',
    'name-shortened': ({ stem }: { stem: string }) =>
      `The disk does not take so long a name: the files are called ${stem}.`,
    'leftover-stuck': ({ run, system }: { run: string; system: string }) =>
      `What an earlier run left in ${run} could not be put in place (${system}).`,
    'leftover-beside': ({ path, beside }: { path: string; beside: string }) =>
      `${path} is something else by now: what an earlier run made is ${beside}.`,

    // Photos
    'photo-empty': () => ['The photo file is empty (0 bytes).', COPY_AGAIN],
    'photo-too-large': ({ size, most }: { size: number; most: number }) => [
      `The photo file has ${size} MiB; at most ${most} MiB are read.`,
      'Save the photo as JPEG, or shrink it in an image editor.',
    ],
    'not-a-photo': ({ kind }: { kind: string }) => [
      `The file is not a ${FORMATS} photo${kind && ` but ${kind}`}.`,
      'Save or export the photo as JPEG or PNG and use that.',
    ],
    'kind-pdf': () => 'a PDF',
    'kind-raw': () => 'a camera raw file',
    'kind-film': () => 'a film',
    'kind-svg': () => 'a drawing (SVG)',
    'kind-photoshop': () => 'a Photoshop file',
    'photo-too-costly': () => [
      'Decoding the photo took too much time or memory and was stopped.',
      'Open it in an image editor and save it anew, no larger than 4000 pixels a side, as JPEG or PNG.',
    ],
    'photo-too-many-pixels': (values: { width: number; height: number; megapixels: number; side: number }) => [
      `The photo claims ${values.width} x ${values.height} pixels; at most ${values.megapixels} megapixels and ` +
        `${values.side} pixels a side are read.`,
      'Shrink the photo in an image editor; 2000 pixels across are plenty.',
    ],
    'photo-damaged': ({ format }: { format: string }) => [
      `The ${format} photo is damaged or cut off and cannot be decoded.`,
      COPY_AGAIN,
    ],
    'picture-unreadable': () => ['The picture cannot be read.', 'Save it again.'],
    'end-missing': () => 'The file lacks its end, as after an interrupted copy, but all its pixels are there.',
    transparent: () => 'The picture is wholly transparent; the colours under its transparency are used.',
    'first-picture': () => 'The file holds several pictures; the first is used.',

    // Faces
    'no-face': () => [
      'No face was found in the photo.',
      'Use a photo that shows a face from the front, sharp and well lit; drawings and covered faces are often missed.',
    ],
    'no-such-face': ({ number, count }: { number: number; count: number }) => [
      `There is no face ${number}: the photo shows ${count === 1 ? 'one face' : `${count} faces`}.`,
      count === 1 ? 'Use face 1, or leave the number out.' : `Choose from 1 (the largest) to ${count}.`,
    ],
    'face-too-small': ({ interocular, least }: { interocular: number; least: number }) => [
      `The face is too small: ${interocular.toFixed(1)} pixels between the eyes, at least ${least} are needed.`,
      'Use a larger photo, or one taken closer; 60 pixels or more between the eyes are good.',
    ],
    'face-too-blurred': () => ['The face is too blurred to tell its shape.', 'Use a sharper photo.'],
    'face-turned-away': ({ degrees, most }: { degrees: number; most: number }) => [
      `The face is turned away too far: ${degrees}° or more, up to ${most}° can be used.`,
      'Use a photo that shows both eyes, turned towards the camera.',
    ],
    'several-faces': ({ count }: { count: number }) =>
      `The photo shows ${count} faces; the largest is used. Another can be chosen by its number.`,
    'not-upright': ({ degrees }: { degrees: number }) =>
      `The face is turned by ${Math.abs(degrees)}° in the photo and was set upright. Check the crop; it can be turned by hand.`,
    small: ({ distance }: { distance: number }) =>
      `The face is small: ${distance} pixels between the eyes. The head will lack detail; use a larger photo or one ` +
      'taken closer, with 60 or more.',
    blurred: () => 'The face is blurred. A sharper photo gives a better likeness.',
    dark: ({ brightness }: { brightness: number }) =>
      `The face is dark: its mean brightness is ${brightness} of 255. Use a photo with more light on the ` +
      'face, or brighten this one.',
    flat: () =>
      'The face has little contrast, as in fog or in a faded print. Use another photo, or raise its contrast.',
    overexposed: ({ percent }: { percent: number }) =>
      `${percent} % of the face are burnt out to white. Use a photo with less light on the face.`,
    turned: ({ degrees }: { degrees: number }) =>
      `The face is turned ${Math.abs(degrees)}° to the side. A photo turned more towards the camera is safer.`,
    tilted: ({ degrees }: { degrees: number }) =>
      `The face is seen from ${degrees > 0 ? 'above' : 'below'} (${Math.abs(degrees)}°). A photo at eye level is safer.`,
    'strongly-tilted': ({ degrees }: { degrees: number }) =>
      `The face is seen far from ${degrees > 0 ? 'above' : 'below'} (${Math.abs(degrees)}° or more). Its shape may be off.`,
    doubtful: () => 'The face does not fit the average head well. Check the crop, and correct it by hand if need be.',
    outside: ({ percent }: { percent: number }) =>
      `${percent} % of the crop lie outside the photo. A photo with more room is safer.`,
    'different-people': (values: { photo: string; first: string; distance: number; limit: number }) =>
      `${values.photo} and ${values.first} seem to show different people ` +
      `(distance ${values.distance.toFixed(2)}; one person stays below ${values.limit}). The head will be neither of them.`,
    'of-photo': ({ photo, what }: { photo: string; what: string }) => `${photo}: ${what}`,
    'photo-refused': ({ photo, what, cure }: { photo: string; what: string; cure: string }) => [
      `${photo}: ${what}`,
      cure,
    ],

    // Generator files
    'generator-format': ({ name, format }: { name: string; format: string }) => [
      `${name} is not a generator of this program: its config has no format "${format}".`,
      A_GENERATOR,
    ],
    'generator-version': ({ name, version, newest }: { name: string; version: string; newest: number }) => [
      `${name} has the format version ${version}, this program knows 0 to ${newest}.`,
      'Update the program, or make the generator file again with this one.',
    ],
    'config-unusable': ({ name, field, reason }: { name: string; field: string; reason: string }) => [
      `${name}: the config's ${field || 'value'} cannot be used: ${reason}.`,
      'Fetch or make the generator file again.',
    ],
    'value-missing': () => 'it is missing',
    'value-outside': ({ met, least, most }: { met: string; least: number; most: number }) =>
      `it is ${met}; ${least} to ${most} is possible`,
    'neither-auto-nor': ({ least, most }: { least: number; most: number }) =>
      `it is neither 'auto' nor ${least} to ${most}`,
    'value-below': ({ met, least }: { met: string; least: number }) => `it is ${met}; at least ${least} is possible`,
    'value-above': ({ met, most }: { met: string; most: number }) => `it is ${met}; at most ${most} is possible`,
    'value-too-short': ({ least }: { least: number }) => `it is shorter than ${least}`,
    'value-too-long': ({ most }: { most: number }) => `it is longer than ${most}`,
    'value-not-among': ({ met, possible }: { met: string; possible: readonly string[] }) =>
      `it is ${met}; possible: ${possible.join(', ')}`,
    'value-unfit': ({ met }: { met: string }) => `it is ${met}`,
    'value-is-not': ({ wanted }: { wanted: number }) => `it is not the ${wanted} that the network has`,
    'keys-unknown': ({ keys }: { keys: readonly string[] }) => `it has the unknown ${keys.join(', ')}`,
    'a-list': () => 'a list',
    'an-object': () => 'an object',
    'no-power-of-two': () => 'it is not a power of two',
    'resolutions-not-named': ({ resolutions }: { resolutions: readonly string[] }) =>
      `it does not name the resolutions ${resolutions.join(', ')}`,
    'not-invertible': () => 'it cannot be inverted',
    'half-automatic': ({ other }: { other: string }) => `it and ${other} must both be 'auto' or both be numbers`,
    'not-beyond': ({ other }: { other: string }) => `it is not beyond ${other}`,
    'too-few-for-importance': ({ least }: { least: number }) => `importance sampling takes at least ${least}`,
    'too-many-channels': ({ channels, side, most }: { channels: number; side: number; most: number }) =>
      `${channels} channels of ${side} x ${side} are more than the ${most} numbers that are possible`,
    'config-missing': ({ name }: { name: string }) => [
      `${name} is a safetensors file, but not a generator: its metadata has no config.`,
      A_GENERATOR,
    ],
    'json-cut-off': () => 'it ends too early',
    'json-broken-at': ({ position }: { position: number }) => `it breaks off at character ${position + 1}`,
    'json-unexpected': ({ token }: { token: string }) => `it has ${token} where that cannot stand`,
    'json-broken': () => 'it is not well formed',
    'config-not-json': ({ name, reason }: { name: string; reason: string }) => [
      `${name}: the config is not JSON (${reason}).`,
      'Fetch the file again.',
    ],
    'weights-missing': ({
      name,
      missing,
      all,
      first,
    }: {
      name: string
      missing: number
      all: number
      first: string
    }) => [`${name} lacks ${missing} of ${all} weights, first "${first}".`, DAMAGED_WEIGHTS],
    'weight-shape': (values: { name: string; weight: string; shape: string; wanted: string }) => [
      `${values.name}: ${values.weight} has the shape ${values.shape}, the config calls for ${values.wanted}.`,
      DAMAGED_WEIGHTS,
    ],
    'weight-type': ({ name, weight, type }: { name: string; weight: string; type: string }) => [
      `${name}: ${weight} is stored as ${type}, a generator's weights are F32 or F16.`,
      DAMAGED_WEIGHTS,
    ],
    'weight-not-finite': ({ name, weight, element }: { name: string; weight: string; element: number }) => [
      `${name}: ${weight} holds a number that is not finite (element ${element}).`,
      DAMAGED_WEIGHTS,
    ],
    'weight-filter': ({ name, weight }: { name: string; weight: string }) => [
      `${name}: ${weight} is not the filter [1, 3, 3, 1] this kind of network uses.`,
      DAMAGED_WEIGHTS,
    ],
    'neither-generator': ({ path }: { path: string }) => [
      `${path} begins neither like a generator file nor like an EG3D checkpoint.`,
      'Give the path of a generator file (.safetensors) or of an EG3D checkpoint (.pkl).',
    ],
    'generator-gone': ({ id }: { id: string }) => [
      `The generator "${id}" is not there any more.`,
      'Choose another one, or import it again.',
    ],
    'no-such-generator': ({ id }: { id: string }) => [`There is no generator "${id}".`, 'Choose another.'],
    'no-generator-file': ({ path }: { path: string }) => [
      `There is no generator file ${path}.`,
      'Leave --generator out for the embedded one, or see halfturn info.',
    ],

    // Checkpoints. What is wrong with one is the end of a sentence.
    'checkpoint-is-archive': ({ name }: { name: string }) => [
      `${name} is a zip archive (or a PyTorch file in that form), not an EG3D checkpoint.`,
      `If it is an archive, unpack it first. ${CHECKPOINT}`,
    ],
    'checkpoint-goes-on': ({ name, bytes }: { name: string; bytes: number }) => [
      `${name} goes on for ${bytes} bytes after its end.`,
      CHECKPOINT,
    ],
    'checkpoint-surplus': ({ name, weight }: { name: string; weight: string }) => [
      `${name} holds another network than EG3D's: nothing is known of ${weight}.`,
      CHECKPOINT,
    ],
    'checkpoint-without-generator': ({ name, keys }: { name: string; keys: readonly string[] }) => [
      `${name} holds no generator (G_ema or G), only ${keys.length > 0 ? keys.join(', ') : 'nothing'}.`,
      CHECKPOINT,
    ],
    'checkpoint-unfit': ({ name, fault }: { name: string; fault: string }) => [`${name} ${fault}.`, CHECKPOINT],
    'panohead-unfit': ({ name, fault }: { name: string; fault: string }) => [`${name} ${fault}.`, A_PANOHEAD],
    'layers-uneven': ({ painted, channels }: { painted: number; channels: number }) =>
      `paints ${painted} channels, which three planes of ${channels} channels do not share evenly`,
    'unknown-setting': ({ setting }: { setting: string }) =>
      `has planes of several layers, as PanoHead, and in rendering_kwargs the setting ${setting}, which is not known`,
    'unknown-part': ({ part }: { part: string }) =>
      `has planes of several layers, as PanoHead, and the part ${part}, which is not known`,
    'no-background': ({ layers }: { layers: number }) =>
      `has planes of ${layers} layers, as PanoHead, but no background of its own`,
    'other-class': ({ kind }: { kind: string }) => `holds a ${kind}, not EG3D's generator`,
    'modules-endless': () => 'nests its modules without an end',
    'not-a-module': ({ kind, module }: { kind: string; module: string }) =>
      `has ${kind} where the module ${module} belongs`,
    'not-members': ({ kind, group, module }: { kind: string; group: string; module: string }) =>
      `has ${kind} for the ${group} of ${module}`,
    'long-key': ({ key, module }: { key: string; module: string }) => `has the over-long name ${key} in ${module}`,
    'weight-twice': ({ weight }: { weight: string }) => `holds the weight ${weight} twice`,
    'too-many-weights': ({ most }: { most: number }) => `has more than ${most} weights`,
    'weight-unfit': ({ weight }: { weight: string }) => `lacks the weight "${weight}" or has it in another form`,
    'clamps-differ': ({ path }: { path: string }) => `clamps the layers of ${path} differently, which is not supported`,
    'no-plane-axes': () => 'has no three plane axes of 3 x 3',
    'unknown-super-resolution': ({ kind }: { kind: string }) => `has the super-resolution ${kind}, which is not known`,
    'no-rendering-settings': () => 'lacks its rendering_kwargs',

    'pickle-damaged': ({ name, byte, fault }: { name: string; byte: number; fault: string }) => [
      `${name}, byte ${byte}: ${fault}.`,
      DAMAGED_CHECKPOINT,
    ],
    'pickle-untrusted': ({ name, byte, fault }: { name: string; byte: number; fault: string }) => [
      `${name}, byte ${byte}: ${fault}.`,
      UNTRUSTED,
    ],
    'in-a-storage': ({ name }: { name: string }) => `${name}, in a storage`,
    'beyond-file': ({ count, left }: { count: number; left: number }) =>
      `${count} more bytes are announced, the file has ${left}`,
    'beyond-frame': ({ count, left }: { count: number; left: number }) =>
      `${count} more bytes are announced, the frame has ${left}`,
    'too-much-text': ({ most }: { most: number }) => `more than ${most} bytes of text`,
    'not-utf-8': () => 'a text that is not UTF-8',
    'endless-name': () => 'a name without an end',
    'long-integer': ({ count }: { count: number }) => `an integer of ${count} bytes`,
    'too-few-values': () => 'an operation finds too few values',
    'no-mark': () => 'an operation finds no mark',
    'items-added-to': ({ kind }: { kind: string }) => `items are added to ${kind}`,
    'keys-set-in': ({ kind }: { kind: string }) => `keys are set in ${kind}`,
    'key-alone': () => 'a key without a value',
    'kind-as-key': ({ kind }: { kind: string }) => `${kind} as a key`,
    'key-twice': ({ key }: { key: string }) => `the key ${key} is set twice`,
    'name-not-text': () => 'a name that is not text',
    'unwanted-name': ({ name }: { name: string }) => `the file asks for ${name}, which no EG3D checkpoint needs`,
    'kind-called': ({ kind }: { kind: string }) => `${kind} is called`,
    'kind-for-arguments': ({ kind }: { kind: string }) => `${kind} instead of arguments`,
    'called-with': ({ kind, count }: { kind: string; count: number }) => `${kind} is called with ${count} arguments`,
    'state-given-to': ({ kind }: { kind: string }) => `a state is given to ${kind}`,
    'never-kept': ({ index }: { index: number }) => `value ${index} is recalled, but was never kept`,
    'no-pickle': () => 'no pickle of protocol 2 or later begins here',
    'other-protocol': ({ protocol }: { protocol: number }) => `pickle protocol ${protocol}`,
    'frame-in-frame': () => 'a frame within a frame',
    'large-frame': ({ size, left }: { size: number; left: number }) => `a frame of ${size} bytes, the file has ${left}`,
    'early-end': () => 'the end comes before all values are used',
    'unwanted-id': () => 'a persistent id where none belongs',
    'unwanted-operation': ({ operation }: { operation: string }) =>
      `the operation ${operation}, which no EG3D checkpoint needs`,
    'too-many-operations': ({ most }: { most: number }) => `more than ${most} operations`,
    'kind-nothing': () => 'nothing',
    'kind-bytes': ({ count }: { count: number }) => `${count} bytes`,
    'kind-dict': () => 'a dict',
    'kind-set': () => 'a set',
    'kind-tuple': () => 'a tuple',
    'kind-list': () => 'a list',
    'kind-text': () => 'a text',
    'kind-truth': () => 'a truth value',
    'kind-number': () => 'a number',

    'tensor-damaged': ({ name, tensor, fault }: { name: string; tensor: string; fault: string }) => [
      `${name}: tensor ${tensor} ${fault}.`,
      DAMAGED_CHECKPOINT,
    ],
    'is-kind': ({ kind }: { kind: string }) => `is ${kind}`,
    'no-shape-and-strides': () => 'has no usable shape and strides',
    'bad-size': () => 'has a size, offset or stride that is negative, too large or not a number',
    'beyond-storage': ({ last, count, stored }: { last: number; count: number; stored: number }) =>
      `reaches element ${last} with ${count} elements, its storage has ${stored}`,
    'tensors-beyond-file': () => 'makes the tensors larger than the file they are from',
    'kind-for-storage': ({ kind }: { kind: string }) => `has ${kind} for a storage`,
    'storage-of-kind': ({ kind }: { kind: string }) => `has a storage made of ${kind}`,
    'storage-zip': () => 'has its storage in the zip form, which is not read',
    'storage-without-magic': () => 'has a storage without the magic number of torch',
    'storage-version': ({ known }: { known: number }) => `has a storage of a version other than ${known}`,
    'storage-big-endian': () => 'has a storage that is not little-endian',
    'storage-without-id': () => 'has a storage without an id',
    'storage-type': () => 'has a storage of no known type',
    'storage-part': () => 'has a storage that is a part of another',
    'storage-key': () => 'has a storage of another key',
    'storage-cut': () => 'has a storage that is cut short',
    'storage-size': ({ bytes, elements, type }: { bytes: number; elements: number; type: string }) =>
      `has a storage of ${bytes} bytes that claims ${elements} elements of ${type}`,

    'safetensors-damaged': ({ name, fault }: { name: string; fault: string }) => [
      `${name}: ${fault}.`,
      'The file is damaged or not a safetensors file: fetch or export it again.',
    ],
    'too-short': ({ bytes }: { bytes: number }) => `only ${bytes} bytes, a safetensors file has at least 8`,
    'header-length': ({ bytes, most }: { bytes: number; most: number }) =>
      `the header length at byte 0 is ${bytes}, at most ${most} is possible`,
    'header-too-deep': () => 'the header at byte 8 is nested too deeply',
    'header-key-twice': ({ key }: { key: string }) => `the header at byte 8 has ${key} twice`,
    'header-not-json': ({ reason }: { reason: string }) => `the header at byte 8 is not JSON (${reason})`,
    'header-not-object': () => 'the header at byte 8 is not an object',
    'entry-not-object': ({ key }: { key: string }) => `the header's ${key} is not an object`,
    'metadata-not-text': ({ key }: { key: string }) => `the metadata ${key} is not a string`,
    'tensor-type': ({ tensor, type }: { tensor: string; type: string }) =>
      `tensor ${tensor} has the unknown type ${type}`,
    'tensor-shape': ({ tensor }: { tensor: string }) => `tensor ${tensor} has no usable shape`,
    'tensor-offsets': ({ tensor }: { tensor: string }) => `tensor ${tensor} has no usable data_offsets`,
    'tensor-beyond': (values: { tensor: string; begin: number; end: number; bytes: number }) =>
      `tensor ${values.tensor} claims bytes ${values.begin} to ${values.end} of ${values.bytes} bytes of data`,
    'tensor-bytes': (values: { tensor: string; type: string; shape: string; wanted: number; bytes: number }) =>
      `tensor ${values.tensor}: ${values.type} ${values.shape} needs ${values.wanted} bytes, the file gives ${values.bytes}`,
    'tensor-gap': ({ tensor, begin, before }: { tensor: string; begin: number; before: number }) =>
      `tensor ${tensor} begins at byte ${begin}, the one before ends at ${before}`,
    'bytes-of-none': ({ bytes }: { bytes: number }) => `${bytes} bytes after the last tensor belong to none`,

    // Networks and providers
    'network-missing': ({ file }: { file: string }) => [
      `The network ${file} is missing.`,
      'Run "npm run prepare" in the Halfturn folder once; it needs no network.',
    ],
    'landmarks-unreadable': ({ path }: { path: string }) => [
      `The face landmark bundle ${path} cannot be read.`,
      'Check the path.',
    ],
    'landmarks-damaged': ({ path }: { path: string }) => [
      `${path} is not a face landmark bundle MediaPipe can load.`,
      'Use another copy of it.',
    ],
    'no-such-provider': ({ provider, known }: { provider: string; known: readonly string[] }) => [
      `There is no provider '${provider}'.`,
      `Choose one of ${known.join(', ')}, or none.`,
    ],
    'provider-unusable': (values: { provider: string; problem: string; available: readonly string[] }) => [
      `The provider '${values.provider}' cannot be used here: ${values.problem}.`,
      `Available: ${values.available.join(', ')}.`,
    ],
    'provider-failed': (
      { provider, adapter, reason }: { provider: string; adapter: string; reason: string },
      settings: SettingNames,
    ) => [`The provider ${provider} (${adapter}) failed: ${reason}`, `Use the CPU: ${settings.provider}.`],
    'provider-asked-for': ({ provider }: { provider: string }) => `${provider}, because it was asked for.`,
    'provider-best': ({ provider }: { provider: string }) => `${provider}, the best there is.`,
    'provider-left': ({ provider, others }: { provider: string; others: readonly string[] }) =>
      `${provider}, because ${all.format(others)} cannot be used.`,
    'provider-on': ({ provider, adapter }: { provider: string; adapter: string }) => `${provider} (${adapter})`,
    'provider-but': ({ provider, problem }: { provider: string; problem: string }) => `${provider} (${problem})`,
    cuda: () => 'CUDA',
    dml: () => 'DirectML',
    coreml: () => 'CoreML',
    webgpu: () => 'WebGPU',
    cpu: () => 'The CPU',
    'software-adapter': ({ adapter }: { adapter: string }) => `${adapter} is software, slower than the CPU`,
    'provider-not-built': ({ system }: { system: string }) => `there is none for ${system}`,
    'provider-not-tried': ({ reason }: { reason: string }) => `it could not be tried: ${reason}`,
    'provider-silent': ({ seconds }: { seconds: number }) => `it did not answer within ${seconds} s`,
    'provider-crashed': ({ end }: { end: string }) => `it crashed (${end})`,
    'exit-code': ({ exit }: { exit: number }) => `exit code ${exit}`,
    'results-not-numbers': () => 'its results are not numbers',
    'results-wrong': ({ percent }: { percent: number }) => `its results are wrong, by ${percent} %`,
    'operations-missing': () => 'it does not have every operation',
    'no-adapter': () => 'it finds no adapter',
    'libraries-missing': () => 'its libraries are not installed',
    'provider-says': ({ reason }: { reason: string }) => `it says '${reason}'`,
    'picture-sick': (
      { fault, provider, adapter }: { fault: string; provider: string; adapter: string },
      settings: SettingNames,
    ) => [
      `${fault}; computed by ${provider} (${adapter}).`,
      provider === 'cpu'
        ? 'The generator is damaged or was tuned too far: import it again, or start the head anew.'
        : `Use the CPU: ${settings.provider}. A newer graphics driver may help as well.`,
    ],
    'picture-not-finite': () => 'The head has values that are not finite numbers',
    'picture-black': () => 'The head is all black',
    'picture-one-colour': () => 'The head is of one colour',

    // Forming a head, and its surface
    'loss-not-finite': ({ provider }: { provider: string }, settings: SettingNames) => [
      `The loss or its gradient stopped being a number on ${provider}.`,
      `Try again with ${settings.provider}, or with a smaller ${settings.learningRate}.`,
    ],
    'checkpoint-unreadable': ({ name }: { name: string }) => [
      `${name}: holds no unfinished reconstruction that this version can read.`,
      START_AGAIN,
    ],
    'checkpoint-of-another': ({ name, generator }: { name: string; generator: string }) => [
      `${name}: was made with another generator than '${generator}'.`,
      START_AGAIN,
    ],
    'checkpoint-part-unfit': ({ name, part, generator }: { name: string; part: string; generator: string }) => [
      `${name}: '${part}' is missing or does not fit the generator '${generator}'.`,
      START_AGAIN,
    ],
    'edit-without-traits': ({ generator }: { generator: string }) => [
      `The generator '${generator}' has no directions along which a head could be changed.`,
      'Use the embedded generator to change heads.',
    ],
    'edit-unknown': ({ trait, known }: { trait: string; known: readonly string[] }) => [
      `There is no '${trait}' to change.`,
      `This generator knows ${all.format(known)}.`,
    ],
    'edit-strength': (values: { trait: string; strength: number; least: number; most: number }) => [
      `'${values.trait}' cannot be changed by ${values.strength}.`,
      `Give a number from ${values.least} to ${values.most}.`,
    ],
    'head-unfit': () => ['The head of this project does not fit its generator.', FROM_THE_PHOTO],
    'head-portrait-damaged': () => ['The portrait this head was formed from is damaged.', FROM_THE_PHOTO],
    'density-not-finite': () => [
      'The head answers with values that are not numbers.',
      'Tune it again with fewer or smaller steps, or check that the generator file is whole.',
    ],
    'level-not-finite': ({ level }: { level: number }) => [
      `The level ${level} is not a number.`,
      'Give a density, for example 10.',
    ],
    'surface-empty': ({ level, highest }: { level: number; highest: number }) => [
      `No surface at level ${level}: the highest density found is ${highest.toPrecision(3)}.`,
      'Choose a lower level, or look at the head first: it may be empty because its tuning failed.',
    ],
    'print-has-no-inside': ({ height, wall }: { height: number; wall: number }) => [
      `A print ${height} mm high with walls of ${wall} mm has nothing to be empty inside.`,
      'Make it higher or its walls thinner, or print it solid.',
    ],
    'thinnest-wall': ({ millimetres }: { millimetres: number }) =>
      `The print's thinnest walls are about ${millimetres.toFixed(1)} mm.`,
    'bmp-unfolds': (values: { width: number; height: number; bits: number }) => [
      `The BMP photo unfolds to ${values.width} x ${values.height} pixels from ${values.bits} bits each.`,
      'Save it as JPEG or PNG, or shrink it in an image editor; 2000 pixels across are plenty.',
    ],
    'surface-option': (values: { what: string; value: number; least: number; most: number }) => [
      `The ${values.what} is ${values.value}.`,
      `Give a whole number from ${values.least} to ${values.most}.`,
    ],
    resolution: () => 'resolution',
    'smoothing-passes': () => 'number of smoothing passes',
    triangles: () => 'number of triangles',

    // What is to be thought of a head
    'head-good': () => 'It looks like the photo, and it holds from all sides.',
    'head-black': (_: object, settings: SettingNames) => ['The picture is black.', `Try ${settings.provider}.`],
    'head-grey': (_: object, settings: SettingNames) => [
      'The picture shows nothing.',
      `Try ${settings.provider}, or check the generator.`,
    ],
    'head-flat': (_: object, settings: SettingNames) => [
      'The head has collapsed to a flat mask.',
      `Try another ${settings.seed}, or a photo from another side.`,
    ],
    'head-holes': (_: object, settings: SettingNames) => [
      'The head has holes.',
      `Try fewer steps, or another ${settings.seed}.`,
    ],
    'head-spikes': (_: object, settings: SettingNames) => [
      'The surface has spikes.',
      `Try fewer steps, or a smaller ${settings.learningRate}.`,
    ],
    'head-unconverged': () => ['It did not converge, the picture is not the person yet.', 'Try more steps.'],
    'head-faceless': () => ['No face is to be found in it.', 'Check the crop, or use another photo.'],
    'head-second-face': (_: object, settings: SettingNames) => [
      'A face shows on the back of the head.',
      `Show it from the front, or try another ${settings.seed}.`,
    ],
    'head-back-uneven': (_: object, settings: SettingNames) => [
      'The back of the head is uneven.',
      `Show it from the front, or try another ${settings.seed}.`,
    ],
    'face-depth': ({ percent }: { percent: number }) => [
      `The face is ${percent} % as deep as faces are.`,
      'Add a photo from another side, or use one from the front.',
    ],
    'nose-off': ({ millimetres }: { millimetres: number }) => [
      `The nose stands out ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'less' : 'more'} than an average one.`,
      SIDE_PHOTO,
    ],
    'chin-off': ({ millimetres }: { millimetres: number }) => [
      `The chin stands out ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'less' : 'more'} than an average one.`,
      SIDE_PHOTO,
    ],
    'brow-off': ({ millimetres }: { millimetres: number }) => [
      `The brow stands out ${Math.abs(millimetres)} mm ${millimetres < 0 ? 'less' : 'more'} than an average one.`,
      SIDE_PHOTO,
    ],
    'outline-off': () => ['Its outline is not that of the person in the photo.', 'Check the crop, or try more steps.'],
    'head-size': () => ['Skull or hair have a size that no head has.', 'Check the crop, or try more steps.'],
    'photo-from-the-side': ({ degrees }: { degrees: number }) => [
      `Side view uncertain because the photo is turned ${degrees}°.`,
      FRONT_PHOTO,
    ],
    'likeness-weak': (_: object, settings: SettingNames) => [
      'The likeness is weak.',
      `Try more steps, or ${settings.quality}.`,
    ],
    'sides-unlike': ({ angles }: { angles: readonly number[] }) => [
      `Side view uncertain: from ${all.format(angles.map((angle) => `${angle > 0 ? '+' : ''}${angle}°`))} it no longer ` +
        'looks like the person in the photo.',
      FRONT_PHOTO,
    ],
    'hair-around': () => [
      'How head and cheeks are formed under the hair is a guess.',
      'Add a photo with the hair tied back.',
    ],
    'head-floaters': (_: object, settings: SettingNames) => [
      'Something floats beside the head.',
      `Try another ${settings.seed}.`,
    ],
    'head-rough': () => ['The surface is rough.', 'Try fewer steps.'],

    // Projects
    'no-photo': () => ['This project has no photo.', OPEN_PHOTO],
    'no-such-photo': () => ['This project has no such photo.', 'Choose one of those that are shown.'],
    'photos-too-many': ({ most }: { most: number }) => [
      `A head is made of ${most} photos at most.`,
      'Remove another one first.',
    ],
    'photos-too-large': ({ most }: { most: number }) => [
      `The photos of a project are larger than ${most} MiB together.`,
      'Use smaller photos, or fewer.',
    ],
    'photo-last': () => ['A project keeps its last photo.', 'Add another one first, or begin a new project.'],
    'no-photo-to-form': () => ['There is no photo to form a head from.', OPEN_PHOTO],
    'no-head': () => ['There is no head yet.', 'Form it from a photo first.'],
    'head-not-shown': ({ what }: { what: string }) => [what, 'The photo is still here: form the head again from it.'],
    'job-busy': () => ['The head is forming.', 'Cancel it first, or wait until it is done.'],
    'job-idle': () => ['Nothing is forming.', 'Start it first.'],
    'job-failed': ({ what }: { what: string }) => [what, 'Go on from the last checkpoint, or report it with the log.'],
    'job-checkpoint-missing': () => ['The checkpoint of this job is missing.', 'Start forming the head again.'],
    'project-put-away': () => ['This project has been put away.', 'Open it again.'],
    'project-gone': () => ['This project is not on this machine any more.', 'Open its .halfturn file instead.'],
    'project-changed': () => [
      'Another Halfturn has changed this project meanwhile.',
      'Save it as a file, and open that.',
    ],
    'project-borrowed': () => [
      'This project belongs to another Halfturn that is running: here it can only be looked at.',
      'Change it there, or close the other one.',
    ],
    'project-of-another-generator': ({ generator }: { generator: string }) => [
      `This project was made with another generator than the "${generator}" at hand.`,
      'Import the generator it was made with, or open its photo anew.',
    ],
    'record-damaged': ({ name }: { name: string }) => [`${name} has a damaged record.`, PROJECT_FILE],
    'not-a-project': ({ name, record }: { name: string; record: string }) => [
      `${name} is not a Halfturn project: it has no ${record}.`,
      PROJECT_FILE,
    ],
    'project-file-damaged': ({ name }: { name: string }) => [
      `${name} is damaged, or not a Halfturn project.`,
      PROJECT_FILE,
    ],
    'project-file-lacks': ({ name, part }: { name: string; part: string }) => [
      `${name} is damaged: its ${part} is missing.`,
      PROJECT_FILE,
    ],
    'project-file-surplus': ({ name }: { name: string }) => [`${name} holds more than a project does.`, PROJECT_FILE],
    'project-file-too-large': ({ name, most }: { name: string; most: number }) => [
      `${name} claims to hold more than ${most} MiB.`,
      PROJECT_FILE,
    ],
    'part-changed': ({ part, whose }: { part: string; whose: string }) => [
      `The ${part} of ${whose} is damaged: its bytes have changed.`,
      'Use a copy of it, or begin again with the photo.',
    ],
    'part-missing': ({ part }: { part: string }) => [
      `The ${part} of this project is missing on disk.`,
      'Use a copy of the project.',
    ],
    'part-of': ({ part, whose }: { part: string; whose: string }) => `The ${part} of ${whose}`,
    'part-photo': () => 'photo',
    'part-head': () => 'head',
    'part-checkpoint': () => 'checkpoint',
    'part-thumbnail': () => 'thumbnail',
    'this-project': () => 'this project',
    'the-project': () => 'The project',
    'the-head': () => 'The head',
    'the-checkpoint': () => 'The checkpoint',
    'the-generator': () => 'The generator',
    'file-missing': ({ path }: { path: string }) => [`${path} is missing.`, 'Install Halfturn again.'],

    // Saving
    'unsaved-full': () => ['Not saved: the disk is full.', `Free some space. ${GOES_ON}`],
    'unsaved-read-only': () => ['Not saved: the disk is read-only.', `Make it writable. ${GOES_ON}`],
    'unsaved-denied': ({ system }: { system: string }) => [
      `Not saved: the folder of the projects may not be written to (${system}).`,
      `Change its permissions. ${GOES_ON}`,
    ],
    'unsaved-failed': ({ what }: { what: string }) => [`Not saved: ${what}`, GOES_ON],
    'unsaved-refused': ({ what, cure }: { what: string; cure: string }) => [`Not saved: ${what}`, cure],
    'unsaved-locked': ({ process }: { process: number }) => [
      `Another Halfturn${process > 0 ? ` (process ${process})` : ''} has the projects: nothing is saved here.`,
      'Close it, and this one saves; or keep what you make here as files.',
    ],
    'data-folder-missing': ({ missing, folder }: { missing: string; folder: string }) => [
      `The folder that was chosen for your heads is not there: ${missing}. Until it is, heads are kept in ${folder}.`,
      'Connect its disk and start again, or choose another folder in the preferences.',
    ],
    'data-folder-within': ({ folder }: { folder: string }) => [
      `${folder} lies in the folder that is to be copied there.`,
      'Choose one beside it.',
    ],
    'unsaved-not-open': () => ['Not saved: the projects are not open yet.', GOES_ON],

    // The engine and its windows
    'request-unknown': ({ request }: { request: string }) => [
      `The window asked for ${request}, which the engine does not know.`,
      DEFECT_OF_WINDOW,
    ],
    'request-unfit': ({ field, reason }: { field: string; reason: string }) => [
      `The ${field || 'whole'} of what the window asked for cannot be used: ${reason}.`,
      DEFECT_OF_WINDOW,
    ],
    'too-many-calls': () => ['Too many calls at once.', 'Wait for some answers.'],
    'engine-ended': () => ['The engine ended in the middle of this.', 'It is being started again.'],
    'engine-absent': () => ['The engine is not running.', 'It is being started again.'],
    'nothing-chosen': () => ['Nothing was chosen to save to.', 'Choose where to save it.'],
    'blob-gone': () => ['These data are no longer held by the engine.', 'Do it again.'],
    'blob-too-large': ({ most }: { most: string }) => [`The file is larger than ${most}.`, 'Choose a smaller file.'],
    'too-many-uploads': () => ['Too much is being taken in at once.', 'Wait until the other files are in.'],
    'upload-failed': () => ['The file could not be taken in.', 'Try it again.'],
    'camera-refused': () => [
      'The camera cannot be used.',
      'Allow it in the system’s settings, or choose a photo instead.',
    ],
    'no-stage': ({ reason }: { reason: string }) => [
      `The 3D view cannot be drawn on this machine (${reason}).`,
      'Show its surface, or update the graphics driver.',
    ],
    'no-video': () => [
      'This kind of video cannot be encoded here.',
      'Choose another kind of video, use a current Edge or Chrome, or save a picture.',
    ],

    // The command line
    'no-command': ({ name, known }: { name: string; known: readonly string[] }) => [
      `There is no command '${name}'.`,
      `Use one of ${known.join(', ')}.`,
    ],
    'arguments-unfit': ({ command, reason }: { command: string; reason: string }) => [
      `${command}: ${reason}.`,
      `See halfturn ${command} --help.`,
    ],
    'unknown-option': ({ option }: { option: string }) => `Unknown option '${option}'`,
    'option-without-value': ({ option }: { option: string }) => `Option '${option}' takes a value`,
    'option-with-value': ({ option }: { option: string }) => `Option '${option}' takes no value`,
    'not-a-whole-number': (values: { option: string; text: string; least: number; most: number }) => [
      `--${values.option} is '${values.text}'.`,
      `Give a whole number from ${values.least} to ${values.most}.`,
    ],
    'not-a-number': (values: { option: string; text: string; least: number; most: number }) => [
      `--${values.option} is '${values.text}'.`,
      `Give a number from ${values.least} to ${values.most}.`,
    ],
    'unknown-formats': ({ text, known }: { text: string; known: readonly string[] }) => [
      `--format is '${text}'.`,
      `Give one or more of ${known.join(', ')}, with commas between.`,
    ],
    'edit-unreadable': ({ part }: { part: string }) => [
      `--edit has '${part}'.`,
      'Give traits with their strengths, for example age=-1,hair=0.6.',
    ],
    'edit-words-unknown': ({ unknown, known }: { unknown: readonly string[]; known: readonly string[] }) => [
      `Nothing is known of what '${unknown.join(', ')}' changes.`,
      `Known are ${all.format(known)}, and traits with their strengths, such as hair=0.6.`,
    ],
    'not-one-of': ({ option, text, known }: { option: string; text: string; known: readonly string[] }) => [
      `--${option} is '${text}'.`,
      `Give one of ${known.join(', ')}.`,
    ],
    'import-one-file': () => ['import takes one file.', 'For example: halfturn import ffhq512-128.pkl'],
    'import-to-folder': ({ path, file }: { path: string; file: string }) => [
      `${path} is a folder.`,
      `Give the name of a file: ${file}`,
    ],
    'photos-count': ({ most }: { most: number }) => [
      `reconstruct takes one to ${most} photos of one person.`,
      'For example: halfturn reconstruct portrait.jpg',
    ],
    'face-of-several': () => [
      '--face works with one photo.',
      'Crop the other photos so that the person is alone in them.',
    ],
    'files-not-written': ({ what, cure, kept }: { what: string; cure: string; kept: string }) => [
      what,
      `${cure}\n${kept}`,
    ],
    'nothing-unfinished': ({ folder }: { folder: string }) => [
      `There is nothing unfinished in ${folder}.`,
      WITHOUT_RESUME,
    ],
    'begun-otherwise': ({ path, differences }: { path: string; differences: readonly string[] }) => [
      `${path} was begun with ${differences.join(', and ')}.`,
      'Give the photos and options it was begun with, or leave --resume out to start anew: it is kept.',
    ],
    'unfinished-unreadable': ({ path, system }: { path: string; system: string }) => [
      `Could not read ${path} (${system}).`,
      WITHOUT_RESUME,
    ],
    'begun-unreadable': () => 'what this version cannot read',
    'begun-other-photos': ({ count }: { count: number }): string => (count === 1 ? 'another photo' : 'other photos'),
    'begun-more-photos': ({ begun, now }: { begun: number; now: number }) =>
      `${begun} photo${begun > 1 ? 's' : ''}, not ${now}`,
    'begun-without': ({ option }: { option: string }) => `no ${option}`,
    'begun-with': ({ option, begun, now }: { option: string; begun: string; now: string }) =>
      `${option} ${begun}, not ${now}`,
    without: () => 'without',
    'its-generator': () => 'the generator',
    'as-the-quality': () => "the quality's",
    'running-on': ({ provider }: { provider: string }) => `Running on ${provider}`,
    wrote: ({ files }: { files: readonly string[] }) => `Wrote ${files.join(', ')}`,
    stopped: (values: { step: number; steps: number; checkpoint: string; again: string; least: number }) =>
      `Stopped after step ${values.step} of ${values.steps}. The best so far is kept in ${values.checkpoint}.\n` +
      `Go on:      ${values.again}\n` +
      `Finish now: ${values.again} --steps ${values.least}`,
    'head-kept': ({ checkpoint }: { checkpoint: string }) =>
      `The head is kept in ${checkpoint}: the same command with --resume writes its files.`,
    'unfinished-here': ({ path }: { path: string }) => `${path} holds this head, unfinished: --resume goes on with it.`,
    'verdict-as-formed': () => 'That is of the head as it was formed, before it was changed.',
    verdict: ({ title, what, cure }: { title: string; what: string; cure: string }) =>
      [title, what, ...(cure === what ? [] : [cure])].filter(Boolean).join(' '),
    good: () => VERDICTS.good,
    front: () => VERDICTS.front,
    uncertain: () => VERDICTS.uncertain,
    failed: () => VERDICTS.failed,
    // Batches
    'batch-arguments': () => [
      'batch takes folders, lists or photos, and -o with the folder for the results.',
      'For example: halfturn batch photos -o heads',
    ],
    'nobody-there': () => ['There is no photo in what was given.', 'Give folders with photos, or lists of them.'],
    'no-such-input': ({ path }: { path: string }) => [
      `There is no ${path}.`,
      'Give folders with photos, lists (.csv) or photos.',
    ],
    'the-list': () => 'The list',
    'give-list': () => 'Give a CSV file whose first line is person,photo.',
    'list-without-columns': ({ path }: { path: string }) => [
      `${path} has no columns person and photo.`,
      'Give a CSV file whose first line is person,photo.',
    ],
    'list-row-incomplete': ({ path, row }: { path: string; row: number }) => [
      `${path}: row ${row} below the first line lacks a person or a photo.`,
      'Fill both columns in.',
    ],
    'batch-there': ({ folder }: { folder: string }) => [
      `${folder} holds a batch already.`,
      'Give --resume to go on with it, or choose another folder.',
    ],
    'batch-begun-otherwise': ({ folder, differences }: { folder: string; differences: readonly string[] }) => [
      `The batch in ${folder} was begun with ${all.format(differences)}.`,
      'Give the options it was begun with, or choose another folder.',
    ],
    'too-many-photos': ({ count, most }: { count: number; most: number }) => [
      `There are ${count} photos of one person; a head is made from at most ${most}.`,
      'Where each shows somebody else, give their folder itself; otherwise choose the best.',
    ],
    'made-elsewhere': ({ version, generator }: { version: string; generator: string }) => [
      `The batch is made with Halfturn ${version} and the generator ${generator}.`,
      'Use the same version and generator on all machines.',
    ],
    'head-process-ended': ({ end }: { end: string }) => [
      `The process that made it ended (${end}).`,
      'Make it alone with halfturn reconstruct; fewer at a time need less memory.',
    ],
    'bucket-address': ({ address }: { address: string }) => [
      `${address} is no address of a bucket.`,
      'Give s3://BUCKET/PATH.',
    ],
    'bucket-not-empty': ({ address }: { address: string }) => [
      `${address} holds something that is no batch.`,
      'Choose a path where nothing is yet.',
    ],
    'bucket-failed': ({ bucket, reason }: { bucket: string; reason: string }) => [
      `The bucket ${bucket} could not be used: ${reason}`,
      'Check its name, AWS_ENDPOINT_URL_S3, and what the credentials allow.',
    ],
    'bucket-refused': ({ bucket, reason }: { bucket: string; reason: string }) => [
      `This machine may not use the bucket ${bucket}: ${reason}`,
      'Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; for a server of your own AWS_ENDPOINT_URL_S3.',
    ],
    'queue-missing': () => ['worker needs a queue.', 'For example: halfturn worker --queue redis://localhost:6379'],
    'queue-url': () => ['--queue is no address of a queue.', 'Give redis://HOST:PORT, or rediss:// for TLS.'],
    'queue-unreachable': ({ host, reason }: { host: string; reason: string }) => [
      `The queue at ${host} does not answer: ${reason}`,
      'Start Redis or Valkey there, or check --queue: rediss:// for TLS, redis://:PASSWORD@HOST:PORT for a password.',
    ],
    'queue-lost': ({ host, reason }: { host: string; reason: string }) =>
      `The queue at ${host} does not answer (${reason}); trying again.`,
    'queue-waits': ({ version, generator }: { version: string; generator: string }) =>
      `No worker with Halfturn ${version} and the generator ${generator} is at work yet; waiting for one.`,
    'worker-ready': ({ host, version, generator }: { host: string; version: string; generator: string }) =>
      `Waiting for heads to make at ${host}, with Halfturn ${version} and the generator ${generator}. Ctrl-C ends it.`,
    'person-made': ({ person, title, what }: { person: string; title: string; what: string }) =>
      `${person}: ${title} ${what}`,
    'person-failed': ({ person, what, cure }: { person: string; what: string; cure: string }) =>
      `${person}: ${what} ${cure}`,
    'batch-stopped': ({ done, total, again }: { done: number; total: number; again: string }) =>
      `Stopped with ${done} of ${total} done.\nGo on: ${again}`,
    'batch-done': (values: {
      good: number
      front: number
      uncertain: number
      failed: number
      none: number
      files: readonly string[]
    }) =>
      `${values.good} good, ${values.front} good from the front, ${values.uncertain} of uncertain shape, ${values.failed} not usable yet, ${values.none} without a head.\n` +
      `Wrote ${values.files.join(', ')}`,
    'imported-before': ({ path, kept }: { path: string; kept: string }) => `${path} has been imported before: ${kept}`,
    'panohead-unverified': () =>
      'It is read as a PanoHead generator. Their files are known from descriptions alone, and none has been tried: look at some made-up people of it before you trust it.',
    'left-out-background': () => 'Its background is left out: heads stand on white.',
    'left-out-mask': () => 'Its enlarged mask is left out: no picture needs it.',
    'left-out-camera': () => 'Its corrections of cameras are left out: cameras stand where they are asked to.',
    'cameras-elsewhere': ({ radius, pivot }: { radius: number; pivot: string }) =>
      `Its cameras look at (${pivot}) from a distance of ${radius}, EG3D's at (0, 0, 0.2) from 2.7. Where its faces lie has not been measured: made-up people need no face's place, heads from photos may come out wrong.`,
    imported: ({ name, file, licence }: { name: string; file: string; licence: string }) =>
      `Imported ${name}: ${file}\n${licence}`,
  } satisfies Record<string, (values: never, settings: SettingNames) => Sentence>,

  cli: {
    note: (text: string) => `Note: ${text}`,
    help: (commands: string) => `Halfturn: one portrait in, a 3D head out. Nothing leaves this machine.

usage: halfturn <command> [options]

${commands}

halfturn <command> --help says more.
`,
    summaries: {
      reconstruct: 'a photo to a head',
      batch: 'many photos to heads, on one machine or many',
      worker: 'makes the heads of batches that others have put on a queue',
      generate: 'a person who does not exist',
      import: 'a checkpoint of EG3D or PanoHead (.pkl) to a generator file',
      info: 'providers, adapters, generators; or what a file is',
    },
    helps: {
      reconstruct: (
        photos: number,
        files: HeadFileHelp,
        edit: Range,
      ) => `Turns a portrait photo, or up to ${photos} of one person, into a 3D head.

usage: halfturn reconstruct PHOTO [PHOTO ...] [options]

  PHOTO                  a face, as ${FORMATS};
                         several show one person from different sides
  -o, --output DIR       where the files go (default: ./<name of the first photo>-head)
${INVERSION_HELP}
  --face N               which face, 1 being the largest
${headFileHelp(files)}
${editHelp(edit)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --resume               go on with what was interrupted in the output folder, from the same photos and options
  --overwrite            replace an earlier head of that name (default: it is kept, and this one is numbered)
  --json                 progress as JSON lines
  -h, --help

Writes NAME.glb, NAME.obj with its .mtl and texture (or what --format says), and NAME.sheet.png to look at.
Ctrl-C stops after the step at hand and keeps the best so far.
`,
      batch: (photos: number, files: HeadFileHelp) => `Turns many portrait photos into 3D heads.

usage: halfturn batch FOLDER|LIST|PHOTO [...] -o DIR [options]

  FOLDER                 every photo in it is a person; every folder below with photos in it is one person,
                         of whom up to ${photos} photos are taken
  LIST                   a .csv with the columns person and photo; paths are from where it lies
  PHOTO                  ${FORMATS}
  -o, --output DIR       where the results go: a folder for each person, results.csv, results.html and results.png
  s3://BUCKET/PATH       stands for any of these in an S3-compatible object storage; credentials, region and server
                         come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3
  --jobs N               heads made at a time, each by a process of its own (default 1)
  --queue URL            let halfturn worker make them, on any number of machines: redis://HOST:PORT
  --resume               go on with what is in DIR
${INVERSION_HELP}
${headFileHelp(files)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --json                 progress as JSON lines
  -h, --help

A photo that cannot be used is reported and passed over. Ctrl-C stops after the step at hand; --resume goes on, also
where the process was killed, and makes nothing twice. Exit code 0: everybody has a head; 3: somebody has none.
`,
      worker: `Makes the heads of batches that others have put on a queue, until it is ended.

usage: halfturn worker --queue URL [options]

  --queue URL            redis://HOST:PORT, the same as the batch's
  --jobs N               heads made at a time, each by a process of its own (default 1)
${GENERATOR_HELP}; the same as the batch's
${RUNTIME_HELP}
  --json                 progress as JSON lines
  -h, --help

Photos and results must lie under the same paths as where the batch was started, in a shared folder, or in a bucket
whose credentials this machine has too. Ctrl-C stops after the step at hand; another worker goes on with it.
`,
      generate: (
        truncation: Range,
        files: HeadFileHelp,
        edit: Range,
      ) => `Makes up a person: picture, depth and a 3D head.

usage: halfturn generate [options]

  --seed N               default 0
  --truncation X         ${truncation.least} to ${truncation.most}: smaller is more ordinary (default 1)
  -o, --output DIR       where the files go (default: ./person-<seed>)
  --overwrite            replace what is there of that name (default: it is kept, and this is numbered)
${headFileHelp(files)}
${editHelp(edit)}
${GENERATOR_HELP}
${RUNTIME_HELP}
  --json                 progress as JSON lines
  -h, --help
`,
      import: `Takes an official checkpoint of EG3D or PanoHead in: reads it as data (the program code inside is never run) and
writes a generator file of this program.

usage: halfturn import FILE.pkl [-o FILE.safetensors] [--overwrite]

  -o, --output FILE      default: the folder of imported generators; the same file twice is kept once
  --overwrite            replace FILE where it is there (default: it is kept, and this is numbered)
  -h, --help
`,
      info: `Says which providers, adapters and generators there are, or what a generator file or checkpoint is.

usage: halfturn info [FILE]

  --json                 as JSON
  -h, --help
`,
    },
    /** What progress is made in: at most nine letters. */
    labels: { code: 'code', layers: 'layers', shape: 'shape', detail: 'detail', surface: 'surface', heads: 'heads' },
    /** The page of a batch's results; what it can be sorted by is known by these names in it. */
    page: {
      title: (heads: number): string => (heads === 1 ? 'One head by Halfturn' : `${heads} heads by Halfturn`),
      sortBy: 'Sort by',
      sorts: { verdict: 'verdict', person: 'person', likeness: 'likeness', seconds: 'seconds' },
      standings: { good: 'good', front: 'front', uncertain: 'uncertain', failed: 'failed', error: 'no head' },
    },
    batchPace: (done: number, total: number, none: number, left: string | undefined) =>
      `${done}/${total}${none > 0 ? `  ${none} without a head` : ''}${left === undefined ? '' : `  ${left} left`}`,
    pace: (step: number, steps: number, loss: number, rate: number, left: string) =>
      `${step}/${steps}  loss ${loss.toFixed(4)}  ${rate.toFixed(2)} steps/s  ${left} left`,
    info: {
      providers: 'Providers, the best first:',
      unavailable: (problem: string) => `not available: ${problem}`,
      generators: 'Generators:',
      generator: (name: string, side: number, traits: readonly string[]) =>
        `${name}, pictures of ${side}²${traits.length > 0 ? `, can change ${traits.join(', ')}` : ''}`,
      file: (path: string, origin: 'EG3D' | 'PanoHead' | undefined) =>
        `${path}: ${origin === undefined ? 'a generator' : `${origin === 'EG3D' ? 'an' : 'a'} ${origin} checkpoint`}`,
      /** At most 18 letters. */
      rows: {
        name: 'name',
        codes: 'codes',
        planes: 'planes',
        rendering: 'rendering',
        superResolution: 'super-resolution',
        traits: 'can change',
        source: 'source',
        licence: 'licence',
      },
      codes: (z: number, w: number, layers: number) => `z ${z}, w ${w}, ${layers} layers`,
      planes: (channels: number, side: number, layers: readonly number[]) =>
        `3 x ${channels} channels at ${side}², ${layers.join(', ')} layers`,
      rendering: (side: number, coarse: number, fine: number) => `${side}² rays, ${coarse} + ${fine} samples`,
      superResolution: (kind: string, side: number) => `${kind}, to ${side}²`,
      none: 'none',
    },
  },

  start: {
    building: 'Building the window (a few seconds, once)…',
    desktop: 'Opening the desktop app.',
    notAdopted: (folder: string, error: string) => `Earlier projects stay in ${folder}: ${error}`,
    browser: 'Opening in the browser: Electron’s program is not here ("npx install-electron" fetches it once).',
  },

  serve: {
    notAPort: (port: string) => `--port ${port} is not a port. Give a number from 0 to 65535; 0 takes any free one.`,
    engineLost: (times: number) =>
      `The engine ended ${times} times in a row. Please report it with what is printed above.`,
    at: (url: string) =>
      `Halfturn is at\n\n  ${url}\n\nOnly this machine can reach it, and only with this address. Ctrl-C ends it.`,
  },

  /** What is understood of how a head should be; see guidance.ts. The first of each is the one recommended. */
  guidance: {
    traits: {
      age: { more: ['older', 'old', 'aged', 'elderly'], less: ['younger', 'young', 'youthful'] },
      male: {
        more: ['masculine', 'male', 'manly', 'man'],
        less: ['feminine', 'female', 'womanly', 'woman'],
      },
      skin: {
        more: ['darker skin', 'dark skin', 'darker', 'tanned'],
        less: ['lighter skin', 'light skin', 'fair skin', 'lighter', 'paler', 'pale'],
      },
      smile: {
        more: ['smiling', 'smile', 'smiles', 'happy', 'happier', 'friendly', 'friendlier'],
        less: ['serious', 'grave', 'unsmiling', 'sad', 'sadder'],
      },
      hair: { more: ['longer hair', 'long hair'], less: ['shorter hair', 'short hair'] },
      'hair-colour': {
        more: ['blond', 'blonde', 'blonder', 'blond hair', 'fair hair', 'light hair', 'lighter hair'],
        less: ['dark hair', 'darker hair', 'black hair'],
      },
      weight: {
        more: ['heavier', 'heavy', 'fatter', 'fat', 'chubbier', 'chubby', 'fuller face'],
        less: ['thinner', 'thin', 'slimmer', 'slim', 'leaner', 'lean'],
      },
      jaw: { more: ['open mouth', 'mouth open', 'speaking', 'talking'], less: ['closed mouth', 'mouth closed'] },
      eyes: {
        more: ['wide eyes', 'eyes wide', 'eyes open'],
        less: ['closed eyes', 'eyes closed', 'asleep', 'sleeping'],
      },
      brows: {
        more: ['raised brows', 'raised eyebrows', 'brows up', 'surprised', 'astonished'],
        less: ['lowered brows', 'lowered eyebrows', 'brows down', 'frowning', 'angry', 'angrier'],
      },
      beard: { more: ['beard', 'bearded', 'full beard'], less: ['beardless', 'shaven', 'clean-shaven'] },
    },
    much: ['much', 'very', 'far', 'lot'],
    little: ['slightly', 'little', 'bit', 'somewhat'],
    opposite: ['less', 'not', 'no', 'without'],
    /** Words that change nothing. */
    silent: ['a', 'an', 'the', 'more', 'please', 'make', 'him', 'her', 'them', 'looking', 'of'],
    /** What stands for a comma. */
    between: ['and', 'with', 'but'],
  } satisfies Guided,

  menu: {
    file: '&File',
    newWindow: 'New Window',
    newHead: 'New Head',
    open: 'Open…',
    saveProject: 'Save Project…',
    preferences: 'Preferences…',
    close: 'Close Window',
    quit: 'Quit',
    edit: '&Edit',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select All',
    view: '&View',
    reload: 'Reload',
    resetZoom: 'Actual Size',
    zoomIn: 'Zoom In',
    zoomOut: 'Zoom Out',
    fullScreen: 'Full Screen',
    developerTools: 'Developer Tools',
    window: '&Window',
    minimize: 'Minimize',
    help: '&Help',
    log: 'Show Log',
  },

  window: {
    app: 'Halfturn',
    newHead: 'New head',
    about: 'About and log',
    theme: { light: 'Light appearance', dark: 'Dark appearance' },

    way: 'From photo to head',
    steps: { photo: 'Photo', form: 'Form', look: 'Look & save' },
    stepHints: {
      photo: 'Choose a portrait. The face is found and framed for you.',
      form: 'The head takes shape from the photo.',
      look: 'Turn it, then take it with you.',
    },

    drop: {
      title: 'One portrait in, a 3D head out',
      body: 'Drop a photo of a person here, or paste one. Up to five of the same person make one head.',
      hint: `${FORMATS}. It stays on this machine.`,
      choose: 'Choose a photo…',
      camera: 'Use the camera',
      sample: 'Try the sample',
      sampleName: 'Sample portrait',
      photoName: 'Photo',
      random: 'Meet a made-up person',
      release: 'Release to use this photo',
      recent: 'Recent',
      opening: 'Opening…',
      several: (count: number, name: string) =>
        `Of these ${count} files ${name} was opened: projects and generators are opened one at a time.`,
      refused: (name: string) => `Not used: ${name}.`,
      forget: (name: string) => `Remove ${name} from recent projects`,
      unfinished: 'unfinished',
    },

    offered: {
      title: (count: number): string => (count === 1 ? 'Another photo' : `${count} photos`),
      question: (count: number): string =>
        count === 1 ? 'Whom does it show?' : 'Do they show one person, or several?',
      add: (name: string) => `The person of “${name}”`,
      addHelp: 'Added to the photos that are there; then form the head again.',
      together: (count: number): string => (count === 1 ? 'Somebody else' : 'One person'),
      togetherHelp: (count: number): string =>
        count === 1 ? 'A new head. This one stays as it is.' : 'One head is formed from all of them.',
      apart: 'Several people',
      apartHelp: 'Each becomes a head of its own. The first is opened, the others are under Recent.',
      cancel: 'Neither',
    },

    camera: {
      title: 'Look into the camera',
      take: 'Take the photo',
      photoName: 'Camera photo',
      cancel: 'Back',
    },

    photo: {
      finding: 'Looking for the face…',
      faces: (count: number) => `${count} faces found. Click the one you mean.`,
      face: (index: number) => `Face ${index}`,
      crop: 'Crop: drag to move, arrow keys to nudge, plus and minus to scale',
      corner: 'Drag to scale the crop',
      rollHandle: 'Drag to turn the crop',
      pose: 'Drag to correct where the face looks',
      yaw: 'Turned',
      pitch: 'Tilted',
      roll: 'Rolled',
      correct: 'Correct by hand',
      correctHint: 'Drag the frame on the photo, its corners, the knob above it, or the axes on the face.',
      reset: 'Reset',
      resetHint: 'Back to what was found automatically',
      undo: 'Undo',
      redo: 'Redo',
      good: 'The face is clear. Nothing to correct.',
      crops: 'What the engine will see',
      next: 'Continue',
      all: 'Photos of this person',
      show: (number: number, name: string) => `Photo ${number}: ${name}`,
      first: 'comes first',
      warned: 'has a warning',
      add: 'Add a photo…',
      addHelp: (most: number) =>
        `Photos from other sides make the head hold better there. Up to ${most}, of the same person.`,
      remove: 'Remove this photo',
      leads: 'Forming begins with this photo: it is turned least.',
      alt: 'The photo',
      cropAlt: 'The crop around the face',
    },

    form: {
      start: 'Form the head',
      again: 'Form again',
      together: (count: number) => `One head is formed from ${count} photos.`,
      quality: 'Quality',
      qualities: { fast: 'Fast', balanced: 'Balanced', full: 'Full' },
      qualityHelp: {
        fast: 'A first look, soon there.',
        balanced: 'A good likeness.',
        full: 'The finest, and the longest wait.',
      },
      steps: 'Steps',
      stepsHelp: 'How often the head is compared with the photo and bettered.',
      generator: 'Generator',
      generatorHelp: 'The network that knows what heads look like.',
      importGenerator: 'Import a generator…',
      licence: 'Licence',
      more: 'More settings',
      seed: 'Seed',
      seedHelp: 'Another number tries it another way.',
      learningRate: 'Learning rate',
      learningRateHelp: 'How far each step goes: smaller is safer, and slower.',
      pause: 'Pause',
      resume: 'Go on',
      cancel: 'Stop here',
      cancelHint: 'Keeps the best head so far',
      preparing: 'Preparing…',
      phases: {
        code: 'Finding a similar head',
        layers: 'Fitting its parts',
        shape: 'Fitting its outline',
        detail: 'Adding the photo’s detail',
      },
      stepOf: (step: number, steps: number) => `Step ${step} of ${steps}`,
      left: (text: string) => `${text} left`,
      stopped: { paused: 'Paused', interrupted: 'Interrupted', failed: 'Stopped by an error' },
      likeness: 'Likeness',
      likenessLabel: (percent: number) => `Likeness to the photo over the steps, now ${percent} %`,
      before: 'Photo',
      after: 'Head',
      compare: 'Compare photo and head',
      look: 'Look at it',
    },

    look: {
      presets: 'Turn to',
      presetNames: { photo: 'Photo', front: 'Front', left: 'Left', right: 'Right', top: 'Top', back: 'Back' },
      presetHelp: {
        photo: 'As the photo was taken',
        front: 'From the front',
        left: 'The head’s left side',
        right: 'The head’s right side',
        top: 'From above',
        back: 'From behind',
      },
      turntable: 'Turntable',
      mode: 'Show as',
      modes: { volume: 'Head', surface: 'Surface', depth: 'Depth' },
      modeHelp: {
        volume: 'As a photo would show it; finer when it rests.',
        surface: 'The skin that a saved 3D model has.',
        depth: 'How near each part is: light is near, dark is far.',
      },
      surfaceStyles: { colour: 'Colour', clay: 'Clay', wire: 'Wireframe', evidence: 'Evidence' },
      surfaceHelp: {
        colour: 'In its own colours, as a saved GLB or OBJ has them.',
        clay: 'The bare shape.',
        wire: 'The triangles it is made of.',
        evidence: 'What the photo saw, and what is invented.',
      },
      evidence: { seen: 'Seen', invented: 'Invented' },
      evidenceLabel: 'Orange is what the photo saw, blue is invented',
      surfaceStyle: 'Surface style',
      extracting: 'Making the surface…',
      painting: 'Painting the surface…',
      preparing: 'Preparing the view…',
      stage: '3D view of the head. Arrow keys turn it, plus and minus zoom, Home shows the front.',
      honest: (count: number): string =>
        count === 1
          ? 'Generated from one photo: what the photo does not show is invented.'
          : `Generated from ${count} photos: what no photo shows is invented.`,
      honestRandom: 'A made-up person: nobody has this face.',
      fps: (value: number, scale: number) => `${value.toFixed(0)} fps at ${Math.round(scale * 100)} %`,
    },

    stage: {
      title: 'Background and light',
      backdrop: 'Background',
      backdrops: { window: 'As the window', light: 'Light', dark: 'Dark', own: 'Own colour', clear: 'Transparent' },
      colour: 'Colour',
      light: 'Light',
      lights: { even: 'Even', studio: 'Studio', side: 'From the side' },
      exposure: 'Exposure',
    },

    verdict: {
      judging: 'Looking at it from all sides…',
      titles: VERDICTS,
    },

    change: {
      title: 'Change the head',
      traits: {
        age: 'Age',
        male: 'Masculine',
        skin: 'Darker skin',
        smile: 'Smile',
        hair: 'Hair length',
        'hair-colour': 'Lighter hair',
        weight: 'Weight',
        jaw: 'Mouth open',
        eyes: 'Eyes open',
        brows: 'Brows raised',
        beard: 'Beard',
      },
      groups: { person: 'Person', face: 'Expression', hair: 'Hair', others: 'More' },
      /** A slider's value, for who does not see it. */
      strength: (amount: string, sign: number) =>
        sign === 0 ? 'as it was formed' : `${amount} ${sign > 0 ? 'more' : 'less'}`,
      words: 'In words',
      wordsHint: 'older, short hair',
      unknown: (words: string) => `Not understood: ${words}.`,
      lacking: (traits: string) => `The generator of this head cannot change: ${traits}.`,
      reset: 'As formed',
      compare: 'Side by side',
      before: 'As formed',
      after: 'Changed',
      none: 'The generator of this head has no directions along which it could be changed.',
      honest:
        'What was changed is invention. The judgement is of the head as it was formed. Its surface keeps of the photo what the change leaves in its place.',
      honestRandom: 'What was changed is saved with the head, and said in its files.',
    },

    random: { title: 'Made-up person', seed: 'Seed', truncation: 'Variety', next: 'Next person', show: 'Show' },

    save: {
      title: 'Save',
      mesh: '3D model',
      hints: {
        glb: 'Model with the photo’s texture for Blender, the web and most programs',
        obj: 'The same texture, for nearly any program',
        ply: 'Vertex colours, for MeshLab and research',
        stl: 'Shape only, for 3D printing',
        usdz: 'The same texture, for Apple’s phones',
        '3mf': 'Shape with its size in millimetres, for 3D printing',
      },
      resolution: 'Detail',
      resolutions: { 96: 'Rough', 128: 'Low', 192: 'Standard', 256: 'Fine', 384: 'Finest' },
      triangles: 'Triangles',
      meshHelp: 'More of either keeps smaller features, takes longer and makes larger files.',
      even: 'Even triangles',
      evenHelp: 'All of one size, for animating and sculpting. The wireframe shows them.',
      mostTriangles: (most: string) => `Up to ${most} triangles`,
      hasTriangles: (triangles: string) => `${triangles} triangles`,
      save: (format: string) => `Save ${format}…`,
      more: 'More of this format',
      options: {
        textureSize: 'Texture, pixels',
        textureFormat: 'Texture as',
        compression: 'Compression',
        vertexColours: 'Vertex colours instead',
        evidenceTexture: 'Evidence as a second look',
        author: 'Author',
        height: 'Height, mm',
        base: 'Stands on',
        hollow: 'Hollow',
        wall: 'Wall, mm',
      } satisfies Record<FileOption, string>,
      choices: {
        auto: 'As the photos',
        jpeg: 'JPEG',
        png: 'PNG',
        webp: 'WebP',
        none: 'None',
        meshopt: 'meshopt',
        flat: 'A flat cut',
        stand: 'A stand',
      },
      make: 'How large?',
      makeHelp: 'Makes the file without saving it: then its size is known.',
      making: 'Making the file…',
      drag: 'Drag out',
      dragHelp: 'Drag it to another program or a folder',
      reveal: 'Show in folder',
      pictures: 'Picture and film',
      picture: 'Save picture…',
      pictureSize: 'Picture size',
      pixels: (side: number) => `${side} pixels`,
      film: 'Film',
      films: { webm: 'WebM', mp4: 'MP4', gif: 'GIF', webp: 'WebP' },
      noEncoder: (film: string) => `${film} (no encoder here)`,
      video: 'Save turntable…',
      project: 'Project',
      saveProject: 'Save project…',
      projectHelp: 'Photos, settings and head in one file, to go on with elsewhere.',
      saving: (what: string) => `Saving ${what}…`,
      saved: (name: string) => `Saved ${name}`,
    },

    engine: {
      connecting: 'Starting the engine…',
      restarting: 'The engine ended and is being started again. Nothing is lost.',
      moving: 'Your heads are being copied to the other folder…',
      ended: 'The engine ended unexpectedly and is running again.',
      kept: {
        nothing: 'No head was open.',
        forming: (step: number, steps: number) =>
          `The head was kept as of step ${step} of ${steps}, and goes on from there.`,
        head: 'Photos, settings and head were kept.',
        photos: 'The photos were kept, as they were corrected.',
      },
      lost: 'The engine cannot be started.',
      lostCure: 'Close Halfturn and open it again. If that does not help, report it with the log.',
      runsOn: (provider: string) => `Runs on ${provider}`,
    },

    log: {
      title: 'About and log',
      copy: 'Copy report',
      copied: 'Copied',
      report: 'Report',
      reportHelp: 'What a report of trouble needs. There is nothing of photos and heads in it; names of files may be.',
      licences: 'Licences',
      licence:
        'Halfturn is under the Apache licence 2.0. The networks that find and compare faces: MediaPipe (Apache-2.0), HSE FaceRes (Apache-2.0), dlib (public domain). libvips, libheif and libde265 are libraries of their own under LGPL-3.0.',
      close: 'Close',
      version: 'Version',
      provider: 'Computes on',
      graphics: 'Draws with',
      privacy: 'Nothing you do here leaves this machine.',
    },

    preferences: {
      title: 'Preferences',
      language: 'Language',
      theme: 'Appearance',
      themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
      quality: 'Quality to begin with',
      provider: 'Compute on',
      automatic: 'The fastest there is',
      threads: 'Threads of the processor',
      threadsHelp: '0: one for each core. This and what is computed on hold from the next start on.',
      folder: 'Data folder',
      folderHelp:
        'Heads and imported generators lie there. Another is chosen in the desktop app, or with HALFTURN_DATA at the start.',
      showFolder: 'Show it',
      moveFolder: 'Choose another…',
      moveHelp:
        'Heads and imported generators lie there. They are copied to the one that you choose, and kept there from then on; what is in this one stays as it is.',
      moved: (folder: string) => `Heads are kept in ${folder} from now on. The folder before still has what it had.`,
    },

    hint: {
      text: 'Drag the head to turn it, scroll to come nearer. The keys 0 to 5 show its sides.',
      close: 'Got it',
    },

    dismiss: 'Dismiss',
    providers: { cpu: 'the processor', cuda: 'NVIDIA CUDA', dml: 'DirectML', coreml: 'Core ML', webgpu: 'WebGPU' },
  },
}
