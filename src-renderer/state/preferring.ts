/** What a person prefers, in this window and for all heads to come; and what there is to be told of trouble. */
import type { Preferences } from '../../src-main/session/api.ts'
import { inWords, strings } from '../strings.ts'
import { chosenTheme, keepTheme, type Theme } from '../theme.ts'
import { attempt, engine, host } from './line.ts'
import { get, set } from './state.ts'

export const preferringActions = {
  setTheme(theme: Theme): void {
    keepTheme(theme)
    set({ theme: chosenTheme() })
  },

  /** Kept by the engine, for every window. */
  prefer: (change: Partial<Preferences>) =>
    attempt(async () => {
      const preferences = await engine.prefer(change)
      const hello = await engine.hello({})
      const { project } = get()
      // What was chosen for the head at hand stays.
      set({ hello: { ...hello, preferences }, ...(!project && { settings: hello.defaults }) })
    }),

  /** Has heads kept in another folder, of which the person is asked. @returns it, where one was chosen */
  moveFolder: () => attempt(async () => host.outside?.moveFolder()),

  showPreferences: (showPreferences: boolean) => set({ showPreferences }),
  showLog: (showLog: boolean) => set({ showLog }),
}

/** All that helps to find out what went wrong; nothing of photos or heads. */
export async function report(adapter: string | undefined): Promise<string> {
  const { hello, latency, hostState, problem, project, crash } = get()
  const log = hostState === 'ready' ? await engine.log({}).catch(() => '') : ''
  return [
    `${strings.app} ${hello?.version} (${host.kind})`,
    navigator.userAgent,
    hello && `provider: ${hello.provider}: ${inWords(hello.reason).text}`,
    hello && `preferences: ${JSON.stringify(hello.preferences)}`,
    adapter && `graphics: ${adapter}`,
    project &&
      `project: ${project.photos.length} photos, job ${project.job.state} ${project.job.step}/${project.job.steps}`,
    latency.preview !== undefined && `preview latency: ${latency.preview.toFixed(0)} ms`,
    latency.pose !== undefined && `photo to pose: ${latency.pose.toFixed(0)} ms`,
    crash && `the engine ended: ${crash}`,
    problem && `problem: ${JSON.stringify(problem)}`,
    log,
  ]
    .filter(Boolean)
    .join('\n')
}

/** The clipboard permission is denied like all others; copying a selection needs none. */
export function copy(content: string): void {
  const area = document.createElement('textarea')
  area.value = content
  const dialog = document.querySelector('dialog[open]') ?? document.body
  dialog.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
