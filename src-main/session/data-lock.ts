/**
 * One owner for a folder of projects: the engine that holds its lock may write, every other one reads, says so, and
 * takes over once the owner is gone. The operating system lets go of the lock when its process ends, however it does.
 */

import { ftruncateSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { message, UserError } from '../engine/errors.ts'
import { makeFolder } from '../engine/files/atomic.ts'
import { FileLock } from '../engine/files/lock.ts'
import type { Unsaved } from './api.ts'
import type { Clock } from './clock.ts'
import { NotWritable, unsavedBecause } from './saving.ts'

/** Milliseconds between two tries. */
const TRY_EVERY = 3000

interface DataLockOptions {
  readonly clock: Clock
  /** The folder has become ours, and nothing has been written yet: time to tidy up. */
  taken(): Promise<void>
  /** Whether anything may be written has changed, or why not. */
  changed(unsaved: Unsaved | undefined): void
  log(line: string): void
}

export class DataLock {
  private readonly folder: string
  private readonly options: DataLockOptions
  private problem: Unsaved | undefined = message('unsaved-not-open')
  private lock: FileLock | undefined
  private callOff = () => {}

  /** @param folder the data folder, in which the projects' one lies */
  constructor(folder: string, options: DataLockOptions) {
    this.folder = folder
    this.options = options
  }

  /** Why nothing may be written; nothing where it may. */
  get unsaved(): Unsaved | undefined {
    return this.problem
  }

  /** @throws NotWritable */
  require(): void {
    if (this.problem) throw new NotWritable(this.problem)
  }

  /** Takes the folder, or sees to it that this is tried again until it succeeds. */
  async take(): Promise<void> {
    const problem = this.tryTake()
    if (problem) this.callOff = this.options.clock.after(TRY_EVERY, () => void this.take())
    else await this.options.taken()
    if (isDeepStrictEqual(problem, this.problem)) return
    this.problem = problem
    this.options.changed(problem)
  }

  /** Lets go of it, for good. */
  release(): void {
    this.callOff()
    this.lock?.release({ remove: true })
    this.lock = undefined
  }

  private tryTake(): Unsaved | undefined {
    const path = join(this.folder, 'engine.lock')
    try {
      makeFolder(this.folder)
      this.lock = FileLock.tryTake(path)
      if (!this.lock) return message('unsaved-locked', { process: readPid(path) })
      // For whoever finds it taken.
      ftruncateSync(this.lock.descriptor)
      writeSync(this.lock.descriptor, String(process.pid))
    } catch (error) {
      // Whoever holds a lock on a full disk holds it. One without locks is somebody's only disk: the store still sees
      // when a project has been changed by others.
      if (!this.lock && !(error instanceof UserError)) return unsavedBecause(error)
      this.options.log(`the lock of the projects: ${(error as Error).message}`)
    }
    return undefined
  }
}

/** @returns 0 where it cannot be told */
function readPid(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0
  } catch {
    // Windows lets nobody read what is locked.
    return 0
  }
}
