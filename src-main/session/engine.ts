/**
 * The engine: projects, their jobs and the head each has, behind the API of api.ts. It knows neither window nor carrier:
 * a client is something that gets events. Everything that runs a network takes its turn, so jobs, pictures and surfaces of
 * several windows share one machine without meeting in the middle of a step, and what a person waits for goes first. Of several engines on one
 * data folder one owns the projects; the others show them, and keep what they make in memory.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { inEnglish, type Message, messageOf, UserError } from '../engine/errors.ts'
import {
  createPortraitNetworks,
  type MattedPortrait,
  mattePortrait,
  type PortraitNetworks,
} from '../engine/face/matted-portrait.ts'
import type { Portrait } from '../engine/face/portrait.ts'
import { portableName } from '../engine/files/names.ts'
import { describeEdit } from '../engine/head/edit.ts'
import { makeUp } from '../engine/head/made-up.ts'
import { headView } from '../engine/head/views.ts'
import { type Decoding, decodePhoto } from '../engine/images/decoder.ts'
import { describedPng, jpeg, loop, png, toRgb } from '../engine/images/pictures.ts'
import { DEFAULT_RATE, plans } from '../engine/inversion/schedule.ts'
import { readFaceRes } from '../engine/networks/faceres.ts'
import { createLandmarker, type Landmarker } from '../engine/networks/mediapipe.ts'
import { productFile } from '../engine/product-file.ts'
import { createIdentity, type Identity } from '../engine/quality/identity.ts'
import { Runtime, type RuntimeOptions } from '../engine/runtime/runtime.ts'
import type { Watch } from '../engine/surface/field.ts'
import { formatNames, formats } from '../engine/surface/formats/formats.ts'
import { type FileOption, fileChoices, fileOptions } from '../engine/surface/formats/options.ts'
import type { Surface } from '../engine/surface/mesh.ts'
import { type Rank, Turns } from '../engine/turns.ts'
import { VERSION } from '../engine/version.ts'
import type { EngineApi, EngineEvent, FileOut, Hello, OptionState, Project, Settings, Unsaved } from './api.ts'
import { Blobs } from './blobs.ts'
import { type Clock, clock as systemClock } from './clock.ts'
import { DataLock } from './data-lock.ts'
import type { Disk } from './disk.ts'
import { dataFolder } from './folders.ts'
import { EMBEDDED, Library, type Loaded } from './library.ts'
import { OpenProjects } from './open-projects.ts'
import { Paces } from './paces.ts'
import { type Preferences, readPreferences, writePreferences } from './preferences.ts'
import { OpenProject, verdictOf } from './project.ts'
import { unpackProject } from './project-file.ts'
import type { ProjectHost } from './project-host.ts'
import type { NamedPhoto } from './project-photos.ts'
import { type ProjectRecord, photoParts } from './project-record.ts'
import { shownView } from './shown-view.ts'
import { Store } from './store.ts'
import { throttled } from './throttle.ts'

const settingsOf = ({ quality }: Preferences): Settings => ({
  quality,
  steps: plans[quality].steps,
  learningRate: DEFAULT_RATE,
  seed: 0,
})
const LOG_LINES = 500
/** What a file is like where nothing is chosen. */
const USUAL = fileChoices.parse({})
/** Side in rays of views to look at and to keep, where the generator has no super-resolution. */
const SHOWN_VIEW = 128
const SAVED_VIEW = 256
/** Of the JPEGs on a surface that is looked at: as in a file. */
const TEXTURE_QUALITY = 90

interface EngineOptions {
  /** Where projects and imported generators are kept. */
  readonly folder: string
  readonly runtime?: RuntimeOptions
  /** Decodes photos in another process where this one may not start programs itself, as in the packaged desktop app. */
  readonly decoding?: Decoding
  /** For tests, which fill the one up and turn the other on. */
  readonly disk?: Disk
  readonly clock?: Clock
  /** Who has loaded a landmarker lends it, so that there is one a process. */
  readonly landmarker?: () => Promise<Landmarker>
}

export class Engine implements EngineApi {
  readonly blobs = new Blobs()
  private readonly runtime: Runtime
  private readonly folder: string
  private preferences: Preferences
  private readonly library: Library
  private readonly store: Store
  private readonly lock: DataLock
  private readonly projects: OpenProjects
  private readonly listeners = new Set<(event: EngineEvent) => void>()
  private readonly lines: string[] = []
  private readonly createLandmarker: () => Promise<Landmarker>
  private landmarks: Promise<Landmarker> | undefined
  private networks: Promise<PortraitNetworks> | undefined
  private descriptors: Promise<Identity> | undefined
  private readonly turns = new Turns()
  private readonly host: ProjectHost

