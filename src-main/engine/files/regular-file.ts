/**
 * Reading a file somebody named: what it is, how large it is and how it begins are looked at before it is read. A pipe
 * would be waited for without an end, and a sparse file of gigabytes costs its maker nothing.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { clipText, type Message, UserError } from '../errors.ts'

/** Bytes that `check` is given: enough for any format's signature. */
const HEAD_BYTES = 64

export interface RegularFile {
  /** Bytes it may have. */
  readonly most: number
  /** What errors call it. */
  readonly what: Message
  /** What to give instead. */
  readonly cure: Message
  /** Throws where the first bytes (64, or all of a shorter file) are not those of a file that is wanted. */
  readonly check?: (head: Uint8Array) => void
}

/** @throws UserError where there is none, or it is no regular file, too large, or not what `check` wants. */
export async function readRegularFile(path: string, { most, what, cure, check }: RegularFile): Promise<Uint8Array> {
  const shown = clipText(path)
  let file: FileHandle | undefined
  try {
    // Without a wait, a pipe opens at once and a terminal stays where it is. Windows has neither of them there.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0))
    const stat = await file.stat()
    if (stat.isDirectory()) throw new UserError('input-is-folder', { path: shown, cure })
    if (!stat.isFile()) throw new UserError('input-is-device', { path: shown, cure })
    if (stat.size > most) {
      throw new UserError('input-too-large', { what, path: shown, size: inMiB(stat.size), most: inMiB(most), cure })
    }
    const bytes = new Uint8Array(stat.size)
    const head = await fill(file, bytes.subarray(0, HEAD_BYTES), 0)
    check?.(bytes.subarray(0, head))
    const length = await fill(file, bytes, head)
    // It may have been cut meanwhile.
    return length === bytes.length ? bytes : bytes.slice(0, length)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (cause instanceof UserError || code === undefined) throw cause
    throw new UserError('input-unreadable', { path: shown, system: code, cure }, { cause })
  } finally {
    await file?.close()
  }
}

/** Reads from byte `at` of the file until `bytes` is full or the file ends. @returns how much of `bytes` is filled */
async function fill(file: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 1 << 28), at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at
}

const inMiB = (bytes: number): number => Math.ceil(bytes / 2 ** 20)
