/**
 * Bytes on their way between engine and windows, by an unguessable name: what the engine made is held in memory, what
 * was uploaded is a file until it is taken.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { UserError } from '../engine/errors.ts'
import type { BlobId } from './api.ts'
import type { Upload } from './uploads.ts'

const MOST_BYTES = 2 ** 30
/** Pictures and planes are replaced all the time; a window may still be fetching the one before the last. */
const KEPT_IN_A_SLOT = 3
/** Bytes of all uploads that nobody has taken yet, and milliseconds one is kept. */
const MOST_UPLOADED = 2 ** 30
export const UPLOAD_KEPT = 10 * 60_000

interface Waiting extends Upload {
  /** The line it came over, which it does not outlive. */
  readonly owner: unknown
  readonly expiry: NodeJS.Timeout
}

export class Blobs {
  private readonly held = new Map<BlobId, Uint8Array>()
  private readonly uploads = new Map<BlobId, Waiting>()
  private readonly slots = new Map<string, BlobId[]>()
  private total = 0
  private uploaded = 0

  /**
   * @param slot where given, this blob takes the place of older ones put under the same name
   * @throws UserError where more than 1 GiB would be held even without the oldest blobs
   */
  put(bytes: Uint8Array, slot?: string): BlobId {
    if (bytes.byteLength > MOST_BYTES) throw new UserError('blob-too-large', { most: '1 GiB' })
    const id = newId()
    this.held.set(id, bytes)
    this.total += bytes.byteLength
    if (slot !== undefined) {
      const ids = this.slots.get(slot) ?? []
      this.slots.set(slot, ids)
      ids.push(id)
      while (ids.length > KEPT_IN_A_SLOT) this.drop(ids.shift()!)
    }
    for (const oldest of this.held.keys()) {
      if (this.total <= MOST_BYTES) break
      this.drop(oldest)
    }
    return id
  }

  /** Takes an upload over. Untaken ones are dropped after ten minutes, and the oldest where all are beyond 1 GiB. */
  putUpload(upload: Upload, owner?: unknown): BlobId {
    const id = newId()
    const expiry = setTimeout(() => this.drop(id), UPLOAD_KEPT).unref()
    this.uploads.set(id, { ...upload, owner, expiry })
    this.uploaded += upload.bytes
    for (const oldest of this.uploads.keys()) {
      if (this.uploaded <= MOST_UPLOADED || oldest === id) break
      this.drop(oldest)
    }
    return id
  }

  /** @throws UserError where it is gone */
  get(id: BlobId): Uint8Array {
    const bytes = this.held.get(id) ?? this.read(id)
    if (!bytes) throw new UserError('blob-gone')
    return bytes
  }

  /** Gets it and lets go of it. */
  take(id: BlobId): Uint8Array {
    const bytes = this.get(id)
    this.drop(id)
    return bytes
  }

  drop(id: BlobId): void {
    this.total -= this.held.get(id)?.byteLength ?? 0
    this.held.delete(id)
    const upload = this.uploads.get(id)
    if (!upload) return
    this.uploads.delete(id)
    this.uploaded -= upload.bytes
    clearTimeout(upload.expiry)
    try {
      rmSync(upload.path, { force: true })
    } catch {
      // The next start removes it.
    }
  }

  /** Drops everything in slots whose names start with `prefix`. */
  dropSlots(prefix: string): void {
    for (const [slot, ids] of this.slots) {
      if (!slot.startsWith(prefix)) continue
      for (const id of ids) this.drop(id)
      this.slots.delete(slot)
    }
  }

  /** Drops the uploads nobody took that came over a line which has ended. */
  dropUploads(owner: unknown): void {
    for (const [id, upload] of this.uploads) if (upload.owner === owner) this.drop(id)
  }

  private read(id: BlobId): Uint8Array | undefined {
    const upload = this.uploads.get(id)
    try {
      return upload && readFileSync(upload.path)
    } catch {
      return undefined
    }
  }
}

const newId = (): BlobId => randomBytes(16).toString('hex')
