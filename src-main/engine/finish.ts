/**
 * From a head to all that is shown of it and taken along: planes, surface with evidence, texture, turnaround, judgement,
 * sheet and files. Every front door asks here. A part is made when it is first asked for and kept. What runs a network
 * takes a turn; a judgement takes many small ones, so that what a person waits for gets in between.
 */
import { FITTED_BLOCKS, pictureSide } from './checkpoint/config.ts'
import { inEnglish, type Message } from './errors.ts'
import type { PosedPortrait } from './face/posed-portrait.ts'
import { WIDE, zoom } from './generator/camera.ts'
import type { Generator, View } from './generator/generator.ts'
import type { Planes } from './generator/plane-layout.ts'
import { describeEdit, type Edit, editedCode } from './head/edit.ts'
import { editHead, type Head, paintHead } from './head/head.ts'
import { headField } from './head/head-field.ts'
import { headView } from './head/views.ts'
import { decodePhoto } from './images/decoder.ts'
import type { RgbImage } from './images/rgb-image.ts'
import { readFaceRes } from './networks/faceres.ts'
import { createLandmarker, type Landmarker } from './networks/mediapipe.ts'
import { evidenceOf } from './quality/evidence.ts'
import { createRecognition } from './quality/likeness.ts'
import { drawSheet } from './quality/sheet.ts'
import { type Turnaround, turnAround } from './quality/turnaround.ts'
import { type Assessment, assess, measureShape } from './quality/verdict.ts'
import { assertHealthy } from './runtime/health.ts'
import type { Field, Watch } from './surface/field.ts'
import { type FormatName, formats } from './surface/formats/formats.ts'
import type { FileChoices } from './surface/formats/options.ts'
import type { Provenance } from './surface/formats/provenance.ts'
import type { WrittenFile } from './surface/formats/writer.ts'
import type { Surface } from './surface/mesh.ts'
import { extractSurface } from './surface/surface.ts'
import { changedPhoto } from './surface/texture/changed-photo.ts'
import { paintTexture, type Texture, type TexturePhoto, textureSide } from './surface/texture/texture.ts'
import { bendToPhotos } from './surface/to-photos.ts'
import { atOnce, type Rank, type RunInTurn } from './turns.ts'

/** A head, and what it comes from. */
export interface HeadSource {
  readonly generator: Generator
  /** Digest of the generator's file. */
  readonly sha256: string
  readonly head: Head
  /** The photos it was made from, the best one first, with their cameras as refined; none for a made-up person. */
  readonly photos: readonly PosedPortrait[]
}

/** How fine a surface is wanted. */
export interface MeshOptions {
  /** Density samples along a side, 64..512. */
  readonly resolution: number
  /** Triangles to simplify to. */
  readonly triangles: number
  /** All of one size and shape. */
  readonly even?: boolean
}

/** How files are to be made, and what they say of themselves. */
export interface FileOrder {
  readonly mesh: MeshOptions
  /** The numbers and choices needed to make the head again. */
  readonly settings: Provenance['settings']
  readonly quality?: Assessment
  readonly choices: FileChoices
  /** Hears what is to be known of a file. */
  tell?(note: Message): void
}

export interface FinishHost {
  /** Runs `work` when nothing else runs a network; see `Turns`. */
  turn<T>(work: () => Promise<T>, rank?: Rank): Promise<T>
  /** Runs `work`, which takes several turns, ahead of what is spare. */
  errand: RunInTurn
  /** Finds faces, and is not closed by whom it is lent to. */
  landmarker(): Promise<Landmarker>
  decode(bytes: Uint8Array): Promise<RgbImage>
}

/** Where nothing else runs. What has loaded a landmarker lends it, so that there is one a process. */
export const alone = (landmarker: FinishHost['landmarker'] = createLandmarker): FinishHost => ({
  turn: atOnce,
  errand: atOnce,
  landmarker,
  decode: decodePhoto,
})

/** How far a judgement is when there is a surface, when the views are rendered, and when the shape is measured. */
const SURFACE_DONE = 0.2
const VIEWS_DONE = 0.7
const SHAPE_DONE = 0.85
/** Side in rays of the picture that shows whether there is anything to be seen. */
const GLANCE = 64
/** A surface that is there in a second: as coarse as may be looked at. */
const DRAFT: MeshOptions = { resolution: 96, triangles: 30_000 }

