/** Writing files so that a reader never sees half of one: temporary name, flush, rename. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFile,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../errors.ts'
import { FileLock } from './lock.ts'

const CURES: Record<string, string> = {
  ENOSPC: 'Free some space or choose another folder.',
  EDQUOT: 'Free some space or choose another folder.',
  EACCES: 'Choose a folder you may write to.',
  EPERM: 'Choose a folder you may write to.',
  EROFS: 'The disk is read-only: choose another folder.',
  ENOTDIR: 'A part of the path is a file, not a folder: choose another path.',
  EEXIST: 'A part of the path is a file, not a folder: choose another path.',
  ENOENT: 'The folder cannot be made there: choose another path.',
  EISDIR: 'That is a folder: give a file name.',
  ENAMETOOLONG: 'Choose a shorter name or path.',
  EBUSY: 'Another program has the file open: close it there, or choose another name.',
}

/** What the system said of `path`, turned into words a person can act on; anything unknown is passed through. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException)?.code
  const cure = code === undefined ? undefined : CURES[code]
  return cure === undefined ? error : new UserError(`Could not write ${path} (${code}).`, cure, { cause: error })
}

/**
 * Makes a folder and those above it. Not mkdir's own `recursive`: below /proc that never returns in Node 20.
 * @returns those that were not there, the topmost first
 */
export function makeFolder(folder: string): string[] {
  if (isFolder(folder)) return []
  const above = dirname(folder) === folder ? [] : makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
    return [...above, folder]
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (isFolder(folder)) return above
    for (const path of above.toReversed()) rmdirSync(path)
    throw error
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Bytes, or text in UTF-8. */
export type Chunk = Uint8Array | string

/** Writes a file that is not there yet, and sees it flushed. */
export async function writeWhole(path: string, chunks: readonly Chunk[]): Promise<void> {
  const descriptor = openSync(path, 'wx')
  try {
    await writeThrough(descriptor, chunks)
  } finally {
    closeSync(descriptor)
  }
}

const [write, flush] = [promisify(writeFile), promisify(fsync)]

async function writeThrough(descriptor: number, chunks: readonly Chunk[]): Promise<void> {
  for (const chunk of chunks) await write(descriptor, chunk)
  await flush(descriptor)
}

/**
 * Writes `chunks` to `path`: to a temporary name in the same folder first, flushed, then renamed, so that an old file
 * stays whole when the disk is full or the process dies. Creates missing folders, and takes away what killed processes
 * left unfinished beside it.
 */
export async function writeFileAtomic(path: string, ...chunks: Chunk[]): Promise<void> {
  const folder = dirname(path)
  let temporary: FileLock | undefined
  try {
    makeFolder(folder)
    removeTemporaries(folder)
    // Short, whatever the file is called: a name that fits must not fail for its temporary one.
    while (!temporary) temporary = FileLock.tryTake(join(folder, `.halfturn-${randomBytes(4).toString('hex')}.tmp`))
    await writeThrough(temporary.descriptor, chunks)
    renameSync(temporary.path, path)
  } catch (error) {
    // What went wrong matters, not that there was nothing to clean up.
    if (temporary) rmSync(temporary.path, { force: true })
    throw explainWriteError(error, path)
  } finally {
    temporary?.release()
  }
}

/** Removes the temporary files of {@link writeFileAtomic} whose process has died. */
export function removeTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/^\.halfturn-[0-9a-f]{8}\.tmp$/.test(name)) continue
    try {
      FileLock.tryTake(join(folder, name))?.release({ remove: true })
    } catch {
      // Somebody else's, or on a disk that is read-only.
    }
  }
}
