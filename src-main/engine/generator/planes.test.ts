import { expect, it } from 'vitest'
import { expectRelative } from '../../../testing/golden-case.ts'
import { samplePlanes, samplePlanesBackward } from '../../../testing/planes.ts'
import type { Matrix3 } from '../checkpoint/config.ts'
import { type PlaneLayout, type Planes, planesLength } from './plane-layout.ts'
import { borrowSampler, PlaneProjection, releaseSampler } from './planes.ts'

const axes: [Matrix3, Matrix3, Matrix3] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ],
  // Skew, so that no coordinate is a coordinate of space.
  [
    [0, 0.3, 1],
    [1, 0, 0.2],
    [0, 1, 0],
  ],
]
const single = [1, 1, 1] as const
const projection = new PlaneProjection({ plane_axes: axes, rendering_kwargs: { box_warp: 1.5 } as never })

/** What the kernel computes, said as plainly as possible: each tap that lies on a layer, with its weight and slopes. */
function* taps({ resolution, layers }: Planes, [x, y, z]: number[]) {
  let slice = 0
  for (let plane = 0; plane < 3; plane++) {
    const [a, b, c, d, e, f, g, h, i] = projection.rows.subarray(plane * 9)
    const px = ((a * x + b * y + c * z + 1) * resolution - 1) / 2
    const py = ((d * x + e * y + f * z + 1) * resolution - 1) / 2
    const pn = ((g * x + h * y + i * z + 1) * layers[plane] - 1) / 2
    for (const row of [Math.floor(py), Math.floor(py) + 1]) {
      for (const column of [Math.floor(px), Math.floor(px) + 1]) {
        if (row < 0 || column < 0 || row >= resolution || column >= resolution) continue
        const [alongX, alongY] = [1 - Math.abs(px - column), 1 - Math.abs(py - row)]
        const slopeX = (Math.sign(column - px || -1) * alongY * resolution) / 6
        const slopeY = (Math.sign(row - py || -1) * alongX * resolution) / 6
        for (let layer = 0; layer < layers[plane]; layer++) {
          const held = Math.min(Math.max(pn, 0), layers[plane] - 1)
          const alongN = Math.max(0, 1 - Math.abs(held - layer))
          const rising = held === pn && alongN > 0 ? Math.sign(layer - pn || -1) : 0
          const slopeN = (rising * alongX * alongY * layers[plane]) / 6
          yield {
            texel: ((slice + layer) * resolution + row) * resolution + column,
            weight: (alongX * alongY * alongN) / 3,
            slope: [
              alongN * (slopeX * a + slopeY * d) + slopeN * g,
              alongN * (slopeX * b + slopeY * e) + slopeN * h,
              alongN * (slopeX * c + slopeY * f) + slopeN * i,
            ],
          }
        }
      }
    }
    slice += layers[plane]
  }
}

function reference(planes: Planes, points: number[][], cotangent: Float32Array) {
  const { channels, data } = planes
  const features = new Float64Array(points.length * channels)
  const planesGradient = new Float64Array(data.length)
  const pointsGradient = points.map(() => [0, 0, 0])
  points.forEach((point, i) => {
    for (const { texel, weight, slope } of taps(planes, point)) {
      for (let k = 0; k < channels; k++) {
        const [value, g] = [data[texel * channels + k], cotangent[i * channels + k]]
        features[i * channels + k] += weight * value
        planesGradient[texel * channels + k] += weight * g
        for (let axis = 0; axis < 3; axis++) pointsGradient[i][axis] += slope[axis] * value * g
      }
    }
  })
  return { features, planesGradient, pointsGradient }
}

const waves = (length: number, frequency: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * frequency) + 0.3 * Math.cos(i * frequency * 17.3))

const layouts: PlaneLayout[] = [
  { resolution: 5, channels: 3, layers: [1, 1, 1] },
  { resolution: 16, channels: 4, layers: [1, 1, 1] },
  { resolution: 9, channels: 16, layers: [1, 1, 1] },
  { resolution: 8, channels: 37, layers: [1, 1, 1] },
  { resolution: 8, channels: 16, layers: [2, 1, 1] },
  { resolution: 5, channels: 7, layers: [1, 4, 3] },
]