/** Whether somebody waits for a judgement, which may come to be so while it is made. */
export interface QueuePlace {
  rank: Rank
}

interface Extracted extends MeshOptions {
  readonly surface: Surface
  readonly field: Field
  painted?: { readonly size?: number; readonly texture: Promise<Texture> }
  quality?: Assessment
}

export class Finish {
  readonly source: HeadSource
  private readonly host: FinishHost
  private painted: Planes | undefined
  /** The last one: window, judgement and files ask for the same. */
  private last: Extracted | undefined
  /** A judgement's, while it is being made: who asks for the same one waits for it, and has it go first. */
  private making:
    | (MeshOptions & QueuePlace & { progress: Watch['progress'][]; extracted: Promise<Extracted> })
    | undefined
  private drafted: Promise<Surface> | undefined
  private around: Turnaround | undefined
  private straight: Field | undefined
  /** To what its photos show sharper, however fine the surface; the one of the head as it was formed. */
  private bend: ((field: Field) => Field) | undefined
  /** Of the head as it was formed: this one, where nothing was changed. */
  readonly asFormed: Finish

  constructor(source: HeadSource, host = alone(), asFormed?: Finish) {
    this.source = source
    this.host = host
    const { generator, head } = source
    this.asFormed = head.edit
      ? (asFormed ?? new Finish({ ...source, head: editHead(generator, head, {}) }, host))
      : this
  }

  /**
   * Of the head with another edit in the place of the one it has.
   * @throws UserError where the generator has no such trait, or a strength is out of its limits
   */
  edited(edit: Edit): Finish {
    const { source, host, asFormed } = this
    const head = editHead(source.generator, source.head, edit)
    return head.edit ? new Finish({ ...source, head }, host, asFormed) : asFormed
  }

  /** The head's planes. Call it in a turn. */
  async planes(): Promise<Planes> {
    this.painted ??= await paintHead(this.source.generator, this.source.head)
    return this.painted
  }

  /**
   * The head's surface, with its evidence where there are photos.
   * @throws UserError where the head shows nothing, or has no surface
   */
  async surface(mesh: MeshOptions, watch: Watch = {}): Promise<Surface> {
    const { making } = this
    if (!making || !isSame(making, mesh))
      return this.inTurn(watch, async () => (await this.extract(mesh, watch)).surface)
    making.rank = 'asked'
    making.progress.push(watch.progress)
    return (await making.extracted).surface
  }

  /**
   * Something to look at until the surface that is wanted is made: coarse, and bent to the photos only where it is known
   * how. Between any two questions of a judgement it goes first.
   * @returns nothing where that surface is at hand
   * @throws UserError where the head has no surface
   */
  async draft(mesh: MeshOptions): Promise<Surface | undefined> {
    if (this.last && isSame(this.last, mesh)) return undefined
    this.drafted ??= this.inTurn({}, async () => {
      const field = this.asFormed.bend?.(await this.field()) ?? (await this.field())
      return this.withEvidence(await extractSurface(field, DRAFT))
    })
    return this.drafted
  }

  /**
   * What is to be thought of the head as it was formed: of its pictures, and of the surface that is wanted.
   * @param place whether somebody waits for it
   * @returns nothing for a made-up person, who cannot be compared with anybody
   */
  async quality(
    mesh: MeshOptions,
    { progress, signal }: Watch = {},
    place: QueuePlace = { rank: 'asked' },
  ): Promise<Assessment | undefined> {
    const { generator, head, photos } = this.source
    if (photos.length === 0) return undefined
    if (this.asFormed !== this) return this.asFormed.quality(mesh, { progress, signal }, place)
    if (this.last?.quality && isSame(this.last, mesh)) return this.last.quality
    const [{ portrait }] = photos
    const turn: RunInTurn = (work) => this.inTurn({ signal }, work, place.rank)
    const surface = await this.judgedSurface(mesh, place, {
      signal,
      progress: (done) => progress?.(done * SURFACE_DONE),
    })
    progress?.(SURFACE_DONE)
    const around = await this.turnaround(mesh, turn)
    progress?.(VIEWS_DONE)
    const finished = { around, label: head.label, portrait, surface }
    const shape = await measureShape(generator.config, finished, await this.host.landmarker(), turn)
    progress?.(SHAPE_DONE)
    const { identity, faceRes } = await createRecognition(generator.runtime, await readFaceRes())
    const quality = await assess(generator.config, finished, shape, {
      identity: (picture) => turn(() => identity(picture)),
      faceRes: (picture) => turn(() => faceRes(picture)),
    })
    if (this.last?.surface === surface) this.last.quality = quality
    return quality
  }

