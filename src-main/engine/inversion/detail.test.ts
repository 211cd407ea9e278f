/** The tuning stage: finer planes that are the same field, a prior with the right gradient, sides that are held. */
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, expectRelative, GoldenCase } from '../../../testing/golden-case.ts'
import { samplePlanes } from '../../../testing/planes.ts'
import { orbitCamera } from '../generator/camera.ts'
import { layoutOf, type Planes, refine } from '../generator/plane-layout.ts'
import { PlaneProjection } from '../generator/planes.ts'
import { addDetail, paintHead } from '../head/head.ts'
import { normalArray, uniformArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { DetailStage, DetailState } from './detail.ts'
import { detailPrior } from './terms/detail-prior.ts'
import type { Objective } from './terms/term.ts'
import { DEFAULT_TERMS, type Terms } from './terms/terms.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const generator = golden.generator(runtime)
const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
const { plane_resolution: resolution, plane_channels: channels } = golden.config

/** Blind: neither loss nor gradient, so that what a step does is the stage's own doing. */
const blind: Objective = {
  judge: (view) => Promise.resolve({ loss: 0, terms: {}, gradient: { image: new Float32Array(view.image.length) } }),
}
/** Without importance sampling, whose depths move with the field but count as constants. */
const probe = {
  label: orbitCamera(golden.config.rendering_kwargs, 0.8),
  rendering: { resolution: 24, coarse: 16, fine: 0 },
}
const rendering = { resolution: 16, coarse: 8, fine: 4 }

/** What one step without a rate says of a state: its loss by terms, and its gradient, which Adam's first moment keeps. */
async function look(data: Float32Array, side: number, asked: Terms['detail']) {
  const state = new DetailState({ ...layoutOf(golden.config), resolution: side })
  state.detail.data.set(data)
  const stage = await DetailStage.create(generator, { ws, label }, state, asked)
  const { terms, loss } = await stage.step([{ label, objective: blind, rendering, weight: 1 }], 0, probe)
  return { loss, terms, gradient: state.adam.first.map((value) => value / (1 - 0.9)) }
}

describe('refined planes', () => {
  const coarse: Planes = { resolution: 8, channels: 3, layers: [2, 1, 1], data: normalArray(4 * 64 * 3, 1) }
  const projection = new PlaneProjection(golden.config)

  it.each([16, 24, 64])('of %i texels are the same field on a grid that is nested in the old one', (side) => {
    // Exact at the fine texels' centres, but for those beyond the outermost coarse ones, where the field fades out.
    const points = new Float32Array(3 * side ** 2)
    const margin = Math.ceil(side / 16 - 0.5)
    const inside = (i: number) => (Math.min(Math.max(i, margin), side - 1 - margin) + 0.5) / side - 0.5
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        points.set([inside(column), inside(row), inside((row * 7 + column) % side)], 3 * (row * side + column))
      }
    }
    const fine = refine(coarse, side)
    expect(fine.resolution).toBe(side)
    const tolerance = 1e-5
    expectClose(samplePlanes(fine, projection, points), samplePlanes(coarse, projection, points), 'samples', tolerance)
  })

  it('are the planes themselves at their own resolution', () => {
    expect(refine(coarse, 8)).toBe(coarse)
  })

  it('between texels differ from the coarse ones by no more than a kink across a fine texel', () => {
    const points = uniformArray(3000, 2).map((value) => 0.8 * (value - 0.5))
    const [a, b] = [coarse, refine(coarse, 64)].map((planes) => samplePlanes(planes, projection, points))
    const slope = 4 * Math.max(...coarse.data.map(Math.abs))
    a.forEach((value, i) => {
      expect(Math.abs(value - b[i])).toBeLessThan(slope / 8)
    })
    expectRelative(b, a, 'samples', 0.05)
  })
})

describe('the detail', () => {
  it('changes nothing while it is zero: no loss at the sides, no prior', async () => {
    const { terms, loss, gradient } = await look(new Float32Array(3 * 64 * 64 * channels), 64, DEFAULT_TERMS.detail)
    expect(terms).toMatchObject({ sides: 0, prior: 0 })
    expect(loss).toBe(0)
    expect(gradient.every((value) => value === 0)).toBe(true)
  })

  it('is part of the head that is shown', async () => {
    const data = normalArray(3 * 64 * 64 * channels, 3)
    const detail = { resolution: 64, data }
    const painted = await paintHead(generator, { ws, label, detail })
    const plain = await paintHead(generator, { ws, label })
    expect(plain.resolution).toBe(resolution)
    expect(painted).toEqual(addDetail(refine(plain, 64), detail))
  })

  it.each([
    ['smoothness', { smoothness: 3, size: 0 }],
    ['size', { smoothness: 0, size: 2 }],
  ] as const)('is held by its %s', async (_, weights) => {
    const data = normalArray(3 * resolution ** 2 * channels, 4)
    const { gradient, terms } = await look(data, resolution, { prior: detailPrior(weights) })
    expect(terms.prior).toBeCloseTo(priorOf(data, resolution, weights), 4)
    const row = resolution * channels
    // Corners and edges of a plane, and the texels that meet the next plane in memory.
    const probed = [
      0,
      channels - 1,
      row - 1,
      row,
      resolution * row - 1,
      resolution * row,
      3 * resolution * row - 1,
      5000,
    ]
    for (const index of probed) {
      const moved = (delta: number) => priorOf(data.with(index, data[index] + delta), resolution, weights)
      expect(gradient[index] * 1e4).toBeCloseTo(((moved(0.1) - moved(-0.1)) / 0.2) * 1e4, 2)
    }
  })

  it('is held at the sides by colour, downhill', async () => {
    const data = normalArray(3 * 64 * 64 * channels, 5).map((value) => 0.3 * value)
    const asked = { sides: DEFAULT_TERMS.detail.sides }
    const { terms, gradient } = await look(data, 64, asked)
    expect(terms.sides).toBeGreaterThan(0)
    // Along the gradient the loss changes by its square.
    const square = gradient.reduce((sum, g) => sum + g * g, 0)
    expect(square).toBeGreaterThan(0)
    const step = (0.02 * terms.sides) / square
    const at = async (sign: number) =>
      (
        await look(
          data.map((value, i) => value + sign * step * gradient[i]),
          64,
          asked,
        )
      ).terms.sides
    const [up, down] = [await at(1), await at(-1)]
    expect((up - down) / (2 * step) / square).toBeGreaterThan(0.9)
    expect((up - down) / (2 * step) / square).toBeLessThan(1.1)
  })
})

/** smoothness * mean over all of (d - neighbour)^2, right and below within a plane, + size * mean d^2. */
function priorOf(data: Float32Array, side: number, { smoothness, size }: Parameters<typeof detailPrior>[0]): number {
  const at = (plane: number, row: number, column: number, k: number) =>
    data[((plane * side + row) * side + column) * channels + k]
  let sum = 0
  for (let plane = 0; plane < 3; plane++) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        for (let k = 0; k < channels; k++) {
          const value = at(plane, row, column, k)
          sum += size * value ** 2
          if (column + 1 < side) sum += smoothness * (value - at(plane, row, column + 1, k)) ** 2
          if (row + 1 < side) sum += smoothness * (value - at(plane, row + 1, column, k)) ** 2
        }
      }
    }
  }
  return sum / data.length
}
