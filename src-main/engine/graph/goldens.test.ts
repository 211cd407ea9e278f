/**
 * Compositions of graph operations against recorded values and gradients of the EG3D reference
 * (fixtures/ops.safetensors: `<case>.in.*`, `.out`, the cotangent `.gout` and the resulting `.gin.*`).
 */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { Runtime } from '../runtime/runtime.ts'
import {
  add,
  clip,
  concat,
  constant,
  conv,
  convTranspose,
  expand,
  input,
  leakyRelu,
  matMul,
  mul,
  pullBack,
  reduceMean,
  reshape,
  type Shape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  transposeLast,
  writeModel,
} from './index.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

const { tensors: recorded } = readSafetensors(readFileSync(new URL('fixtures/ops.safetensors', import.meta.url)))

function golden(name: string): { shape: Shape; data: Float32Array } {
  const tensor = recorded.get(name)
  if (!tensor) throw new Error(`ops.safetensors has no ${name}`)
  return { shape: tensor.shape, data: toFloat32(tensor) }
}

const recordedConstant = (name: string) => constant(golden(name).data, golden(name).shape)

/** Applies a 2-D kernel to each channel by itself: a FIR filter as a depthwise convolution. */
function fir(
  x: Tensor,
  kernel: Float32Array,
  options: { pads: readonly [number, number, number, number]; stride?: number },
) {
  const [channels, size] = [x.shape[1], Math.sqrt(kernel.length)]
  const weight = expand(constant(kernel, [1, 1, size, size]), [channels, 1, size, size])
  const { pads, stride = 1 } = options
  return conv(x, weight, { pads, strides: [stride, stride], group: channels })
}

const filter = golden('filter_1331').data
const outer = (taps: readonly number[]) => Float32Array.from(taps.flatMap((a) => taps.map((b) => a * b)))
const SQRT2 = Math.SQRT2

const bias = (x: Tensor, b: Tensor) => add(x, reshape(b, [1, -1, ...x.shape.slice(2).map(() => 1)]))

/** The matrix [to, from] of a one-dimensional resize; `weigh` gives source sample j's weight for target sample i. */
function resizeMatrix(from: number, to: number, weigh: (centre: number, j: number, i: number) => number): Tensor {
  const rows = Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5
    const row = Array.from({ length: from }, (_, j) => weigh(centre, j, i))
    const sum = row.reduce((total, weight) => total + weight, 0)
    return row.map((weight) => weight / sum)
  })
  return constant(rows.flat(), [to, from])
}

const resize = (x: Tensor, matrix: Tensor) => matMul(matMul(matrix, x), transposeLast(matrix))

const hat = (distance: number) => Math.max(0, 1 - Math.abs(distance))

/** Linear interpolation; antialiased: with the hat as wide as the step between target samples. */
function bilinear(from: number, to: number, antialias: boolean): Tensor {
  const width = antialias ? Math.max(1, from / to) : 1
  const inside = (centre: number) => (antialias ? centre : Math.min(from - 1, Math.max(0, centre)))
  return resizeMatrix(from, to, (centre, j) => hat((inside(centre) - j) / width))
}

/** Each target sample is the plain mean of the source samples its cell touches. */
function area(from: number, to: number): Tensor {
  return resizeMatrix(from, to, (_, j, i) =>
    j >= Math.floor((i * from) / to) && j < Math.ceil(((i + 1) * from) / to) ? 1 : 0,
  )
}

const roll = (x: Tensor, axis: number) => {
  const size = x.shape[axis]
  return concat([slice(x, axis, size - 1, size), slice(x, axis, 0, size - 1)], axis)
}

function noiseRegulariser(noise: Tensor): Tensor {
  const mean = (x: Tensor) => reduceMean(x, [0, 1])
  const term = add(square(mean(mul(noise, roll(noise, 0)))), square(mean(mul(noise, roll(noise, 1)))))
  const [height, width] = noise.shape
  if (height <= 8) return term
  const halved = reduceMean(reshape(noise, [height / 2, 2, width / 2, 2]), [1, 3])
  return add(term, noiseRegulariser(reshape(halved, [height / 2, width / 2])))
}

function minibatchDeviation(x: Tensor, group: number): Tensor {
  const [n, c, h, w] = x.shape
  const grouped = reshape(x, [group, n / group, c, h, w])
  const centred = sub(grouped, reduceMean(grouped, [0]))
  const deviation = sqrt(add(reduceMean(square(centred), [0]), 1e-8))
  const statistic = reshape(reduceMean(deviation, [2, 3, 4]), [1, n / group, 1, 1])
  return concat([x, reshape(expand(statistic, [group, n / group, h, w]), [n, 1, h, w])], 1)
}

