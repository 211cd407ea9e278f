/**
 * Uniform numbers that are drawn on the GPU: a hash of their place and of the draw, of products and fractions alone, which
 * every provider has (Hoskins 2014, "Hash without Sine"). Other numbers than `random.ts` draws, from the same seeds.
 */
import { add, constant, floor, mul, reshape, slice, sub, type Tensor } from '../graph/index.ts'
import { uniform } from '../random.ts'
import type { Draw } from './sampling.ts'

/** Where draws lie apart from each other: a hash is of a place. */
const APART = 1000

/** What `drawTensor` takes as its draw, [2]. */
export function drawPlace({ seed, stream }: Draw): Float32Array {
  const next = uniform(seed, stream)
  return Float32Array.of(APART * next(), APART * next())
}

/**
 * @param draw [2]
 * @param kind tells draws of one place apart
 * @returns [rows, columns] in [0, 1)
 */
export function drawTensor(draw: Tensor, rows: number, columns: number, kind: number): Tensor {
  const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i)
  const x = add(constant(count(rows), [rows, 1]), reshape(slice(draw, 0, 0, 1), [1, 1]))
  const y = add(constant(count(columns), [1, columns]), reshape(slice(draw, 0, 1, 2), [1, 1]))
  const fraction = (value: Tensor) => sub(value, floor(value))
  const [a, b] = [x, y].map((value) => fraction(mul(value, 0.1031)))
  const c = ((kind + 0.5) * 0.1031) % 1
  // p . (p reversed + 31.32)
  const ends = mul(a, 2 * c + 31.32)
  const mixed = add(add(ends, mul(b, add(b, 31.32))), c * 31.32)
  return fraction(mul(add(add(a, b), mul(mixed, 2)), add(mixed, c)))
}
