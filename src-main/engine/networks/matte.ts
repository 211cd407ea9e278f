/**
 * Who belongs to the portrait and what is background: MediaPipe's selfie segmentation, a small MobileNetV3 with a
 * decoder of three stages, written out for the engine's own graphs. Weights: resources/networks/matte.safetensors.
 */
import { readFile } from 'node:fs/promises'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import type { Weights } from '../generator/generator.ts'
import { bilinearMatrix, resample } from '../generator/resample.ts'
import {
  add,
  clip,
  conv,
  convTranspose,
  input,
  mul,
  reduceMean,
  relu,
  reshape,
  sigmoid,
  type Tensor,
  writeModel,
} from '../graph/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { networkFile } from './folder.ts'

/** Side of the picture the network takes and of the matte it gives. */
const SIZE = 256
/** Parts of a matte hang together through pixels of at least this opacity. */
const SOLID = 0.5
/** How far the soft edge of such a part may reach, in sides. */
const FRINGE = 0.03

/** Gives the matte of a crop: `size * size` opacities, 0 background to 1 person, rows from the top. */
export type Matting = (crop: { readonly size: number; readonly rgb: Uint8Array }) => Promise<Float32Array>

/** The weights of a `matte.safetensors`; `name` is what messages call the file. */
export function readMatteWeights(bytes: Uint8Array, name: string): Weights {
  const { tensors } = readSafetensors(bytes, name)
  return new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]))
}

/**
 * Prepares the network for crops of `size` pixels a side. A run takes about 50 ms on one core.
 * @throws UserError where the weights are missing or damaged
 */
export async function createMatting(
  runtime: Runtime,
  size: number,
  file = networkFile('matte.safetensors'),
): Promise<Matting> {
  const weights = readMatteWeights(await readFile(file), file)
  const crop = input('crop', [1, 3, size, size])
  const shrunk = resample(crop, bilinearMatrix(size, SIZE, true))
  const matte = resample(matteNetwork(weights, shrunk), bilinearMatrix(SIZE, size, false))
  const program = await runtime.compile(writeModel({ matte }))
  const parameters = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
  return async ({ size: given, rgb }) => {
    if (given !== size) throw new Error(`this matting takes crops of ${size} pixels, not ${given}`)
    const { matte } = await program.run({ ...parameters, crop: toPlanes(rgb) })
    return connectedToCentre(matte, size)
  }
}

/**
 * The network itself.
 *
 * @param weights conv_00 ... conv_54 in the order they run
 * @param image [1, 3, 256, 256], 0..1
 * @returns [1, 1, 256, 256], 0..1
 */
export function matteNetwork(weights: Weights, image: Tensor): Tensor {
  let used = 0
  const next = (): [kernel: Tensor, bias: Tensor] => {
    const name = `conv_${String(used++).padStart(2, '0')}`
    const [kernel, bias] = ['weight', 'bias'].map((part) => {
      const weight = weights.get(`${name}.${part}`)
      if (weight === undefined) throw new Error(`the matting network has no ${name}.${part}`)
      return input(`${name}.${part}`, weight.shape)
    })
    return [kernel, reshape(bias, [1, bias.shape[0], 1, 1])]
  }
  /** The next convolution, depthwise where its kernels have one channel; padded as TensorFlow's SAME does. */
  const convolve = (x: Tensor, stride = 1): Tensor => {
    const [kernel, bias] = next()
    const [channels, perGroup, side] = kernel.shape
    const padding = Math.max(0, side - stride)
    const before = Math.floor(padding / 2)
    const pads = [before, before, padding - before, padding - before] as const
    const group = perGroup === 1 ? channels : 1
    return add(conv(x, kernel, { strides: [stride, stride], pads, group }), bias)
  }
  /** A weight for each channel from the mean of all: squeeze and excitation. */
  const gate = (x: Tensor): Tensor => sigmoid(convolve(relu(convolve(reduceMean(x, [2, 3])))))
  const excite = (x: Tensor): Tensor => mul(x, gate(x))

  // Down: 128, 64, 32, 16 pixels a side.
  const at128 = hardSwish(convolve(image, 2))
  const at64 = convolve(excite(relu(convolve(relu(convolve(at128)), 2))))
  const narrow = convolve(relu(convolve(relu(convolve(at64)), 2)))
  const at32 = add(convolve(relu(convolve(relu(convolve(narrow))))), narrow)
  const bottleneck = (x: Tensor, stride = 1): Tensor =>
    convolve(excite(hardSwish(convolve(hardSwish(convolve(x)), stride))))
  let x = bottleneck(at32, 2)
  for (let block = 0; block < 4; block++) x = add(bottleneck(x), x)
  x = mul(relu(convolve(x)), sigmoid(convolve(reduceMean(x, [2, 3]))))

  // Up again, each stage letting in as much of the finer picture as its gate decides.
  const up = (coarse: Tensor, fine: Tensor): Tensor => {
    const [low, high] = [coarse.shape[2], fine.shape[2]]
    const raised = convolve(resample(coarse, bilinearMatrix(low, high, false)))
    const merged = relu(convolve(add(mul(fine, gate(add(fine, raised))), raised)))
    return add(merged, relu(convolve(merged)))
  }
  x = up(up(up(x, at32), at64), at128)
  const [kernel, bias] = next()
  return sigmoid(add(convTranspose(x, kernel, { strides: [2, 2] }), bias))
}

const hardSwish = (x: Tensor): Tensor => mul(x, mul(clip(add(x, 3), 0, 6), 1 / 6))

/**
 * The matte without what does not hang together with the middle of the crop, where the face is: other people, and
 * things the network half takes for hair. Unchanged where the middle itself is background.
 */
function connectedToCentre(matte: Float32Array, size: number): Float32Array {
  const centre = (size >> 1) * size + (size >> 1)
  if (matte[centre] < SOLID) return matte
  const reached = new Uint8Array(matte.length)
  reached[centre] = 1
  /** Goes one pixel further from all of `from`, to pixels of at least this opacity. */
  const spread = (from: number[], least: number): number[] => {
    const to: number[] = []
    const visit = (pixel: number) => {
      if (reached[pixel] === 1 || matte[pixel] < least) return
      reached[pixel] = 1
      to.push(pixel)
    }
    for (const pixel of from) {
      const column = pixel % size
      if (column > 0) visit(pixel - 1)
      if (column < size - 1) visit(pixel + 1)
      if (pixel >= size) visit(pixel - size)
      if (pixel < matte.length - size) visit(pixel + size)
    }
    return to
  }
  const solid = [centre]
  for (let edge = solid; edge.length > 0; ) {
    edge = spread(edge, SOLID)
    for (const pixel of edge) solid.push(pixel)
  }
  let edge = solid
  for (let step = 0; step < FRINGE * size; step++) edge = spread(edge, 0)
  return matte.map((alpha, pixel) => (reached[pixel] === 1 ? alpha : 0))
}

/** 8-bit RGB to [3, size, size] in 0..1. */
function toPlanes(rgb: Uint8Array): Float32Array {
  const area = rgb.length / 3
  const planes = new Float32Array(rgb.length)
  for (let i = 0; i < rgb.length; i++) planes[(i % 3) * area + Math.floor(i / 3)] = rgb[i] / 255
  return planes
}
