/**
 * What became of a person: a file among the head's own, written with them as one, so that whoever finds it has the whole
 * head before him; of a photo that cannot be used it says why. What a batch is to make is in it too, by which a head of
 * other options, another version or another generator is never taken for one that is wanted.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256Of } from '../../engine/checkpoint/import.ts'
import { inversionSettings } from '../../engine/inversion/inversion.ts'
import { formatNames } from '../../engine/surface/formats/formats.ts'
import type { PhotoFile } from '../photo-file.ts'

/** The record's ending. */
export const RECORD = 'result.json'

/** What all heads of a batch have in common. */
export const making = z.strictObject({
  /** Of Halfturn. */
  version: z.string(),
  /** Digest of the generator's file. */
  generator: z.string(),
  settings: inversionSettings,
  formats: z.array(z.enum(formatNames)),
  mesh: z.strictObject({ resolution: z.int(), triangles: z.int() }),
})
export type Making = z.infer<typeof making>

const error = z.object({ code: z.string(), message: z.string(), cure: z.string() })
export type Failure = z.infer<typeof error>

const record = z.object({
  made_by: z.literal('Halfturn'),
  making,
  /** Digests of the photos, in any order. */
  photos: z.array(z.string()),
  /** What it took, without what an interrupted run had spent on it. */
  seconds: z.number(),
  cpu_seconds: z.number(),
  /** Of the head; see quality/verdict.ts. */
  quality: z
    .looseObject({ verdict: z.string(), message: z.string(), figures: z.record(z.string(), z.unknown()) })
    .optional(),
  /** Why there is no head. */
  error: error.optional(),
})
export type HeadRecord = z.infer<typeof record>

export const digestsOf = (files: readonly PhotoFile[]): string[] => files.map(({ bytes }) => sha256Of(bytes)).sort()

export const writeRecord = (value: HeadRecord): string => `${JSON.stringify(value, null, 2)}\n`

/** The record of a person; nothing where there is none, or none of these photos and this making. */
export function findRecord(
  root: string,
  name: string,
  wanted: Making,
  photos: readonly string[],
): HeadRecord | undefined {
  const there = readRecord(root, name)
  if (!there || there.photos.join() !== photos.join()) return undefined
  return differencesOf(there.making, wanted).length === 0 ? there : undefined
}

export function readRecord(root: string, name: string): HeadRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(join(root, name, `${name}.${RECORD}`), 'utf8')))
  } catch {
    // None, or not ours: it is never written over.
    return undefined
  }
}

/** In what two differ, for people. */
export function differencesOf(there: Making, wanted: Making): string[] {
  const [begun, now] = [said(there), said(wanted)]
  return Object.keys(now).flatMap((what) =>
    begun[what] === now[what] ? [] : [`${what} ${begun[what]}, not ${now[what]}`],
  )
}

const said = ({ version, generator, settings, formats, mesh }: Making): Record<string, string> => ({
  Halfturn: version,
  'the generator': generator.slice(0, 12),
  '--quality': settings.quality,
  '--steps': String(settings.steps ?? "the quality's"),
  '--learning-rate': String(settings.learningRate),
  '--seed': String(settings.seed),
  '--format': formats.join(),
  '--mesh-resolution': String(mesh.resolution),
  '--triangles': String(mesh.triangles),
})