const compositions: Record<string, (inputs: Record<string, Tensor>) => Tensor> = {
  upsample2d: ({ x }) => {
    // Zeros between the samples, then the filter: its adjoint's adjoint, a depthwise transposed convolution.
    const weight = constant(
      Float32Array.from({ length: 3 * 16 }, (_, i) => 4 * filter[i % 16]),
      [3, 1, 4, 4],
    )
    return convTranspose(x, weight, { strides: [2, 2], pads: [1, 1, 1, 1], group: 3 })
  },
  downsample2d: ({ x }) => fir(x, filter, { pads: [1, 1, 1, 1], stride: 2 }),
  filter2d_blur: ({ x }) => fir(x, outer([0.2, 0.4, 0.3, 0.1]), { pads: [2, 2, 1, 1] }),
  bias_act_lrelu: ({ x, b }) => mul(leakyRelu(bias(x, b), 0.2), SQRT2),
  bias_act_lrelu_clamp: ({ x, b }) => clip(mul(leakyRelu(bias(mul(x, 2), b), 0.2), 1.5), -0.8, 0.8),
  bias_act_linear_clamp: ({ x, b }) => clip(bias(x, b), -0.5, 0.5),
  conv_down2: ({ x, w }) => conv(fir(x, filter, { pads: [2, 2, 2, 2] }), w, { strides: [2, 2] }),
  conv_1x1_down2: ({ x, w }) => conv(fir(x, filter, { pads: [1, 1, 1, 1], stride: 2 }), w),
  fc_lrelu: ({ x }) => {
    const product = matMul(x, transpose(mul(recordedConstant('fc_lrelu.w'), 0.01 / Math.sqrt(6)), [1, 0]))
    return mul(leakyRelu(add(product, mul(recordedConstant('fc_lrelu.b'), 0.01)), 0.2), SQRT2)
  },
  fc_linear: ({ x }) => {
    const product = matMul(x, transpose(mul(recordedConstant('fc_linear.w'), 0.5 / Math.sqrt(6)), [1, 0]))
    return add(product, mul(recordedConstant('fc_linear.b'), 0.5))
  },
  mbstd: ({ x }) => minibatchDeviation(x, 4),
  noise_reg: ({ v }) => reshape(noiseRegulariser(v), []),
  resize_aa_24_16: ({ x }) => resize(x, bilinear(24, 16, true)),
  resize_noaa_24_16: ({ x }) => resize(x, bilinear(24, 16, false)),
  resize_aa_12_16: ({ x }) => resize(x, bilinear(12, 16, true)),
  resize_noaa_12_16: ({ x }) => resize(x, bilinear(12, 16, false)),
  resize_aa_33_16: ({ x }) => resize(x, bilinear(33, 16, true)),
  resize_noaa_33_16: ({ x }) => resize(x, bilinear(33, 16, false)),
  resize_area_40_16: ({ x }) => resize(x, area(40, 16)),
}

/** rtol 1e-3, atol 1e-4 of the largest value: float32 in another order of summation. */
function expectNear(actual: Float32Array, { data }: { data: Float32Array }, what: string) {
  expect(actual.length, what).toBe(data.length)
  const largest = Math.max(...data.map(Math.abs))
  const excess = actual.map((value, i) => Math.abs(value - data[i]) - 1e-3 * Math.abs(data[i]))
  expect(Math.max(...excess), what).toBeLessThan(1e-4 * largest)
}

describe('compositions agree with the reference, forward and backward', () => {
  it.each(Object.entries(compositions))('%s', async (name, compose) => {
    const prefix = `${name}.in.`
    const names = [...recorded.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
    expect(names.length).toBeGreaterThan(0)
    const inputs = Object.fromEntries(names.map((key) => [key, input(key, golden(prefix + key).shape)]))
    const out = compose(inputs)
    expect(out.shape).toEqual(golden(`${name}.out`).shape)
    const adjoints = pullBack([out], [input('gout', out.shape)], Object.values(inputs))
    const program = await runtime.compile(
      writeModel({ out, ...Object.fromEntries(names.map((key, i) => [`gin.${key}`, adjoints[i]])) }),
    )
    const results = await program.run({
      ...Object.fromEntries(names.map((key) => [key, golden(prefix + key).data])),
      gout: golden(`${name}.gout`).data,
    })
    expectNear(results.out, golden(`${name}.out`), 'out')
    for (const key of names) expectNear(results[`gin.${key}`], golden(`${name}.gin.${key}`), `gin.${key}`)
  })
})
