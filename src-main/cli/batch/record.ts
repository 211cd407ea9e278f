/**
 * What became of a person: a file among the head's own, written with them as one, so that whoever finds it has the whole
 * head before him; of a photo that cannot be used it says why. What a batch is to make is in it too, by which a head of
 * other options, another version or another generator is never taken for one that is wanted.
 */
import { z } from 'zod'
import { sha256Of } from '../../engine/checkpoint/import.ts'
import { type Message, message, type Text } from '../../engine/errors.ts'
import { FileSet } from '../../engine/files/file-set.ts'
import { inversionSettings } from '../../engine/inversion/inversion-settings.ts'
import { verdicts } from '../../engine/quality/verdicts.ts'
import { formatNames } from '../../engine/surface/formats/formats.ts'
import { fileChoices, fileOptionNames } from '../../engine/surface/formats/options.ts'
import type { Value } from '../../words/message.ts'
import { optionOf } from '../head-files.ts'
import { type PhotoFile, readPhoto } from '../photo-file.ts'
import type { Person } from './people.ts'
import { readInput } from './storage/address.ts'
import type { Storage } from './storage/storage.ts'

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
  mesh: z.strictObject({ resolution: z.int(), triangles: z.int(), even: z.boolean().optional() }),
  choices: fileChoices.prefault({}),
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

/** The record of a person; nothing where there is none, or none of this making. */
export async function findRecord(storage: Storage, name: string, wanted: Making): Promise<HeadRecord | undefined> {
  const bytes = await storage.read(`${name}/${name}.${RECORD}`)
  try {
    const there = record.parse(JSON.parse(new TextDecoder().decode(bytes)))
    return differencesOf(there.making, wanted).length === 0 ? there : undefined
  } catch {
    // None, or not ours: it is never written over.
    return undefined
  }
}

/** @param photos digests */
export const isOf = (there: HeadRecord | undefined, photos: readonly string[]): there is HeadRecord =>
  there?.photos.join() === photos.join()

/** What was made of a person before; what failed without blame of the photos is tried again. */
export async function findDone(storage: Storage, wanted: Making, person: Person): Promise<HeadRecord | undefined> {
  // What a killed process had finished is done.
  FileSet.cleanUp(storage.desk(person.name))
  const there = await findRecord(storage, person.name, wanted)
  const files = there && (await readPhotos(person).catch(() => undefined))
  return files && isOf(there, digestsOf(files)) ? there : undefined
}

/** @throws UserError where one of them cannot be read, or is no photo */
export const readPhotos = ({ photos }: Person): Promise<PhotoFile[]> =>
  Promise.all(photos.map((photo) => readPhoto(photo, readInput)))

/** Of a generator, for people. */
export const shortDigest = (sha256: string): string => sha256.slice(0, 12)

/** In what two differ, for people. */
export function differencesOf(there: Making, wanted: Making): Message[] {
  const [begun, now] = [optionsOf(there), optionsOf(wanted)]
  return now.flatMap(([option, value], i) => {
    const [, before] = begun[i]
    return before === value ? [] : [message('begun-with', { option, begun: inWords(before), now: inWords(value) })]
  })
}

const inWords = (value: string | undefined): Text => value ?? message('as-the-quality')

/** What each is called, and its value; without one it is the quality's. */
const optionsOf = ({ version, generator, settings, formats, mesh, choices }: Making): [Text, string | undefined][] => [
  ['Halfturn', version],
  [message('its-generator'), shortDigest(generator)],
  ['--quality', settings.quality],
  ['--steps', settings.steps?.toString()],
  ['--learning-rate', String(settings.learningRate)],
  ['--seed', String(settings.seed)],
  ['--format', formats.join()],
  ['--mesh-resolution', String(mesh.resolution)],
  ['--triangles', String(mesh.triangles)],
  ['--even', String(mesh.even ?? false)],
  ...fileOptionNames.map((name): [string, string] => [`--${optionOf(name)}`, String(choices[name])]),
]