  /** A surface for which every question to the field takes a turn of its own. */
  private async judgedSurface(mesh: MeshOptions, place: QueuePlace, { progress, signal }: Watch): Promise<Surface> {
    const turn: RunInTurn = (work) => this.inTurn({ signal }, work, making.rank === 'asked' ? 'asked' : place.rank)
    const tell = (done: number) => {
      for (const watcher of making.progress) watcher?.(done)
    }
    const extracted = Promise.resolve().then(() => this.extract(mesh, { signal, progress: tell }, turn))
    const making = { ...mesh, rank: place.rank, progress: [progress], extracted }
    this.making = making
    try {
      return (await extracted).surface
    } finally {
      if (this.making === making) this.making = undefined
    }
  }

  /** The sheet, a PNG that shows the head at a glance. */
  async sheet(mesh: MeshOptions, quality?: Assessment): Promise<Uint8Array> {
    const { generator, head, photos } = this.source
    const made = [
      `Generated by Halfturn with the generator ${generator.config.name}; what no photo shows of a head is invention.`,
      ...describeEdit(head.edit),
      ...(quality ? [inEnglish(quality.reason)] : []),
    ].join(' ')
    const crops = photos.map(({ portrait }) => portrait)
    const shown = photos.length > 0 ? { crops, surface: await this.surface(mesh) } : null
    return drawSheet(generator.config, await this.turnaround(mesh, (work) => this.inTurn({}, work)), shown, made)
  }

  /**
   * The head as files.
   * @param name of all of them, without extension; a portable one, see `portableName`
   * @returns them by extension, format by format, the main one of each first
   */
  async files(
    wanted: readonly FormatName[],
    name: string,
    { mesh, settings, quality, choices, tell = () => {} }: FileOrder,
    watch: Watch = {},
  ): Promise<WrittenFile[]> {
    const surface = await this.surface(mesh, watch)
    const texture = (size?: number) => this.texture(mesh, size)
    const model = { surface, provenance: this.provenance(settings, quality), choices, texture, tell }
    const files: WrittenFile[] = []
    for (const format of wanted) {
      const write = await formats[format].load()
      files.push(...(await write(model, name)))
    }
    return files
  }

  /**
   * The pictures on the surface. A job's steps wait for it only while the generator is asked.
   * @param size side, pixels; absent: what holds all there is of the photos
   */
  async texture(mesh: MeshOptions, size?: number): Promise<Texture> {
    await this.surface(mesh)
    const extracted = await this.inTurn({}, () => this.extract(mesh))
    if (!extracted.painted || extracted.painted.size !== size)
      extracted.painted = { size, texture: this.host.errand(() => this.paint(extracted, size)) }
    return extracted.painted.texture
  }

  private async paint({ surface, field }: Extracted, size?: number): Promise<Texture> {
    const { generator, photos } = this.source
    const fine = await Promise.all(photos.map((photo) => this.atItsResolution(photo)))
    const shown = await Promise.all(fine.map((photo) => this.asChanged(photo)))
    const sides =
      photos.length > 0 ? photos.map(({ portrait }) => portrait.size) : [pictureSide(generator.config, FITTED_BLOCKS)]
    const asked = inTurns(field, (work) => this.inTurn({}, work))
    const { frame } = generator.config
    return paintTexture(surface, asked, shown, size ?? textureSide(Math.max(...sides)), frame)
  }

  private async atItsResolution(posed: PosedPortrait): Promise<TexturePhoto> {
    const { fine } = posed.portrait
    if (!fine) return posed
    const { width, rgb } = await this.host.decode(fine)
    return { ...posed, fine: { size: width, rgb } }
  }