it.each(layouts)('samples $layers planes of $resolution x $channels channels along rays, and goes back', (layout) => {
  const { channels } = layout
  const planes = { ...layout, data: waves(planesLength(layout), 0.61) }
  const [rays, samples] = [40, 12]
  const origins = waves(rays * 3, 0.37).map((value) => value * 0.7)
  const directions = waves(rays * 3, 0.91)
  // From inside to well outside the box.
  const depths = Float32Array.from({ length: rays * samples }, (_, i) => ((i % samples) + 0.5) * 0.13)
  const points = Array.from(depths, (t, i) =>
    [0, 1, 2].map(
      (axis) => origins[Math.floor(i / samples) * 3 + axis] + t * directions[Math.floor(i / samples) * 3 + axis],
    ),
  )
  const cotangent = waves(points.length * channels, 0.23)
  const expected = reference(planes, points, cotangent)
  const expectedRays = Float32Array.from({ length: rays * 6 }, (_, i) => {
    let sum = 0
    for (let k = 0; k < samples; k++) {
      const at = Math.floor(i / 6) * samples + k
      sum += expected.pointsGradient[at][i % 3] * (i % 6 < 3 ? 1 : depths[at])
    }
    return sum
  })

  const sampler = borrowSampler(planes, projection)
  const features = sampler.sample({ origins, directions }, depths, samples)
  expectRelative(features, Float32Array.from(expected.features), 'features', 1e-5)
  sampler.cotangent.set(cotangent)
  expectRelative(sampler.scatter({ rays: true })!, expectedRays, 'rays', 1e-5)
  expectRelative(sampler.gradient, Float32Array.from(expected.planesGradient), 'planes', 1e-5)
  releaseSampler(sampler)
})

it.each([single, [2, 1, 3]] as const)(
  'goes back along the slopes of what it samples (%i, %i, %i layers)',
  (...layers) => {
    const layout = { resolution: 6, channels: 5, layers }
    const planes = { ...layout, data: waves(planesLength(layout), 0.61) }
    const cotangent = waves(layout.channels, 0.23)
    const at = (point: number[]) =>
      reference(planes, [point], cotangent).features.reduce((sum, value, k) => sum + value * cotangent[k], 0)
    // From the middle of the box to beyond the outermost layers, away from the kinks at texels' and layers' middles.
    const points = Array.from({ length: 60 }, (_, i) => [0.71, 1.93, 3.11].map((f) => 0.74 * Math.sin((i + 1) * f)))
    for (const point of points) {
      const [[found], h] = [reference(planes, [point], cotangent).pointsGradient, 1e-7]
      for (let axis = 0; axis < 3; axis++) {
        const moved = (by: number) => at(point.with(axis, point[axis] + by))
        expect((moved(h) - moved(-h)) / (2 * h)).toBeCloseTo(found[axis], 5)
      }
    }
  },
)

it('is the same for equal layers as for one', () => {
  const one = { resolution: 8, channels: 6, layers: single, data: waves(3 * 64 * 6, 0.61) }
  const plane = one.data.length / 3
  const copies = [0, 0, 0, 1, 2, 2].map((index) => one.data.subarray(index * plane, (index + 1) * plane))
  const data = Float32Array.from(copies.flatMap((copy) => [...copy]))
  const points = waves(3000, 0.11)
  expect(samplePlanes({ ...one, layers: [3, 1, 2], data }, projection, points)).toEqual(
    samplePlanes(one, projection, points),
  )
})

it('samples single points, adds to the gradients it is given', () => {
  const planes = { data: waves(3 * 64 * 4, 0.61), resolution: 8, channels: 4, layers: single }
  const points = waves(3 * 5000, 0.11)
  const triples = Array.from({ length: points.length / 3 }, (_, i) => [...points.subarray(i * 3, i * 3 + 3)])
  const cotangent = waves(triples.length * 4, 0.23)
  const expected = reference(planes, triples, cotangent)
  expectRelative(samplePlanes(planes, projection, points), Float32Array.from(expected.features), 'features', 1e-5)
  const planesGradient = new Float32Array(planes.data.length).fill(1)
  const pointsGradient = new Float32Array(points.length).fill(1)
  samplePlanesBackward(planes, projection, points, cotangent, planesGradient, pointsGradient)
  const once = (values: ArrayLike<number>) => Float32Array.from(values, (value) => value + 1)
  expectRelative(planesGradient, once(expected.planesGradient), 'planes', 1e-4)
  expectRelative(pointsGradient, once(expected.pointsGradient.flat()), 'points', 1e-4)
})

it('keeps planes apart that are sampled in turn', () => {
  const make = (value: number) => ({
    data: new Float32Array(3 * 64).fill(value),
    resolution: 8,
    channels: 1,
    layers: single,
  })
  const [one, two] = [make(1), make(2)]
  const first = borrowSampler(one, projection)
  const second = borrowSampler(two, projection)
  const rays = { origins: new Float32Array(3), directions: new Float32Array(3) }
  const ones = first.sample(rays, new Float32Array(1), 1)
  const twos = second.sample(rays, new Float32Array(1), 1)
  expect([ones[0], twos[0]]).toEqual([1, 2])
  releaseSampler(first)
  releaseSampler(second)
  expect(samplePlanes(one, projection, new Float32Array(3))[0]).toBe(1)
  expect(samplePlanes(two, projection, new Float32Array(3))[0]).toBe(2)
})
