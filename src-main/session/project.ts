/**
 * One open project: its photos, its head, and the job that forms the one from the others. It saves itself: whatever ends
 * the process, the next one goes on from the last checkpoint.
 */
import { inEnglish, type Message, message, messageOf, UserError } from '../engine/errors.ts'
import type { PosedPortrait } from '../engine/face/posed-portrait.ts'
import type { FileOrder, MeshOptions } from '../engine/finish.ts'
import type { Generator } from '../engine/generator/generator.ts'
import type { Edit } from '../engine/head/edit.ts'
import type { Head } from '../engine/head/head.ts'
import { readHead } from '../engine/head/head-file.ts'
import { Inversion } from '../engine/inversion/inversion.ts'
import type { InversionContext } from '../engine/inversion/inversion-context.ts'
import { readFaceRes } from '../engine/networks/faceres.ts'
import type { Assessment } from '../engine/quality/verdict.ts'
import type { Watch } from '../engine/surface/field.ts'
import type { FormatName } from '../engine/surface/formats/formats.ts'
import type { Provenance } from '../engine/surface/formats/provenance.ts'
import type { WrittenFile } from '../engine/surface/formats/writer.ts'
import type { Surface } from '../engine/surface/mesh.ts'
import type { Texture } from '../engine/surface/texture/texture.ts'
import { bounded } from '../words/message.ts'
import type {
  PlanesState,
  PortraitState,
  PoseCorrection,
  Project,
  ProjectSummary,
  Settings,
  VerdictState,
} from './api.ts'
import { FormingReport } from './forming-report.ts'
import { Job } from './job.ts'
import type { Loaded } from './library.ts'
import { type CarriedParts, packProject } from './project-file.ts'
import { ProjectHead } from './project-head.ts'
import type { ProjectHost } from './project-host.ts'
import { type NamedPhoto, ProjectPhotos } from './project-photos.ts'
import type { ProjectRecord } from './project-record.ts'
import { Saving } from './saving.ts'
import { KEPT, type SavedParts } from './store.ts'

/** What there is of a project before it is opened. */
interface Origin {
  record?: ProjectRecord
  random?: { seed: number; truncation: number }
  /** It belongs to another engine: it can be looked at, and is not saved. */
  isBorrowed?: boolean
  /** Why the head it had cannot be shown. */
  headless?: Message
}

/** One on this machine. */
interface StoredProject {
  readonly id: string
  readonly record: ProjectRecord
  readonly parts: CarriedParts
  /** It belongs to another engine. */
  readonly isBorrowed: boolean
}

/** A project of one moment, as it is saved. */
interface Snapshot {
  record: ProjectRecord
  parts: Omit<CarriedParts, 'checkpoint'> & Pick<SavedParts, 'checkpoint'>
}

