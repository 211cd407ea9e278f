/** What a job goes on from: all of its state, as a safetensors file. */
import { z } from 'zod'
import type { GeneratorConfig } from '../checkpoint/config.ts'
import {
  readSafetensors,
  type StoredTensor,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../checkpoint/safetensors.ts'
import { type Text, UserError } from '../errors.ts'
import { readPortrait, storePortrait } from '../face/portrait-file.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { LABEL } from '../generator/camera.ts'
import { layoutOf, planesLength } from '../generator/plane-layout.ts'
import { LIMITS } from '../limits.ts'
import type { Adam } from './adam.ts'
import { CAMERA_PARAMETERS } from './camera-fit.ts'
import { DetailState } from './detail.ts'
import { type InversionSettings, inversionSettings } from './inversion-settings.ts'
import { LatentState } from './latent.ts'
import { type Phase, phases } from './schedule.ts'
import { residualLength, ShapeState } from './shape-stage.ts'

const CHECKPOINT_VERSION = 5

/** Best of a phase: the loss of different phases cannot be compared. */
export interface Best {
  loss: number
  ws: Float32Array
  cameras: Float32Array
  /** Of the phase that fits it. */
  shape: Float32Array | null
  detail: Float32Array | null
}

/** A job between two steps. */
interface InversionState {
  readonly settings: InversionSettings
  readonly phase: Phase
  /** Steps done, of how many. */
  readonly step: number
  readonly steps: number
  readonly portraits: readonly PosedPortrait[]
  /** What each photo's channels are multiplied with: [photos * 3]. */
  readonly gains: Float32Array
  readonly latent: LatentState
  readonly shape: ShapeState | null
  readonly detail: DetailState | null
  readonly best: Best | null
}

const checkpointState = z.strictObject({
  version: z.literal(CHECKPOINT_VERSION),
  generator: z.string(),
  settings: inversionSettings,
  phase: z.enum(phases),
  step: z.int().min(0),
  steps: z.int().min(0),
  shared: z.boolean(),
  sizes: z.array(z.int().min(16).max(4096)).min(1).max(LIMITS.photos.most),
  /** Absent where an edition that knew no more than the crops wrote the file. */
  wide: z.array(z.boolean()).max(LIMITS.photos.most).default([]),
  latentSteps: z.int().min(0),
  cameraSteps: z.int().min(0),
  /** Absent where an edition without it wrote the file. */
  shape: z
    .object({ steps: z.int().min(0) })
    .nullable()
    .default(null),
  detail: z.object({ resolution: z.int().min(8).max(1024), steps: z.int().min(0) }).nullable(),
  bestLoss: z.number().nullable(),
})
type CheckpointState = z.infer<typeof checkpointState>

/**
 * @param generator digest of the generator's file, so that no other one is taken for it
 * @param notes what the caller wants to find in the file's metadata
 * @returns chunks of the file
 */
export function writeCheckpoint(job: InversionState, generator: string, notes: Record<string, string>): Uint8Array[] {
  const { portraits, gains, latent, shape, detail, best } = job
  const tensors = new Map<string, StoredTensor>()
  const put = (name: string, data: Float32Array) => tensors.set(name, storeFloat32(data, [data.length]))
  const putMoments = (name: string, { first, second }: Adam) => {
    put(`${name}.first`, first)
    put(`${name}.second`, second)
  }
  put('gains', gains)
  put('latent.ws', latent.ws)
  put('latent.cameras', latent.cameras)
  putMoments('latent.adam', latent.adam)
  putMoments('latent.camera_adam', latent.cameraAdam)
  if (shape) {
    put('shape.data', shape.residual.data)
    putMoments('shape.adam', shape.adam)
  }
  if (detail) {
    put('detail.data', detail.detail.data)
    putMoments('detail.adam', detail.adam)
  }
  if (best) {
    put('best.ws', best.ws)
    put('best.cameras', best.cameras)
    if (best.shape) put('best.shape', best.shape)
    if (best.detail) put('best.detail', best.detail)
  }
  for (const [i, { portrait, label }] of portraits.entries()) {
    put(`${i}.label`, label)
    for (const [name, tensor] of storePortrait(String(i), portrait)) tensors.set(name, tensor)
  }
  const state: CheckpointState = {
    version: CHECKPOINT_VERSION,
    generator,
    settings: job.settings,
    phase: job.phase,
    step: job.step,
    steps: job.steps,
    shared: latent.shared,
    sizes: portraits.map(({ portrait }) => portrait.size),
    wide: portraits.map(({ portrait }) => portrait.wide !== undefined),
    latentSteps: latent.adam.steps,
    cameraSteps: latent.cameraAdam.steps,
    shape: shape ? { steps: shape.adam.steps } : null,
    detail: detail ? { resolution: detail.detail.resolution, steps: detail.adam.steps } : null,
    bestLoss: best?.loss ?? null,
  }
  return writeSafetensors(tensors, { ...notes, inversion: JSON.stringify(state) })
}

/**
 * @param name of the file, for messages
 * @param digest of the generator's file
 * @throws UserError when the file is damaged or was made with another generator
 */
export function readCheckpoint(
  file: Uint8Array,
  name: Text,
  { config }: { readonly config: GeneratorConfig },
  digest: string,
): InversionState {
  const { metadata, tensors } = readSafetensors(file, name)
  const parsed = checkpointState.safeParse(parseJson(metadata.inversion))
  if (!parsed.success) throw new UserError('checkpoint-unreadable', { name })
  const state = parsed.data
  if (state.generator !== digest) throw new UserError('checkpoint-of-another', { name, generator: config.name })
  const unfit = (part: string) => new UserError('checkpoint-part-unfit', { name, part, generator: config.name })
  const floats = (key: string, length: number) => {
    const tensor = tensors.get(key)
    const fits = tensor?.dtype === 'F32' && tensor.shape.length === 1 && tensor.shape[0] === length
    if (!tensor || !fits) throw unfit(key)
    return Float32Array.from(toFloat32(tensor))
  }
  const restore = (adam: Adam, name: string, steps: number) => {
    adam.first.set(floats(`${name}.first`, adam.first.length))
    adam.second.set(floats(`${name}.second`, adam.second.length))
    adam.steps = steps
  }
  const portraits = state.sizes.map((size, i): PosedPortrait => {
    const portrait = readPortrait(tensors, String(i), unfit)
    const hasWide = portrait?.wide !== undefined
    if (portrait?.size !== size || hasWide !== (state.wide[i] ?? false)) throw unfit(String(i))
    return { portrait, label: floats(`${i}.label`, LABEL) }
  })
  const width = config.num_ws * config.w_dim
  const parameters = portraits.length * CAMERA_PARAMETERS
  const latent = new LatentState(floats('latent.ws', width), portraits.length)
  latent.cameras.set(floats('latent.cameras', parameters))
  restore(latent.adam, 'latent.adam', state.latentSteps)
  restore(latent.cameraAdam, 'latent.camera_adam', state.cameraSteps)
  latent.shared = state.shared

  const layout = state.detail && { ...layoutOf(config), resolution: state.detail.resolution }
  const length = layout ? planesLength(layout) : 0
  const detail = layout && new DetailState(layout)
  if (state.detail && detail) {
    detail.detail.data.set(floats('detail.data', length))
    restore(detail.adam, 'detail.adam', state.detail.steps)
  }
  const shapeLength = residualLength(config)
  const shape = state.shape && new ShapeState(config)
  if (state.shape && shape) {
    shape.residual.data.set(floats('shape.data', shapeLength))
    restore(shape.adam, 'shape.adam', state.shape.steps)
  }
  const best = state.bestLoss !== null && {
    loss: state.bestLoss,
    ws: floats('best.ws', width),
    cameras: floats('best.cameras', parameters),
    shape: tensors.has('best.shape') ? floats('best.shape', shapeLength) : null,
    detail: tensors.has('best.detail') ? floats('best.detail', length) : null,
  }
  const { settings, phase, step, steps } = state
  const gains = floats('gains', 3 * portraits.length)
  return { settings, phase, step, steps, portraits, gains, latent, shape, detail, best: best || null }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
