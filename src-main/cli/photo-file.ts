/** Photos as they are on disk. */
import { readFile, stat } from 'node:fs/promises'
import { UserError } from '../engine/errors.ts'

export interface PhotoFile {
  readonly path: string
  readonly bytes: Uint8Array
}

export async function readPhoto(path: string): Promise<PhotoFile> {
  const cure = 'Give the path of a JPEG, PNG or WebP file.'
  try {
    if ((await stat(path)).isDirectory()) throw new UserError(`${path} is a folder.`, cure)
    return { path, bytes: await readFile(path) }
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError(`Could not read ${path} (${(cause as NodeJS.ErrnoException).code}).`, cure, { cause })
  }
}
