/**
 * One open project: the photo and its portrait, the job that forms the head, and the head. It saves itself: whatever
 * ends the process, the next one goes on from the last checkpoint.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate as breathe } from 'node:timers/promises'
import type {
  DecoderState,
  EngineEvent,
  Job,
  PlanesState,
  PortraitState,
  PoseCorrection,
  Project,
  Settings,
  VerdictState,
} from './api.ts'
import type { Blobs } from './blobs.ts'
import { encodeFloat16 } from './checkpoint/safetensors.ts'
import { UserError } from './errors.ts'
import type { Landmarker, RgbImage } from './face/mediapipe.ts'
import { decodePhoto, type Photo } from './face/photo.ts'
import { adjustPortrait, makePortrait, type Portrait } from './face/portrait.ts'
import type { Generator, Weights } from './generator/generator.ts'
import type { Planes } from './generator/plane-layout.ts'
import { PlaneProjection } from './generator/planes.ts'
import { readHead, writeHead } from './head-file.ts'
import { type Head, paintHead } from './inversion/head.ts'
import { Inversion, type Progress, type Workshop } from './inversion/inversion.ts'
import type { PortraitTarget } from './inversion/objective.ts'
import type { Loaded } from './library.ts'
import { jpeg, toRgb } from './pictures.ts'
import { lookAround } from './quality/around.ts'
import type { Quality } from './quality/verdict.ts'
import { extractSurface, fieldOf } from './shape.ts'
import type { ProjectRecord, Store } from './store.ts'
import type { Field, Surface } from './surface/surface.ts'
import { judgeHead, markEvidence } from './verdict.ts'
import { withoutFrame } from './views.ts'

/** What a project needs of the engine round it. */
export interface Surroundings {
  store: Store
  blobs: Blobs
  landmarker(): Promise<Landmarker>
  faceRes(): Promise<Weights>
  /** The portrait with the person cut out, for an inversion to compare with. */
  target(portrait: Portrait): Promise<PortraitTarget>
  /** Runs `work` when nothing else runs a network. */
  turn<T>(work: () => Promise<T>): Promise<T>
  emit(event: EngineEvent): void
  log(line: string): void
}

const NO_CORRECTION: PoseCorrection = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const SHOWN_PHOTO = 1600
const THUMBNAIL = 192
/** Milliseconds between previews at least, and how many times its own cost lies between two of them. */
const PREVIEW_EVERY = 500
const PREVIEW_SHARE = 5
/** What a preview's picture is rendered with. */
const PREVIEW = { resolution: 80, coarse: 24, fine: 16 }
/** Milliseconds between checkpoints. */
const CHECKPOINT_EVERY = 5000
/** Speed and time left are read off this many last steps. */
const SPEED_WINDOW = 12
/** Milliseconds between progress messages of a task. */
const TASK_EVERY = 100
/** The surface a head is judged by: what the window shows first, which is then at hand. */
const JUDGED = { resolution: 192, triangles: 60_000 }
/** What of a judgement is done when there is a surface, and when the views are rendered. */
const JUDGED_SURFACE = 0.2
const JUDGED_VIEWS = 0.7

export interface MeshOptions {
  resolution: number
  triangles: number
}

/** A head's surface; with its evidence, where there is a photo. */
export interface HeadSurface {
  surface: Surface
  /** To ask for more of its colours. */
  field: Field
}

/** Of planes, over all projects: no two heads are told apart by less. */
let versions = 0

