/** The line to the engine, and what comes of a call that is refused. */
import { message } from '../../src-main/words/message.ts'
import { createHost, Refusal } from '../host.ts'
import { get, set } from './state.ts'

export const host = createHost()
export const { engine } = host

/** What a refusal, or a defect, has to say. */
export const problemOf = (error: unknown) =>
  error instanceof Refusal ? error.problem : message('defect', { what: (error as Error).message })

/** Runs `work`; what it refuses is shown with its cure. */
export async function attempt<T>(work: () => Promise<T>, busy?: string): Promise<T | undefined> {
  if (busy !== undefined) set({ busy: { what: busy }, problem: undefined, refused: [] })
  try {
    return await work()
  } catch (error) {
    // While the engine restarts, the banner says all there is to say.
    if (get().hostState === 'ready') set({ problem: problemOf(error) })
    return undefined
  } finally {
    if (busy !== undefined) set({ busy: undefined })
  }
}

export async function forProject(work: (project: string) => Promise<unknown>): Promise<void> {
  const { project } = get()
  if (project) await attempt(() => work(project.id))
}
