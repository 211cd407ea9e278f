/** The photos of a head: opening and adding them, which face is meant, and putting poses right by hand. */
import { frontalFirst } from '../../src-main/engine/face/frontal-first.ts'
import type { PhotoState, PoseCorrection, Project } from '../../src-main/session/api.ts'
import { strings } from '../strings.ts'
import { noHistory, record, stepBack, stepForward } from './history.ts'
import { attempt, engine, forProject, host, problemOf } from './line.ts'
import { newestOnly } from './newest.ts'
import { loadPictures, loadRecent, opened, show, staying } from './projects.ts'
import { type Corrected, get, type RefusedFile, type State, set } from './state.ts'

const GENERATOR = /\.(pkl|safetensors)$/i
const PROJECT = /\.halfturn$/i
const isNoPhoto = ({ name }: File) => GENERATOR.test(name) || PROJECT.test(name)
const stem = ({ name }: File) => name.replace(/\.[^.]+$/, '') || strings.drop.photoName
const upload = async (file: File) => host.put(new Uint8Array(await file.arrayBuffer()))

/** Whether another photo may become the project's: not a made-up person's, and not while the head forms. */
export const takesPhotos = (project: Project | undefined): project is Project =>
  project !== undefined && project.photos.length > 0 && !['running', 'paused'].includes(project.job.state)

/** The photo that forming begins with, and whose view the head is compared in. */
export const leading = (photos: readonly PhotoState[]): PhotoState | undefined =>
  frontalFirst(photos, ({ portrait }) => portrait.yaw).at(0)

/** Object URL of its crop. */
export function leadingCrop({ project, pictures }: State): string | undefined {
  const photo = leading(project?.photos ?? [])
  return photo && pictures[photo.portrait.crop]
}

async function openOther(file: File): Promise<void> {
  const other = { file: await upload(file), name: file.name }
  if (PROJECT.test(file.name)) return show(await engine.openFile(other))
  const summary = await engine.importGenerator(other)
  set({ hello: await engine.hello({}), generator: summary.id, notice: summary.name })
}

/**
 * Has `work` use each of the files. What it refuses is left out, and said with the reason.
 * @throws what it refuses, where there is but one
 */
async function each(files: readonly File[], work: (file: File) => Promise<void>): Promise<void> {
  const refused: RefusedFile[] = []
  for (const [index, file] of files.entries()) {
    if (files.length > 1) set(({ busy }) => (busy ? { busy: { ...busy, fraction: index / files.length } } : {}))
    await work(file).catch((error) => {
      if (files.length === 1) throw error
      refused.push({ name: file.name, problem: problemOf(error) })
    })
  }
  set({ refused })
}

async function openNew(file: File): Promise<Project> {
  const began = performance.now()
  const photos = [{ file: await upload(file), name: stem(file) }]
  const project = await engine.openPhotos({ photos, generator: get().generator })
  opened.add(project.id)
  set(({ latency }) => ({ latency: { ...latency, pose: performance.now() - began } }))
  return project
}

/** Adds photos to a project, or to the first of them where there is none. */
async function openTogether(files: readonly File[], to?: Project): Promise<void> {
  const isHere = staying()
  let project = to
  await each(files, async (file) => {
    project = project
      ? await engine.addPhoto({ project: project.id, file: await upload(file), name: stem(file) })
      : await openNew(file)
  })
  if (!project) return
  if (!isHere()) return to ? undefined : forgetUnseen(project)
  await show(project)
  set({ step: 'photo', ...(to && { photo: Math.min(to.photos.length, project.photos.length - 1) }) })
}

/** A project for each; the first is shown, the others are among the recent ones. */
async function openApart(files: readonly File[]): Promise<void> {
  const isHere = staying()
  let first: Project | undefined
  await each(files, async (file) => {
    const project = await openNew(file)
    if (first) opened.delete(project.id)
    first ??= project
  })
  if (first && isHere()) return show(first)
  if (first) opened.delete(first.id)
  await loadRecent()
}

