/** Forming a head: its settings, and the job. */
import type { Settings } from '../../src-main/session/api.ts'
import { strings } from '../strings.ts'
import { attempt, engine, forProject } from './line.ts'
import { replacePreview } from './projects.ts'
import { get, set } from './state.ts'

export const formingActions = {
  setSettings(change: Partial<Settings>): void {
    const { settings, hello } = get()
    if (!settings || !hello) return
    const steps = change.quality ? { steps: hello.qualitySteps[change.quality] } : {}
    set({ settings: { ...settings, ...steps, ...change } })
  },

  setGenerator: (generator: string) => set({ generator }),

  /** While the head forms. */
  setSteps: (steps: number) => forProject((project) => engine.setSteps({ project, steps })),

  start: () =>
    attempt(async () => {
      const { project, settings, generator } = get()
      if (!project || !settings) return
      set({
        step: 'form',
        progress: undefined,
        surface: undefined,
        formed: undefined,
        problem: undefined,
        mode: 'volume',
        isModeChosen: false,
        turntable: 'off',
        previewVersion: undefined,
      })
      replacePreview(undefined)
      const started = await engine.start({ project: project.id, settings, generator })
      set({ project: started })
    }, strings.form.preparing),

  pause: () => forProject((project) => engine.pause({ project })),
  resume: () => forProject((project) => engine.resume({ project })),
  cancel: () => forProject((project) => engine.cancel({ project })),
}
