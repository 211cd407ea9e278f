/** Putting projects into the window, taking them out, and the list of recent ones. */
import type { BlobId, EngineEvent, PlanesState, Project, ProjectSummary } from '../../src-main/session/api.ts'
import { strings } from '../strings.ts'
import { noHistory } from './history.ts'
import { attempt, engine, host } from './line.ts'
import { showPainted } from './looking.ts'
import { get, type Step, set, type Volume } from './state.ts'

const LAST_PROJECT = 'project'
/** The one that was open in this window before it was loaded anew. */
export const lastProject = () => sessionStorage.getItem(LAST_PROJECT)

/** How often something else has come into the window. */
let visits = 0

/** @returns what says later whether the window was left meanwhile for something else: then nothing is put into it unasked */
export function staying(): () => boolean {
  const now = visits
  return () => visits === now
}

/** Projects made of photos that this window opened. */
export const opened = new Set<string>()

const toUrl = (bytes: Uint8Array): string =>
  URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }))

/** What still shows it has a moment to show another. */
const revoke = (url: string) => window.setTimeout(() => URL.revokeObjectURL(url), 1000)

export async function loadRecent(): Promise<ProjectSummary[]> {
  const recent = await engine.recent({})
  const urls = await Promise.all(
    recent.slice(0, 8).map(async ({ id, thumbnail }) => [id, thumbnail && toUrl(await host.get(thumbnail))] as const),
  )
  for (const url of Object.values(get().thumbnails)) URL.revokeObjectURL(url)
  set({ recent, thumbnails: Object.fromEntries(urls.filter((entry): entry is [string, string] => !!entry[1])) })
  return recent
}

/** Photos that were merely opened: nothing was done with them that would be worth keeping. */
function isUntouched({ id, photos, head, job, problem }: Project): boolean {
  const isCorrected = photos.some(({ portrait }) => {
    const { scale, ...others } = portrait.correction
    return scale !== 1 || Object.values(others).some((value) => value !== 0)
  })
  return opened.has(id) && !head && !problem && job.state === 'none' && !isCorrected
}

/** Puts a project into the window, at the step it was left in. */
export async function show(project: Project): Promise<void> {
  const before = get().project
  const isNew = before?.id !== project.id
  if (isNew) visits++
  if (isNew && before && isUntouched(before)) await engine.forget({ project: before.id }).catch(() => {})
  sessionStorage.setItem(LAST_PROJECT, project.id)
  const forming = ['running', 'paused', 'interrupted', 'failed'].includes(project.job.state)
  set({
    project,
    generator: project.generator,
    step: forming ? 'form' : project.head ? 'look' : 'photo',
    ...(isNew && {
      photo: 0,
      volume: undefined,
      surface: undefined,
      progress: undefined,
      judging: undefined,
      corrected: undefined,
      mode: 'volume',
      isModeChosen: false,
      surfaceStyle: 'colour',
      turntable: project.head && !forming ? 'once' : 'off',
      history: noHistory(),
      formed: undefined,
      changed: undefined,
      changes: noHistory(),
      settings: project.head ? project.settings : (get().settings ?? project.settings),
      ...(project.problem && { problem: project.problem }),
    }),
  })
  if (isNew) {
    replacePreview(undefined)
    set({ previewVersion: undefined })
  }
  await loadPictures()
  if (project.head && project.job.state !== 'running') await loadVolume()
  fetchVerdict().then(showPainted)
}

/** Fetches what the project's photos are shown by, and lets go of what no photo has any more. */
export async function loadPictures(): Promise<void> {
  const wanted = (get().project?.photos ?? []).flatMap(({ picture, portrait }) => [picture, portrait.crop])
  const missing = wanted.filter((id) => !get().pictures[id])
  const fetched = await Promise.all(
    missing.map(async (id) => {
      // What has gone meanwhile was replaced by another, which is fetched in its turn.
      const bytes = await host.get(id).catch(() => undefined)
      return bytes ? [[id, toUrl(bytes)] as const] : []
    }),
  )
  const all = { ...get().pictures, ...Object.fromEntries(fetched.flat()) }
  const kept = Object.entries(all).filter(([id]) => wanted.includes(id))
  for (const [id, url] of Object.entries(all)) if (!wanted.includes(id)) revoke(url)
  set({ pictures: Object.fromEntries(kept) })
}

/** Has the engine say what is to be thought of a finished head, where that is not known yet. */
export async function fetchVerdict(): Promise<void> {
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

export async function takeVolume(state: PlanesState): Promise<void> {
  set({ volume: await volumeOf(state) })
}

export async function volumeOf(state: PlanesState): Promise<Volume> {
  const { shape, ...rest } = state
  const [data, shapeData] = await Promise.all([halvesOf(state.planes), shape && halvesOf(shape.planes)])
  const apart = shape && shapeData && { shape: { resolution: shape.resolution, data: shapeData } }
  return { ...rest, data, ...apart }
}

async function halvesOf(planes: BlobId): Promise<Uint16Array> {
  const bytes = await host.get(planes)
  // Copies where the bytes do not begin at a multiple of four.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2)
}

export async function showPreview(event: Extract<EngineEvent, { type: 'preview' }>): Promise<void> {
  replacePreview(toUrl(event.picture))
  set({ previewVersion: event.planes.version })
  await takeVolume(event.planes).catch(() => {})
  set(({ latency }) => ({ latency: { ...latency, preview: Date.now() - event.sent } }))
  // The last planes may come after what was thought of them, and it is they that are shown with the photos on them.
  if (get().project?.verdict) showPainted()
}

export function replacePreview(previewUrl: string | undefined): void {
  const old = get().previewUrl
  set({ previewUrl })
  if (old) revoke(old)
}

export const projectActions = {
  openRecent: (id: string) => attempt(async () => show(await engine.open({ project: id })), strings.drop.opening),

  async forget(id: string): Promise<void> {
    await attempt(async () => {
      await engine.forget({ project: id })
      await loadRecent()
    })
  },

  async leave(): Promise<void> {
    visits++
    const { project } = get()
    sessionStorage.removeItem(LAST_PROJECT)
    set({
      project: undefined,
      step: 'photo',
      volume: undefined,
      formed: undefined,
      surface: undefined,
      problem: undefined,
      refused: [],
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
}
