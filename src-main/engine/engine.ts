/**
 * The engine: projects, their jobs and the head each has, behind the API of api.ts. It knows neither window nor carrier:
 * a client is something that gets events. Everything that runs a network takes its turn in one queue, so jobs, pictures
 * and surfaces of several windows share one machine without meeting in the middle of a step.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { EngineApi, EngineEvent, FileOut, Hello, Project, Settings } from './api.ts'
import { Blobs } from './blobs.ts'
import { UserError } from './errors.ts'
import { type Decoding, decodePhoto } from './face/decoder.ts'
import { createMatting, type Matting } from './face/matte.ts'
import { createLandmarker, type Landmarker } from './face/mediapipe.ts'
import type { Portrait } from './face/portrait.ts'
import { cameraLabel } from './face/pose.ts'
import type { View, Weights } from './generator/generator.ts'
import { readFaceRes } from './inversion/faceres.ts'
import type { PortraitTarget } from './inversion/objective.ts'
import { normalArray } from './inversion/random.ts'
import { DEFAULT_RATE, plans } from './inversion/schedule.ts'
import { EMBEDDED, Library, productFile } from './library.ts'
import { cutOut, describedPng, jpeg, png, toRgb } from './pictures.ts'
import { portraitTarget } from './portrait-target.ts'
import { OpenProject, type Surroundings, throttled, verdictOf } from './project.ts'
import { Runtime, type RuntimeOptions } from './runtime/runtime.ts'
import { colourBytes, evidenceBytes, meshFiles } from './shape.ts'
import { Store } from './store.ts'
import { provenanceOf } from './verdict.ts'
import { VERSION } from './version.ts'
import { headView } from './views.ts'

export const DEFAULT_SETTINGS: Settings = {
  quality: 'balanced',
  steps: plans.balanced.steps,
  learningRate: DEFAULT_RATE,
  seed: 0,
}
const LOG_LINES = 500
/** Projects held in memory: a decoded photo takes up to 50 MB. */
const MOST_OPEN = 4
/** Side in rays of views to look at and to keep, where the generator has no super-resolution. */
const SHOWN_VIEW = 128
const SAVED_VIEW = 256

export interface EngineOptions {
  /** Where projects and imported generators are kept. */
  readonly folder: string
  readonly runtime?: RuntimeOptions
  /** Decodes photos in another process where this one may not start programs itself, as in the packaged desktop app. */
  readonly decoding?: Decoding
}

export class Engine implements EngineApi {
  readonly blobs = new Blobs()
  private readonly runtime: Runtime
  private readonly library: Library
  private readonly store: Store
  private readonly projects = new Map<string, Promise<OpenProject>>()
  private readonly listeners = new Set<(event: EngineEvent) => void>()
  private readonly lines: string[] = []
  private landmarks: Promise<Landmarker> | undefined
  private faceResWeights: Promise<Weights> | undefined
  private matting: Promise<Matting> | undefined
  private queue: Promise<unknown> = Promise.resolve()
  private readonly around: Surroundings

  private constructor(runtime: Runtime, folder: string, decoding: Decoding | undefined) {
    this.runtime = runtime
    this.library = new Library(runtime, join(folder, 'generators'))
    this.store = new Store(join(folder, 'projects'))
    this.around = {
      store: this.store,
      blobs: this.blobs,
      decode: (bytes) => decodePhoto(bytes, decoding),
      landmarker: () => this.landmarker(),
      faceRes: () => this.faceRes(),
      target: (portrait) => this.target(portrait),
      turn: (work) => this.turn(work),
      emit: (event) => {
        for (const listener of this.listeners) listener(event)
      },
      log: (line) => this.note(line),
    }
  }

  static async create({ folder, runtime, decoding }: EngineOptions): Promise<Engine> {
    const engine = new Engine(await Runtime.create(runtime), folder, decoding)
    const { name, reason } = engine.runtime.provider
    engine.note(
      `Halfturn ${VERSION}, ${process.platform} ${process.arch}, Node ${process.version}: ${name} (${reason})`,
    )
    return engine
  }

