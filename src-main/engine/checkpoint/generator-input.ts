/** A generator's file that somebody named: one of this program's, or an official checkpoint, told apart by their begin. */
import { clipText, message, UserError } from '../errors.ts'
import { readRegularFile } from '../files/regular-file.ts'

/** Bytes: a checkpoint with everything a training keeps has 378 MB. */
const MOST_BYTES = 2 ** 30

/** Whether a file begins with a pickle's operation PROTO and is no safetensors file whose header has that length. */
export function isCheckpoint(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && !isSafetensors(bytes)
}

/** The length of the header in 8 bytes, of which a header never needs more than 4, then JSON. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)
}

/** @throws UserError where it is no regular file, larger than 1 GiB, or begins like neither */
export function readGeneratorInput(path: string): Promise<Uint8Array> {
  const check = (head: Uint8Array) => {
    // An archive is refused by the import, in words of its own.
    const isArchive = head[0] === 0x50 && head[1] === 0x4b
    if (isCheckpoint(head) || isSafetensors(head) || isArchive) return
    throw new UserError('neither-generator', { path: clipText(path) })
  }
  return readRegularFile(path, {
    most: MOST_BYTES,
    what: message('the-file'),
    cure: message('give-generator'),
    check,
  })
}
