/**
 * From a head to all that is shown of it and taken along: planes, surface with evidence, texture, turnaround, judgement,
 * sheet and files. Every front door asks here. A part is made when it is first asked for and kept; each one that runs a
 * network takes a turn of its own, so that what a person waits for gets in between two of them.
 */
import { inEnglish } from './errors.ts'
import type { Generator, Weights } from './generator/generator.ts'
import type { Planes } from './generator/plane-layout.ts'
import { type Head, paintHead } from './head/head.ts'
import { headField } from './head/head-field.ts'
import { headView } from './head/views.ts'
import type { PosedPortrait } from './inversion/posed-portrait.ts'
import { readFaceRes } from './networks/faceres.ts'
import { createLandmarker, type Landmarker } from './networks/mediapipe.ts'
import { evidenceOf } from './quality/evidence.ts'
import { createRecognition } from './quality/likeness.ts'
import { drawSheet } from './quality/sheet.ts'
import { type Turnaround, turnAround } from './quality/turnaround.ts'
import { assess, measureShape, type Quality } from './quality/verdict.ts'
import { assertHealthy } from './runtime/health.ts'
import type { Field, Watch } from './surface/field.ts'
import { type FormatName, formats, type WrittenFile } from './surface/formats/formats.ts'
import type { Provenance } from './surface/formats/provenance.ts'
import type { Surface } from './surface/mesh.ts'
import { extractSurface } from './surface/surface.ts'
import { paintTexture, type Texture } from './surface/texture/texture.ts'

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
}

/** What files say of themselves. */
export interface FileOptions {
  readonly mesh: MeshOptions
  /** The numbers and choices needed to make the head again. */
  readonly settings: Provenance['settings']
  readonly quality?: Quality
}

export interface FinishHost {
  /** Runs `work` when nothing else runs a network. */
  turn<T>(work: () => Promise<T>): Promise<T>
  /** Weights of the perceptual network. */
  faceRes(): Promise<Weights>
  /** Finds faces, and is not closed by whom it is lent to. */
  landmarker(): Promise<Landmarker>
}

let landmarker: Promise<Landmarker> | undefined
/** Where nothing else runs. */
const ALONE: FinishHost = {
  turn: (work) => work(),
  faceRes: readFaceRes,
  landmarker: () => {
    landmarker ??= createLandmarker()
    return landmarker
  },
}

/** How far a judgement is when there is a surface, when the views are rendered, and when the shape is measured. */
const SURFACE_DONE = 0.2
const VIEWS_DONE = 0.7
const SHAPE_DONE = 0.85
/** Side in rays of the picture that shows whether there is anything to be seen. */
const GLANCE = 64

export class Finish {
  readonly source: HeadSource
  private readonly host: FinishHost
  private painted: Planes | undefined
  /** The last one: window, judgement and files ask for the same. */
  private last: (MeshOptions & { surface: Surface; field: Field; texture?: Texture }) | undefined
  private around: Turnaround | undefined

  constructor(source: HeadSource, host = ALONE) {
    this.source = source
    this.host = host
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
  surface(mesh: MeshOptions, watch: Watch = {}): Promise<Surface> {
    return this.inTurn(watch, async () => (await this.extract(mesh, watch)).surface)
  }

  /**
   * What is to be thought of the head: of its pictures, and of the surface that is wanted.
   * @returns nothing for a made-up person, who cannot be compared with anybody
   */
  async quality(mesh: MeshOptions, { progress, signal }: Watch = {}): Promise<Quality | undefined> {
    const { generator, head, photos } = this.source
    if (photos.length === 0) return undefined
    const [{ portrait }] = photos
    const surface = await this.surface(mesh, { signal, progress: (done) => progress?.(done * SURFACE_DONE) })
    progress?.(SURFACE_DONE)
    const around = await this.turnaround({ signal })
    progress?.(VIEWS_DONE)
    const finished = { around, label: head.label, portrait, surface }
    const landmarker = await this.host.landmarker()
    const shape = await this.inTurn({ signal }, async () => measureShape(generator.config, finished, landmarker))
    progress?.(SHAPE_DONE)
    const faceRes = await this.host.faceRes()
    return this.inTurn({ signal }, async () => {
      const recognition = await createRecognition(generator.runtime, faceRes)
      return assess(generator.config, finished, shape, recognition)
    })
  }

  /** The sheet, a PNG that shows the head at a glance. */
  async sheet(mesh: MeshOptions, quality?: Quality): Promise<Uint8Array> {
    const { generator, photos } = this.source
    const made = [
      `Generated by Halfturn with the generator ${generator.config.name}; what no photo shows of a head is invention.`,
      ...(quality ? [inEnglish(quality.reason)] : []),
    ].join(' ')
    const crops = photos.map(({ portrait }) => portrait)
    const shown = photos.length > 0 ? { crops, surface: await this.surface(mesh) } : null
    return drawSheet(generator.config, await this.turnaround(), shown, made)
  }

  /**
   * The head as files.
   * @param name of all of them, without extension; a portable one, see `portableName`
   * @returns them by extension, format by format, the main one of each first
   */
  async files(
    wanted: readonly FormatName[],
    name: string,
    { mesh, settings, quality }: FileOptions,
    watch: Watch = {},
  ): Promise<WrittenFile[]> {
    const surface = await this.surface(mesh, watch)
    const model = { surface, provenance: this.provenance(settings, quality), texture: () => this.texture(mesh) }
    const files: WrittenFile[] = []
    for (const format of wanted) {
      const write = await formats[format].load()
      files.push(...(await write(model, name)))
    }
    return files
  }

  private texture(mesh: MeshOptions): Promise<Texture> {
    return this.inTurn({}, async () => {
      const extracted = await this.extract(mesh)
      extracted.texture ??= await paintTexture(extracted.surface, extracted.field, this.source.photos)
      return extracted.texture
    })
  }

  /** Pictures from all sides. */
  private turnaround(watch: Watch = {}): Promise<Turnaround> {
    return this.inTurn(watch, async () => {
      const { generator, head, photos } = this.source
      this.around ??= await turnAround(generator, await this.planes(), head.ws, photos.length > 0 ? head.label : null)
      return this.around
    })
  }

  private provenance(settings: Provenance['settings'], quality?: Quality): Provenance {
    const { generator, sha256 } = this.source
    return {
      generated: true,
      generatorName: generator.config.name,
      generatorHash: sha256,
      settings,
      ...(quality && { quality }),
    }
  }

  private async extract({ resolution, triangles }: MeshOptions, watch?: Watch) {
    const { generator, head, photos } = this.source
    if (this.last?.resolution === resolution && this.last.triangles === triangles) return this.last
    const planes = await this.planes()
    const { image } = await headView(generator, planes, head.ws, head.label, GLANCE)
    assertHealthy(image, generator.runtime.provider)
    const field = headField(generator, planes)
    const bare = await extractSurface(field, { resolution, triangles }, watch)
    const { frame } = generator.config
    const surface = photos.length > 0 ? { ...bare, evidence: evidenceOf(bare, photos, frame) } : bare
    this.last = { resolution, triangles, surface, field }
    return this.last
  }

  /** @throws the signal's reason where it is aborted before the turn comes */
  private inTurn<T>({ signal }: Watch, work: () => Promise<T>): Promise<T> {
    return this.host.turn(async () => {
      signal?.throwIfAborted()
      return work()
    })
  }
}
