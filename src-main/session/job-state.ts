/** What may become of a job: every state, and every thing that can be asked of it or happen to it, in one table. */

import { UserError } from '../engine/errors.ts'
import type { JobState } from './api.ts'

/** What a person asks for; `edit` changes what a head would be formed from. */
export type JobCommand = 'start' | 'resume' | 'pause' | 'cancel' | 'setSteps' | 'edit'
/** What the loop meets. */
export type JobOutcome = 'finish' | 'fail'

/**
 * Where it leads. The state itself: there is nothing to do. `ended`: done where there is a head, and none otherwise.
 * `busy`, `idle`: it is refused. `never`: only a defect of ours leads there.
 */
type Cell = JobState | 'ended' | 'busy' | 'idle' | 'never'

export const transitions: Record<JobState, Record<JobCommand | JobOutcome, Cell>> = {
  none: {
    start: 'running',
    resume: 'none',
    pause: 'none',
    cancel: 'none',
    setSteps: 'idle',
    edit: 'none',
    finish: 'never',
    fail: 'never',
  },
  running: {
    start: 'busy',
    resume: 'running',
    pause: 'paused',
    cancel: 'ended',
    setSteps: 'running',
    edit: 'busy',
    finish: 'done',
    fail: 'failed',
  },
  // The step that was under way may still fail.
  paused: {
    start: 'busy',
    resume: 'running',
    pause: 'paused',
    cancel: 'ended',
    setSteps: 'paused',
    edit: 'busy',
    finish: 'never',
    fail: 'failed',
  },
  // What cannot be gone on with may be begun anew.
  interrupted: {
    start: 'running',
    resume: 'running',
    pause: 'paused',
    cancel: 'ended',
    setSteps: 'interrupted',
    edit: 'interrupted',
    finish: 'never',
    fail: 'never',
  },
  failed: {
    start: 'running',
    resume: 'running',
    pause: 'failed',
    cancel: 'ended',
    setSteps: 'failed',
    edit: 'failed',
    finish: 'never',
    fail: 'never',
  },
  done: {
    start: 'running',
    resume: 'done',
    pause: 'done',
    cancel: 'done',
    setSteps: 'idle',
    edit: 'done',
    finish: 'never',
    fail: 'never',
  },
}

/**
 * The state after `action`.
 * @param hasHead whether there is a head to keep
 * @throws UserError where it is refused; the state stays as it is
 */
export function transition(state: JobState, action: JobCommand | JobOutcome, hasHead: boolean): JobState {
  const to = transitions[state][action]
  switch (to) {
    case 'ended':
      return hasHead ? 'done' : 'none'
    case 'busy':
    case 'idle':
      throw new UserError(`job-${to}`)
    case 'never':
      throw new Error(`A job that is ${state} cannot ${action}.`)
    default:
      return to
  }
}
