/**
 * The latent code of a recorded head: whitened principal components of what it looks like from the front and of its
 * shape's numbers, so that codes drawn from N(0, 1) are heads as well.
 */
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { principalComponents } from './components.ts'
import { type RecordedHead, thumbnail } from './records.ts'

/** Side of the front thumbnail the code is made of. */
export const THUMBNAIL = 32
const PICTURE = 3 * THUMBNAIL * THUMBNAIL
/** The shape's numbers against the thumbnail's. */
const SHAPE_SHARE = 0.8

/** z = (x - mean) @ basis; x is the front thumbnail [3 * 32 * 32] (channel by channel, 0..1) and the shape's numbers. */
export interface CodeBasis {
  /** [D] */
  readonly mean: Float32Array
  /** [D, components], row-major */
  readonly basis: Float32Array
  readonly components: number
}

/** What codes are made of, [D]. */
export function describeHead(record: RecordedHead): Float32Array {
  const x = new Float32Array(PICTURE + record.shape.length)
  x.set(thumbnail(record.views[0], THUMBNAIL))
  x.set(record.shape, PICTURE)
  return x
}

/** [z_dim]; what the basis does not fill is 0. */
export function codeOf({ mean, basis, components }: CodeBasis, x: Float32Array, size: number): Float32Array {
  const z = new Float32Array(size)
  for (let i = 0; i < x.length; i++) {
    const value = x[i] - mean[i]
    if (value !== 0) for (let k = 0; k < components; k++) z[k] += value * basis[i * components + k]
  }
  return z
}

/**
 * Principal components of the heads.
 * @param heads of `describeHead`, N of them
 * @param most components wanted; N / 3 at most are used
 */
export async function fitCodes(runtime: Runtime, heads: readonly Float32Array[], most: number): Promise<CodeBasis> {
  const [count, width] = [heads.length, heads[0].length]
  const components = Math.min(most, Math.floor(count / 3))
  const mean = new Float32Array(width)
  for (const x of heads) for (let i = 0; i < width; i++) mean[i] += x[i] / count
  const spread = (from: number, to: number) => {
    let sum = 0
    for (const x of heads) for (let i = from; i < to; i++) sum += (x[i] - mean[i]) ** 2
    return Math.sqrt(sum / count)
  }
  const scales = [1 / spread(0, PICTURE), SHAPE_SHARE / spread(PICTURE, width)]
  const scale = (i: number) => scales[i < PICTURE ? 0 : 1]
  const rows = new Float32Array(count * width)
  heads.forEach((x, n) => {
    for (let i = 0; i < width; i++) rows[n * width + i] = (x[i] - mean[i]) * scale(i)
  })

  const whitened = await principalComponents(runtime, { rows: count, columns: width, data: rows }, components)
  return { mean, basis: whitened.map((value, i) => value * scale(Math.floor(i / components))), components }
}

/** As the generator's file carries it. */
export function basisToExtras({ mean, basis, components }: CodeBasis): [string, Weight][] {
  return [
    ['codes.mean', { shape: [mean.length], data: mean }],
    ['codes.basis', { shape: [mean.length, components], data: basis }],
  ]
}

export function basisFromExtras(extras: ReadonlyMap<string, Weight>): CodeBasis | undefined {
  const [mean, basis] = [extras.get('codes.mean'), extras.get('codes.basis')]
  return mean && basis && { mean: mean.data, basis: basis.data, components: basis.shape[1] }
}
