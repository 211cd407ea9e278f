/** What the window knows and what it can do: one store, its actions, and the line to the engine behind them. */
import { create } from 'zustand'
import type { MenuCommand } from '../../src-main/app/channels.ts'
import type {
  BlobId,
  EngineEvent,
  FormatName,
  Hello,
  Phase,
  PlanesState,
  PoseCorrection,
  Project,
  ProjectSummary,
  Settings,
  Unsaved,
} from '../../src-main/session/api.ts'
import { type Message, message } from '../../src-main/words/message.ts'
import { createHost, type HostState, Refusal } from '../host.ts'
import { keepLook, recallLook, type StageLook } from '../stage/look.ts'
import { strings } from '../strings.ts'
import { type History, noHistory, record, stepBack, stepForward } from './history.ts'

export type Step = 'photo' | 'form' | 'look'
export type Mode = 'volume' | 'surface' | 'depth'
export const films = ['webm', 'mp4'] as const
export type Film = (typeof films)[number]
/** `once`: all the way round, and still again. */
export type Turning = 'off' | 'once' | 'on'
export type SurfaceStyle = 'colour' | 'clay' | 'wire' | 'evidence'

/** The planes with their bytes, ready for textures. */
export interface Volume extends Omit<PlanesState, 'shape'> {
  /** Half floats, beginning at a multiple of four bytes. */
  data: Uint16Array
  shape?: { resolution: number; data: Uint16Array }
}

export interface SurfaceData {
  positions: Float32Array
  normals: Float32Array
  colours: Uint8Array
  triangles: Uint32Array
  /** A vertex each, 0 invented to 255 seen; absent for a made-up person. */
  evidence: Uint8Array | undefined
  /** Version of the planes it was made from, and the options. */
  key: string
}

export interface JobProgress {
  step: number
  steps: number
  phase: Phase
  secondsLeft: number | undefined
}

export interface State {
  hostState: HostState
  hello: Hello | undefined
  recent: ProjectSummary[]
  /** Object URLs of thumbnails by project. */
  thumbnails: Record<string, string>
  project: Project | undefined
  step: Step
  /** Object URLs. */
  photoUrl: string | undefined
  cropUrl: string | undefined
  /** The head from the photo's camera while it forms, and which head it is. */
  previewUrl: string | undefined
  previewVersion: number | undefined
  progress: JobProgress | undefined
  volume: Volume | undefined
  surface: SurfaceData | undefined
  settings: Settings | undefined
  generator: string
  mode: Mode
  surfaceStyle: SurfaceStyle
  turntable: Turning
  look: StageLook
  /** Side in pixels of pictures that are saved, and how the turntable is. */
  pictureSize: number
  film: Film
  mesh: { resolution: number; triangles: number }
  /** What takes longer than a moment, in words, with a fraction where it is known. */
  busy: { what: string; fraction?: number } | undefined
  problem: Message | undefined
  notice: string | undefined
  /** How far the head's verdict, and the surface that was asked for, are: 0..1, while they are being made. */
  judging: number | undefined
  surfacing: number | undefined
  /** The pose's correction by hand, before the engine has answered with the portrait it makes. */
  correction: PoseCorrection | undefined
  history: History<PoseCorrection>
  showCamera: boolean
  showLog: boolean
  /** Milliseconds from engine to window of the last preview, and from drop to pose; for the log. */
  latency: { preview?: number; pose?: number }
}

const GENERATOR = 'default'
const LAST_PROJECT = 'project'

export const useStore = create<State>(() => ({
  hostState: 'connecting',
  hello: undefined,
  recent: [],
  thumbnails: {},
  project: undefined,
  step: 'photo',
  photoUrl: undefined,
  cropUrl: undefined,
  previewUrl: undefined,
  previewVersion: undefined,
  progress: undefined,
  volume: undefined,
  surface: undefined,
  settings: undefined,
  generator: GENERATOR,
  mode: 'volume',
  surfaceStyle: 'colour',
  turntable: 'off',
  look: recallLook(),
  pictureSize: 1024,
  film: 'webm',
  mesh: { resolution: 192, triangles: 60_000 },
  busy: undefined,
  problem: undefined,
  notice: undefined,
  judging: undefined,
  surfacing: undefined,
  correction: undefined,
  history: noHistory(),
  showCamera: false,
  showLog: false,
  latency: {},
}))

const set = useStore.setState
const get = useStore.getState

export const host = createHost({ onState, onEvent, onCommand })
const { engine } = host

// ---------------------------------------------------------------------------------------------------------------- lines