  /** Loads what the first photo needs, so that it does not have to wait. */
  async warm(): Promise<void> {
    await Promise.all([this.landmarker(), this.library.load(EMBEDDED), this.faceRes()])
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

  /** Stops all jobs and saves all projects. */
  async close(): Promise<void> {
    for (const project of this.projects.values()) await (await project).close()
    // A judgement may be in the middle of a network.
    await this.queue
    await this.runtime.dispose()
  }

  hello = async (): Promise<Hello> => ({
    version: VERSION,
    provider: this.runtime.provider.name,
    reason: this.runtime.provider.reason,
    generators: await this.library.list(),
    defaults: DEFAULT_SETTINGS,
    qualitySteps: { fast: plans.fast.steps, balanced: plans.balanced.steps, full: plans.full.steps },
  })

  recent: EngineApi['recent'] = async () => {
    const all = await this.store.list((bytes, id) => this.blobs.put(bytes, `recent/${id}`))
    return all.map((project) => ({ ...project, open: this.projects.has(project.id) }))
  }

  forget: EngineApi['forget'] = async ({ project }) => {
    const open = this.projects.get(project)
    this.projects.delete(project)
    if (open) {
      await (await open).cancel()
      await (await open).close()
    }
    await this.store.remove(project)
  }

  openPhoto: EngineApi['openPhoto'] = ({ photo, name, generator }) =>
    this.newFromPhoto(this.blobs.take(photo), name, generator)

  openSample: EngineApi['openSample'] = async ({ generator }) =>
    this.newFromPhoto(await readFile(productFile('resources', 'sample-portrait.jpg')), 'Sample portrait', generator)

  openFile: EngineApi['openFile'] = async ({ file, name }) => {
    const id = await this.store.unpack(this.blobs.take(file), name)
    return this.open({ project: id })
  }

  open: EngineApi['open'] = async ({ project: id }) => {
    const known = this.projects.get(id)
    const project = await (known ?? this.adopt(id, this.read(id)))
    const state = await project.describe()
    // What a crash interrupted goes on by itself.
    if (state.job.state !== 'interrupted') return state
    await project.resume()
    return project.describe()
  }

  random: EngineApi['random'] = async ({ seed, truncation, generator: id, project: before }) => {
    const loaded = await this.library.load(id)
    const { config } = loaded.file
    const label = cameraLabel(config.frame, 0, 0)
    const ws = await this.turn(async () => {
      const { generator } = loaded
      return generator.repeat(await generator.map(normalArray(config.z_dim, seed), label, truncation))
    })
    const replaced = before === undefined ? undefined : await this.projects.get(before)
    const project = await OpenProject.fromSeed(
      this.around,
      loaded,
      DEFAULT_SETTINGS,
      { seed, truncation },
      { ws, label },
      replaced?.random && before ? before : this.store.newId(),
    )
    this.adopt(project.id, Promise.resolve(project))
    return project.describe()
  }

  importGenerator: EngineApi['importGenerator'] = ({ file, name }) => this.library.add(this.blobs.take(file), name)

  chooseFace: EngineApi['chooseFace'] = async ({ project: id, face }) => {
    const project = await this.project(id)
    await project.chooseFace(face)
    return project.describe()
  }

  adjust: EngineApi['adjust'] = async ({ project, correction }) => (await this.project(project)).adjust(correction)

  start: EngineApi['start'] = async ({ project: id, settings, generator }) => {
    const project = await this.project(id)
    await project.start(await this.library.load(generator), settings)
    return project.describe()
  }

  pause: EngineApi['pause'] = async ({ project }) => (await this.project(project)).pause()
  resume: EngineApi['resume'] = async ({ project }) => (await this.project(project)).resume()
  cancel: EngineApi['cancel'] = async ({ project }) => (await this.project(project)).cancel()
  setSteps: EngineApi['setSteps'] = async ({ project, steps }) => (await this.project(project)).setSteps(steps)
  planes: EngineApi['planes'] = async ({ project }) => (await this.project(project)).describePlanes()

  view: EngineApi['view'] = async ({ project: id, camera }) => {
    const began = performance.now()
    const project = await this.project(id)
    const { image, rendering } = await this.render(project, camera, SHOWN_VIEW)
    const side = Math.sqrt(image.length / 3)
    const isOnWhite = project.generator.config.rendering_kwargs.white_back
    const bytes = isOnWhite
      ? await cutOut(image, rendering.opacity)
      : await jpeg({ rgb: toRgb(image), width: side, height: side })
    return { picture: this.blobs.put(bytes, `${id}/view`), size: side, milliseconds: performance.now() - began }
  }

  exportPicture: EngineApi['exportPicture'] = async ({ project: id, camera, picture }) => {
    const project = await this.project(id)
    const made = `Generated by Halfturn, not a photo. Generator: ${project.generator.config.name}`
    const rendered = picture === undefined ? await this.renderPng(project, camera) : this.blobs.take(picture)
    return [this.file(`${project.name}.png`, await describedPng(rendered, made))]
  }

  surface: EngineApi['surface'] = async ({ project: id, resolution, triangles }) => {
    const project = await this.project(id)
    const { surface } = await this.takeSurface(project, 'surface', resolution, triangles)
    const { evidence } = surface
    const put = (array: Float32Array | Uint32Array | Uint8Array, slot: string) =>
      this.blobs.put(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), `${id}/${slot}`)
    return {
      positions: put(surface.positions, 'positions'),
      normals: put(surface.normals, 'normals'),
      colours: put(colourBytes(surface), 'colours'),
      triangles: put(surface.triangles, 'triangles'),
      ...(evidence && { evidence: put(evidenceBytes(evidence), 'evidence') }),
      vertexCount: surface.positions.length / 3,
      triangleCount: surface.triangles.length / 3,
    }
  }