  private constructor(
    runtime: Runtime,
    preferences: Preferences,
    { folder, disk, decoding, clock = systemClock, landmarker = createLandmarker }: EngineOptions,
  ) {
    this.runtime = runtime
    this.preferences = preferences
    this.folder = folder
    this.createLandmarker = landmarker
    this.library = new Library(runtime, join(folder, 'generators'))
    this.lock = new DataLock(folder, {
      clock,
      taken: () => this.tidy(),
      log: (line) => this.note(line),
      changed: (unsaved) => this.onLock(unsaved),
    })
    this.projects = new OpenProjects({ read: (id) => this.read(id), log: (line) => this.note(line) })
    this.store = new Store(join(folder, 'projects'), { disk, mayWrite: () => this.lock.require() })
    this.host = {
      store: this.store,
      blobs: this.blobs,
      decode: (bytes) => decodePhoto(bytes, decoding),
      clock,
      paces: new Paces(folder),
      landmarker: () => this.landmarker(),
      identity: () => this.identity(),
      target: (portrait) => this.target(portrait),
      turn: (work, rank) => this.turns.take(work, rank),
      errand: (work) => this.turns.errand(work),
      emit: (event) => this.emit(event),
      log: (line) => this.note(line),
    }
  }

  static async create(options: EngineOptions): Promise<Engine> {
    const preferences = await readPreferences(options.folder)
    const { runtime, refused } = await preferredRuntime(preferences, options.runtime)
    const engine = new Engine(runtime, preferences, options)
    if (refused) engine.note(`what is preferred cannot be used: ${refused.message}`)
    const { name, reason } = engine.runtime.provider
    engine.note(
      `Halfturn ${VERSION}, ${process.platform} ${process.arch}, Node ${process.version}: ${name} (${inEnglish(reason)})`,
    )
    await engine.lock.take()
    return engine
  }

  /** Loads what the first photo needs, so that it does not have to wait. */
  async warm(): Promise<void> {
    await Promise.all([this.landmarker(), this.library.load(EMBEDDED), readFaceRes()])
  }

