/** Bytes on their way between engine and windows, by an unguessable name. */
import { randomBytes } from 'node:crypto'
import type { BlobId } from './api.ts'
import { UserError } from './errors.ts'

const MOST_BYTES = 2 ** 30
/** Pictures and planes are replaced all the time; a window may still be fetching the one before the last. */
const KEPT_IN_A_SLOT = 3

export class Blobs {
  private readonly held = new Map<BlobId, Uint8Array>()
  private readonly slots = new Map<string, BlobId[]>()
  private total = 0

  /**
   * @param slot where given, this blob takes the place of older ones put under the same name
   * @throws UserError where more than 1 GiB would be held even without the oldest blobs
   */
  put(bytes: Uint8Array, slot?: string): BlobId {
    if (bytes.byteLength > MOST_BYTES) throw new UserError('The file is larger than 1 GiB.', 'Choose a smaller file.')
    const id = randomBytes(16).toString('hex')
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

  /** @throws UserError where it is gone */
  get(id: BlobId): Uint8Array {
    const bytes = this.held.get(id)
    if (!bytes) throw new UserError('These data are no longer held by the engine.', 'Do it again.')
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
  }

  /** Drops everything in slots whose names start with `prefix`. */
  dropSlots(prefix: string): void {
    for (const [slot, ids] of this.slots) {
      if (!slot.startsWith(prefix)) continue
      for (const id of ids) this.drop(id)
      this.slots.delete(slot)
    }
  }
}
