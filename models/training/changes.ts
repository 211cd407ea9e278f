/** Records of changes: heads as they are at rest, and with one trait changed at a time (heads/change.py). */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../src-main/engine/errors.ts'
import { FIRST_HELD_OUT_SEED, parseMeta, type RecordedPicture, readEntries } from './records.ts'

export interface ChangedHead {
  readonly seed: number
  /** The head at rest: from the front, then from both sides. */
  readonly views: readonly RecordedPicture[]
  readonly changes: readonly Change[]
}

export interface Change {
  readonly trait: string
  /** In standard deviations of the trait. */
  readonly strength: number
  /** From where the head at rest is seen. */
  readonly views: readonly RecordedPicture[]
}

/** @throws UserError where an entry is missing or of another type */
export function readChangedHead(archive: Uint8Array, name: string): ChangedHead {
  const { rgb, mask, cam, meta } = readEntries(archive, name, ['rgb', 'mask', 'cam', 'meta'])
  const { seed, changes } = parseMeta<{ seed: number; changes?: { trait: string; strength: number }[] }>(meta)
  if (!changes || rgb.shape.length !== 5) {
    throw new UserError('tool', {
      text: `${name} is no record of changes.`,
      cure: 'Take the records with --changes, into a folder of their own.',
    })
  }
  const [, count, size] = rgb.shape
  const area = size * size
  const labels = new Float32Array(cam.bytes.buffer)
  const [first, ...others] = changes.map(({ trait, strength }, i) => {
    const views = Array.from({ length: count }, (_, k) => {
      const at = (i * count + k) * area
      return {
        size,
        rgb: rgb.bytes.subarray(3 * at, 3 * (at + area)),
        mask: mask.bytes.subarray(at, at + area),
        label: labels.subarray(25 * k, 25 * (k + 1)),
      }
    })
    return { trait, strength, views }
  })
  return { seed, views: first.views, changes: others }
}

/**
 * Reads every record of a folder, in the order of their names.
 * @throws UserError when there are none, or one is held out for evaluation
 */
export async function readChangedHeads(folder: string): Promise<ChangedHead[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.npz$/.test(name)).sort()
  const heads: ChangedHead[] = []
  for (const name of names) heads.push(readChangedHead(await readFile(join(folder, name)), name))
  const heldOut = heads.find(({ seed }) => seed >= FIRST_HELD_OUT_SEED)
  if (heads.length === 0 || heldOut) {
    throw new UserError('tool', {
      text: heldOut ? `Head ${heldOut.seed} is for evaluation only.` : `${folder} holds no records (.npz).`,
      cure: heldOut
        ? 'Move it away.'
        : 'Take some with `npm run records -- DIR 18 --first 700000 --size 128 --changes`.',
    })
  }
  return heads
}