  /** @returns a function that ends the listening */
  listen(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Adds a line to the log a person can copy. */
  note(line: string): void {
    this.lines.push(`${new Date().toISOString()} ${line}`)
    if (this.lines.length > LOG_LINES) this.lines.shift()
  }

  /** Stops all jobs, saves all projects and lets go of the data folder. */
  async close(): Promise<void> {
    await this.projects.close()
    // A judgement may be in the middle of a network.
    await this.turns.idle()
    this.lock.release()
    await this.runtime.dispose()
  }

  hello = async (): Promise<Hello> => ({
    version: VERSION,
    provider: this.runtime.provider.name,
    reason: this.runtime.provider.reason,
    generators: await this.library.list(),
    defaults: settingsOf(this.preferences),
    preferences: this.preferences,
    folder: this.folder,
    formats: formatNames.map((name) => {
      const { label, extensions, options } = formats[name]
      return { name, label, extension: extensions[0], options: options.map(optionState) }
    }),
    qualitySteps: { fast: plans.fast.steps, balanced: plans.balanced.steps, full: plans.full.steps },
    ...(this.lock.unsaved && { unsaved: this.lock.unsaved }),
    missing: dataFolder(this.folder).missing,
  })

  prefer: EngineApi['prefer'] = async (change) => {
    const preferences = { ...this.preferences, ...change }
    await writePreferences(this.folder, preferences)
    this.preferences = preferences
    return preferences
  }

  recent: EngineApi['recent'] = async () => {
    const saved = await this.store.list((bytes, id) => this.blobs.put(bytes, `recent/${id}`))
    const known = new Set(saved.map(({ id }) => id))
    const open = await this.projects.all()
    // What could not be saved yet is there as well.
    const unsaved = open.filter((project) => project.isUnsaved && !known.has(project.id))
    const summaries = await Promise.all(unsaved.map((project) => project.summary()))
    return [...summaries, ...saved.map((project) => ({ ...project, open: this.projects.has(project.id) }))]
  }

  forget: EngineApi['forget'] = async ({ project: id }) => {
    if (this.isLocked && (await this.store.has(id))) this.requireOwner()
    const open = this.projects.held(id)
    await this.projects.leave(id, async () => {
      // One that cannot be opened can be forgotten.
      await (await open?.catch(() => undefined))?.discard()
      if (await this.store.has(id)) await this.store.remove(id)
    })
  }

  openPhotos: EngineApi['openPhotos'] = ({ photos, generator }) =>
    this.newFromPhotos(
      photos.map(({ file, name }) => ({ name, bytes: this.blobs.take(file) })),
      generator,
    )

  openSample: EngineApi['openSample'] = async ({ name, generator }) => {
    const bytes = await readFile(productFile('resources', 'sample-portrait.jpg'))
    return this.newFromPhotos([{ name, bytes }], generator)
  }

  openFile: EngineApi['openFile'] = async ({ file, name }) => {
    const { record, parts } = unpackProject(this.blobs.take(file), name)
    const project = await OpenProject.fromFile(this.host, await this.generatorOf(record), record, parts)
    this.projects.adopt(project.id, Promise.resolve(project))
    return project.describe()
  }

  open: EngineApi['open'] = async ({ project: id }) => {
    const project = await this.project(id)
    // What a crash interrupted goes on by itself; once, whoever asks. Where it cannot, it is there to be stopped.
    if (project.isInterrupted && !project.isBorrowed) {
      await project.resume().catch((error: Error) => this.note(`going on with ${id}: ${error.message}`))
    }
    return project.describe()
  }

  random: EngineApi['random'] = async ({ seed, truncation, generator: id, project: before }) => {
    const loaded = await this.library.load(id)
    const head = await this.turns.take(() => makeUp(loaded.generator, seed, truncation))
    const replaced = before === undefined ? undefined : await this.projects.held(before)
    const isReplaced = replaced?.random !== undefined && !replaced.isBorrowed
    if (isReplaced) await this.projects.leave(replaced.id, () => replaced.close())
    const project = await OpenProject.fromSeed(
      this.host,
      loaded,
      settingsOf(this.preferences),
      { seed, truncation },
      head,
      isReplaced ? replaced.id : this.store.newId(),
    )
    this.projects.adopt(project.id, Promise.resolve(project))
    return project.describe()
  }

  importGenerator: EngineApi['importGenerator'] = ({ file, name }) => this.library.add(this.blobs.take(file), name)

  addPhoto: EngineApi['addPhoto'] = async ({ project: id, file, name }) => {
    const project = await this.own(id)
    await project.addPhoto({ name, bytes: this.blobs.take(file) })
    return project.describe()
  }

  removePhoto: EngineApi['removePhoto'] = async ({ project: id, photo }) => {
    const project = await this.own(id)
    await project.removePhoto(photo)
    return project.describe()
  }

  chooseFace: EngineApi['chooseFace'] = async ({ project: id, photo, face }) => {
    const project = await this.own(id)
    await project.chooseFace(photo, face)
    return project.describe()
  }

  adjust: EngineApi['adjust'] = async ({ project, photo, correction }) =>
    (await this.own(project)).adjust(photo, correction)

  edit: EngineApi['edit'] = async ({ project, edit }) => (await this.own(project)).editHead(edit)

  start: EngineApi['start'] = async ({ project: id, settings, generator }) => {
    const project = await this.own(id)
    await project.start(await this.library.load(generator), settings)
    return project.describe()
  }

  pause: EngineApi['pause'] = async ({ project }) => (await this.own(project)).pause()
  resume: EngineApi['resume'] = async ({ project }) => (await this.own(project)).resume()
  cancel: EngineApi['cancel'] = async ({ project }) => (await this.own(project)).cancel()
  setSteps: EngineApi['setSteps'] = async ({ project, steps }) => (await this.own(project)).setSteps(steps)
  planes: EngineApi['planes'] = async ({ project, asFormed }) => (await this.project(project)).describePlanes(asFormed)

  view: EngineApi['view'] = async ({ project: id, camera }) => {
    const began = performance.now()
    const project = await this.project(id)
    const { generator, ...view } = await this.render(project, camera, SHOWN_VIEW, 'spare')
    const { bytes, size } = await shownView(generator, view)
    return { picture: this.blobs.put(bytes, `${id}/view`), size, milliseconds: performance.now() - began }
  }

  exportPicture: EngineApi['exportPicture'] = async ({ project: id, camera, picture }) => {
    const project = await this.project(id)
    const rendered = picture === undefined ? await this.renderPng(project, camera) : this.blobs.take(picture)
    return [this.file(project, `${project.name}.png`, await describedPng(rendered, madeBy(project)))]
  }

  exportLoop: EngineApi['exportLoop'] = async ({ project: id, frames, side, milliseconds, format }) => {
    const project = await this.project(id)
    const bytes = await loop(this.blobs.take(frames), side, format, milliseconds, madeBy(project))
    return [this.file(project, `${project.name}.${format}`, bytes)]
  }

  surface: EngineApi['surface'] = async ({ project: id, ...mesh }) => {
    const project = await this.project(id)
    const surface = await this.watched(project, 'surface', (watch) => project.surface(mesh, watch))
    return this.surfaceState(id, surface, '')
  }

  draft: EngineApi['draft'] = async ({ project: id, ...mesh }) => {
    const surface = await (await this.project(id)).draft(mesh)
    return surface && this.surfaceState(id, surface, 'draft-')
  }

  texture: EngineApi['texture'] = async ({ project: id, ...mesh }) => {
    const project = await this.project(id)
    const { atlas, colours, normals, tangents } = await project.texture(mesh)
    const put = this.putter(`${id}/`)
    const picture = async (rgb: Uint8Array, slot: string) => {
      const side = Math.sqrt(rgb.length / 3)
      return put(await jpeg({ rgb, width: side, height: side }, { quality: TEXTURE_QUALITY }), slot)
    }
    return {
      corners: put(atlas.corners, 'corners'),
      uvs: put(atlas.uvs, 'uvs'),
      tangents: put(tangents, 'tangents'),
      colours: await picture(colours, 'texture-colours'),
      normals: await picture(normals, 'texture-normals'),
    }
  }

  verdict: EngineApi['verdict'] = async ({ project }) => {
    const quality = await (await this.project(project)).judge()
    return quality && verdictOf(quality)
  }

  exportMesh: EngineApi['exportMesh'] = async ({ project: id, format, name, choices = USUAL, ...mesh }) => {
    const project = await this.project(id)
    const notes: Message[] = []
    const wanted = { mesh, choices, tell: (note: Message) => notes.push(note) }
    const files = await this.watched(project, 'export', (watch) => project.files(format, name, wanted, watch))
    // It is at hand: it was just written.
    const surface = await project.surface(mesh, {})
    return {
      files: files.map(([extension, bytes]) => this.file(project, `${portableName(name)}.${extension}`, bytes)),
      triangles: surface.triangles.length / 3,
      notes,
    }
  }

  exportProject: EngineApi['exportProject'] = async ({ project: id }) => {
    const project = await this.project(id)
    return [this.file(project, `${project.name}.halfturn`, await project.pack())]
  }

  log = async () => this.lines.join('\n')

  private surfaceState(id: string, { positions, normals, colours, triangles, evidence }: Surface, slots: string) {
    const put = this.putter(`${id}/${slots}`)
    return {
      positions: put(positions, 'positions'),
      normals: put(normals, 'normals'),
      colours: put(inBytes(colours), 'colours'),
      triangles: put(triangles, 'triangles'),
      ...(evidence && { evidence: put(inBytes(evidence), 'evidence') }),
      vertexCount: positions.length / 3,
      triangleCount: triangles.length / 3,
    }
  }

  /** Holds numbers for the window. @param slots begins with the project they are of */
  private putter(slots: string) {
    return (array: Float32Array | Uint32Array | Uint8Array, slot: string) =>
      this.blobs.put(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), `${slots}${slot}`)
  }

