/**
 * Saving one project again and again: one save at a time, the newest state, and when the disk refuses, another try
 * later. It never rejects: work goes on in memory, and the window is told that it is not saved, and why.
 */

import { isDeepStrictEqual } from 'node:util'
import { message, messageOf, UserError } from '../engine/errors.ts'
import { bounded, type Values } from '../words/message.ts'
import type { Unsaved } from './api.ts'
import type { Clock } from './clock.ts'

/** Milliseconds from a save that failed to the next try. */
const RETRY_EVERY = 5000

interface SavingOptions {
  /** Writes the state as it is when called. */
  write(): Promise<void>
  /** Whether it is saved has changed, or why not. */
  changed(unsaved: Unsaved | undefined): void
  readonly clock: Clock
}

export class Saving {
  private readonly options: SavingOptions
  private problem: Unsaved | undefined
  private last: Promise<void> = Promise.resolve()
  /** A save that has not begun yet. */
  private next: Promise<void> | undefined
  private closed = false
  private callOff = () => {}

  constructor(options: SavingOptions) {
    this.options = options
  }

  /** Why the newest state is not on disk; nothing where it is. */
  get unsaved(): Unsaved | undefined {
    return this.problem
  }

  /** Resolves when the state as it is now has been written, or could not be. */
  save(): Promise<void> {
    if (this.closed) return this.last
    // A save that has not begun will find this state as well.
    this.next ??= this.last.then(() => {
      this.next = undefined
      return this.attempt()
    })
    this.last = this.next
    return this.last
  }

  /** Waits for what is being written; nothing is written any more. */
  async close(): Promise<void> {
    this.closed = true
    this.callOff()
    await this.last
  }

  private async attempt(): Promise<void> {
    this.callOff()
    if (this.closed) return
    try {
      await this.options.write()
      this.tell(undefined)
    } catch (error) {
      this.tell(unsavedBecause(error))
      if (!this.closed) this.callOff = this.options.clock.after(RETRY_EVERY, () => void this.save())
    }
  }

  private tell(problem: Unsaved | undefined): void {
    if (isDeepStrictEqual(problem, this.problem)) return
    this.problem = problem
    this.options.changed(problem)
  }
}

/** What is wrong with the disk. */
export function unsavedBecause(error: unknown): Unsaved {
  if (error instanceof NotWritable) return error.unsaved
  const { cause } = error as Error
  const system = (cause as NodeJS.ErrnoException)?.code ?? (error as NodeJS.ErrnoException).code ?? ''
  switch (system) {
    case 'ENOSPC':
    case 'EDQUOT':
      return message('unsaved-full')
    case 'EROFS':
      return message('unsaved-read-only')
    case 'EACCES':
    case 'EPERM':
      return message('unsaved-denied', { system })
  }
  if (!(error instanceof UserError)) return bounded(message('unsaved-failed', { what: (error as Error).message }))
  const what = messageOf(error)
  return message('unsaved-refused', { what, cure: what })
}

/** Nothing may be written at present. */
export class NotWritable extends UserError<Unsaved['code']> {
  readonly unsaved: Unsaved

  constructor(unsaved: Unsaved) {
    super(unsaved.code, unsaved.values as Values<Unsaved['code']>)
    this.name = 'NotWritable'
    this.unsaved = unsaved
  }
}
