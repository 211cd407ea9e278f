/** Reconstructions that were interrupted: what they were begun with, so that none is gone on with as another one. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readSafetensors } from '../engine/checkpoint/safetensors.ts'
import { type Message, message, UserError } from '../engine/errors.ts'
import { nameKey } from '../engine/files/names.ts'
import { type InversionSettings, inversionSettings } from '../engine/inversion/inversion-settings.ts'

export const UNFINISHED = 'unfinished'

/** What, beside the generator, makes another head of a run. Steps do not: they may be changed on the way. */
const origin = z.object({
  /** Digests of the photos, in any order. */
  photos: z.array(z.string()),
  face: z.number().nullable(),
  quality: inversionSettings.shape.quality,
  learningRate: z.number(),
  seed: z.number(),
})
export type Origin = z.infer<typeof origin>

export function originOf(photos: readonly string[], face: number | undefined, settings: InversionSettings): Origin {
  const { quality, learningRate, seed } = settings
  return { photos: photos.toSorted(), face: face ?? null, quality, learningRate, seed }
}

/** For the checkpoint's metadata. */
export const originNote = (value: Origin): Record<string, string> => ({
  made_by: 'Halfturn',
  origin: JSON.stringify(value),
})

export interface Unfinished {
  /** Of the file, and without its ending. */
  readonly name: string
  readonly stem: string
  readonly path: string
  /** In what it was begun otherwise; empty where it may be gone on with. */
  readonly differences: readonly Message[]
}

/**
 * The interrupted runs of a name in a folder, those that may be gone on with and the newest first.
 * @param stems what the name may have become
 */
export async function findUnfinished(folder: string, stems: readonly string[], wanted: Origin): Promise<Unfinished[]> {
  const keys = new Set(stems.map(nameKey))
  const found: (Unfinished & { readonly saved: number })[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith(`.${UNFINISHED}`)) continue
    const stem = name.slice(0, -UNFINISHED.length - 1)
    if (![stem, stem.replace(/-\d+$/, '')].some((one) => keys.has(nameKey(one)))) continue
    const path = join(folder, name)
    const there = await stat(path).catch(() => undefined)
    if (!there?.isFile()) continue
    const differences = differencesOf(await readOrigin(path), wanted)
    found.push({ name, stem, path, saved: there.mtimeMs, differences })
  }
  return found.sort((a, b) => a.differences.length - b.differences.length || b.saved - a.saved)
}

/** @throws UserError where there is nothing, or only what was begun with something else */
export function requireSame(found: readonly Unfinished[], folder: string): Unfinished {
  const [best] = found
  if (!best) {
    throw new UserError('nothing-unfinished', { folder })
  }
  if (best.differences.length === 0) return best
  throw new UserError('begun-otherwise', { path: best.path, differences: best.differences })
}

/** @throws UserError where it has gone since it was found: another run has finished it */
export async function readUnfinished({ path }: Unfinished): Promise<Uint8Array> {
  return readFile(path).catch((cause) => {
    throw new UserError('unfinished-unreadable', { path, system: cause.code }, { cause })
  })
}

async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    const { metadata } = readSafetensors(await readFile(path), path)
    return origin.parse(JSON.parse(metadata.origin))
  } catch {
    return undefined
  }
}

function differencesOf(there: Origin | undefined, wanted: Origin): Message[] {
  if (!there) return [message('begun-unreadable')]
  const differences: Message[] = []
  if (there.photos.join() !== wanted.photos.join()) {
    const [begun, now] = [there.photos.length, wanted.photos.length]
    differences.push(
      begun === now ? message('begun-other-photos', { count: begun }) : message('begun-more-photos', { begun, now }),
    )
  }
  const options = { quality: '--quality', learningRate: '--learning-rate', seed: '--seed', face: '--face' } as const
  for (const key of Object.keys(options) as (keyof typeof options)[]) {
    const [begun, now] = [there[key], wanted[key]]
    if (begun === now) continue
    const option = options[key]
    differences.push(
      begun === null
        ? message('begun-without', { option })
        : message('begun-with', { option, begun: String(begun), now: now === null ? message('without') : String(now) }),
    )
  }
  return differences
}