  private render(project: OpenProject, camera: number[], size: number, rank: Rank) {
    return this.turns.take(async () => {
      const { planes, head, generator } = await project.paint()
      return { generator, ...(await headView(generator, planes, head, Float32Array.from(camera), { side: size })) }
    }, rank)
  }

  private async renderPng(project: OpenProject, camera: number[]): Promise<Uint8Array> {
    const { image } = await this.render(project, camera, SAVED_VIEW, 'asked')
    const side = Math.sqrt(image.length / 3)
    return png({ rgb: toRgb(image), width: side, height: side })
  }

  /** Tells the windows how far `work` is. */
  private async watched<T>(
    { id }: OpenProject,
    task: 'surface' | 'export',
    work: (watch: Watch) => Promise<T>,
  ): Promise<T> {
    const tell = (fraction: number) => this.emit({ project: id, type: 'task', task, fraction })
    const result = await work({ progress: throttled(tell) })
    tell(1)
    return result
  }

  private async newFromPhotos(photos: readonly NamedPhoto[], generator: string): Promise<Project> {
    const loaded = await this.library.load(generator)
    const project = await OpenProject.fromPhotos(this.host, loaded, settingsOf(this.preferences), photos)
    this.projects.adopt(project.id, Promise.resolve(project))
    return project.describe()
  }

