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

const REFUSALS = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EACCES: 'write-denied',
  EPERM: 'write-denied',
  EROFS: 'disk-read-only',
  ENOTDIR: 'path-through-file',
  EEXIST: 'path-through-file',
  ENOENT: 'folder-not-made',
  EISDIR: 'path-is-folder',
  ENAMETOOLONG: 'name-too-long',
  EBUSY: 'file-in-use',
} as const

/** What the system said of `path`, turned into something a person can act on; anything unknown is passed through. */
export function explainWriteError(error: unknown, path: string): unknown {
  const system = (error as NodeJS.ErrnoException)?.code ?? ''
  if (!Object.hasOwn(REFUSALS, system)) return error
  return new UserError(REFUSALS[system as keyof typeof REFUSALS], { path, system }, { cause: error })
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
