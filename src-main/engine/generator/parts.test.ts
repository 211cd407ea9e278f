/** The generator's building blocks one by one, forward and backward, against recordings of the reference's. */

import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, GoldenCase } from '../../../testing/golden-case.ts'
import { samplePlanes, samplePlanesBackward } from '../../../testing/planes.ts'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { add, input, mul, pullBack, reshape, type Tensor, writeModel } from '../graph/index.ts'
import { Runtime } from '../runtime/runtime.ts'
import { biasAct, demodulate, fullyConnected, modulatedConv, upsample2d } from './layers.ts'
import { march } from './march.ts'
import type { Planes } from './plane-layout.ts'
import { PlaneProjection } from './planes.ts'
import { areaMatrix, bilinearMatrix, resample } from './resample.ts'
import { boxBounds, coarseDepths, importanceDepths } from './sampling.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

const file = readSafetensors(readFileSync(new URL('../graph/fixtures/ops.safetensors', import.meta.url)), 'ops')
function golden(name: string) {
  const tensor = file.tensors.get(name)
  if (!tensor) throw new Error(`No golden '${name}'`)
  return { shape: tensor.shape, data: toFloat32(tensor) }
}

/** Side of the box in the recording of plane sampling. */
const BOX = 1

type Leaves = Record<string, Tensor>
const modulated =
  (demodulated: boolean, up = false) =>
  ({ x, w, s, noise }: Leaves) => {
    const y = modulatedConv(x, w, s, { outer: demodulated ? demodulate(w, s) : undefined, up })
    return noise ? add(y, noise) : y
  }
const connected =
  (name: string, options: Parameters<typeof fullyConnected>[3]) =>
  ({ x }: Leaves) => {
    const fixed = (key: string) => input(`${name}.${key}`, golden(`${name}.${key}`).shape)
    return fullyConnected(x, fixed('w'), fixed('b'), options)
  }
const resized = (from: number, to: number, antialias: boolean) => (leaves: Leaves) =>
  resample(leaves.x, bilinearMatrix(from, to, antialias))
const marched = (output: 'features' | 'depth' | 'weights', white: boolean) => (leaves: Leaves) => {
  // Two times seven rays in the recording, a flat list here.
  const [depths, sigma] = [reshape(leaves.z, [14, 10]), reshape(leaves.d, [14, 10])]
  const view = march(depths, sigma, reshape(leaves.c, [14, 10, 3]), input('farthest', []), white)
  return view[output]
}

const cases: Record<string, (leaves: Leaves) => Tensor> = {
  bias_act_lrelu: ({ x, b }) => biasAct(x, b, { activation: 'lrelu' }),
  bias_act_lrelu_clamp: ({ x, b }) => biasAct(mul(x, 2), b, { activation: 'lrelu', gain: 1.5, clamp: 0.8 }),
  bias_act_linear_clamp: ({ x, b }) => biasAct(x, b, { activation: 'linear', clamp: 0.5 }),
  fc_lrelu: connected('fc_lrelu', { multiplier: 0.01, activation: 'lrelu' }),
  fc_linear: connected('fc_linear', { multiplier: 0.5 }),
  modconv_up1_fused_demod: modulated(true),
  modconv_up1_plain_demod: modulated(true),
  modconv_up1_fused_nodemod: modulated(false),
  modconv_up1_plain_nodemod: modulated(false),
  modconv_up2_fused_demod: modulated(true, true),
  modconv_up2_plain_demod: modulated(true, true),
  upsample2d: ({ x }) => upsample2d(x),
  resize_aa_24_16: resized(24, 16, true),
  resize_aa_12_16: resized(12, 16, true),
  resize_aa_33_16: resized(33, 16, true),
  resize_noaa_24_16: resized(24, 16, false),
  resize_noaa_12_16: resized(12, 16, false),
  resize_noaa_33_16: resized(33, 16, false),
  resize_area_40_16: ({ x }) => resample(x, areaMatrix(40, 16)),
  marcher_rgb_wb0: marched('features', false),
  marcher_rgb_wb1: marched('features', true),
  marcher_depth: marched('depth', false),
  marcher_weights: marched('weights', false),
}

describe('in the graph', () => {
  it.each(Object.entries(cases))('%s', async (name, build) => {
    const keys = (prefix: string) =>
      [...file.tensors.keys()].filter((key) => key.startsWith(`${name}.${prefix}.`)).map((key) => key.split('.').pop()!)
    const leaves = Object.fromEntries(keys('in').map((key) => [key, input(key, golden(`${name}.in.${key}`).shape)]))
    const output = build(leaves)
    const wanted = keys('gin')
    expect(wanted.length).toBeGreaterThan(0)
    const found = pullBack(
      [output],
      [input('cotangent', output.shape)],
      wanted.map((key) => leaves[key]),
    )
    const program = await runtime.compile(
      writeModel({ output, ...Object.fromEntries(wanted.map((key, i) => [`d.${key}`, found[i]])) }),
    )
    const result = await program.run({
      ...Object.fromEntries(keys('in').map((key) => [key, golden(`${name}.in.${key}`).data])),
      ...Object.fromEntries(
        ['w', 'b']
          .map((key) => `${name}.${key}`)
          .filter((key) => file.tensors.has(key))
          .map((key) => [key, golden(key).data]),
      ),
      cotangent: golden(`${name}.gout`).data,
      farthest: Float32Array.of(3.3),
    })
    expectClose(result.output, golden(`${name}.out`).data, 'output', 1e-5)
    for (const key of wanted) expectClose(result[`d.${key}`], golden(`${name}.gin.${key}`).data, `d.${key}`, 1e-4)
  })

  it('a ray that meets nothing is as far as can be and as dark, and its depth has no gradient', async () => {
    const depths = input('depths', [14, 10])
    const sigma = input('sigma', [14, 10])
    const view = march(depths, sigma, input('colour', [14, 10, 3]), input('farthest', []), false)
    const [dSigma] = pullBack([view.depth], [input('cotangent', [14])], [sigma])
    const program = await runtime.compile(writeModel({ depth: view.depth, rgb: view.features, dSigma }))
    const row = Float32Array.from({ length: 10 }, (_, i) => 2.2 + (1.1 * i) / 9)
    const result = await program.run({
      depths: Float32Array.from({ length: 140 }, (_, i) => row[i % 10]),
      sigma: new Float32Array(140).fill(-200),
      colour: new Float32Array(420).fill(0.7),
      farthest: Float32Array.of(row[9]),
      cotangent: new Float32Array(14).fill(1),
    })
    expectClose(result.depth, golden('marcher_empty.depth').data, 'depth', 1e-6)
    expectClose(result.rgb, golden('marcher_empty.rgb').data, 'colour', 1e-6)
    expect(result.dSigma.every((value) => value === 0)).toBe(true)
  })
})