  verdict: EngineApi['verdict'] = async ({ project }) => {
    const quality = await (await this.project(project)).judge()
    return quality && verdictOf(quality)
  }

  exportMesh: EngineApi['exportMesh'] = async ({ project: id, format, name, resolution, triangles }) => {
    const project = await this.project(id)
    // A head that is still forming is saved without one.
    const quality = await project.judge()
    const { surface, field } = await this.takeSurface(project, 'export', resolution, triangles)
    const settings = { ...(project.random ?? project.settings), resolution, triangles }
    const provenance = provenanceOf(project.loaded, settings, quality)
    const files = await this.turn(() => meshFiles(surface, field, format, name, provenance))
    return files.map((file) => this.file(file.name, file.bytes))
  }

  exportProject: EngineApi['exportProject'] = async ({ project: id }) => {
    const project = await this.project(id)
    return [this.file(`${project.name}.halfturn`, await project.pack())]
  }

  log = async () => this.lines.join('\n')

  private render(project: OpenProject, camera: number[], size: number): Promise<View> {
    return this.turn(async () => {
      const { planes, head } = await project.paint()
      return headView(project.generator, planes, head.ws, Float32Array.from(camera), size)
    })
  }

  private async renderPng(project: OpenProject, camera: number[]): Promise<Uint8Array> {
    const { image } = await this.render(project, camera, SAVED_VIEW)
    const side = Math.sqrt(image.length / 3)
    return png({ rgb: toRgb(image), width: side, height: side })
  }

  private async takeSurface(project: OpenProject, task: 'surface' | 'export', resolution: number, triangles: number) {
    const tell = (fraction: number) => this.around.emit({ project: project.id, type: 'task', task, fraction })
    const taken = await project.takeSurface({ resolution, triangles }, throttled(tell))
    tell(1)
    return taken
  }

  private async newFromPhoto(bytes: Uint8Array, name: string, generator: string): Promise<Project> {
    const loaded = await this.library.load(generator)
    const project = await OpenProject.fromPhoto(this.around, loaded, DEFAULT_SETTINGS, bytes, name)
    this.adopt(project.id, Promise.resolve(project))
    return project.describe()
  }

  private async read(id: string): Promise<OpenProject> {
    const record = await this.store.readRecord(id)
    const loaded = await this.library.load(record.generator.id)
    if (loaded.sha256 !== record.generator.sha256) {
      throw new UserError(
        `This project was made with another generator than the "${loaded.file.config.name}" at hand.`,
        'Import the generator it was made with, or open its photo anew.',
      )
    }
    return OpenProject.fromStore(this.around, loaded, id, record)
  }

  private adopt(id: string, project: Promise<OpenProject>): Promise<OpenProject> {
    this.projects.set(id, project)
    project.then(
      () => this.letGo().catch((error: Error) => this.note(`putting projects away: ${error.message}`)),
      () => this.projects.delete(id),
    )
    return project
  }

  /** Puts the oldest projects away that nothing is forming in; a window that still asks for one gets it back. */
  private async letGo(): Promise<void> {
    for (const [id, promise] of [...this.projects].slice(0, -MOST_OPEN)) {
      const project = await promise
      if (project.isBusy) continue
      await project.close()
      if (this.projects.get(id) === promise) this.projects.delete(id)
    }
  }

  private project(id: string): Promise<OpenProject> {
    return this.projects.get(id) ?? this.adopt(id, this.read(id))
  }

  private file(name: string, bytes: Uint8Array): FileOut {
    return { name, blob: this.blobs.put(bytes) }
  }

  private landmarker(): Promise<Landmarker> {
    this.landmarks ??= createLandmarker()
    return this.landmarks
  }

  private faceRes(): Promise<Weights> {
    this.faceResWeights ??= readFaceRes()
    return this.faceResWeights
  }

  private async target(portrait: Portrait): Promise<PortraitTarget> {
    this.matting ??= createMatting(this.runtime, portrait.crop.size)
    return portraitTarget(portrait, await this.matting)
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work)
    this.queue = result.catch(() => {})
    return result
  }
}
