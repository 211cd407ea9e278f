/**
 * One owner for a folder of projects: the engine that holds its lock may write, every other one reads, says so, and
 * takes over once the owner is gone. The lock is a folder whose time its owner keeps fresh; a note beside it says which
 * process that is, so that the next one need not wait for a lock to grow old when its owner has been killed.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { z } from 'zod'
import type { Unsaved } from './api.ts'
import type { Clock } from './clock.ts'
import { makeFolder, writeFileAtomic } from './files.ts'
import { NotWritable, unsavedBecause } from './saving.ts'

/** Milliseconds after which a lock is old: of an owner that may live, if only asleep, and of one that is dead. */
const STALE = 60_000
const STALE_OF_DEAD = 2000
/** Milliseconds between two tries, of an engine that reads and of one that starts after a killed owner. */
const TRY_EVERY = 5000
const TRY_AT_START_EVERY = 250

const note = z.object({ pid: z.int().positive(), host: z.string().max(300), token: z.string().max(100) })

export interface DataLockOptions {
  readonly clock: Clock
  /** The lock has been taken and nothing written yet: time to tidy up. */
  taken(): Promise<void>
  /** It has been taken, or lost. */
  changed(unsaved: Unsaved | undefined): void
}

export class DataLock {
  private readonly folder: string
  private readonly options: DataLockOptions
  private readonly token = randomUUID()
  private problem: Unsaved | undefined = unsavedBecause(new Error('the projects are not open yet.'))
  private letGo: (() => Promise<void>) | undefined
  private trying: Promise<void> = Promise.resolve()
  private callOff = () => {}
  private released = false

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

  /** Takes the lock, or sees to it that this is tried again and again. */
  async take(): Promise<void> {
    // A killed owner's lock is fresh for a moment.
    for (let waited = 0; waited <= STALE_OF_DEAD; waited += TRY_AT_START_EVERY) {
      if ((await this.attempt()) !== 'dead') return
      await sleep(TRY_AT_START_EVERY)
    }
  }

  /** Lets go of it, for good. */
  async release(): Promise<void> {
    this.released = true
    this.callOff()
    await this.trying
    const { letGo } = this
    this.letGo = undefined
    if (!letGo) return
    await rm(this.notePath, { force: true }).catch(() => {})
    await letGo().catch(() => {})
  }

  private get notePath(): string {
    return join(this.folder, 'engine.json')
  }

  /** @returns whether it is ours, somebody's who lives, or somebody's who does not */
  private async attempt(): Promise<'ours' | 'taken' | 'dead'> {
    this.callOff()
    const owner = await this.readOwner()
    const isDead = owner !== undefined && owner.host === hostname() && !isAlive(owner.pid)
    // Ours, from before it was lost.
    const isOwn = owner?.token === this.token
    let problem: Unsaved | undefined
    try {
      await makeFolder(this.folder)
      this.letGo = await lock(this.folder, {
        lockfilePath: join(this.folder, 'engine.lock'),
        stale: isDead || isOwn ? STALE_OF_DEAD : STALE,
        onCompromised: () => this.lose(),
      })
      await writeFileAtomic(this.notePath, JSON.stringify({ pid: process.pid, host: hostname(), token: this.token }))
      await this.options.taken()
    } catch (error) {
      const isHeld = (error as NodeJS.ErrnoException).code === 'ELOCKED'
      problem = isHeld ? heldBy(owner?.pid) : unsavedBecause(error)
      await this.letGo?.().catch(() => {})
      this.letGo = undefined
    }
    this.become(problem)
    if (problem) this.tryLater()
    return problem === undefined ? 'ours' : problem.code === 'locked' && isDead ? 'dead' : 'taken'
  }

  private lose(): void {
    this.letGo = undefined
    this.become(heldBy(undefined))
    this.tryLater()
  }

  private tryLater(): void {
    if (this.released) return
    this.callOff()
    this.callOff = this.options.clock.after(TRY_EVERY, () => {
      this.trying = this.attempt().then(() => {})
    })
  }

  private become(problem: Unsaved | undefined): void {
    if (problem?.message === this.problem?.message) return
    this.problem = problem
    this.options.changed(problem)
  }

  private async readOwner() {
    const text = await readFile(this.notePath, 'utf8').catch(() => '')
    try {
      return note.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  }
}

function heldBy(pid: number | undefined): Unsaved {
  const who = pid === undefined ? 'Another Halfturn' : `Another Halfturn (process ${pid})`
  return {
    code: 'locked',
    message: `${who} has the projects: nothing is saved here.`,
    cure: 'Close it, and this one saves; or keep what you make here as files.',
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
