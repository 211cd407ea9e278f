/** Photos as they are on disk. */
import { clipText, message, messageOf, UserError } from '../engine/errors.ts'
import { readRegularFile } from '../engine/files/regular-file.ts'
import { MOST_BYTES, requireFormat } from '../engine/images/signature.ts'

export interface PhotoFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * @param read reads it from where it lies; default: from disk
 * @throws UserError where there is no such file, or it is none with a photo in it; only a photo is read as a whole
 */
export async function readPhoto(path: string, read = readRegularFile): Promise<PhotoFile> {
  const check = (head: Uint8Array) => {
    try {
      requireFormat(head)
    } catch (error) {
      throw withPath(path, error)
    }
  }
  const bytes = await read(path, {
    most: MOST_BYTES,
    what: message('the-photo'),
    cure: message('give-photo'),
    check,
  })
  return { path, bytes }
}

/** What is wrong with a photo, with the photo's name before it; anything but a message for people stays as it is. */
export function withPath(path: string, error: unknown): unknown {
  if (!(error instanceof UserError)) return error
  const what = messageOf(error)
  return new UserError('photo-refused', { photo: clipText(path), what, cure: what }, { cause: error })
}