export class OpenProject {
  readonly id: string
  readonly name: string
  loaded: Loaded
  settings: Settings
  readonly random: { seed: number; truncation: number } | undefined
  private readonly around: Surroundings
  private photo: { bytes: Uint8Array; pixels: Photo } | undefined
  /** As found, and as corrected by hand. */
  private found: Portrait | undefined
  private portrait: Portrait | undefined
  private correction = NO_CORRECTION
  private pictures: { photo?: string; crop?: string } = {}
  private inversion: Inversion | undefined
  private job: Job = { state: 'none', step: 0, steps: 0 }
  private losses: number[] = []
  private head: Head | undefined
  /** What the head was formed from: the portrait may have been corrected since. */
  private source: PortraitTarget | undefined
  private quality: Quality | undefined
  private judging: { of: Head; quality: Promise<Quality | undefined> } | undefined
  /** The last one made: window, verdict and files ask for the same. */
  private surface: ({ of: Head } & MeshOptions & HeadSurface) | undefined
  private closed = false
  private planes: { version: number; of: Head; planes: Planes; state: PlanesState } | undefined
  /** The loop of the running job, to be waited for. */
  private loop: Promise<void> = Promise.resolve()

  private constructor(
    around: Surroundings,
    id: string,
    name: string,
    loaded: Loaded,
    settings: Settings,
    random?: OpenProject['random'],
  ) {
    this.around = around
    this.id = id
    this.name = name
    this.loaded = loaded
    this.settings = settings
    this.random = random
  }

  /** @throws UserError where the photo cannot be used */
  static async fromPhoto(around: Surroundings, loaded: Loaded, settings: Settings, bytes: Uint8Array, name: string) {
    const project = new OpenProject(around, around.store.newId(), name, loaded, settings)
    await project.setPhoto(bytes, 0)
    await around.store.write(project.id, 'photo', bytes)
    await project.save()
    return project
  }

  /** A made-up person. */
  static async fromSeed(
    around: Surroundings,
    loaded: Loaded,
    settings: Settings,
    random: { seed: number; truncation: number },
    head: Head,
    id: string,
  ) {
    const project = new OpenProject(around, id, `Person ${random.seed}`, loaded, settings, random)
    project.head = head
    await project.saveHead()
    await project.save()
    return project
  }

  static async fromStore(around: Surroundings, loaded: Loaded, id: string, record: ProjectRecord) {
    const project = new OpenProject(around, id, record.name, loaded, record.settings, record.random)
    const { store } = around
    const photo = await store.read(id, 'photo')
    if (photo) {
      await project.setPhoto(photo, record.face)
      project.correct(record.correction)
    }
    const bytes = await store.read(id, 'head')
    if (bytes) {
      const { head, portrait } = readHead(bytes, loaded.generator)
      project.head = head
      project.source = portrait
      project.quality = record.quality
    }
    project.losses = record.losses
    // Whatever ran when the last process ended was interrupted.
    project.job = { ...record.job, state: record.job.state === 'running' ? 'interrupted' : record.job.state }
    return project
  }

  get generator(): Generator {
    return this.loaded.generator
  }

  get running(): boolean {
    return this.job.state === 'running'
  }

  /** Whether something is under way that must not be put away. */
  get isBusy(): boolean {
    return this.running || this.inversion !== undefined || this.judging !== undefined
  }

  /** The window's view of it. */
  async describe(): Promise<Project> {
    const { id, name, loaded, settings, job, losses, random, found, photo, quality } = this
    return {
      id,
      name,
      generator: loaded.id,
      settings,
      job: { ...job },
      losses: [...losses],
      head: this.head !== undefined,
      ...(random && { random }),
      ...(quality && { verdict: verdictOf(quality) }),
      ...(found &&
        photo && {
          photo: {
            width: photo.pixels.width,
            height: photo.pixels.height,
            picture: await this.picture('photo', photo.pixels, SHOWN_PHOTO),
            faces: found.faces,
          },
          portrait: await this.describePortrait(),
        }),
    }
  }

  async chooseFace(face: number): Promise<void> {
    if (!this.photo) throw new UserError('This project has no photo.', 'Open a photo first.')
    this.refuseWhileForming()
    await this.takePhoto(this.photo, face)
    await this.save()
  }

