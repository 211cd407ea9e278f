/** Writing files so that a reader never sees half of one: temporary name, flush, rename. */
import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from './errors.ts'

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
}

/** What the system said of `path`, turned into words a person can act on; anything unknown is passed through. */
export function explainWriteError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException)?.code
  const cure = code === undefined ? undefined : CURES[code]
  return cure === undefined ? error : new UserError(`Could not write ${path} (${code}).`, cure, { cause: error })
}

/** Makes a folder and those above it. Not mkdir's own `recursive`: below /proc that never returns in Node 20. */
export async function makeFolder(folder: string): Promise<void> {
  const isFolder = async () => (await stat(folder).catch(() => undefined))?.isDirectory() === true
  if (await isFolder()) return
  if (dirname(folder) !== folder) await makeFolder(dirname(folder))
  await mkdir(folder).catch(async (error) => {
    // Somebody else may have made it meanwhile.
    if (!(await isFolder())) throw error
  })
}

/**
 * Writes `chunks` to `path`: to a temporary name in the same folder first, flushed, then renamed, so that an old file
 * stays whole when the disk is full or the process dies. Creates missing folders.
 */
export async function writeFileAtomic(path: string, ...chunks: (Uint8Array | string)[]): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    await makeFolder(dirname(path))
    const file = await open(temporary, 'wx')
    try {
      for (const chunk of chunks) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    // What went wrong matters, not that there was nothing to clean up.
    await rm(temporary, { force: true }).catch(() => {})
    throw explainWriteError(error, path)
  }
}