  /** What a photo says of the head where that was changed. */
  private async asChanged(photo: TexturePhoto): Promise<TexturePhoto> {
    const { asFormed } = this
    if (asFormed === this) return photo
    const label = zoom(photo.label, 1 / WIDE)
    const [before, after] = await Promise.all([asFormed.seenFrom(label), this.seenFrom(label)])
    return changedPhoto(photo, before, after)
  }

  private seenFrom(label: Float32Array): Promise<View> {
    const { generator, head } = this.source
    return this.inTurn({}, async () => headView(generator, await this.planes(), head, label, { blocks: FITTED_BLOCKS }))
  }

  /** Pictures from all sides: of the surface that is wanted where there are photos to paint it with. */
  private async turnaround(mesh: MeshOptions, turn: RunInTurn): Promise<Turnaround> {
    const { generator, head, photos } = this.source
    if (this.around) return this.around
    const planes = await turn(() => this.planes())
    const label = photos.length > 0 ? head.label : null
    const painted = label ? { surface: await this.surface(mesh), texture: await this.texture(mesh) } : undefined
    this.around = await turnAround(generator, planes, head, label, painted, turn)
    return this.around
  }

  private provenance(settings: Provenance['settings'], quality?: Assessment): Provenance {
    const { generator, sha256, head } = this.source
    return {
      generated: true,
      generatorName: generator.config.name,
      generatorHash: sha256,
      settings,
      ...(head.edit && { edit: head.edit }),
      ...(quality && { quality }),
    }
  }

  /** @param turn for everything that runs a network; call it in one where there is none */
  private async extract(
    { resolution, triangles, even }: MeshOptions,
    watch?: Watch,
    turn = atOnce,
  ): Promise<Extracted> {
    const { generator, head } = this.source
    if (this.last && isSame(this.last, { resolution, triangles, even })) return this.last
    const planes = await turn(() => this.planes())
    const glance = { planes, resolution: GLANCE, plain: true, keep: false }
    const { image } = await turn(() => generator.view(editedCode(generator, head), head.label, glance))
    assertHealthy(image, generator.runtime.provider)
    const field = (await this.asFormed.bending(turn, watch?.signal))(await turn(() => this.field()))
    const bare = await extractSurface(inTurns(field, turn), { resolution, triangles, even }, watch)
    this.last = { resolution, triangles, even, surface: this.withEvidence(bare), field }
    return this.last
  }

  private withEvidence(surface: Surface): Surface {
    const { generator, head, photos } = this.source
    // Nobody has photographed a head that was changed.
    if (photos.length === 0 || head.edit) return surface
    return { ...surface, evidence: evidenceOf(surface, photos, generator.config.frame) }
  }

  /** Where the head is dense, and of what colour, before it is bent. Call it in a turn. */
  private async field(): Promise<Field> {
    this.straight ??= headField(this.source.generator, await this.planes())
    return this.straight
  }

  /** What was formed to fit the photos is changed as it stands: a slider moves nothing but what it is for. */
  private async bending(turn: RunInTurn, signal?: AbortSignal): Promise<(field: Field) => Field> {
    const { photos } = this.source
    this.bend ??= await bendToPhotos(inTurns(await turn(() => this.field()), turn), photos, { signal })
    return this.bend
  }

  /** @throws the signal's reason where it is aborted before the turn comes */
  private inTurn<T>({ signal }: Watch, work: () => Promise<T>, rank?: Rank): Promise<T> {
    return this.host.turn(async () => {
      signal?.throwIfAborted()
      return work()
    }, rank)
  }
}

const isSame = (a: MeshOptions, b: MeshOptions) =>
  a.resolution === b.resolution && a.triangles === b.triangles && !a.even === !b.even

/** Asks the field in turns. */
const inTurns = (field: Field, turn: RunInTurn): Field => ({
  ...field,
  level: () => turn(async () => field.level?.()),
  sigma: (points) => turn(() => field.sigma(points)),
  colour: (points) => turn(() => field.colour(points)),
  bare: field.bare && ((points) => turn(() => field.bare!(points))),
})
