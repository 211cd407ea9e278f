/**
 * Locks between processes, held by the operating system: a lock ends with the process that has it, however that ends,
 * so there is no stale one to guess at. Two descriptors exclude each other inside one process too.
 */
import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from 'node:fs'
import { tryLock } from 'fs-native-extensions'
import { UserError } from '../errors.ts'

/** Between two looks at a lock somebody else has, and at most in all, milliseconds: locks waited for are held shortly. */
const LOOK = 10
const PATIENCE = 20_000
const UNSUPPORTED = new Set(['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])
/** What Windows says of a file that is being deleted. */
const GOING = new Set(['EPERM', 'EBUSY'])
/** Nobody's link leads a lock elsewhere; Windows has no such flag. */
const OPEN = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

export class FileLock {
  readonly path: string
  /** Open for reading and writing. */
  readonly descriptor: number

  private constructor(path: string, descriptor: number) {
    this.path = path
    this.descriptor = descriptor
  }

  /**
   * Locks the file at `path`, made where it is missing.
   * @returns nothing where somebody else has it
   * @throws UserError where the file system has no locks; the system's error where the file cannot be opened or made
   */
  static tryTake(path: string): FileLock | undefined {
    for (;;) {
      let descriptor: number
      try {
        descriptor = openSync(path, OPEN, 0o666)
      } catch (error) {
        if (process.platform === 'win32' && GOING.has(codeOf(error))) return undefined
        throw error
      }
      try {
        if (!tryLock(descriptor)) {
          closeSync(descriptor)
          return undefined
        }
        // Who had it before may have removed the file meanwhile: then this is a lock on nothing.
        if (isAt(path, descriptor)) return new FileLock(path, descriptor)
        closeSync(descriptor)
      } catch (error) {
        closeSync(descriptor)
        if (!UNSUPPORTED.has(codeOf(error))) throw error
        throw new UserError('disk-without-locks', { path, system: codeOf(error) }, { cause: error })
      }
    }
  }

  /** Like {@link tryTake}, but waits, without letting anything else happen in this process. */
  static take(path: string): FileLock {
    for (let waited = 0; waited < PATIENCE; waited += LOOK) {
      const lock = FileLock.tryTake(path)
      if (lock) return lock
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK)
    }
    throw new UserError('locked-elsewhere', { path })
  }

  /** @param remove the file too, where it is there */
  release({ remove = false } = {}): void {
    if (remove) {
      try {
        // While it is locked: whoever takes it next finds that it has gone.
        unlinkSync(this.path)
      } catch {
        // Then it stays, and says nothing.
      }
    }
    closeSync(this.descriptor)
  }
}

function isAt(path: string, descriptor: number): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false })
  const { dev, ino } = fstatSync(descriptor, { bigint: true })
  return there?.dev === dev && there.ino === ino
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''
