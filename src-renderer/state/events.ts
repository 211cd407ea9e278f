/** What the engine, the shell and its menu tell the window. */
import type { MenuCommand } from '../../src-main/app/channels.ts'
import type { EngineEvent, Project, Unsaved } from '../../src-main/session/api.ts'
import type { HostState } from '../host.ts'
import { strings } from '../strings.ts'
import { changingActions } from './changing.ts'
import { attempt, engine } from './line.ts'
import { showPainted } from './looking.ts'
import { photoActions } from './photos.ts'
import { fetchVerdict, lastProject, loadRecent, projectActions, show, showPreview } from './projects.ts'
import { savingActions } from './saving.ts'
import { get, set } from './state.ts'

export async function onState(hostState: HostState): Promise<void> {
  // What the engine that ended had made is gone with it.
  if (hostState !== 'ready') return set({ hostState, busy: undefined, made: undefined })
  const isUnbidden = get().hello !== undefined && get().hostState !== 'moving'
  set({ hostState })
  await attempt(async () => {
    const hello = await engine.hello({})
    set({ hello, settings: get().settings ?? hello.defaults })
    const id = get().project?.id ?? lastProject()
    const recent = await loadRecent()
    // What was open in this window, or what a killed app left unfinished, goes on; not what another engine forms.
    const isOwner = hello.unsaved?.code !== 'unsaved-locked'
    const unfinished = recent.find(({ state, open }) => isOwner && state === 'running' && !open)
    const next = recent.find((project) => project.id === id)?.id ?? unfinished?.id
    const project = next ? await engine.open({ project: next }) : undefined
    if (isUnbidden) set({ crash: whatWasKept(project) })
    if (project) await show(project)
  })
}

/** After the engine has ended unbidden. */
function whatWasKept(project: Project | undefined): string {
  const { kept } = strings.engine
  if (!project) return kept.nothing
  const { state, step, steps } = project.job
  if (state === 'running' || state === 'paused') return kept.forming(step, steps)
  return project.head ? kept.head : kept.photos
}

export function onEvent(event: EngineEvent): void | Promise<void> {
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
        fetchVerdict().then(showPainted)
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

export function onCommand(command: MenuCommand): void {
  const work: Record<MenuCommand, () => unknown> = {
    open: () => document.getElementById('file-input')?.click(),
    save: savingActions.saveProject,
    new: projectActions.leave,
    undo: () => (isTyping(document.activeElement) ? document.execCommand('undo') : undo()),
    redo: () => (isTyping(document.activeElement) ? document.execCommand('redo') : redo()),
    log: () => set({ showLog: true }),
    preferences: () => set({ showPreferences: true }),
  }
  work[command]()
}

/** Takes back what was done last in the step that is shown: a change of the head, or a correction. */
export const undo = () => (get().step === 'look' ? changingActions.undoChange() : photoActions.undo())
export const redo = () => (get().step === 'look' ? changingActions.redoChange() : photoActions.redo())

/** Whether undo means what is typed. */
export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && ['number', 'text'].includes(target.type)