async function onState(hostState: HostState): Promise<void> {
  set({ hostState })
  if (hostState !== 'ready') return set({ busy: undefined })
  await attempt(async () => {
    const hello = await engine.hello({})
    set({ hello, settings: get().settings ?? hello.defaults })
    const id = get().project?.id ?? sessionStorage.getItem(LAST_PROJECT)
    const recent = await loadRecent()
    // What was open in this window, or what a killed app left unfinished, goes on; not what another engine forms.
    const isOwner = hello.unsaved?.code !== 'unsaved-locked'
    const unfinished = recent.find(({ state, open }) => isOwner && state === 'running' && !open)
    const next = recent.find((project) => project.id === id)?.id ?? unfinished?.id
    if (next) await show(await engine.open({ project: next }))
  })
}

function onEvent(event: EngineEvent): void | Promise<void> {
  if (event.project === undefined) return onStorage(event.unsaved)
  const { project } = get()
  if (event.project !== project?.id) return
  switch (event.type) {
    case 'progress': {
      const { step, steps, phase, secondsLeft } = event
      const likeness = [...project.likeness.slice(0, step - 1), event.likeness]
      return set({
        progress: { step, steps, phase, secondsLeft },
        project: { ...project, likeness, head: true, job: { ...project.job, step, steps }, verdict: undefined },
      })
    }
    case 'preview':
      return showPreview(event)
    case 'job': {
      const { job, problem } = event
      set({ project: { ...project, job }, ...(problem && { problem }) })
      if (job.state === 'done') {
        set({ step: 'look', turntable: 'once' })
        judge()
      }
      return
    }
    case 'saving':
      return set({ project: { ...project, unsaved: event.unsaved } })
    case 'task':
      if (event.task === 'verdict')
        return set(({ judging }) => (judging === undefined ? {} : { judging: event.fraction }))
      if (event.task === 'surface')
        return set(({ surfacing }) => (surfacing === undefined ? {} : { surfacing: event.fraction }))
      return set(({ busy }) => (busy ? { busy: { ...busy, fraction: event.fraction } } : {}))
  }
}

/** The engine may save now, or may not any more. */
async function onStorage(unsaved: Unsaved | undefined): Promise<void> {
  const { hello, project } = get()
  if (!hello) return
  set({ hello: { ...hello, unsaved } })
  if (unsaved) return
  await attempt(async () => {
    await loadRecent()
    // What was another engine's may have changed there, and can go on here.
    if (project && !project.unsaved) await show(await engine.open({ project: project.id }))
  })
}

function onCommand(command: MenuCommand): void {
  const work: Record<MenuCommand, () => unknown> = {
    open: () => document.getElementById('file-input')?.click(),
    save: actions.saveProject,
    new: actions.leave,
    undo: () => (isTyping(document.activeElement) ? document.execCommand('undo') : actions.undo()),
    redo: () => (isTyping(document.activeElement) ? document.execCommand('redo') : actions.redo()),
    log: () => set({ showLog: true }),
  }
  work[command]()
}

/** Whether undo means what is typed. */
export const isTyping = (target: EventTarget | null) => target instanceof HTMLInputElement && target.type === 'number'

/** Runs `work`; what it refuses is shown with its cure. */
async function attempt<T>(work: () => Promise<T>, busy?: string): Promise<T | undefined> {
  if (busy !== undefined) set({ busy: { what: busy }, problem: undefined })
  try {
    return await work()
  } catch (error) {
    const problem = error instanceof Refusal ? error.problem : message('defect', { what: (error as Error).message })
    // While the engine restarts, the banner says all there is to say.
    if (get().hostState === 'ready') set({ problem })
    return undefined
  } finally {
    if (busy !== undefined) set({ busy: undefined })
  }
}

// --------------------------------------------------------------------------------------------------------------- showing

const toUrl = (bytes: Uint8Array): string =>
  URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }))

async function pictureUrl(blob: string): Promise<string> {
  return toUrl(await host.get(blob))
}

function replaceUrl(key: 'photoUrl' | 'cropUrl' | 'previewUrl', url: string | undefined): void {
  const old = get()[key]
  set({ [key]: url })
  if (old) setTimeout(() => URL.revokeObjectURL(old), 1000)
}

async function loadRecent(): Promise<ProjectSummary[]> {
  const recent = await engine.recent({})
  const urls = await Promise.all(
    recent.slice(0, 8).map(async ({ id, thumbnail }) => [id, thumbnail && (await pictureUrl(thumbnail))] as const),
  )
  for (const url of Object.values(get().thumbnails)) URL.revokeObjectURL(url)
  set({ recent, thumbnails: Object.fromEntries(urls.filter((entry): entry is [string, string] => !!entry[1])) })
  return recent
}