  /** Corrects the automatic pose by hand; the correction given counts from the automatic one. */
  async adjust(correction: PoseCorrection): Promise<PortraitState> {
    this.refuseWhileForming()
    this.correct(correction)
    const state = await this.describePortrait()
    await this.save()
    return state
  }

  /** Begins to form the head anew. */
  async start(loaded: Loaded, settings: Settings): Promise<void> {
    if (!this.portrait) throw new UserError('There is no photo to form a head from.', 'Open a photo first.')
    this.refuseWhileForming()
    if (loaded.sha256 !== this.loaded.sha256) await this.dropHead()
    this.loaded = loaded
    this.settings = settings
    if (this.portrait.frame !== loaded.file.config.frame && this.photo)
      await this.takePhoto(this.photo, this.portrait.face)
    this.losses = []
    const { portrait } = this
    this.inversion = await this.around.turn(async () =>
      Inversion.start(
        await this.workshop(),
        [{ portrait: await this.around.target(portrait), label: portrait.camera }],
        settings,
      ),
    )
    this.setJob({ state: 'running', step: 0, steps: settings.steps })
    await this.checkpoint()
    this.loop = this.run()
  }

  pause(): void {
    if (this.running) this.setJob({ ...this.job, state: 'paused' })
  }

  /** Goes on with a job that was paused or interrupted. */
  async resume(): Promise<void> {
    if (this.job.state !== 'paused' && this.job.state !== 'interrupted') return
    await this.loop
    if (!this.inversion) {
      const bytes = await this.around.store.read(this.id, 'checkpoint')
      if (!bytes) {
        throw new UserError('The checkpoint of this job is missing.', 'Start forming the head again.')
      }
      this.inversion = await this.around.turn(async () =>
        Inversion.resume(await this.workshop(), bytes, 'The checkpoint', this.loaded.sha256),
      )
      this.losses.length = Math.min(this.losses.length, this.job.step)
    }
    this.setJob({ ...this.job, state: 'running' })
    this.loop = this.run()
  }

  /** Ends the job; the best head so far stays. */
  async cancel(): Promise<void> {
    if (this.job.state === 'none' || this.job.state === 'done') return
    this.setJob({ ...this.job, state: this.head ? 'done' : 'none' })
    await this.loop
    await this.finish()
  }

  setSteps(steps: number): void {
    if (!this.inversion) throw new UserError('Nothing is forming.', 'Start it first.')
    const least = Math.max(steps, this.job.step + 1)
    this.settings = { ...this.settings, steps: least }
    this.inversion.steps = least
    this.setJob({ ...this.job, steps: least })
  }

  /** Stops whatever runs and saves; the job counts as running, so that the next process goes on with it. */
  async close(): Promise<void> {
    this.closed = true
    const { state } = this.job
    if (state === 'running') {
      this.job = { ...this.job, state: 'interrupted' }
      await this.loop
      this.job = { ...this.job, state: 'running' }
    }
    await this.checkpoint()
    this.around.blobs.dropSlots(`${this.id}/`)
  }

  /** @throws UserError where there is no head yet */
  requireHead(): Head {
    if (!this.head) throw new UserError('There is no head yet.', 'Form it from a photo first.')
    return this.head
  }

  /** The head's planes, painted when asked for. Call it in a turn. */
  async paint(): Promise<{ planes: Planes; head: Head }> {
    const head = this.requireHead()
    if (this.planes?.of !== head) this.remember(head, await paintHead(this.generator, head))
    return { planes: this.planes!.planes, head }
  }

