/**
 * One open project: the photo and its portrait, the head and what is known of it, and the job that forms it. It saves
 * itself: whatever ends the process, the next one goes on from the last checkpoint.
 */

import { UserError } from '../engine/errors.ts'
import { adjustPortrait, makePortrait, type Portrait } from '../engine/face/portrait.ts'
import type { Generator, Weights } from '../engine/generator/generator.ts'
import type { Planes } from '../engine/generator/plane-layout.ts'
import { type Head, paintHead } from '../engine/head/head.ts'
import { readHead, writeHead } from '../engine/head/head-file.ts'
import { withoutFrame } from '../engine/head/views.ts'
import type { Photo } from '../engine/images/photo.ts'
import { jpeg, toRgb } from '../engine/images/pictures.ts'
import { Inversion, type InversionContext, type Progress } from '../engine/inversion/inversion.ts'
import type { PortraitTarget } from '../engine/inversion/objective.ts'
import type { Landmarker, RgbImage } from '../engine/networks/mediapipe.ts'
import { atOnce, type Turn, turnAround } from '../engine/quality/turnaround.ts'
import type { Quality } from '../engine/quality/verdict.ts'
import { extractSurface, fieldOf } from '../engine/shape.ts'
import type { Field, Surface } from '../engine/surface/surface.ts'
import { judgeHead, markEvidence } from '../engine/verdict.ts'
import type {
  PlanesState,
  PortraitState,
  PoseCorrection,
  Project,
  ProjectEvent,
  ProjectSummary,
  Settings,
  VerdictState,
} from './api.ts'
import type { Blobs } from './blobs.ts'
import type { Clock } from './clock.ts'
import { Job, likenessOf } from './job.ts'
import type { Loaded } from './library.ts'
import { planesState } from './planes-state.ts'
import { type CarriedParts, packProject } from './project-file.ts'
import type { ProjectRecord } from './project-record.ts'
import { Saving } from './saving.ts'
import { KEPT, type SavedParts, type Store } from './store.ts'
import { throttled } from './throttle.ts'
import { TimeLeft } from './time-left.ts'
import type { Rank } from './turns.ts'

/** What a project needs of the engine round it. */
export interface ProjectHost {
  readonly store: Store
  readonly blobs: Blobs
  readonly clock: Clock
  decode(bytes: Uint8Array): Promise<Photo>
  landmarker(): Promise<Landmarker>
  faceRes(): Promise<Weights>
  /** The portrait with the person cut out, for an inversion to compare with. */
  target(portrait: Portrait): Promise<PortraitTarget>
  /** Runs `work` when nothing else runs a network; see `Turns`. */
  turn<T>(work: () => Promise<T>, rank?: Rank): Promise<T>
  emit(event: ProjectEvent): void
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
/** The surface a head is judged by: what the window shows first, which is then at hand. */
const JUDGED = { resolution: 192, triangles: 60_000 }
/** What of a judgement is done when there is a surface, and when the views are rendered. */
const JUDGED_SURFACE = 0.2
const JUDGED_VIEWS = 0.7
/** Of a message that no person wrote. */
const MOST_OF_A_MESSAGE = 300

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

/** A surface under way. */
interface Making extends MeshOptions {
  of: Head
  rank: Rank
  watchers: ((fraction: number) => void)[]
  surface: Promise<HeadSurface>
}

/** What there is of a project before it is opened. */
interface Origin {
  record?: ProjectRecord
  random?: { seed: number; truncation: number }
  /** It belongs to another engine: it can be looked at, and is not saved. */
  isBorrowed?: boolean
  /** Why the head it had cannot be shown. */
  headless?: string
}

/** A project of one moment, as it is saved. */
interface Snapshot {
  record: ProjectRecord
  parts: Pick<CarriedParts, 'photo' | 'head'> & Pick<SavedParts, 'checkpoint'>
}

/** Of planes, over all projects: no two heads are told apart by less. */
let versions = 0

export class OpenProject {
  readonly id: string
  readonly name: string
  loaded: Loaded
  settings: Settings
  readonly random: { seed: number; truncation: number } | undefined
  readonly isBorrowed: boolean
  private readonly headless: string | undefined
  private readonly host: ProjectHost
  private readonly job: Job<Inversion>
  private readonly saving: Saving
  private photo: { bytes: Uint8Array; pixels: Photo } | undefined
  /** As found, and as corrected by hand. */
  private found: Portrait | undefined
  private portrait: Portrait | undefined
  private correction = NO_CORRECTION
  private pictures: { photo?: string; crop?: string } = {}
  private head: Head | undefined
  /** What the head was formed from: the portrait may have been corrected since. */
  private source: PortraitTarget | undefined
  private quality: Quality | undefined
  private judging: { of: Head; rank: Rank; quality: Promise<Quality | undefined> } | undefined
  /** The last one made: window, verdict and files ask for the same. */
  private surface: ({ of: Head } & MeshOptions & HeadSurface) | undefined
  /** The judgement's, while it is being made. Who asks for the same one waits for it, and has it go first. */
  private making: Making | undefined
  private closed = false
  private planes: { of: Head; planes: Planes; state: PlanesState } | undefined
  /** A checkpoint that came in a file, until the job goes on from it. */
  private carriedCheckpoint: Uint8Array | undefined
  /** The last ones saved: what has not changed is not made again. */
  private headBytes: { of: Head; source: PortraitTarget | undefined; bytes: Uint8Array } | undefined
  private thumbnail: { of: Portrait; bytes: Uint8Array } | undefined
  private nextPreview = 0
  private timeLeft: TimeLeft

