/**
 * One open project: the photo and its portrait, the head and what is known of it, and the job that forms it. It saves
 * itself: whatever ends the process, the next one goes on from the last checkpoint.
 */

import { inEnglish, type Message, message, messageOf, UserError } from '../engine/errors.ts'
import { adjustPortrait, makePortrait, type Portrait } from '../engine/face/portrait.ts'
import { portableName } from '../engine/files/names.ts'
import { Finish, type MeshOptions, type Place } from '../engine/finish.ts'
import type { Generator, Weights } from '../engine/generator/generator.ts'
import type { Planes } from '../engine/generator/plane-layout.ts'
import type { Head } from '../engine/head/head.ts'
import { readHead, writeHead } from '../engine/head/head-file.ts'
import { withoutFrame } from '../engine/head/views.ts'
import type { Photo } from '../engine/images/photo.ts'
import { jpeg, toRgb } from '../engine/images/pictures.ts'
import type { RgbImage } from '../engine/images/rgb-image.ts'
import { Inversion, type InversionContext, type Progress } from '../engine/inversion/inversion.ts'
import type { PortraitTarget } from '../engine/inversion/objective.ts'
import type { PosedPortrait } from '../engine/inversion/posed-portrait.ts'
import type { Landmarker } from '../engine/networks/mediapipe.ts'
import type { Quality } from '../engine/quality/verdict.ts'
import type { Watch } from '../engine/surface/field.ts'
import type { FormatName, WrittenFile } from '../engine/surface/formats/formats.ts'
import type { Provenance } from '../engine/surface/formats/provenance.ts'
import type { Surface } from '../engine/surface/mesh.ts'

import type { Rank } from '../engine/turns.ts'

import { bounded } from '../words/message.ts'

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

