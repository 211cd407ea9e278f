/** Photos as they are on disk. */
import { clip, UserError } from '../engine/errors.ts'
import { readRegularFile } from '../engine/files/regular-file.ts'
import { PHOTO_FORMAT_NAMES } from '../engine/images/photo-formats.ts'
import { MOST_BYTES, requireFormat } from '../engine/images/signature.ts'

export interface PhotoFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** @throws UserError where there is no such file, or it is none with a photo in it; only a photo is read as a whole */
export async function readPhoto(path: string): Promise<PhotoFile> {
  const cure = `Give the path of a ${PHOTO_FORMAT_NAMES} file.`
  const check = (head: Uint8Array) => {
    try {
      requireFormat(head)
    } catch (error) {
      throw withPath(path, error)
    }
  }
  const bytes = await readRegularFile(path, { most: MOST_BYTES, what: 'The photo', cure, check })
  return { path, bytes }
}

/** What is wrong with a photo, with the photo's name before it; anything but a message for people stays as it is. */
export function withPath(path: string, error: unknown): unknown {
  return error instanceof UserError
    ? new UserError(`${clip(path)}: ${error.message}`, error.cure, { cause: error })
    : error
}