  private constructor(
    host: ProjectHost,
    id: string,
    name: string,
    loaded: Loaded,
    settings: Settings,
    { record, random, isBorrowed = false, headless }: Origin = {},
  ) {
    this.host = host
    this.id = id
    this.name = name
    this.loaded = loaded
    this.settings = settings
    this.timeLeft = new TimeLeft(settings.quality)
    this.random = random
    this.isBorrowed = isBorrowed
    this.headless = headless
    // Whatever ran when the last process ended was interrupted.
    const job = record && { ...record.job, state: record.job.state === 'running' ? 'interrupted' : record.job.state }
    this.job = new Job<Inversion>(
      {
        hasHead: () => this.head !== undefined,
        turn: (work) => host.turn(work),
        advanced: (inversion) => this.take(inversion),
        show: (progress, seconds) => this.show(progress, seconds),
        changed: (error) => this.tellJob(error),
        save: () => this.saving.save(),
        log: (line) => host.log(`project ${id}: ${line}`),
        now: () => host.clock.now(),
      },
      job,
      record?.likeness,
    )
    this.saving = new Saving({
      clock: host.clock,
      write: () => this.write(),
      changed: (unsaved) => {
        if (unsaved) host.log(`project ${id}: ${unsaved.message}`)
        host.emit({ project: id, type: 'saving', ...(unsaved && { unsaved }) })
      },
    })
  }

  /** @throws UserError where the photo cannot be used */
  static async fromPhoto(host: ProjectHost, loaded: Loaded, settings: Settings, bytes: Uint8Array, name: string) {
    const project = new OpenProject(host, host.store.newId(), name, loaded, settings)
    await project.setPhoto(bytes, 0)
    await project.saving.save()
    return project
  }

  /** A made-up person. */
  static async fromSeed(
    host: ProjectHost,
    loaded: Loaded,
    settings: Settings,
    random: { seed: number; truncation: number },
    head: Head,
    id: string,
  ) {
    const project = new OpenProject(host, id, `Person ${random.seed}`, loaded, settings, { random })
    project.head = head
    await project.saving.save()
    return project
  }

  /** One that is on this machine. */
  static async fromStore(
    host: ProjectHost,
    loaded: Loaded,
    id: string,
    record: ProjectRecord,
    parts: CarriedParts,
    isBorrowed: boolean,
  ) {
    const { name, settings, random } = record
    const project = new OpenProject(host, id, name, loaded, settings, { record, random, isBorrowed })
    await project.setParts(record, parts)
    return project
  }

  /**
   * One on this machine whose head is of no use: its photo, as it was corrected. What is on disk stays as it is until
   * something is changed.
   * @param why the head is not there, for people
   */
  static async withoutHead(
    host: ProjectHost,
    loaded: Loaded,
    id: string,
    { name, settings, face, correction }: ProjectRecord,
    photo: Uint8Array,
    isBorrowed: boolean,
    why: string,
  ) {
    const project = new OpenProject(host, id, name, loaded, settings, { isBorrowed, headless: why })
    await project.setPhoto(photo, face)
    project.correct(correction)
    return project
  }