/** Who went on to something else while photos were opened did not want them. */
async function forgetUnseen({ id }: Project): Promise<void> {
  opened.delete(id)
  await engine.forget({ project: id })
}

/** Takes the files that were offered and does `work` with them. */
const accept = (work: (files: readonly File[]) => Promise<void>) => {
  const { offered } = get()
  set({ offered: [] })
  return attempt(() => work(offered), strings.photo.finding)
}

// ------------------------------------------------------------------------------------------------------------ correcting

const send = newestOnly<Corrected>(
  (sent) =>
    forProject(async (project) => {
      const portrait = await engine.adjust({ project, ...sent })
      const now = get().project
      const photo = now?.photos.at(sent.photo)
      if (now?.id !== project || !photo) return
      set({ project: { ...now, photos: now.photos.with(sent.photo, { ...photo, portrait }) } })
      await loadPictures()
    }),
  () => set({ corrected: undefined }),
)

/** Where a drag began: that is what undo goes back to. */
let beforeDrag: Corrected | undefined

/** How a photo is corrected, on its way to the engine or there. */
function correctionOf(photo: number): Corrected | undefined {
  const { corrected, project } = get()
  if (corrected?.photo === photo) return corrected
  const portrait = project?.photos.at(photo)?.portrait
  return portrait && { photo, correction: portrait.correction }
}

/** Goes one step, in the photo that it was made in. */
function step(through: typeof stepBack, value: Corrected | undefined): void {
  const now = value && correctionOf(value.photo)
  const found = now && through(get().history, now)
  if (!found) return
  set({ history: found.history, corrected: found.value, photo: found.value.photo })
  send(found.value)
}

export const photoActions = {
  /** What was chosen, dropped or pasted: photos may be of one person or of several, which is asked where it is not plain. */
  async takeFiles(files: readonly File[]): Promise<void> {
    const other = files.find(isNoPhoto)
    if (other) {
      await attempt(() => openOther(other), strings.drop.opening)
      if (files.length > 1) set({ notice: strings.drop.several(files.length, other.name) })
    } else if (files.length > 1 || takesPhotos(get().project)) set({ offered: files })
    else if (files.length === 1) await attempt(() => openTogether(files), strings.photo.finding)
  },

  addPhotos: (files: readonly File[]) => attempt(() => openTogether(files, get().project), strings.photo.finding),
  acceptToAdd: () => accept((files) => openTogether(files, get().project)),
  acceptTogether: () => accept((files) => openTogether(files)),
  acceptApart: () => accept(openApart),
  declineOffered: () => set({ offered: [] }),

  openSample: () =>
    attempt(async () => {
      const isHere = staying()
      const project = await engine.openSample({ name: strings.drop.sampleName, generator: get().generator })
      if (!isHere()) return forgetUnseen(project)
      opened.add(project.id)
      await show(project)
    }, strings.photo.finding),

  choosePhoto: (photo: number) => set({ photo }),

  removePhoto: (photo: number) =>
    attempt(async () => {
      const { project } = get()
      if (!project) return
      set({ photo: Math.max(0, photo - 1), history: noHistory() })
      await show(await engine.removePhoto({ project: project.id, photo }))
      set({ step: 'photo' })
    }),

  chooseFace: (face: number) =>
    attempt(async () => {
      const { project, photo } = get()
      if (!project) return
      await show(await engine.chooseFace({ project: project.id, photo, face }))
      set({ step: 'photo', history: noHistory() })
    }, strings.photo.finding),

  /** @param keep whether this is a step to come back to: the end of a drag, not its middle */
  correct(correction: PoseCorrection, keep = true): void {
    const { history, photo } = get()
    const now = correctionOf(photo)
    if (!now) return
    const corrected = { photo, correction }
    if (keep) set({ history: record(history, beforeDrag ?? now, corrected) })
    beforeDrag = keep ? undefined : (beforeDrag ?? now)
    // Shown at once; the engine's answer brings crop, camera and warnings.
    set({ corrected })
    send(corrected)
  },

  undo: () => step(stepBack, get().history.past.at(-1)),
  redo: () => step(stepForward, get().history.future.at(0)),
}