/** A photo that was merely opened: nothing was done with it that would be worth keeping. */
function isUntouched({ photos, head, job, problem }: Project): boolean {
  const isCorrected = photos.some(({ portrait }) => {
    const { scale, ...others } = portrait.correction
    return scale !== 1 || Object.values(others).some((value) => value !== 0)
  })
  return photos.length > 0 && !head && !problem && job.state === 'none' && !isCorrected
}

/** Puts a project into the window, at the step it was left in. */
async function show(project: Project): Promise<void> {
  const before = get().project
  const isNew = before?.id !== project.id
  if (isNew && before && isUntouched(before)) await engine.forget({ project: before.id }).catch(() => {})
  sessionStorage.setItem(LAST_PROJECT, project.id)
  const forming = ['running', 'paused', 'interrupted', 'failed'].includes(project.job.state)
  set({
    project,
    generator: project.generator,
    step: forming ? 'form' : project.head ? 'look' : 'photo',
    ...(isNew && {
      volume: undefined,
      surface: undefined,
      progress: undefined,
      judging: undefined,
      correction: undefined,
      mode: 'volume',
      surfaceStyle: 'colour',
      turntable: project.head && !forming ? 'once' : 'off',
      history: noHistory(),
      settings: project.head ? project.settings : (get().settings ?? project.settings),
      ...(project.problem && { problem: project.problem }),
    }),
  })
  if (isNew) {
    replaceUrl('previewUrl', undefined)
    set({ previewVersion: undefined })
  }
  const photo = project.photos.at(0)
  replaceUrl('photoUrl', photo && (await pictureUrl(photo.picture)))
  replaceUrl('cropUrl', photo && (await pictureUrl(photo.portrait.crop)))
  if (project.head && project.job.state !== 'running') await loadVolume()
  judge()
}

/** Has the engine say what is to be thought of a finished head, where that is not known yet. */
async function judge(): Promise<void> {
  const { project } = get()
  if (!project?.head || project.photos.length === 0 || project.job.state !== 'done' || project.verdict) return
  set({ judging: 0 })
  const verdict = await attempt(() => engine.verdict({ project: project.id }))
  const now = get().project
  if (now?.id !== project.id) return
  set({ judging: undefined, ...(verdict && now.job.state === 'done' && { project: { ...now, verdict } }) })
}

async function loadVolume(): Promise<void> {
  const { project } = get()
  if (!project?.head) return
  await takeVolume(await engine.planes({ project: project.id }))
}

async function takeVolume(state: PlanesState): Promise<void> {
  const { shape, ...rest } = state
  const [data, shapeData] = await Promise.all([halvesOf(state.planes), shape && halvesOf(shape.planes)])
  const apart = shape && shapeData && { shape: { resolution: shape.resolution, data: shapeData } }
  set({ volume: { ...rest, data, ...apart } })
}

async function halvesOf(planes: BlobId): Promise<Uint16Array> {
  const bytes = await host.get(planes)
  // Copies where the bytes do not begin at a multiple of four.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2)
}

async function showPreview(event: Extract<EngineEvent, { type: 'preview' }>): Promise<void> {
  replaceUrl('previewUrl', toUrl(event.picture))
  set({ previewVersion: event.planes.version })
  await takeVolume(event.planes).catch(() => {})
  set(({ latency }) => ({ latency: { ...latency, preview: Date.now() - event.sent } }))
}

// --------------------------------------------------------------------------------------------------------------- actions

/** Only the newest correction matters: while one is on its way, the next waits and replaces those before it. */
let adjusting = false
let nextCorrection: PoseCorrection | undefined

async function sendCorrection(correction: PoseCorrection): Promise<void> {
  nextCorrection = correction
  if (adjusting) return
  adjusting = true
  while (nextCorrection) {
    const { project } = get()
    if (!project) break
    const sent: PoseCorrection = nextCorrection
    nextCorrection = undefined
    await attempt(async () => {
      const portrait = await engine.adjust({ project: project.id, photo: 0, correction: sent })
      const now = get().project
      if (now?.id !== project.id) return
      const [first, ...others] = now.photos
      set({ project: { ...now, photos: [{ ...first, portrait }, ...others] } })
      replaceUrl('cropUrl', await pictureUrl(portrait.crop))
    })
  }
  adjusting = false
  set({ correction: undefined })
}