  /**
   * One that was carried here. It is saved when all of it, its checkpoint too, has been found to be of use.
   * @throws UserError where something is not
   */
  static async fromFile(host: ProjectHost, loaded: Loaded, record: ProjectRecord, parts: CarriedParts) {
    const { name, settings, random } = record
    const project = new OpenProject(host, host.store.newId(), name, loaded, settings, { record, random })
    await project.setParts(record, parts)
    project.carriedCheckpoint = parts.checkpoint
    if (project.isInterrupted) await project.resume()
    else await project.saving.save()
    return project
  }

  get generator(): Generator {
    return this.loaded.generator
  }

  get isInterrupted(): boolean {
    return this.job.view.job.state === 'interrupted'
  }

  /** Whether something is under way, or in memory alone, that must not be put away. */
  get isBusy(): boolean {
    return this.job.isBusy || this.judging !== undefined || this.isUnsaved
  }

  get isUnsaved(): boolean {
    return this.saving.unsaved !== undefined
  }

  /** The window's view of it. */
  async describe(): Promise<Project> {
    const { id, name, loaded, settings, random, found, photo, quality } = this
    const { unsaved } = this.saving
    return {
      id,
      name,
      generator: loaded.id,
      settings,
      ...this.job.view,
      head: this.head !== undefined,
      ...(random && { random }),
      ...(quality && { verdict: verdictOf(quality) }),
      ...(unsaved && { unsaved }),
      ...(!this.head &&
        this.headless !== undefined && {
          problem: { message: this.headless, cure: 'The photo is still here: form the head again from it.' },
        }),
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

  /** As one of the recent projects. */
  async summary(): Promise<ProjectSummary> {
    const thumbnail = await this.makeThumbnail()
    const { state } = this.job.view.job
    return {
      ...{ id: this.id, name: this.name, saved: Date.now(), state, open: true },
      ...(thumbnail && { thumbnail: this.host.blobs.put(thumbnail, `recent/${this.id}`) }),
    }
  }

  chooseFace(face: number): Promise<void> {
    return this.job.edit(async () => {
      if (!this.photo) throw new UserError('This project has no photo.', 'Open a photo first.')
      this.setPortrait(this.photo, await this.findPortrait(this.photo, this.loaded, face))
      await this.saving.save()
    })
  }

  /** Corrects the automatic pose by hand; the correction given counts from the automatic one. */
  adjust(correction: PoseCorrection): Promise<PortraitState> {
    return this.job.edit(async () => {
      this.correct(correction)
      // Saved behind the answer, which brings the warnings while a hand still drags.
      void this.saving.save()
      return this.describePortrait()
    })
  }

  /** Begins to form the head anew. @throws UserError where that cannot be; then all stays as it was */
  start(loaded: Loaded, settings: Settings): Promise<void> {
    return this.job.start(async () => {
      const { photo, portrait: before } = this
      if (!photo || !before) throw new UserError('There is no photo to form a head from.', 'Open a photo first.')
      const isFramed = before.frame === loaded.file.config.frame
      const portrait = isFramed ? before : await this.findPortrait(photo, loaded, before.face)
      const inversion = await this.host.turn(async () =>
        Inversion.start(
          await this.context(loaded),
          [{ portrait: await this.host.target(portrait), label: portrait.camera }],
          settings,
        ),
      )
      if (!isFramed) this.setPortrait(photo, portrait)
      // A head of another generator cannot be shown any more.
      if (loaded.sha256 !== this.loaded.sha256) this.setHead(undefined, undefined)
      this.loaded = loaded
      this.settings = settings
      this.timeLeft = new TimeLeft(settings.quality)
      this.carriedCheckpoint = undefined
      return inversion
    })
  }

  pause(): Promise<void> {
    return this.job.pause()
  }

  /** Goes on with a job that was paused or interrupted, or has failed. */
  resume(): Promise<void> {
    return this.job.resume(async () => {
      const bytes = this.carriedCheckpoint ?? (await this.host.store.readPart(this.id, 'checkpoint'))
      if (!bytes) throw new UserError('The checkpoint of this job is missing.', 'Start forming the head again.')
      const inversion = await this.host.turn(async () =>
        Inversion.resume(await this.context(this.loaded), bytes, 'The checkpoint', this.loaded.sha256),
      )
      this.carriedCheckpoint = undefined
      return inversion
    })
  }

  /** Ends the job; the best head so far stays. */
  cancel(): Promise<void> {
    return this.job.cancel()
  }

  async setSteps(steps: number): Promise<void> {
    await this.job.setSteps(steps)
    this.settings = { ...this.settings, steps: this.job.view.job.steps }
  }

  /** Tries to save at once what could not be saved before. */
  saveAgain(): Promise<void> {
    return this.isUnsaved ? this.saving.save() : Promise.resolve()
  }

  /** Stops whatever runs and saves; the job counts as running, so that the next process goes on with it. */
  async close(): Promise<void> {
    this.closed = true
    // A loop saves when it ends, and everything else when it changes: what is left is what could not be saved.
    await this.job.close()
    await this.saveAgain()
    await this.saving.close()
    this.host.blobs.dropSlots(`${this.id}/`)
  }

  /** Stops whatever runs, and saves nothing any more. */
  async discard(): Promise<void> {
    this.closed = true
    await this.saving.close()
    await this.job.close()
    this.host.blobs.dropSlots(`${this.id}/`)
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
    const { making, host } = this
    if (making && isOf(making, this.head, options)) {
      making.rank = 'asked'
      making.watchers.push(progress)
      return making.surface
    }
    return host.turn(async () => {
      const { planes, head } = await this.paint()
      if (this.surface && isOf(this.surface, head, options)) return this.surface
      return this.makeSurface(head, fieldOf(this.generator, planes), options, progress)
    })
  }

  /** The surface a head is judged by: every question to the field in a turn of its own. */
  private takeJudgedSurface(head: Head, rank: Rank, progress: (fraction: number) => void): Promise<HeadSurface> {
    if (this.surface && isOf(this.surface, head, JUDGED)) return Promise.resolve(this.surface)
    const watchers = [progress]
    const make = async () => {
      const turn = this.turnsFor(head, making)
      const { planes } = await turn(() => this.paint())
      const tell = (fraction: number) => {
        for (const watcher of watchers) watcher(fraction)
      }
      return this.makeSurface(head, fieldOf(this.generator, planes), JUDGED, tell, turn)
    }
    const making: Making = { of: head, ...JUDGED, rank, watchers, surface: Promise.resolve().then(make) }
    this.making = making
    return making.surface.finally(() => {
      if (this.making === making) this.making = undefined
    })
  }

  /** Turns for as long as the head is the one it was. @param place where the rank is found, which may rise */
  private turnsFor(head: Head, place: { readonly rank: Rank }): Turn {
    return (work) =>
      this.host.turn(async () => {
        if (this.closed || this.head !== head) throw new UserError('The head has changed meanwhile.', 'Ask again.')
        return work()
      }, place.rank)
  }

  private async makeSurface(
    head: Head,
    field: Field,
    options: MeshOptions,
    progress: (fraction: number) => void,
    turn = atOnce,
  ): Promise<HeadSurface> {
    const source = await this.sourceOfHead()
    const bare = await extractSurface(inTurns(field, turn), options, { progress })
    const { frame } = this.loaded.file.config
    const surface = source ? markEvidence(bare, [{ label: head.label, portrait: source }], frame) : bare
    this.surface = { of: head, ...options, surface, field }
    return this.surface
  }

  /**
   * What is to be thought of the finished head: found out once, then kept with it.
   * @param rank whether somebody waits for it
   * @returns nothing for a made-up person, while the head forms, and where it has become another one meanwhile
   */
  async judge(rank: Rank = 'spare'): Promise<Quality | undefined> {
    const { head } = this
    const isFinished = this.job.view.job.state === 'done'
    if (!head || !this.photo || !isFinished) return undefined
    if (this.quality) return this.quality
    if (this.judging?.of !== head) {
      const judging = { of: head, rank }
      const quality = this.makeJudgement(head, rank, this.turnsFor(head, judging)).finally(() => {
        if (this.judging?.of === head) this.judging = undefined
      })
      this.judging = Object.assign(judging, { quality })
    }
    if (rank === 'asked') {
      this.judging.rank = rank
      if (this.making?.of === head) this.making.rank = rank
    }
    return this.judging.quality
  }

  async describePlanes(): Promise<PlanesState> {
    await this.host.turn(() => this.paint())
    return this.planes!.state
  }

  /** The project as a `.halfturn` file, as it stands now; no disk is needed for it. */
  async pack(): Promise<Uint8Array> {
    const { record, parts } = await this.snapshot()
    const { photo, head } = parts
    const checkpoint =
      parts.checkpoint === KEPT ? await this.host.store.readPart(this.id, 'checkpoint') : parts.checkpoint
    return packProject(record, { photo, head, checkpoint })
  }

  /** In many small turns: pictures and surfaces that somebody waits for get in between. */
  private async makeJudgement(head: Head, rank: Rank, turn: Turn): Promise<Quality | undefined> {
    const tell = (fraction: number) =>
      this.host.emit({ project: this.id, type: 'task', task: 'verdict', fraction: Math.min(fraction, 1) })
    tell(0)
    try {
      const { surface } = await this.takeJudgedSurface(
        head,
        rank,
        throttled((done) => tell(done * JUDGED_SURFACE)),
      )
      const { source: portrait } = this
      if (!portrait) return undefined
      tell(JUDGED_SURFACE)
      const { label, ws } = head
      const { planes } = await turn(() => this.paint())
      const around = await turnAround(this.generator, planes, ws, label, turn)
      tell(JUDGED_VIEWS)
      const quality = await judgeHead(
        this.loaded,
        { around, label, portrait, surface },
        await this.host.faceRes(),
        turn,
      )
      this.quality = quality
      await this.saving.save()
      return quality
    } catch (error) {
      // What becomes another head, or is put away, is not judged.
      if (this.closed || this.head !== head) return undefined
      throw error
    } finally {
      tell(1)
    }
  }

  /** What the head was formed from; nothing for a made-up person. */
  private async sourceOfHead(): Promise<PortraitTarget | undefined> {
    // A head saved before it was kept with it: the portrait as it is now is the nearest there is.
    if (this.portrait && this.head) this.source ??= await this.host.target(this.portrait)
    return this.source
  }

  private take(inversion: Inversion): void {
    this.setHead(inversion.head, inversion.portrait)
  }

  private setHead(head: Head | undefined, source: PortraitTarget | undefined): void {
    this.head = head
    this.source = source
    this.quality = undefined
  }

  private async show(progress: Progress, seconds: number): Promise<void> {
    const { step, steps, phase } = progress
    this.timeLeft.note(phase, seconds)
    const secondsLeft = this.timeLeft.after(step, steps)
    this.host.emit({
      project: this.id,
      type: 'progress',
      step,
      steps,
      phase,
      likeness: likenessOf(progress),
      ...(secondsLeft !== undefined && { secondsLeft }),
    })
    const { now } = this.host.clock
    const start = now()
    if (start < this.nextPreview && this.job.isRunning && step < steps) return
    await this.preview(step)
    this.nextPreview = now() + Math.max(PREVIEW_EVERY, PREVIEW_SHARE * (now() - start))
  }

  /** The head as it stands, for whoever watches: its planes, and the picture from the photo's camera. */
  private async preview(step: number): Promise<void> {
    const { generator } = this
    const image = await this.host.turn(async () => {
      const { planes, head } = await this.paint()
      return withoutFrame(await generator.view(head.ws, head.label, { planes, ...PREVIEW }))
    }, 'spare')
    const side = Math.sqrt(image.length / 3)
    const picture = await jpeg({ rgb: toRgb(image), width: side, height: side })
    const { state } = this.planes!
    this.host.emit({ project: this.id, type: 'preview', step, picture, planes: state, sent: Date.now() })
  }

  private remember(head: Head, planes: Planes): void {
    const state = planesState(this.generator, planes, (bytes, slot) => this.put(bytes, slot))
    this.planes = { of: head, planes, state: { version: ++versions, camera: [...head.label], ...state } }
  }

  private tellJob(error?: Error): void {
    const { job } = this.job.view
    const cure = error instanceof UserError ? error.cure : 'Go on from the last checkpoint, or report it with the log.'
    this.host.emit({
      project: this.id,
      type: 'job',
      job,
      ...(error && { message: error.message.slice(0, MOST_OF_A_MESSAGE), cure }),
    })
  }

  private async context({ generator, file }: Loaded): Promise<InversionContext> {
    return { generator, extras: file.extras, faceRes: await this.host.faceRes() }
  }

  private async setParts(record: ProjectRecord, { photo, head: bytes }: CarriedParts): Promise<void> {
    if (photo) {
      await this.setPhoto(photo, record.face)
      this.correct(record.correction)
    }
    if (bytes) {
      const { head, portrait } = readHead(bytes, this.generator)
      this.setHead(head, portrait)
      this.quality = record.quality
      this.headBytes = { of: head, source: portrait, bytes }
    }
  }

  private async setPhoto(bytes: Uint8Array, face: number): Promise<void> {
    const photo = { bytes, pixels: await this.host.decode(bytes) }
    this.setPortrait(photo, await this.findPortrait(photo, this.loaded, face))
  }

  private async findPortrait({ pixels }: { pixels: Photo }, loaded: Loaded, face: number): Promise<Portrait> {
    const landmarker = await this.host.landmarker()
    const { frame } = loaded.file.config
    return makePortrait(pixels, { frame, landmarker, ...(face > 0 && { face: face + 1 }) })
  }

  private setPortrait(photo: { bytes: Uint8Array; pixels: Photo }, found: Portrait): void {
    this.found = found
    this.photo = photo
    this.portrait = found
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
    return this.host.blobs.put(bytes, `${this.id}/${slot}`)
  }

  private async write(): Promise<void> {
    if (this.isBorrowed) return
    const { record, parts } = await this.snapshot()
    const thumbnail = await this.makeThumbnail()
    await this.host.store.save(this.id, record, { ...parts, thumbnail })
  }

  /** All of it, of one moment. */
  private async snapshot(): Promise<Snapshot> {
    const take = async (): Promise<Snapshot> => ({
      record: this.record(),
      parts: { photo: this.photo?.bytes, head: this.packHead(), checkpoint: this.packCheckpoint() },
    })
    // Between two steps: what a step has half changed is neither the old nor the new.
    return this.job.forming ? this.host.turn(take) : take()
  }

  private record(): ProjectRecord {
    const { name, loaded, settings, random, correction, quality } = this
    return {
      format: 'halfturn-project',
      version: 1,
      name,
      generator: { id: loaded.id, sha256: loaded.sha256 },
      face: this.portrait?.face ?? 0,
      correction,
      settings,
      ...this.job.view,
      random,
      quality,
    }
  }

  private packHead(): Uint8Array | undefined {
    const { head, source } = this
    if (!head) return undefined
    if (this.headBytes?.of !== head || this.headBytes.source !== source) {
      this.headBytes = { of: head, source, bytes: Buffer.concat(writeHead(head, this.generator, source)) }
    }
    return this.headBytes.bytes
  }

  /** What an unfinished job goes on from: a copy of what is forming, or else what there is already. */
  private packCheckpoint(): SavedParts['checkpoint'] {
    const { state } = this.job.view.job
    if (state === 'none' || state === 'done') return undefined
    const { forming } = this.job
    return forming ? Buffer.concat(forming.checkpoint(this.loaded.sha256)) : (this.carriedCheckpoint ?? KEPT)
  }

  private async makeThumbnail(): Promise<Uint8Array | undefined> {
    const { portrait } = this
    if (portrait && this.thumbnail?.of !== portrait) {
      const { rgb, size } = portrait.crop
      this.thumbnail = { of: portrait, bytes: await jpeg({ rgb, width: size, height: size }, THUMBNAIL) }
    }
    return this.thumbnail?.bytes
  }
}

const isOf = (one: { of: Head } & MeshOptions, head: Head | undefined, { resolution, triangles }: MeshOptions) =>
  one.of === head && one.resolution === resolution && one.triangles === triangles

/** Asks the field in turns. */
const inTurns = (field: Field, turn: Turn): Field => ({
  ...field,
  level: () => turn(async () => field.level?.()),
  sigma: (points) => turn(() => field.sigma(points)),
  colour: (points) => turn(() => field.colour(points)),
})

/** What the window is told; the figures go into files. */
export const verdictOf = ({ verdict, message }: Quality): VerdictState => ({ verdict, message })