  private async read(id: string): Promise<OpenProject> {
    const { isLocked: isBorrowed } = this
    const { record, parts } = await this.store.read(id, [...photoParts, 'head'])
    const stored = { id, record, parts, isBorrowed }
    try {
      return await OpenProject.fromStore(this.host, await this.generatorOf(record), stored)
    } catch (error) {
      // A head that is damaged, or whose generator has gone, does not keep the photos from their owner.
      if (!(error instanceof UserError) || !parts.photo) throw error
      this.note(`project ${id} is opened without its head: ${error.message}`)
      const loaded = await this.library.load(record.generator.id).catch(() => this.library.load(EMBEDDED))
      return OpenProject.withoutHead(this.host, loaded, stored, messageOf(error))
    }
  }

  private async generatorOf({ generator: { id, sha256 } }: ProjectRecord): Promise<Loaded> {
    const loaded = await this.library.load(id)
    if (loaded.sha256 === sha256) return loaded
    throw new UserError('project-of-another-generator', { generator: loaded.file.config.name })
  }

  private project(id: string): Promise<OpenProject> {
    return this.projects.get(id)
  }

  /** To be changed. @throws UserError where it belongs to another engine */
  private async own(id: string): Promise<OpenProject> {
    const project = await this.project(id)
    if (!project.isBorrowed) return project
    this.requireOwner()
    // It was taken over this moment.
    return this.project(id)
  }

  /** Whether the projects belong to another engine. */
  private get isLocked(): boolean {
    return this.lock.unsaved?.code === 'unsaved-locked'
  }

  private requireOwner(): void {
    if (this.isLocked) throw new UserError('project-borrowed')
  }

  /** The data folder has become ours, or is not ours any more. */
  private onLock(unsaved: Unsaved | undefined): void {
    this.note(unsaved ? inEnglish(unsaved) : 'The projects are saved by this engine.')
    this.emit({ type: 'storage', ...(unsaved && { unsaved }) })
    if (unsaved) return
    // What was borrowed has been changed by its owner; what could not be saved now can.
    this.projects.each((project) =>
      project.isBorrowed ? this.projects.leave(project.id, () => project.close()) : project.saveAgain(),
    )
  }

  /** Removes what killed processes left; what cannot be removed keeps nothing from being saved. */
  private async tidy(): Promise<void> {
    try {
      this.library.tidy()
      await this.store.tidy()
    } catch (error) {
      this.note(`tidying up: ${(error as Error).message}`)
    }
  }

  private emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  /** Held until the project is left or the same is made again: what was dragged out may be saved too. */
  private file({ id }: OpenProject, name: string, bytes: Uint8Array): FileOut {
    return { name, blob: this.blobs.put(bytes, `${id}/${name}`), bytes: bytes.byteLength }
  }

  private landmarker(): Promise<Landmarker> {
    this.landmarks ??= this.createLandmarker()
    return this.landmarks
  }

  private identity(): Promise<Identity> {
    this.descriptors ??= createIdentity(this.runtime)
    return this.descriptors
  }

  private async target(portrait: Portrait): Promise<MattedPortrait> {
    this.networks ??= createPortraitNetworks(this.runtime, portrait.crop.size)
    return mattePortrait(portrait, await this.networks)
  }
}

/** Runs on what is preferred, unless another is asked for. What cannot be used here keeps nobody from their projects. */
async function preferredRuntime(
  { provider, threads }: Preferences,
  options: RuntimeOptions = {},
): Promise<{ runtime: Runtime; refused?: UserError }> {
  const wanted = { ...(provider !== 'automatic' && { provider }), threads, ...options }
  try {
    return { runtime: await Runtime.create(wanted) }
  } catch (refused) {
    if (!(refused instanceof UserError) || options.provider) throw refused
    return { runtime: await Runtime.create({ ...options, threads }), refused }
  }
}

/** An option without its schema, which is the engine's own. */
function optionState(name: FileOption): OptionState {
  const { schema: _, ...option } = fileOptions[name]
  return { name, ...option }
}

/** What a picture says of itself. */
const madeBy = ({ generator, edit }: OpenProject) =>
  [`Generated by Halfturn, not a photo. Generator: ${generator.config.name}`, ...describeEdit(edit)].join('. ')

/** Values from 0 to 1 in 8 bits. */
const inBytes = (values: Float32Array) => Uint8Array.from(values, (value) => Math.round(value * 255))
