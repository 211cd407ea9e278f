/**
 * A job: a loop that drives an inversion, and the commands that steer it. Commands are carried out one after the
 * other, each on the state that the one before left, so that two windows cannot start two loops.
 */
import { UserError } from '../engine/errors.ts'
import type { Progress } from '../engine/inversion/inversion.ts'
import { runLoop } from '../engine/inversion/loop.ts'
import type { JobView } from './api.ts'
import { type JobCommand, transition } from './job-state.ts'

/** What the loop drives: an inversion. */
export interface Forming {
  readonly progress: { readonly step: number; readonly steps: number }
  set steps(count: number)
  step(): Promise<Progress>
}

interface JobHost<F extends Forming> {
  /** Whether there is a head to keep when the job ends. */
  hasHead(): boolean
  /** Runs `work` when nothing else runs a network. */
  turn<T>(work: () => Promise<T>): Promise<T>
  /** A step was made: its head is the new one. */
  advanced(forming: F): void | Promise<void>
  /** Tells of the step, and shows it. What goes wrong here is logged, and the job goes on. */
  show(progress: Progress): Promise<void>
  /** The state has changed, or has been left because of `error`. */
  changed(error?: Error): void
  /** Saves job and head as they are. Never rejects: where it cannot be saved, the work goes on. */
  save(): Promise<void>
  log(line: string): void
  /** Milliseconds. */
  now(): number
}

export class Job<F extends Forming> {
  private readonly host: JobHost<F>
  private job: JobView
  private likeness: number[]
  /** What goes on, or would after a pause. Nothing where it has to be read from the checkpoint first. */
  private current: F | undefined
  private loop: Promise<void> = Promise.resolve()
  private commands: Promise<unknown> = Promise.resolve()
  private pending = 0
  private closed = false

  constructor(host: JobHost<F>, job: JobView = { state: 'none', step: 0, steps: 0 }, likeness: readonly number[] = []) {
    this.host = host
    this.job = job
    this.likeness = [...likeness]
  }

  /** A copy, with the likeness after every step so far. */
  get view(): { job: JobView; likeness: number[] } {
    return { job: { ...this.job }, likeness: [...this.likeness] }
  }

  get isRunning(): boolean {
    return this.job.state === 'running'
  }

  /** Whether something forms, could go on from memory, or has been asked for. */
  get isBusy(): boolean {
    return this.isRunning || this.current !== undefined || this.pending > 0
  }

  /** What is forming, or paused and in memory. */
  get forming(): F | undefined {
    return this.current
  }

  /** @param prepare makes what is to run; where it rejects, everything stays as it was */
  start(prepare: () => Promise<F>): Promise<void> {
    return this.command('start', async () => {
      await this.loop
      const forming = await prepare()
      this.likeness = []
      this.begin(forming)
    })
  }

  /** Goes on with what was paused, interrupted or failed. @param prepare makes it from the checkpoint, where needed */
  resume(prepare: () => Promise<F>): Promise<void> {
    return this.command('resume', async (state) => {
      if (state === this.job.state) return
      await this.loop
      // The last step may just have ended, or failed, in spite of the pause.
      if (transition(this.job.state, 'resume', this.host.hasHead()) !== 'running') return
      let { current } = this
      if (!current) {
        current = await prepare()
        current.steps = this.job.steps
        this.likeness.length = Math.min(this.likeness.length, current.progress.step)
      }
      this.begin(current)
    })
  }

  pause(): Promise<void> {
    return this.command('pause', async (state) => {
      if (state === this.job.state) return
      this.become(state)
      // The loop saves when it ends; where there is none, nobody else does.
      if (!this.current) await this.host.save()
    })
  }

  /** Ends the job; the best head so far stays. */
  cancel(): Promise<void> {
    return this.command('cancel', async (state) => {
      if (state === this.job.state) return
      this.become(state)
      await this.loop
      this.current = undefined
      await this.host.save()
    })
  }

  setSteps(steps: number): Promise<void> {
    return this.command('setSteps', async () => {
      const least = Math.max(steps, this.job.step + 1)
      if (this.current) this.current.steps = least
      this.job = { ...this.job, steps: least }
      this.host.changed()
      // The loop saves by itself.
      if (!this.isRunning) await this.host.save()
    })
  }

  /** Runs `work`, which changes what a head would be formed from, while none is forming. */
  edit<T>(work: () => Promise<T>): Promise<T> {
    return this.command('edit', work)
  }

  /** Ends the loop and leaves the state as it is, for the next process to go on with. Nothing can be asked any more. */
  close(): Promise<void> {
    const last = this.commands.then(async () => {
      this.closed = true
      await this.loop
    })
    this.commands = last
    return last
  }

  private command<T>(action: JobCommand, work: (state: JobView['state']) => Promise<T>): Promise<T> {
    this.pending++
    const result = this.commands
      .then(() => {
        if (this.closed) throw new UserError('project-put-away')
        return work(transition(this.job.state, action, this.host.hasHead()))
      })
      .finally(() => this.pending--)
    this.commands = result.catch(() => {})
    return result
  }

  private begin(forming: F): void {
    this.current = forming
    const { step, steps } = forming.progress
    this.job = { ...this.job, step, steps }
    this.become('running')
    this.loop = this.run(forming).catch((error: Error) => this.host.log(`the loop of a job: ${error.stack}`))
  }

  private become(state: JobView['state'], error?: Error): void {
    this.job = { ...this.job, state }
    this.host.changed(error)
  }

  private async run(forming: F): Promise<void> {
    const { host } = this
    await host.save()
    await runLoop({
      goesOn: () => this.goesOn(),
      step: async () => {
        try {
          return await host.turn(() => this.step(forming))
        } catch (error) {
          this.fail(error as Error)
          return undefined
        }
      },
      show: (progress) =>
        host.show(progress).catch((error: Error) => {
          host.log(`showing step ${progress.step}: ${error.stack}`)
        }),
      save: () => host.save(),
      now: () => host.now(),
    })
  }

  private goesOn(): boolean {
    if (!this.isRunning || this.closed) return false
    if (this.job.step < this.job.steps) return true
    this.current = undefined
    this.become(transition('running', 'finish', this.host.hasHead()))
    return false
  }

  /** In the turn itself, so that who saves between two turns finds step, likeness and head of one moment. */
  private async step(forming: F): Promise<Progress | undefined> {
    const progress = await forming.step()
    // A step that a cancelled job still made is nobody's.
    if (!this.isRunning && this.job.state !== 'paused') return undefined
    const { step, steps } = progress
    this.likeness.push(likenessOf(progress))
    this.job = { ...this.job, step, steps }
    await this.host.advanced(forming)
    return progress
  }

  /** What it stands in is not to be trusted any more: it can be gone on with from the checkpoint. */
  private fail(error: Error): void {
    const { state } = this.job
    this.host.log(`a step failed: ${error.stack}`)
    if (state !== 'running' && state !== 'paused') return
    this.current = undefined
    this.become(transition(state, 'fail', this.host.hasHead()), error)
  }
}

/**
 * How alike head and photo are, 0 to 1, from their distance as the perceptual network has it. The loss itself does not
 * tell: every phase adds up other terms, and would begin with a leap.
 */
export const likenessOf = ({ terms }: Progress): number => Math.exp(-terms.perceptual)