export const actions = {
  async openFile(file: File): Promise<void> {
    const began = performance.now()
    await attempt(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer())
      const blob = await host.put(bytes)
      if (/\.(pkl|safetensors)$/i.test(file.name)) {
        const summary = await engine.importGenerator({ file: blob, name: file.name })
        set({ hello: await engine.hello({}), generator: summary.id, notice: summary.name })
      } else if (/\.halfturn$/i.test(file.name)) {
        await show(await engine.openFile({ file: blob, name: file.name }))
      } else {
        const name = file.name.replace(/\.[^.]+$/, '') || strings.drop.photoName
        await show(await engine.openPhotos({ photos: [{ file: blob, name }], generator: get().generator }))
        set(({ latency }) => ({ latency: { ...latency, pose: performance.now() - began } }))
      }
    }, strings.photo.finding)
  },

  openSample: () =>
    attempt(
      async () => show(await engine.openSample({ name: strings.drop.sampleName, generator: get().generator })),
      strings.photo.finding,
    ),

  openRecent: (id: string) => attempt(async () => show(await engine.open({ project: id })), strings.drop.opening),

  async forget(id: string): Promise<void> {
    await attempt(async () => {
      await engine.forget({ project: id })
      await loadRecent()
    })
  },

  async leave(): Promise<void> {
    const { project } = get()
    sessionStorage.removeItem(LAST_PROJECT)
    set({
      project: undefined,
      step: 'photo',
      volume: undefined,
      surface: undefined,
      problem: undefined,
      mode: 'volume',
    })
    await attempt(async () => {
      if (project && isUntouched(project)) await engine.forget({ project: project.id })
      await loadRecent()
    })
  },

  randomPerson: (seed: number, truncation: number) =>
    attempt(async () => {
      const { project, generator } = get()
      const before = project?.random && { project: project.id }
      await show(await engine.random({ seed, truncation, generator, ...before }))
    }),

  goTo: (step: Step) => set({ step }),

  chooseFace: (face: number) =>
    attempt(async () => {
      const { project } = get()
      if (!project) return
      await show(await engine.chooseFace({ project: project.id, photo: 0, face }))
      set({ step: 'photo', history: noHistory() })
    }, strings.photo.finding),

  /** @param keep whether this is a step to come back to: the end of a drag, not its middle */
  correct(correction: PoseCorrection, keep = true): void {
    const { history } = get()
    const now = correctionNow()
    if (!now) return
    if (keep) set({ history: record(history, correctionBeforeDrag ?? now, correction) })
    correctionBeforeDrag = keep ? undefined : (correctionBeforeDrag ?? now)
    // Shown at once; the engine's answer brings crop, camera and warnings.
    set({ correction })
    sendCorrection(correction)
  },

  undo(): void {
    const now = correctionNow()
    const step = now && stepBack(get().history, now)
    if (step) restore(step)
  },

  redo(): void {
    const now = correctionNow()
    const step = now && stepForward(get().history, now)
    if (step) restore(step)
  },

  setSettings(change: Partial<Settings>): void {
    const { settings, hello } = get()
    if (!settings || !hello) return
    const steps = change.quality ? { steps: hello.qualitySteps[change.quality] } : {}
    set({ settings: { ...settings, ...steps, ...change } })
  },

  setGenerator: (generator: string) => set({ generator }),

  /** While the head forms. */
  setSteps: (steps: number) =>
    attempt(async () => {
      const { project } = get()
      if (project) await engine.setSteps({ project: project.id, steps })
    }),

  start: () =>
    attempt(async () => {
      const { project, settings, generator } = get()
      if (!project || !settings) return
      set({
        step: 'form',
        progress: undefined,
        surface: undefined,
        problem: undefined,
        mode: 'volume',
        turntable: 'off',
        previewVersion: undefined,
      })
      replaceUrl('previewUrl', undefined)
      const started = await engine.start({ project: project.id, settings, generator })
      set({ project: started })
    }, strings.form.preparing),

  pause: () => forProject((project) => engine.pause({ project })),
  resume: () => forProject((project) => engine.resume({ project })),
  cancel: () => forProject((project) => engine.cancel({ project })),

  setMode: (mode: Mode) => set({ mode }),
  setSurfaceStyle: (surfaceStyle: SurfaceStyle) => set({ surfaceStyle }),
  setTurntable: (turntable: Turning) => set({ turntable }),
  setMesh: (change: Partial<State['mesh']>) => set(({ mesh }) => ({ mesh: { ...mesh, ...change } })),

  /** Fetches the surface of the head as it is now, where it is not there yet. */
  async loadSurface(): Promise<void> {
    const { project, volume, mesh, surface, surfacing } = get()
    const key = surfaceKey()
    // Before its planes are here nobody knows which head it would be of.
    if (!project?.head || !volume || surfacing !== undefined || surface?.key === key) return
    set({ surfacing: 0 })
    await attempt(async () => {
      const state = await engine.surface({ project: project.id, ...mesh })
      const blobs = [state.positions, state.normals, state.colours, state.triangles]
      if (state.evidence) blobs.push(state.evidence)
      const [positions, normals, colours, triangles, evidence] = await Promise.all(blobs.map((blob) => host.get(blob)))
      const whole = (bytes: Uint8Array) => bytes.slice().buffer as ArrayBuffer
      if (get().project?.id !== project.id) return
      set({
        surface: {
          positions: new Float32Array(whole(positions)),
          normals: new Float32Array(whole(normals)),
          colours,
          triangles: new Uint32Array(whole(triangles)),
          evidence,
          key,
        },
      })
    })
    set({ surfacing: undefined })
    // Something else may have been asked for meanwhile.
    if (get().mode === 'surface' && surfaceKey() !== key) await actions.loadSurface()
  },

  /** The engine's own view from a camera, rows from the bottom. */
  async view(camera: number[]): Promise<ImageBitmap | undefined> {
    const { project } = get()
    if (!project?.head) return undefined
    const { picture } = await engine.view({ project: project.id, camera })
    const options = { imageOrientation: 'flipY', premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const
    return createImageBitmap(new Blob([await host.get(picture)]), options)
  },

  saveMesh: (format: FormatName, extension: string) => {
    const { project, mesh } = get()
    return save(extension, async (name) => engine.exportMesh({ project: project!.id, format, name, ...mesh }))
  },

  saveProject: () => save('halfturn', async () => engine.exportProject({ project: get().project!.id })),

  /** @param render the window's own picture, where it is the better one */
  setLook(change: Partial<StageLook>): void {
    const look = { ...get().look, ...change }
    set({ look })
    keepLook(look)
  },
  setPictureSize: (pictureSize: number) => set({ pictureSize }),
  setFilm: (film: Film) => set({ film }),

  savePicture: (camera: number[], render: () => Promise<Uint8Array>) =>
    save('png', async () => {
      const picture = await host.put(await render())
      return engine.exportPicture({ project: get().project!.id, camera, picture })
    }),

  saveVideo: (film: Film, encode: (progress: (fraction: number) => void) => Promise<Uint8Array>) =>
    save(film, async (name) => {
      const bytes = await encode((fraction) => set(({ busy }) => (busy ? { busy: { ...busy, fraction } } : {})))
      return [{ name: `${name}.${film}`, blob: await host.put(bytes) }]
    }),

  log: () => engine.log({}),
  showLog: (showLog: boolean) => set({ showLog }),
  showCamera: (showCamera: boolean) => set({ showCamera }),
  dismiss: () => set({ problem: undefined, notice: undefined }),
  problem: (problem: Message) => set({ problem }),
  notice: (notice: string) => set({ notice }),
}