/** What there is of a project before it is opened. */
interface Origin {
  record?: ProjectRecord
  random?: { seed: number; truncation: number }
  /** It belongs to another engine: it can be looked at, and is not saved. */
  isBorrowed?: boolean
  /** Why the head it had cannot be shown. */
  headless?: Message
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
  private readonly headless: Message | undefined
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
  private sources: readonly PosedPortrait[] = []
  private finishing: { finish: Finish; stale: AbortController } | undefined
  private quality: Quality | undefined
  private judging: { of: Head; place: Place; quality: Promise<Quality | undefined> } | undefined
  private planes: { of: Planes; state: PlanesState } | undefined
  /** A checkpoint that came in a file, until the job goes on from it. */
  private carriedCheckpoint: Uint8Array | undefined
  /** The last ones saved: what has not changed is not made again. */
  private headBytes: { of: Head; bytes: Uint8Array } | undefined
  private thumbnail: { of: Portrait; bytes: Uint8Array } | undefined
  private nextPreview = 0
  private timeLeft: TimeLeft
  /** When the last step was made, or a job began or went on; milliseconds. */
  private lastStep = 0

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
        show: (progress) => this.show(progress),
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
        if (unsaved) host.log(`project ${id}: ${inEnglish(unsaved)}`)
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
   * @param why the head is not there
   */
  static async withoutHead(
    host: ProjectHost,
    loaded: Loaded,
    id: string,
    { name, settings, face, correction }: ProjectRecord,
    photo: Uint8Array,
    isBorrowed: boolean,
    why: Message,
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
        this.headless && {
          problem: message('head-not-shown', { what: this.headless }),
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
      if (!this.photo) throw new UserError('no-photo')
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
      if (!photo || !before) throw new UserError('no-photo-to-form')
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
      if (loaded.sha256 !== this.loaded.sha256) this.setHead(undefined)
      this.loaded = loaded
      this.settings = settings
      this.timeLeft = new TimeLeft(settings.quality)
      this.lastStep = this.host.clock.now()
      this.carriedCheckpoint = undefined
      return inversion
    })
  }

  pause(): Promise<void> {
    return this.job.pause()
  }

  /** Goes on with a job that was paused or interrupted, or has failed. */
  resume(): Promise<void> {
    this.lastStep = this.host.clock.now()
    return this.job.resume(async () => {
      const bytes = this.carriedCheckpoint ?? (await this.host.store.readPart(this.id, 'checkpoint'))
      if (!bytes) throw new UserError('job-checkpoint-missing')
      const inversion = await this.host.turn(async () =>
        Inversion.resume(await this.context(this.loaded), bytes, message('the-checkpoint'), this.loaded.sha256),
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
    this.finishing?.stale.abort()
    // A loop saves when it ends, and everything else when it changes: what is left is what could not be saved.
    await this.job.close()
    await this.saveAgain()
    await this.saving.close()
    this.host.blobs.dropSlots(`${this.id}/`)
  }

  /** Stops whatever runs, and saves nothing any more. */
  async discard(): Promise<void> {
    this.finishing?.stale.abort()
    await this.saving.close()
    await this.job.close()
    this.host.blobs.dropSlots(`${this.id}/`)
  }

  /** @throws UserError where there is no head yet */
  requireHead(): Head {
    if (!this.head) throw new UserError('no-head')
    return this.head
  }

  /** The head's planes, painted when asked for. Call it in a turn. */
  async paint(): Promise<{ planes: Planes; head: Head }> {
    const { finish } = this
    const planes = await finish.planes()
    if (this.planes?.of !== planes) {
      const state = planesState(this.generator, planes, (bytes, slot) => this.put(bytes, slot))
      const camera = [...finish.source.head.label]
      this.planes = { of: planes, state: { version: ++versions, camera, ...state } }
    }
    return { planes, head: finish.source.head }
  }

  /** The head's surface as it is now. A job's steps wait for it. */
  async surface(mesh: MeshOptions, watch: Watch): Promise<Surface> {
    return this.finish.surface(mesh, watch)
  }

  /**
   * The head as the files of a format; one that is finished says in them what is to be thought of it.
   * @param name without extension; it is made portable
   */
  async files(format: FormatName, name: string, mesh: MeshOptions, watch: Watch): Promise<WrittenFile[]> {
    const { finish } = this
    const isJudged = mesh.resolution === JUDGED.resolution && mesh.triangles === JUDGED.triangles
    const quality = isJudged
      ? await this.judge('asked')
      : this.isFinished
        ? await finish.quality(mesh, watch)
        : undefined
    return finish.files([format], portableName(name), { mesh, settings: this.choices(), quality }, watch)
  }

  /**
   * What is to be thought of the finished head: found out once, then kept with it.
   * @param rank whether somebody waits for it
   * @returns nothing for a made-up person, while the head forms, and where it has become another one meanwhile
   */
  async judge(rank: Rank = 'spare'): Promise<Quality | undefined> {
    const { head } = this
    if (!head || !this.isFinished) return undefined
    if (this.quality) return this.quality
    if (this.judging?.of !== head) {
      const place = { rank }
      const quality = this.makeJudgement(place).finally(() => {
        if (this.judging?.of === head) this.judging = undefined
      })
      this.judging = { of: head, place, quality }
    }
    if (rank === 'asked') this.judging.place.rank = rank
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

  private async makeJudgement(place: Place): Promise<Quality | undefined> {
    const { finish, stale } = this.finishingNow()
    const { signal } = stale
    const tell = (fraction: number) => this.host.emit({ project: this.id, type: 'task', task: 'verdict', fraction })
    tell(0)
    try {
      const quality = await finish.quality(JUDGED, { signal, progress: throttled(tell) }, place)
      if (signal.aborted || !quality) return undefined
      this.quality = quality
      await this.saving.save()
      return quality
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    } finally {
      tell(1)
    }
  }

  /** Whether the head is what came of a photo, and nothing changes it any more. */
  private get isFinished(): boolean {
    return this.photo !== undefined && this.job.view.job.state === 'done'
  }

  private get finish(): Finish {
    return this.finishingNow().finish
  }

  private finishingNow(): { finish: Finish; stale: AbortController } {
    const head = this.requireHead()
    const { generator, sha256 } = this.loaded
    this.finishing ??= {
      finish: new Finish({ generator, sha256, head, photos: this.sources }, this.host),
      stale: new AbortController(),
    }
    return this.finishing
  }

  /** What makes the head again. */
  private choices(): Provenance['settings'] {
    const { quality, learningRate, seed } = this.settings
    return this.random ?? { quality, steps: this.job.view.job.steps, learningRate, seed }
  }

  private take(inversion: Inversion): void {
    this.setHead(inversion.head, inversion.photos)
  }

  private setHead(head: Head | undefined, sources: readonly PosedPortrait[] = []): void {
    this.head = head
    this.sources = sources
    this.quality = undefined
    this.finishing?.stale.abort()
    this.finishing = undefined
  }

  private async show(progress: Progress): Promise<void> {
    const { step, steps, phase } = progress
    const { now } = this.host.clock
    const start = now()
    this.timeLeft.note(phase, (start - this.lastStep) / 1000)
    this.lastStep = start
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

  private tellJob(error?: Error): void {
    const { job } = this.job.view
    this.host.emit({ project: this.id, type: 'job', job, ...(error && { problem: problemOf(error) }) })
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
      this.setHead(head, await this.sourcesOf(head, portrait))
      this.quality = record.quality
      this.headBytes = { of: head, bytes }
    }
  }

  /** @param saved with the head: of one that was saved before it was, the portrait as it is now is the nearest there is */
  private async sourcesOf({ label }: Head, saved: PortraitTarget | undefined): Promise<PosedPortrait[]> {
    const { portrait: now } = this
    const portrait = saved ?? (now && (await this.host.turn(() => this.host.target(now))))
    return portrait ? [{ portrait, label }] : []
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
    if (!this.photo || !this.found) throw new UserError('no-photo')
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
      warnings: warnings.filter(({ code }) => code !== 'several-faces'),
      crop: await this.picture('crop', { rgb: crop.rgb, width: crop.size, height: crop.size }),
    }
  }

  private async picture(what: 'photo' | 'crop', image: RgbImage, longestSide?: number): Promise<string> {
    this.pictures[what] ??= this.put(await jpeg(image, { longestSide }), what)
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
    const { head, sources } = this
    if (!head) return undefined
    if (this.headBytes?.of !== head) {
      this.headBytes = { of: head, bytes: Buffer.concat(writeHead(head, this.generator, sources[0]?.portrait)) }
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
      this.thumbnail = {
        of: portrait,
        bytes: await jpeg({ rgb, width: size, height: size }, { longestSide: THUMBNAIL }),
      }
    }
    return this.thumbnail?.bytes
  }
}

/** What the window is told; the figures go into files. */
export const verdictOf = ({ verdict, reason }: Quality): VerdictState => ({ verdict, reason })

function problemOf(error: Error): Message {
  return error instanceof UserError ? messageOf(error) : bounded(message('job-failed', { what: error.message }))
}
