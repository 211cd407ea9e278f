/** The perceptual network with a part of its channels: what a job promises does not depend on what it is judged by. */
import type { Weights } from '../src-main/engine/generator/generator.ts'
import { readFaceRes } from '../src-main/engine/networks/faceres.ts'

/** One of so many channels is kept. */
const KEPT = 8
/** Channels of a picture. */
const COLOURS = 3

export async function thinFaceRes(): Promise<Weights> {
  return new Map([...(await readFaceRes())].map(([name, weight]) => [name, thinned(weight)]))
}

/** The first of the outputs, and the first inputs of each, of a kernel [outputs, inputs, ...] or a bias [outputs]. */
function thinned({ shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }) {
  const [outputs, inputs = 1, ...kernel] = shape
  const area = kernel.reduce((product, side) => product * side, 1)
  const from = inputs * area
  const to = (inputs > COLOURS ? inputs / KEPT : inputs) * area
  const thin = new Float32Array((outputs / KEPT) * to)
  for (let n = 0; n < outputs / KEPT; n++) thin.set(data.subarray(n * from, n * from + to), n * to)
  return { shape: shape.map((side, axis) => (axis < 2 && side > COLOURS ? side / KEPT : side)), data: thin }
}