/** What a surface is made from. */
function surfaceKey(): string {
  const { project, volume, mesh } = get()
  return `${project?.id}/${volume?.version}/${mesh.resolution}/${mesh.triangles}`
}

/** The generator's final picture shows more than the rendering a volume is drawn with. */
const SHARPER = 256

/** Whether the engine's own view of the head is the finer one. */
export const isEnhanced = ({ hello, project }: State): boolean =>
  (hello?.generators.find(({ id }) => id === project?.generator)?.resolution ?? 0) >= SHARPER

/** Where a drag began: that is what undo goes back to. */
let correctionBeforeDrag: PoseCorrection | undefined

function restore({ value, history }: { value: PoseCorrection; history: History<PoseCorrection> }): void {
  set({ history, correction: value })
  sendCorrection(value)
}

function correctionNow(): PoseCorrection | undefined {
  const { correction, project } = get()
  return correction ?? project?.photos.at(0)?.portrait.correction
}

async function forProject(work: (project: string) => Promise<unknown>): Promise<void> {
  const { project } = get()
  if (project) await attempt(() => work(project.id))
}

/** Asks where, has it made, writes it there and says so. */
async function save(
  extension: string,
  make: (name: string) => Promise<{ name: string; blob: string }[]>,
): Promise<void> {
  const { project } = get()
  if (!project) return
  const chosen = await host.choose(project.name, extension)
  if (!chosen) return
  const label = `${chosen.name}.${extension}`
  const saved = await attempt(async () => {
    const files = await make(chosen.name)
    const [first, ...others] = files
    await host.save(chosen, [{ ...first, name: label }, ...others])
    return true
  }, strings.save.saving(label))
  if (saved) set({ notice: strings.save.saved(label) })
}