  /**
   * The head's surface as it is now. A job's steps wait for it.
   * @param progress is told the part that is done, 0..1
   */
  async takeSurface(options: MeshOptions, progress: (fraction: number) => void = () => {}): Promise<HeadSurface> {
    return this.around.turn(async () => {
      const { planes, head } = await this.paint()
      const source = await this.sourceOfHead()
      const { surface: last } = this
      if (last?.of === head && last.resolution === options.resolution && last.triangles === options.triangles) {
        return last
      }
      const field = fieldOf(this.generator, planes)
      const bare = await extractSurface(field, options, { progress })
      const { frame } = this.loaded.file.config
      const surface = source ? markEvidence(bare, [{ label: head.label, portrait: source }], frame) : bare
      this.surface = { of: head, ...options, surface, field }
      return this.surface
    })
  }

  /**
   * What is to be thought of the finished head: found out once, then kept with it.
   * @returns nothing for a made-up person, while the head forms, and where it has become another one meanwhile
   */
  async judge(): Promise<Quality | undefined> {
    const { head } = this
    const isFinished = this.job.state === 'done' && !this.inversion
    if (!head || !this.photo || !isFinished) return undefined
    if (this.quality) return this.quality
    if (this.judging?.of !== head) {
      const quality = this.makeJudgement(head).finally(() => {
        if (this.judging?.of === head) this.judging = undefined
      })
      this.judging = { of: head, quality }
    }
    return this.judging.quality
  }

  async describePlanes(): Promise<PlanesState> {
    await this.around.turn(() => this.paint())
    return this.planes!.state
  }

  /** The project as a `.halfturn` file, as it stands now. */
  async pack(): Promise<Uint8Array> {
    await this.checkpoint()
    return this.around.store.pack(this.id)
  }

  private async run(): Promise<void> {
    const { inversion, around } = this
    if (!inversion) return
    let nextPreview = 0
    let saved = performance.now()
    const times: number[] = []
    try {
      while (this.running) {
        const began = performance.now()
        const progress = await around.turn(() => inversion.step())
        this.head = inversion.head
        this.source = inversion.portrait
        this.quality = undefined
        this.losses.push(progress.loss)
        times.push(performance.now() - began)
        if (times.length > SPEED_WINDOW) times.shift()
        this.report(progress, times)
        if (progress.step >= progress.steps && this.running) this.job = { ...this.job, state: 'done' }
        if (performance.now() > nextPreview || !this.running) {
          const start = performance.now()
          await this.preview(progress.step)
          const now = performance.now()
          nextPreview = now + Math.max(PREVIEW_EVERY, PREVIEW_SHARE * (now - start))
        }
        if (this.running && performance.now() - saved > CHECKPOINT_EVERY) {
          await this.checkpoint()
          saved = performance.now()
        }
        // Messages from the windows get in between two steps.
        await breathe()
      }
      await this.checkpoint()
    } catch (error) {
      around.log(`job of ${this.id} failed: ${(error as Error).stack}`)
      this.setJob({ ...this.job, state: 'failed' }, error as Error)
      await this.save()
      return
    }
    if (this.job.state === 'done') {
      await this.finish()
      this.setJob(this.job)
    }
  }

  /** In turns of its own: pictures and surfaces that somebody waits for get in between. */
  private async makeJudgement(head: Head): Promise<Quality | undefined> {
    const isStale = () => this.closed || this.head !== head
    const tell = (fraction: number) =>
      this.around.emit({ project: this.id, type: 'task', task: 'verdict', fraction: Math.min(fraction, 1) })
    tell(0)
    try {
      const { surface } = await this.takeSurface(
        JUDGED,
        throttled((done) => tell(done * JUDGED_SURFACE)),
      )
      const { source: portrait } = this
      if (isStale() || !portrait) return undefined
      tell(JUDGED_SURFACE)
      const { label, ws } = head
      const around = await this.around.turn(async () =>
        isStale() ? undefined : lookAround(this.generator, (await this.paint()).planes, ws, label),
      )
      if (isStale() || !around) return undefined
      tell(JUDGED_VIEWS)
      const faceRes = await this.around.faceRes()
      const quality = await this.around.turn(async () =>
        isStale() ? undefined : judgeHead(this.loaded, { around, label, portrait, surface }, faceRes),
      )
      if (isStale() || !quality) return undefined
      this.quality = quality
      await this.save()
      return quality
    } finally {
      tell(1)
    }
  }

