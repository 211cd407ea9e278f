/** Photos as they are on disk. */
import { PHOTO_FORMAT_NAMES } from '../engine/face/formats.ts'
import { MOST_BYTES, requireFormat } from '../engine/face/signature.ts'
import { readRegularFile } from '../engine/regular-file.ts'

export interface PhotoFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** @throws UserError where there is no such file, or it is none with a photo in it; only a photo is read as a whole */
export async function readPhoto(path: string): Promise<PhotoFile> {
  const cure = `Give the path of a ${PHOTO_FORMAT_NAMES} file.`
  const bytes = await readRegularFile(path, { most: MOST_BYTES, what: 'The photo', cure, check: requireFormat })
  return { path, bytes }
}