export class OpenProject {
  readonly id: string
  readonly name: string
  readonly random: { seed: number; truncation: number } | undefined
  readonly isBorrowed: boolean
  private loaded: Loaded
  private settings: Settings
  private readonly headless: Message | undefined
  private readonly host: ProjectHost
  private readonly photos: ProjectPhotos
  private readonly head: ProjectHead
  private readonly job: Job<Inversion>
  private readonly report: FormingReport
  private readonly saving: Saving
  /** A checkpoint that came in a file, until the job goes on from it. */
  private carriedCheckpoint: Uint8Array | undefined

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
    this.random = random
    this.isBorrowed = isBorrowed
    this.headless = headless
    this.photos = new ProjectPhotos(host, id)
    this.head = new ProjectHead(host, id, (seconds) => {
      this.report.judged(seconds)
      return this.saving.save()
    })
    this.report = new FormingReport(host, id, this.head, settings.quality)
    // Whatever ran when the last process ended was interrupted.
    const job = record && { ...record.job, state: record.job.state === 'running' ? 'interrupted' : record.job.state }
    this.job = new Job<Inversion>(
      {
        hasHead: () => this.head.exists,
        turn: (work) => host.turn(work),
        advanced: async (inversion) => {
          await inversion.settle('head')
          this.setHead(inversion.head, inversion.photos)
        },
        show: (progress) => this.report.step(progress, !this.job.isRunning || progress.step >= progress.steps),
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

  /** Called after the first photo. @throws UserError where one cannot be used */
  static async fromPhotos(host: ProjectHost, loaded: Loaded, settings: Settings, photos: readonly NamedPhoto[]) {
    const project = new OpenProject(host, host.store.newId(), photos[0].name, loaded, settings)
    await project.photos.addAll(photos, project.frame)
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
    project.setHead(head, [])
    await project.saving.save()
    return project
  }

  /** A project that was saved on this machine. */
  static async fromStore(host: ProjectHost, loaded: Loaded, { id, record, parts, isBorrowed }: StoredProject) {
    const { name, settings, random } = record
    const project = new OpenProject(host, id, name, loaded, settings, { record, random, isBorrowed })
    await project.setParts(record, parts)
    return project
  }

  /**
   * One on this machine whose head is of no use: its photos, as they were corrected. What is on disk stays as it is until
   * something is changed.
   * @param why the head is not there
   */
  static async withoutHead(
    host: ProjectHost,
    loaded: Loaded,
    { id, record: { name, settings, photos }, parts, isBorrowed }: StoredProject,
    why: Message,
  ) {
    const project = new OpenProject(host, id, name, loaded, settings, { isBorrowed, headless: why })
    await project.photos.restore(photos, parts, project.frame)
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

  /** What was changed of its head. */
  get edit(): Edit | undefined {
    return this.head.edit
  }

  get isInterrupted(): boolean {
    return this.job.view.job.state === 'interrupted'
  }

  /** Whether something is under way, or in memory alone, that must not be put away. */
  get isBusy(): boolean {
    return this.job.isBusy || this.head.isBeingJudged || this.isUnsaved
  }

  get isUnsaved(): boolean {
    return this.saving.unsaved !== undefined
  }

  /** The window's view of it. */
  async describe(): Promise<Project> {
    const { id, name, loaded, settings, random, head, headless } = this
    const { unsaved } = this.saving
    const photos = await this.photos.describe()
    return {
      id,
      name,
      generator: loaded.id,
      photos,
      settings,
      ...this.job.view,
      head: head.exists,
      ...(head.edit && { edit: head.edit }),
      ...(random && { random }),
      ...(head.quality && { verdict: verdictOf(head.quality) }),
      ...(unsaved && { unsaved }),
      ...(!head.exists && headless && { problem: message('head-not-shown', { what: headless }) }),
    }
  }

  /** As one of the recent projects. */
  async summary(): Promise<ProjectSummary> {
    const thumbnail = await this.photos.thumbnail()
    const { state } = this.job.view.job
    return {
      ...{ id: this.id, name: this.name, saved: Date.now(), state, open: true },
      ...(thumbnail && { thumbnail: this.host.blobs.put(thumbnail, `recent/${this.id}`) }),
    }
  }

  /** Another photo of the same person. @throws UserError where it cannot be used */
  addPhoto(photo: NamedPhoto): Promise<void> {
    return this.editPhotos(async () => {
      if (this.random) throw new UserError('no-photo')
      await this.photos.add(photo, this.frame)
    })
  }

  removePhoto(photo: number): Promise<void> {
    return this.editPhotos(async () => this.photos.remove(photo))
  }

  chooseFace(photo: number, face: number): Promise<void> {
    return this.editPhotos(() => this.photos.chooseFace(photo, face))
  }

  /** Corrects the automatic pose by hand; the correction given counts from the automatic one. */
  adjust(photo: number, correction: PoseCorrection): Promise<PortraitState> {
    return this.job.edit(async () => {
      this.photos.correct(photo, correction)
      // Saved behind the answer, which brings the warnings while a hand still drags.
      void this.saving.save()
      return this.photos.describePortrait(photo)
    })
  }

  /**
   * Changes what is shown of the head, in the place of what was changed before; what it was formed as stays.
   * @throws UserError where there is no head, it is forming, or its generator has no such trait
   */
  editHead(edit: Edit): Promise<PlanesState> {
    return this.job.edit(async () => {
      const { state } = await this.host.turn(async () => {
        this.head.change(edit)
        return this.paint()
      })
      // Saved behind the answer, which a hand that still drags waits for.
      void this.saving.save()
      return state
    })
  }

  /** Begins to form the head anew. @throws UserError where that cannot be; then all stays as it was */
  start(loaded: Loaded, settings: Settings): Promise<void> {
    return this.job.start(async () => {
      if (this.photos.count === 0) throw new UserError('no-photo-to-form')
      const photos = await this.photos.inFrame(loaded.file.config.frame)
      const inversion = await this.host.turn(async () =>
        Inversion.start(await this.context(loaded), await this.photos.posed(photos), settings),
      )
      this.photos.become(photos)
      // A head of another generator cannot be shown any more.
      if (loaded.sha256 !== this.loaded.sha256) this.head.become(undefined)
      this.loaded = loaded
      this.settings = settings
      this.report.begin(settings.quality, this.kind)
      this.carriedCheckpoint = undefined
      return inversion
    })
  }

  pause(): Promise<void> {
    return this.job.pause()
  }

  /** Goes on with a job that was paused or interrupted, or has failed. */
  resume(): Promise<void> {
    this.report.goOn()
    return this.job.resume(async () => {
      const bytes = this.carriedCheckpoint ?? (await this.host.store.readPart(this.id, 'checkpoint'))
      if (!bytes) throw new UserError('job-checkpoint-missing')
      const inversion = await this.host.turn(async () =>
        Inversion.resume(await this.context(this.loaded), bytes, message('the-checkpoint'), this.loaded.sha256),
      )
      this.report.begin(this.settings.quality, this.kind)
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
    this.head.abandon()
    // A loop saves when it ends, and everything else when it changes: what is left is what could not be saved.
    await this.job.close()
    await this.saveAgain()
    await this.saving.close()
    this.host.blobs.dropSlots(`${this.id}/`)
  }

  /** Stops whatever runs, and saves nothing any more. */
  async discard(): Promise<void> {
    this.head.abandon()
    await this.saving.close()
    await this.job.close()
    this.host.blobs.dropSlots(`${this.id}/`)
  }

  /** The head with its planes, painted when asked for. Call it in a turn. @throws UserError where there is no head yet */
  paint(): ReturnType<ProjectHead['paint']> {
    return this.head.paint()
  }

  /** @param asFormed those of the head before it was changed */
  describePlanes(asFormed = false): Promise<PlanesState> {
    return this.host.turn(async () => (asFormed ? this.head.planesAsFormed() : (await this.paint()).state))
  }

  /** The head's surface as it is now. A job's steps wait for it. */
  surface(mesh: MeshOptions, watch: Watch): Promise<Surface> {
    return this.head.surface(mesh, watch)
  }

  /** A coarse one at once, where the one that is wanted has yet to be made. */
  draft(mesh: MeshOptions): Promise<Surface | undefined> {
    return this.head.draft(mesh)
  }

  /** The pictures on that surface. */
  texture(mesh: MeshOptions): Promise<Texture> {
    return this.head.texture(mesh)
  }

  /** The head as the files of a format; one that is finished says in them what is to be thought of it. */
  files(
    format: FormatName,
    name: string,
    wanted: Pick<FileOrder, 'mesh' | 'choices' | 'tell'>,
    watch: Watch,
  ): Promise<WrittenFile[]> {
    return this.head.files(format, name, { ...wanted, settings: this.choices(), isFinished: this.isFinished }, watch)
  }

  /** What is to be thought of the finished head; nothing for a made-up person, and while the head forms. */
  async judge(): Promise<Assessment | undefined> {
    return this.isFinished ? this.head.judge() : undefined
  }

  /** The project as a `.halfturn` file, as it stands now; no disk is needed for it. */
  async pack(): Promise<Uint8Array> {
    const { record, parts } = await this.snapshot()
    const checkpoint =
      parts.checkpoint === KEPT ? await this.host.store.readPart(this.id, 'checkpoint') : parts.checkpoint
    return packProject(record, { ...parts, checkpoint })
  }

  /** What makes jobs take equally long. */
  private get kind(): string {
    const { generator, sha256 } = this.loaded
    const { name } = generator.runtime.provider
    return [name, sha256.slice(0, 16), this.settings.quality, this.photos.count].join('/')
  }

  private get frame() {
    return this.loaded.file.config.frame
  }

  /** Whether the head is what came of photos, and nothing changes it any more. */
  private get isFinished(): boolean {
    return this.head.exists && this.photos.count > 0 && this.job.view.job.state === 'done'
  }

  private editPhotos(work: () => Promise<void>): Promise<void> {
    return this.job.edit(async () => {
      await work()
      await this.saving.save()
    })
  }

  /** What makes the head again. */
  private choices(): Provenance['settings'] {
    const { quality, learningRate, seed } = this.settings
    return this.random ?? { quality, steps: this.job.view.job.steps, learningRate, seed }
  }

  private setHead(head: Head, photos: readonly PosedPortrait[], known?: { quality?: Assessment; bytes?: Uint8Array }) {
    const { generator, sha256 } = this.loaded
    this.head.become({ generator, sha256, head, photos }, known)
  }

  private tellJob(error?: Error): void {
    const { job } = this.job.view
    this.host.emit({ project: this.id, type: 'job', job, ...(error && { problem: problemOf(error) }) })
  }

  private async context({ generator, file }: Loaded): Promise<InversionContext> {
    return { generator, extras: file.extras, faceRes: await readFaceRes() }
  }

  private async setParts({ photos, quality }: ProjectRecord, parts: CarriedParts): Promise<void> {
    await this.photos.restore(photos, parts, this.frame)
    const { head: bytes } = parts
    if (!bytes) return
    const { head, photos: sources } = readHead(bytes, this.loaded.generator)
    this.setHead(head, sources.length > 0 ? sources : await this.nearestSource(head), { quality, bytes })
  }

  /** Of a head that was saved before its portrait was: the portrait as it is now is the nearest there is. */
  private async nearestSource({ label }: Head): Promise<PosedPortrait[]> {
    const posed = await this.host.turn(() => this.photos.posed())
    return posed.slice(0, 1).map(({ portrait }) => ({ portrait, label }))
  }

  private async write(): Promise<void> {
    if (this.isBorrowed) return
    const { record, parts } = await this.snapshot()
    const thumbnail = await this.photos.thumbnail()
    await this.host.store.save(this.id, record, { ...parts, thumbnail })
  }

  /** All of it, of one moment. */
  private async snapshot(): Promise<Snapshot> {
    const take = async (): Promise<Snapshot> => ({
      record: this.record(),
      parts: { ...this.photos.parts, head: this.head.bytes, checkpoint: await this.packCheckpoint() },
    })
    // Between two steps: what a step has half changed is neither the old nor the new.
    return this.job.forming ? this.host.turn(take) : take()
  }

  private record(): ProjectRecord {
    const { name, loaded, settings, random, photos, head } = this
    return {
      format: 'halfturn-project',
      version: 2,
      name,
      generator: { id: loaded.id, sha256: loaded.sha256 },
      photos: photos.record,
      settings,
      ...this.job.view,
      random,
      quality: head.quality,
    }
  }

  /** What an unfinished job goes on from: a copy of what is forming, or else what there is already. */
  private async packCheckpoint(): Promise<SavedParts['checkpoint']> {
    const { state } = this.job.view.job
    if (state === 'none' || state === 'done') return undefined
    const { forming } = this.job
    if (!forming) return this.carriedCheckpoint ?? KEPT
    await forming.settle('checkpoint')
    return Buffer.concat(forming.checkpoint(this.loaded.sha256))
  }
}

/** What the window is told; the figures go into files. */
export const verdictOf = ({ verdict, reason }: Assessment): VerdictState => ({ verdict, reason })

function problemOf(error: Error): Message {
  return error instanceof UserError ? messageOf(error) : bounded(message('job-failed', { what: error.message }))
}