  /** What the head was formed from; nothing for a made-up person. */
  private async sourceOfHead(): Promise<PortraitTarget | undefined> {
    // A head saved before it was kept with it: the portrait as it is now is the nearest there is.
    if (this.portrait && this.head) this.source ??= await this.around.target(this.portrait)
    return this.source
  }

  /** A head of another generator cannot be shown any more. */
  private async dropHead(): Promise<void> {
    this.head = undefined
    this.source = undefined
    this.quality = undefined
    await this.around.store.drop(this.id, 'head')
  }

  /** Nothing is to go on with any more: the head is what stays. */
  private async finish(): Promise<void> {
    this.inversion = undefined
    await this.checkpoint()
    await this.around.store.drop(this.id, 'checkpoint')
  }

  private report({ step, steps, phase, loss }: Progress, times: number[]): void {
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length / 1000
    this.job = { ...this.job, step, steps }
    this.around.emit({
      project: this.id,
      type: 'progress',
      step,
      steps,
      phase,
      loss,
      stepsPerSecond: 1 / mean,
      secondsLeft: Math.max(0, steps - step) * mean,
    })
  }

  /** The head as it stands, for whoever watches: its planes, and the picture from the photo's camera. */
  private async preview(step: number): Promise<void> {
    const { generator } = this
    const image = await this.around.turn(async () => {
      const { planes, head } = await this.paint()
      return withoutFrame(await generator.view(head.ws, head.label, { planes, ...PREVIEW }))
    })
    const side = Math.sqrt(image.length / 3)
    const picture = await jpeg({ rgb: toRgb(image), width: side, height: side })
    const { state } = this.planes!
    this.around.emit({ project: this.id, type: 'preview', step, picture, planes: state, sent: Date.now() })
  }

