/**
 * FaceRes, a MobileNet-v1 trained to tell faces apart: its early layers are the perceptual loss, its last one an
 * identity descriptor. Weights: resources/networks/faceres.safetensors.
 */
import { readFile } from 'node:fs/promises'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import type { Weights } from '../generator/generator.ts'
import { bilinearMatrix, type ResamplingMatrix, resample } from '../generator/resample.ts'
import {
  add,
  type ConvOptions,
  clip,
  concat,
  constant,
  conv,
  input,
  mul,
  pullBack,
  reduceMean,
  reshape,
  slice,
  sub,
  type Tensor,
  withGradient,
  writeModel,
} from '../graph/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { networkFile } from './folder.ts'

/** Side of the picture the network takes. */
const SIZE = 224
/** Mean of each channel it was trained with, blue, green, red. */
const MEAN = [91.4953, 103.8827, 131.0912]
/** Layers whose channels change what is looked at: edges, parts, texture, shape. */
const TAPS = [1, 3, 5, 11] as const
export const PERCEPTUAL_TAPS = TAPS.length
/** Blocks whose depthwise convolution halves the resolution. */
const HALVING = new Set([2, 4, 6, 12])
/** The part of a portrait crop that is looked at: the face and the hairline, as a share of its side. */
const WINDOW: readonly [number, number] = [0.14, 0.86]

/** Numbers of a descriptor. */
export const DESCRIPTOR = 1024

/** Describes the face of a portrait crop, RGB of 8 bits, with {@link DESCRIPTOR} numbers; compare by cosine. */
export type Descriptor = (crop: { readonly size: number; readonly rgb: Uint8Array }) => Promise<Float32Array>

let known: Promise<Weights> | undefined

/** The network's weights, read once a process. */
export function readFaceRes(): Promise<Weights> {
  known ??= read()
  return known
}

async function read(): Promise<Weights> {
  const path = networkFile('faceres.safetensors')
  const { tensors } = readSafetensors(await readFile(path), path)
  return new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }]))
}

/**
 * The weights are part of the model: they never change, and a convolution that knows its own takes half the time.
 * @param image [1, 3, R, R] in -1..1, a portrait crop
 * @param depth how many of the 13 blocks are needed
 */
function blocks(weights: Weights, image: Tensor, depth: number): Tensor[] {
  const parameter = (name: string) => {
    const { data, shape } = weights.get(name)!
    return constant(data, shape)
  }
  const layer = (name: string, x: Tensor, stride: number): Tensor => {
    const weight = parameter(`${name}.weight`)
    const [channels, perGroup, kernel] = weight.shape
    // TensorFlow's SAME: a stride of two pads at the bottom and right alone.
    const [before, after] = kernel === 1 ? [0, 0] : [stride === 2 ? 0 : 1, 1]
    return convolveLimited(x, weight, parameter(`${name}.bias`), {
      strides: [stride, stride],
      pads: [before, before, after, after],
      group: perGroup === 1 && x.shape[1] > 1 ? channels : 1,
    })
  }
  let x = layer('conv1', prepare(image), 2)
  const outputs: Tensor[] = []
  for (let i = 1; i <= depth; i++) {
    x = layer(`dw_${i}`, x, HALVING.has(i) ? 2 : 1)
    x = layer(`pw_${i}`, x, 1)
    outputs.push(x)
  }
  return outputs
}

/**
 * Convolution, bias, and limits of 0 and 6. Where these left a result y as it was, y (6 - y) is positive: the mask of the
 * way back, without a comparison's temporaries. It comes times a small unit, which the weights take away again; between 0
 * and the unit it is wrong, which no activation meets.
 */
function convolveLimited(x: Tensor, weight: Tensor, bias: Tensor, options: ConvOptions): Tensor {
  const value = clip(conv(x, weight, { ...options, bias }), 0, 6)
  return withGradient(value, [x], (g, y) => {
    const unit = 2 ** -30
    const inside = clip(mul(y, sub(6, y)), 0, unit)
    const linear = conv(x, mul(weight, 1 / unit), options)
    return [() => pullBack([linear], [mul(g, inside)], [x])[0]]
  })
}

/** The face window at the network's size, blue first, mean subtracted. */
function prepare(image: Tensor): Tensor {
  const window = windowMatrix(image.shape[2])
  const face = resample(image, window)
  const bgr = concat(
    [2, 1, 0].map((channel) => slice(face, 1, channel, channel + 1)),
    1,
  )
  return sub(mul(add(bgr, 1), 127.5), constant(MEAN, [1, 3, 1, 1]))
}

/** Bilinear resampling of WINDOW to SIZE: the rows of a larger matrix that fall into the window. */
function windowMatrix(from: number): ResamplingMatrix {
  const first = Math.round(WINDOW[0] * from)
  const width = Math.round(WINDOW[1] * from) - first
  const inner = bilinearMatrix(width, SIZE, true)
  const data = new Float32Array(SIZE * from)
  for (let row = 0; row < SIZE; row++) data.set(inner.data.subarray(row * width, (row + 1) * width), row * from + first)
  return { to: SIZE, from, data }
}

/** Activations for the perceptual loss, from fine to coarse. */
export function perceptualTaps(weights: Weights, image: Tensor): Tensor[] {
  const outputs = blocks(weights, image, Math.max(...TAPS))
  return TAPS.map((block) => outputs[block - 1])
}

/** [1, DESCRIPTOR] identity descriptor; compare by cosine. */
export function identity(weights: Weights, image: Tensor): Tensor {
  const last = blocks(weights, image, 13)[12]
  return reshape(reduceMean(last, [2, 3]), [1, last.shape[1]])
}

/** The descriptor of pictures; a run takes about 25 ms on one core. */
export function createDescriptor(runtime: Runtime, weights: Weights): Descriptor {
  return async ({ size, rgb }) => {
    const picture = input('picture', [1, 3, size, size])
    const program = await runtime.compile(writeModel({ descriptor: identity(weights, picture) }))
    const area = size * size
    const values = Float32Array.from(rgb, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)] / 127.5 - 1)
    return (await program.run({ picture: values })).descriptor
  }
}