describe('in the host', () => {
  it.each([
    ['importance_det', false],
    ['importance_rand', true],
  ])('%s', (name, jittered) => {
    const [depths, weights] = [golden('importance.in.z').data, golden('importance.in.weights').data]
    const drawn = importanceDepths(depths, weights, 10, 9, jittered ? golden(`${name}.u`).data : undefined)
    expectClose(drawn, golden(`${name}.out`).data, 'depths', 1e-5)
  })

  it.each([
    [2.7, 2.25, 3.3],
    [1.4, 0.95, 2],
    [4, 3.45, 4.5],
  ])('fixed bounds take in the box from %f away as from the nominal distance', (distance, near, far) => {
    const { rendering_kwargs } = new GoldenCase('tiny8x').config
    const ray = { origins: Float32Array.of(0, 0, distance), directions: Float32Array.of(0, 0, -1) }
    const depths = coarseDepths(rendering_kwargs, ray, 8)
    expect(depths[0]).toBeCloseTo(near, 5)
    expect(depths[7]).toBeCloseTo(far, 5)
  })

  it('raybox', () => {
    const [near, far] = [golden('raybox.near').data, golden('raybox.far').data]
    const bounds = boxBounds({ origins: golden('raybox.o').data, directions: golden('raybox.d').data }, 1)
    const hits = [...near.keys()].filter((i) => far[i] >= near[i])
    expect(hits.length).toBeGreaterThan(0)
    expect(hits.length).toBeLessThan(near.length)
    const entries = hits.map((i) => near[i])
    // What misses the box gets the bounds of what hits it; the greatest entry, not exit, is the reference's.
    for (const i of near.keys()) {
      const [start, end] = hits.includes(i) ? [near[i], far[i]] : [Math.min(...entries), Math.max(...entries)]
      expect(bounds.near[i]).toBeCloseTo(start, 5)
      expect(bounds.far[i]).toBeCloseTo(end, 5)
    }
  })

  it('sample_from_planes', () => {
    const [batch, , channels, size] = golden('sample_from_planes.in.planes').shape
    const area = channels * size * size
    const source = golden('sample_from_planes.in.planes').data
    const axes = new GoldenCase('tiny8x').config.plane_axes
    expect(axes.flat(2)).toEqual([...golden('plane_axes').data])
    const projection = new PlaneProjection({ plane_axes: axes, rendering_kwargs: { box_warp: BOX } as never })
    const texels = size * size
    /** Entry n of the batch with plane p alone, in the product's order of numbers; the product averages over three. */
    const only = (n: number, p: number): Planes => {
      const data = new Float32Array(3 * area)
      for (let i = 0; i < area; i++) {
        data[p * area + (i % texels) * channels + Math.floor(i / texels)] = source[(n * 3 + p) * area + i]
      }
      return { data, resolution: size, channels, layers: [1, 1, 1] }
    }
    const slices = (name: string, n: number, parts: number) => {
      const { data } = golden(`sample_from_planes.${name}`)
      const length = data.length / (batch * parts)
      return (p: number) => data.slice((n * parts + p) * length, (n * parts + p + 1) * length)
    }
    for (let n = 0; n < batch; n++) {
      const points = slices('in.co', n, 1)(0)
      const pointsGradient = new Float32Array(points.length)
      for (let p = 0; p < 3; p++) {
        const planes = only(n, p)
        const third = samplePlanes(planes, projection, points)
        const expected = slices('out', n, 3)(p)
        expectClose(
          third.map((value) => 3 * value),
          expected,
          `plane ${p}`,
          1e-5,
        )

        const planesGradient = new Float32Array(3 * area)
        const cotangent = slices('gout', n, 3)(p).map((value) => 3 * value)
        samplePlanesBackward(planes, projection, points, cotangent, planesGradient, pointsGradient)
        const recorded = slices('gin.planes', n, 3)(p)
        const found = Float32Array.from(
          { length: area },
          (_, i) => planesGradient[p * area + (i % texels) * channels + Math.floor(i / texels)],
        )
        expectClose(found, recorded, `gradient of plane ${p}`, 1e-5)
      }
      expectClose(pointsGradient, slices('gin.co', n, 1)(0), 'gradient of the points', 1e-4)
    }
  })
})