  private remember(head: Head, planes: Planes): void {
    const version = ++versions
    const put = ({ data }: Planes, slot: string) => {
      const halves = encodeFloat16(data)
      return this.put(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength), slot)
    }
    const { resolution, channels, layers, shape } = planes
    const state: PlanesState = {
      version,
      planes: put(planes, 'planes'),
      resolution,
      channels,
      layers,
      ...(shape && { shape: { planes: put(shape, 'shape'), resolution: shape.resolution } }),
      decoder: decoderOf(this.generator),
    }
    this.planes = { version, of: head, planes, state }
  }

  private setJob(job: Job, error?: Error): void {
    this.job = job
    this.around.emit({
      project: this.id,
      type: 'job',
      job: { ...job },
      ...(error && { message: error.message, ...(error instanceof UserError && { cure: error.cure }) }),
    })
  }

  private async workshop(): Promise<Workshop> {
    return { generator: this.generator, extras: this.loaded.file.extras, faceRes: await this.around.faceRes() }
  }

  private refuseWhileForming(): void {
    if (this.running || this.job.state === 'paused') {
      throw new UserError('The head is forming.', 'Cancel it first, or wait until it is done.')
    }
  }

  private async setPhoto(bytes: Uint8Array, face: number): Promise<void> {
    await this.takePhoto({ bytes, pixels: await decodePhoto(bytes) }, face)
  }

  private async takePhoto(photo: { bytes: Uint8Array; pixels: Photo }, face: number): Promise<void> {
    const landmarker = await this.around.landmarker()
    const { frame } = this.loaded.file.config
    const options = { frame, landmarker, ...(face > 0 && { face: face + 1 }) }
    this.found = await makePortrait(photo.pixels, options)
    this.photo = photo
    this.portrait = this.found
    this.correction = NO_CORRECTION
    delete this.pictures.crop
  }

  private correct(correction: PoseCorrection): void {
    if (!this.photo || !this.found) throw new UserError('This project has no photo.', 'Open a photo first.')
    this.portrait = adjustPortrait(this.photo.pixels, this.found, correction)
    this.correction = correction
    delete this.pictures.crop
  }

  private async describePortrait(): Promise<PortraitState> {
    const { face, pose, camera, warnings, crop } = this.portrait!
    const { centre, side, roll, yaw, pitch } = pose
    const { correction } = this
    return {
      ...{ face, centre, side, roll, yaw, pitch, correction },
      camera: [...camera],
      // That there are several is plain to see: they are outlined.
      warnings: warnings.filter(({ code }) => code !== 'several-faces').map(({ message }) => message),
      crop: await this.picture('crop', { rgb: crop.rgb, width: crop.size, height: crop.size }),
    }
  }

  private async picture(what: 'photo' | 'crop', image: RgbImage, longestSide?: number): Promise<string> {
    this.pictures[what] ??= this.put(await jpeg(image, longestSide), what)
    return this.pictures[what]
  }

  private put(bytes: Uint8Array, slot: string): string {
    return this.around.blobs.put(bytes, `${this.id}/${slot}`)
  }

  private async checkpoint(): Promise<void> {
    if (this.inversion)
      await this.around.store.write(this.id, 'checkpoint', ...this.inversion.checkpoint(this.loaded.sha256))
    await this.saveHead()
    await this.save()
  }

  private async saveHead(): Promise<void> {
    if (this.head) await this.around.store.write(this.id, 'head', ...writeHead(this.head, this.generator, this.source))
  }

  private async save(): Promise<void> {
    const { id, name, loaded, settings, job, losses, random, correction, quality } = this
    await this.around.store.writeRecord(id, {
      format: 'halfturn-project',
      version: 1,
      name,
      generator: { id: loaded.id, sha256: loaded.sha256 },
      face: this.portrait?.face ?? 0,
      correction,
      settings,
      job,
      losses,
      random,
      quality,
    })
    if (this.portrait) {
      const { rgb, size } = this.portrait.crop
      await this.around.store.writeThumbnail(id, await jpeg({ rgb, width: size, height: size }, THUMBNAIL))
    }
  }
}

/** What the window is told; the figures go into files. */
export const verdictOf = ({ verdict, message }: Quality): VerdictState => ({ verdict, message })

/** Calls `tell` at most every so often. */
export function throttled(tell: (fraction: number) => void): (fraction: number) => void {
  let told = 0
  return (fraction) => {
    if (performance.now() - told < TASK_EVERY) return
    told = performance.now()
    tell(fraction)
  }
}

/** The decoder with its gains multiplied in, and of its outputs only density and colour. */
function decoderOf({ config, weights }: Generator): DecoderState {
  const { plane_channels: channels, decoder_hidden_dim: hidden, rendering_kwargs: kwargs } = config
  const multiplier = kwargs.decoder_lr_mul
  const scaled = (name: string, count: number, gain: number) => weights[name].slice(0, count).map((x) => x * gain)
  const { avg_camera_radius: radius, avg_camera_pivot: pivot, box_warp: box, ray_start, ray_end } = kwargs
  // Rays that ask for the box are cut with the cube round it.
  const reach = (Math.sqrt(3) / 2) * box
  return {
    hidden,
    weight0: scaled('decoder.net.0.weight', hidden * channels, multiplier / Math.sqrt(channels)),
    bias0: scaled('decoder.net.0.bias', hidden, multiplier),
    weight1: scaled('decoder.net.2.weight', 4 * hidden, multiplier / Math.sqrt(hidden)),
    bias1: scaled('decoder.net.2.bias', 4, multiplier),
    projection: [...new PlaneProjection(config).rows],
    box,
    near: ray_start === 'auto' ? radius - reach : ray_start,
    far: ray_end === 'auto' ? radius + reach : ray_end,
    white: kwargs.white_back,
    radius,
    pivot,
  }
}
