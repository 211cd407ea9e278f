/** The record of a project: all of it but pictures, head and checkpoint, which it names. */
import { z } from 'zod'
import { type Message, message, type Text, UserError } from '../engine/errors.ts'
import { qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { failures, verdicts } from '../engine/quality/verdicts.ts'

/** The photos, in their order. */
export const photoParts = ['photo', 'photo2', 'photo3', 'photo4', 'photo5'] as const
/** What lies beside the record, a file each. `checkpoint` is the inversion's own. */
export const parts = [...photoParts, 'head', 'checkpoint', 'thumbnail'] as const
export type PhotoPart = (typeof photoParts)[number]
export type Part = (typeof parts)[number]

export const isPhoto = (part: Part): part is PhotoPart => photoParts.some((photo) => photo === part)
/** What messages call it. */
export const nameOfPart = (part: Part): Message => message(isPhoto(part) ? 'part-photo' : `part-${part}`)

const number = z.number()
const reason: z.ZodType<Message> = z.object({
  code: z.string().max(100),
  values: z.record(z.string().max(100), z.union([number, z.string().max(300), z.array(number).max(16)])),
})
const quality = z.object({
  verdict: z.enum(verdicts),
  reason,
  failures: z.array(z.enum(failures)).readonly(),
  figures: z.object({
    input: z.object({ psnr: number, faceRes: number, identity: number }),
    views: z
      .array(z.object({ degrees: number, identity: number }))
      .max(16)
      .readonly(),
    turned: number,
    brightness: number,
    contrast: number,
    seen: number,
    relief: number,
    roughness: number,
    spikes: number,
    asymmetry: number,
    holes: number,
    floaters: number,
    grain: number,
    steps: number,
    back: number,
    through: number,
    outline: number,
    face: z
      .object({
        depth: number,
        nose: number,
        chin: number,
        brow: number,
        width: number,
        length: number,
        height: number,
      })
      .nullable(),
    secondFaces: z.object({ colour: number, clay: number }),
  }),
})
/** Named by content: the first 16 digits of its SHA-256. Without them it was saved when parts had no digest. */
const partName = (part: Part) => z.string().regex(new RegExp(`^${part}(-[0-9a-f]{16})?$`))
const partNames = z.object(
  Object.fromEntries(parts.map((part) => [part, partName(part).optional()])) as Record<
    Part,
    z.ZodOptional<z.ZodString>
  >,
)
const photo = {
  face: z.int().min(0).max(99),
  correction: z.object({ dx: number, dy: number, scale: number, roll: number, yaw: number, pitch: number }),
}
const name = z.string().min(1).max(300)
const common = {
  format: z.literal('halfturn-project'),
  name,
  generator: z.object({ id: z.string().max(300), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  settings: z.object({
    steps: z.int().min(1).max(LIMITS.steps.most),
    quality: z.enum(qualities),
    learningRate: z.number().min(1e-5).max(1),
    seed: z.int().min(0),
  }),
  job: z.object({
    state: z.enum(['none', 'running', 'paused', 'done', 'interrupted', 'failed']),
    step: z.int().min(0).max(LIMITS.steps.most),
    steps: z.int().min(0).max(LIMITS.steps.most),
  }),
  /** After every step. Absent where an edition without it wrote the record; one that is no number becomes null in JSON. */
  likeness: z
    .array(number.nullable().transform((value) => value ?? Number.NaN))
    .max(LIMITS.steps.most * 2)
    .default([]),
  random: z.object({ seed: z.int(), truncation: number }).optional(),
  /** Of the finished head. What cannot be read, a figure that is no number and null in JSON, is judged again. */
  quality: quality.optional().catch(undefined),
  parts: partNames.optional(),
}
const record = z.object({
  ...common,
  version: z.literal(2),
  photos: z.array(z.object({ name, ...photo })).max(LIMITS.photos.most),
})
/** When a project had one photo. */
const oldRecord = z.object({ ...common, version: z.literal(1), ...photo }).transform(
  ({ face, correction, ...rest }): z.infer<typeof record> => ({
    ...rest,
    version: 2,
    photos: rest.random ? [] : [{ name: rest.name, face, correction }],
  }),
)
type StoredRecord = z.infer<typeof record>

export type PartNames = z.infer<typeof partNames>
export type ProjectRecord = Omit<StoredRecord, 'parts'>

/** What parts are called where a record of an earlier edition does not name them. */
const UNNAMED: PartNames = { photo: 'photo', head: 'head', checkpoint: 'checkpoint' }

export const writeProjectRecord = (value: ProjectRecord, names: PartNames): string =>
  JSON.stringify({ ...value, parts: names })

/**
 * @param name what messages call it
 * @returns the record, what its parts are called, and whether all of these have to be there
 * @throws UserError where it is no record
 */
export function readProjectRecord(text: string, name: Text) {
  let value: StoredRecord
  try {
    value = z.union([record, oldRecord]).parse(JSON.parse(text))
  } catch (error) {
    throw new UserError('record-damaged', { name }, { cause: error })
  }
  const { parts: names, ...rest } = value
  return { record: rest as ProjectRecord, names: names ?? UNNAMED, isComplete: names !== undefined }
}
