/**
 * What became of a person: a file among the head's own, written with them as one, so that whoever finds it has the whole
 * head before him; of a photo that cannot be used it says why. What a batch is to make is in it too, by which a head of
 * other options, another version or another generator is never taken for one that is wanted.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256Of } from '../../engine/checkpoint/import.ts'
import { type Message, message } from '../../engine/errors.ts'
import { FileSet } from '../../engine/files/file-set.ts'
import { inversionSettings } from '../../engine/inversion/inversion-settings.ts'
import { verdicts } from '../../engine/quality/verdicts.ts'
import { formatNames } from '../../engine/surface/formats/formats.ts'
import type { Value } from '../../words/message.ts'
import { type PhotoFile, readPhoto } from '../photo-file.ts'
import type { Person } from './people.ts'

/** The record's ending. */
export const RECORD = 'result.json'

/** What all heads of a batch have in common. */
export const makingSchema = z.strictObject({
  /** Of Halfturn. */
  version: z.string(),
  /** Digest of the generator's file. */
  generator: z.string(),
  settings: inversionSettings,
  formats: z.array(z.enum(formatNames)),
  mesh: z.strictObject({ resolution: z.int(), triangles: z.int() }),
})
export type Making = z.infer<typeof makingSchema>

/** A message, see words/message.ts. */
const said = z.object({ code: z.string(), values: z.record(z.string(), z.custom<Value>()) })

const record = z.object({
  made_by: z.literal('Halfturn'),
  making: makingSchema,
  /** Digests of the photos, in any order. */
  photos: z.array(z.string()),
  /** What it took, without what an interrupted run had spent on it. */
  seconds: z.number(),
  cpu_seconds: z.number(),
  /** Of the head; see quality/verdict.ts. */
  quality: z
    .looseObject({
      verdict: z.enum(verdicts),
      reason: said,
      figures: z.record(z.string(), z.unknown()),
    })
    .optional(),
  /** Why there is no head. */
  error: said.optional(),
})
export type HeadRecord = z.infer<typeof record>

export const digestsOf = (files: readonly PhotoFile[]): string[] => files.map(({ bytes }) => sha256Of(bytes)).sort()

export const recordOf = (
  making: Making,
  photos: string[],
  result: Partial<Pick<HeadRecord, 'quality' | 'error' | 'seconds' | 'cpu_seconds'>>,
): HeadRecord => ({ made_by: 'Halfturn', making, photos, seconds: 0, cpu_seconds: 0, ...result })

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

/** What was made of a person before; what failed without blame of the photos is tried again. */
export async function findDone(
  root: string,
  wanted: Making,
  { name, photos }: Person,
): Promise<HeadRecord | undefined> {
  // What a killed process had finished is done.
  FileSet.cleanUp(join(root, name))
  const files = await Promise.all(photos.map(readPhoto)).catch(() => undefined)
  return files && findRecord(root, name, wanted, digestsOf(files))
}

/** Of a generator, for people. */
export const shortDigest = (sha256: string): string => sha256.slice(0, 12)

/** In what two differ, for people. */
export function differencesOf(there: Making, wanted: Making): Message[] {
  const [begun, now] = [optionsOf(there), optionsOf(wanted)]
  return Object.keys(now).flatMap((what) =>
    begun[what] === now[what] ? [] : [message('begun-with', { option: what, begun: begun[what], now: now[what] })],
  )
}

const optionsOf = ({ version, generator, settings, formats, mesh }: Making): Record<string, string> => ({
  Halfturn: version,
  'the generator': shortDigest(generator),
  '--quality': settings.quality,
  '--steps': String(settings.steps ?? "the quality's"),
  '--learning-rate': String(settings.learningRate),
  '--seed': String(settings.seed),
  '--format': formats.join(),
  '--mesh-resolution': String(mesh.resolution),
  '--triangles': String(mesh.triangles),
})
