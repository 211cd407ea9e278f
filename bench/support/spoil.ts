/** Heads spoiled in ways that are known: what a verdict must not call good. No inversion is needed to make one. */
import type { Generator } from '../../src-main/engine/generator/generator.ts'
import { type Planes, shapeOf } from '../../src-main/engine/generator/plane-layout.ts'
import { normalArray } from '../../src-main/engine/inversion/random.ts'

/** How far the surface moves, world units of 0.4 m. */
const NOSE = -0.06
const HAIR = 0.07
const NOISE = 0.03
/** Points and steps by which it is found which way of the features is denser. */
const PROBES = 600
const STEP = 0.004

/** What a kind of spoiling does to planes, those of density and those of colour alike. */
export type Spoil = (planes: Planes) => Planes

/** The whole head, with the same change made to what gives its density and to what gives its colour. */
export function spoilBoth(planes: Planes, spoil: Spoil): Planes {
  const shape = shapeOf(planes)
  return shape === planes ? spoil(planes) : { ...spoil(planes), shape: spoil(shape) }
}

/**
 * The face on the back too: of every plane the half behind becomes the mirror image of the half before. Planes lie as the
 * embedded generator's do: x and y, x and z, z and y.
 */
export const faceBehind: Spoil = (planes) => {
  const { resolution: side, channels, layers } = planes
  const data = planes.data.slice()
  const row = side * channels
  const slice = side * row
  const copy = (into: number, from: number, length: number) => data.copyWithin(into, from, from + length)
  for (let layer = 0; layer < layers[0] >> 1; layer++) copy(layer * slice, (layers[0] - 1 - layer) * slice, slice)
  for (let i = 0; i < side >> 1; i++) {
    const second = layers[0] * slice
    copy(second + i * row, second + (side - 1 - i) * row, row)
    const third = second + slice
    for (let r = 0; r < side; r++) {
      copy(third + r * row + i * channels, third + r * row + (side - 1 - i) * channels, channels)
    }
  }
  return { ...planes, data }
}

/** What makes a head's density move its surface out by one unit, in the features of the plane that faces the camera. */
export async function outwards(
  { renderer, weights, config }: Generator,
  planes: Planes,
  { positions, normals }: { positions: Float32Array; normals: Float32Array },
): Promise<Float32Array> {
  const shape = shapeOf(planes)
  const vertices = Array.from({ length: PROBES }, (_, i) => Math.floor((i * (positions.length / 3)) / PROBES))
  const points = (out: number) =>
    Float32Array.from(vertices.flatMap((v) => [0, 1, 2].map((k) => positions[3 * v + k] + out * normals[3 * v + k])))
  const mean = async (field: Planes, out = 0) => {
    const sigma = await renderer.query(weights, field, points(out), 'sigma')
    return sigma.reduce((sum, value) => sum + value, 0) / sigma.length
  }
  const slope = ((await mean(shape, -STEP)) - (await mean(shape, STEP))) / (2 * STEP)
  const here = await mean(shape)
  const direction = new Float32Array(config.plane_channels)
  for (let channel = 0; channel < direction.length; channel++) {
    const data = shape.data.map((value, i) => (i % direction.length === channel ? value + 0.1 : value))
    direction[channel] = ((await mean({ ...shape, data })) - here) / 0.1
  }
  const square = direction.reduce((sum, value) => sum + value * value, 0)
  // A point's features are the mean of three planes', and one of them is changed.
  return direction.map((value) => (3 * slope * value) / square)
}

/** Moves the surface by `by(x, y, layer)`, world units, where a plane of the box's side holds x and y. */
function moved(planes: Planes, outwards: Float32Array, by: (x: number, y: number, layer: number) => number): Planes {
  const { resolution: side, channels, layers } = planes
  const data = planes.data.slice()
  for (let layer = 0; layer < layers[0]; layer++) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const distance = by((column + 0.5) / side - 0.5, (row + 0.5) / side - 0.5, layer / Math.max(layers[0] - 1, 1))
        const at = ((layer * side + row) * side + column) * channels
        for (let k = 0; k < channels; k++) data[at + k] += distance * outwards[k]
      }
    }
  }
  return { ...planes, data }
}

/** The nose pressed in. */
export const noseless =
  (outwards: Float32Array): Spoil =>
  (planes) =>
    moved(planes, outwards, (x, y, layer) =>
      layer < 0.9 ? 0 : NOSE * Math.exp(-((x / 0.045) ** 2 + ((y + 0.005) / 0.055) ** 2)),
    )

/** Everything outside the face blown up, as hair that stands off like a helmet. */
export const helmet =
  (outwards: Float32Array): Spoil =>
  (planes) =>
    moved(planes, outwards, (x, y) => {
      const outside = Math.hypot(x / 0.15, (y - 0.01) / 0.17)
      return y < -0.2 ? 0 : HAIR * Math.min(1, Math.max(0, 5 * (outside - 1)))
    })

/** Noise of two texels' width. */
export const noise =
  (outwards: Float32Array, seed: number): Spoil =>
  (planes) => {
    const half = planes.resolution >> 1
    const values = normalArray(half * half, seed).map((value) => NOISE * value)
    const at = (value: number) => Math.min(half - 1, Math.floor((value + 0.5) * half))
    return moved(planes, outwards, (x, y) => values[at(y) * half + at(x)])
  }
