/**
 * Uploads on their way in, each a file, so that even hundreds of megabytes are never in memory before somebody needs
 * them. Every process has folders of its own; what a killed one left, the next start removes.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../engine/errors.ts'
import { explainWriteError, makeFolder } from '../engine/files/atomic.ts'
import { LIMITS } from '../engine/limits.ts'

/** Bytes of one upload, and of all that are coming in at a time. */
const MOST: { each: number; together: number } = { each: LIMITS.upload.most, together: 2 ** 30 }

export interface Upload {
  readonly path: string
  readonly bytes: number
}

/** Tells this process from earlier ones that had its number. */
const SELF = `${process.pid}-${randomBytes(4).toString('hex')}`

export class Uploads {
  private readonly limits: typeof MOST
  private readonly all: string
  private readonly cleared: Promise<void>
  private folder: Promise<string> | undefined
  private arriving = 0

  /** @param all where the folders of all processes are */
  constructor(all: string, limits = MOST) {
    this.limits = limits
    this.all = all
    this.cleared = clear(all)
  }

  /**
   * Writes what comes to a file; nothing stays of it where the sender ends too early.
   * @throws UserError where it, or all that are arriving together, would be too large, or the disk refuses
   */
  async receive(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Upload> {
    await this.cleared
    this.folder ??= makeOwn(this.all)
    const path = join(await this.folder, randomBytes(16).toString('hex'))
    let bytes = 0
    try {
      const file = await open(path, 'wx', 0o600)
      try {
        for await (const chunk of chunks) {
          bytes += chunk.byteLength
          this.arriving += chunk.byteLength
          if (bytes > this.limits.each) throw new UserError('blob-too-large', { most: '700 MiB' })
          if (this.arriving > this.limits.together) throw new UserError('too-many-uploads')
          await file.writeFile(chunk)
        }
      } finally {
        await file.close()
      }
      return { path, bytes }
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw explainWriteError(error, path)
    } finally {
      this.arriving -= bytes
    }
  }

  /** Removes them all. */
  async close(): Promise<void> {
    await this.cleared
    if (this.folder) await rm(await this.folder, { recursive: true, force: true }).catch(() => {})
  }
}

/** A folder of one's own; among the system's temporary files, where there may be none in `all`. */
async function makeOwn(all: string): Promise<string> {
  const folder = join(all, `${SELF}-${randomBytes(4).toString('hex')}`)
  try {
    makeFolder(folder)
    return folder
  } catch {
    return mkdtemp(join(tmpdir(), 'halfturn-'))
  }
}

/** Removes what processes left that are no more. */
async function clear(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    if (isOfTheLiving(name)) continue
    await rm(join(all, name), { recursive: true, force: true }).catch(() => {})
  }
}

function isOfTheLiving(name: string): boolean {
  const pid = Number.parseInt(name, 10)
  if (pid === process.pid) return name.startsWith(SELF)
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, but somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
