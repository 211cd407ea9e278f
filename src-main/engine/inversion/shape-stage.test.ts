/** What an outline adds to shape: smooth planes with an exact adjoint, nothing without evidence, sides that are held. */
import { afterAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../testing/golden-case.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Planes } from '../generator/plane-layout.ts'
import { paintHead } from '../head/head.ts'
import { addResidual, upsample, upsampleBackward } from '../head/residual.ts'
import { normalArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import { residualLength, ShapeStage, ShapeState } from './shape-stage.ts'
import type { Objective } from './terms/term.ts'

describe('a residual', () => {
  const planes: Planes = { resolution: 40, channels: 3, layers: [1, 1, 1], data: normalArray(3 * 40 * 40 * 3, 1) }
  const [size, texels] = [12, 3 * 12 * 12 * 3]

  it('is the same everywhere where all its texels are, but at the edge', () => {
    const data = upsample({ resolution: size, data: new Float32Array(texels).fill(2) }, planes)
    const at = (row: number, column: number) => data[(row * 40 + column) * 3]
    expect(at(20, 20)).toBeCloseTo(2, 5)
    expect(at(7, 33)).toBeCloseTo(2, 5)
    expect(at(0, 0)).toBeLessThan(2)
  })

  it('moves texels around its own, in their plane and channel, as a hill', () => {
    const data = new Float32Array(texels)
    // Plane 1, row 6, column 4, channel 2.
    data[((size + 6) * size + 4) * 3 + 2] = 1
    const fine = upsample({ resolution: size, data }, planes)
    const top = fine.indexOf(Math.max(...fine))
    expect([top % 3, Math.floor(top / 3) % 40, Math.floor(top / 120) % 40, Math.floor(top / 4800)]).toEqual([
      2,
      expect.toBeOneOf([14, 15]),
      expect.toBeOneOf([21, 22]),
      1,
    ])
    expect(Math.min(...fine)).toBe(0)
    expect(fine.filter((value) => value > 0).length).toBeLessThan(15 * 15)
  })

  it('has an adjoint with the same inner products', () => {
    const [data, cotangent] = [normalArray(texels, 2), normalArray(planes.data.length, 3)]
    const there = dot(upsample({ resolution: size, data }, planes), cotangent)
    expect(dot(upsampleBackward(cotangent, planes, size), data) / there).toBeCloseTo(1, 4)
  })
})

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const generator = golden.generator(runtime)
const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
const pivot = await generator.planes(ws)
/** Without importance sampling, whose depths move with the field but count as constants. */
const probe = {
  label: orbitCamera(golden.config.rendering_kwargs, 0.8),
  rendering: { resolution: 24, coarse: 16, fine: 0 },
}
const rendering = { resolution: 16, coarse: 8, fine: 4, plain: true }
/** Wants nothing, or the head gone. */
const objective = (cotangent: number): Objective => ({
  judge: ({ rendering: { opacity } }) =>
    Promise.resolve({ loss: 0, terms: {}, gradient: { opacity: opacity.map(() => cotangent) } }),
})

async function step(data: Float32Array, cotangent: number, rate: number) {
  const state = new ShapeState(generator.config)
  state.residual.data.set(data)
  const stage = await ShapeStage.create(generator, ws, state)
  const { terms } = await stage.step([{ label, objective: objective(cotangent), rendering, weight: 1 }], rate, probe)
  return { terms, state }
}

describe('the shape stage', () => {
  const nothing = new Float32Array(residualLength(generator.config))

  it('changes nothing without evidence', async () => {
    const { state, terms } = await step(nothing, 0, 0.1)
    expect(terms).toMatchObject({ sides: 0, prior: 0 })
    expect(state.residual.data).toEqual(nothing)
  })

  it('follows evidence, and the head shows it in shape and colour', async () => {
    const { state } = await step(nothing, 1, 0.1)
    const head = { ws, label, shape: state.residual }
    const shaped = await paintHead(generator, head)
    expect(shaped).toEqual(addResidual(pivot, state.residual))
    const opacity = async (planes: Planes) => {
      const seen = await generator.view(ws, label, { ...rendering, planes })
      return seen.rendering.opacity.reduce((sum, value) => sum + value, 0)
    }
    expect(await opacity(shaped)).toBeLessThan(await opacity(pivot))
  })

  it('is held by its size and at the sides, downhill', async () => {
    const data = normalArray(nothing.length, 4).map((value) => 0.2 * value)
    const { terms, state } = await step(data, 0, 0.02)
    expect(terms.sides).toBeGreaterThan(0)
    expect(terms.prior).toBeGreaterThan(0)
    const after = (await step(state.residual.data, 0, 0)).terms
    expect(after.sides + after.prior).toBeLessThan(terms.sides + terms.prior)
  })
})
