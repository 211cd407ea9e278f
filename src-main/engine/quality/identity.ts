/**
 * Who it is: dlib's face recognition network, 128 numbers a face, written out for the engine's own graphs. No loss ever
 * sees it, so it is an independent judge of a likeness. Weights: resources/networks/dlib.safetensors.
 */
import { readFile } from 'node:fs/promises'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { type Message, message } from '../errors.ts'
import { cutCrop } from '../face/crop.ts'
import type { Window } from '../face/pose.ts'
import type { Weights } from '../generator/generator.ts'
import { Parameters } from '../generator/parameters.ts'
import {
  add,
  constant,
  conv,
  input,
  matMul,
  max,
  mul,
  pad,
  reduceMean,
  relu,
  reshape,
  slice,
  sub,
  type Tensor,
  writeModel,
} from '../graph/index.ts'
import { networkFile } from '../networks/folder.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Side of the picture the network takes. */
const SIZE = 150
/** Mean of each channel it was trained with, red, green, blue. */
const MEAN = [122.782, 117.001, 104.298]
/** The residual blocks in the order they run; those named `down` halve the picture. */
const BLOCKS = ['32_1', '32_2', '32_3', '64_down', '64_1', '64_2', '64_3', '128_down', '128_1', '128_2']
const LAST_BLOCKS = ['256_down', '256_1', '256_2', '256_down_out']

/**
 * The part of a portrait that is shown, as a share of its side, about the middle. A fixed part, because a face's marks
 * crowd together as it turns: on ten rendered heads 60 degrees from the front, one person's distance to the front view
 * is 0.45 with it and 0.56 with dlib's alignment by eyes and nose, different persons' 0.63 with either (medians).
 */
const WINDOW = 0.62

/** dlib's own threshold: below it, two pictures are taken for the same person. */
export const SAME_PERSON = 0.6

/** A portrait crop or a head rendered from a portrait camera. */
export interface FacePicture {
  /** Pixels a side. */
  readonly size: number
  /** RGB, 8 bits, rows from the top. */
  readonly rgb: Uint8Array
}

/** Describes a face with 128 numbers; compare with {@link identityDistance}. */
export type Identity = (picture: FacePicture) => Promise<Float32Array>

/**
 * A run takes about 60 ms on one core.
 * @throws UserError where the weights are missing or damaged
 */
export async function createIdentity(runtime: Runtime, file = networkFile('dlib.safetensors')): Promise<Identity> {
  const { tensors } = readSafetensors(await readFile(file), file)
  const weights: Weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }]))
  const chip = input('chip', [1, 3, SIZE, SIZE])
  const program = await runtime.compile(writeModel({ descriptor: identityNetwork(weights, chip) }))
  const parameters = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
  return async ({ size, rgb }) => {
    const window: Window = { centre: [size / 2, size / 2], side: WINDOW * size, roll: 0 }
    const cut = cutCrop({ width: size, height: size, rgb }, window, SIZE)
    const { descriptor } = await program.run({ ...parameters, chip: toPlanes(cut.rgb) })
    return descriptor
  }
}

/**
 * Euclidean distance of two descriptors: one person's photos are 0.40 to 0.50 apart, different people's 0.83 (median);
 * {@link SAME_PERSON} lies between.
 */
export function identityDistance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0))
}

/**
 * What is to be said of a photo that seems to show somebody else than the first; nothing where it does not.
 * @param of, first the photos' names and whom they show
 */
export function strangerWarning(
  of: { name: string; descriptor: Float32Array },
  first: { name: string; descriptor: Float32Array },
): Message | undefined {
  const distance = identityDistance(first.descriptor, of.descriptor)
  if (distance <= SAME_PERSON) return undefined
  return message('different-people', { photo: of.name, first: first.name, distance, limit: SAME_PERSON })
}

/**
 * The network itself, forward.
 * @param chip [1, 3, 150, 150], RGB, 0..255
 * @returns [1, 128]
 */
export function identityNetwork(weights: Weights, chip: Tensor): Tensor {
  const parameters = new Parameters(weights)
  const convolve = (name: string, x: Tensor, stride: number, padding: number): Tensor => {
    const bias = parameters.get(`conv${name}.bias`)
    const pads = [padding, padding, padding, padding] as const
    const y = conv(x, parameters.get(`conv${name}.weight`), { strides: [stride, stride], pads })
    return add(y, reshape(bias, [1, bias.shape[0], 1, 1]))
  }
  const block = (x: Tensor, name: string): Tensor => {
    const halve = name.includes('down')
    const first = relu(convolve(`${name}/conv1`, x, halve ? 2 : 1, halve ? 0 : 1))
    return relu(addSkip(convolve(`${name}/conv2`, first, 1, 1), halve ? averagePool(x) : x))
  }
  let x = mul(sub(chip, constant(MEAN, [1, 3, 1, 1])), 1 / 255)
  x = maxPool(relu(convolve('32_down', x, 2, 0)))
  for (const name of [...BLOCKS, ...LAST_BLOCKS]) x = block(x, name)
  return matMul(reshape(reduceMean(x, [2, 3]), [1, 256]), parameters.get('fc'))
}

/** Sums two pictures of different size: channels, rows and columns that one lacks count as zero. */
function addSkip(x: Tensor, skip: Tensor): Tensor {
  const larger = x.shape.map((size, axis) => Math.max(size, skip.shape[axis]))
  const fill = (part: Tensor) =>
    pad(
      part,
      part.shape.map(() => 0),
      larger.map((size, axis) => size - part.shape[axis]),
    )
  return add(fill(x), fill(skip))
}

/** The largest of 3 x 3 pixels at every second one: along the rows, then along the columns. */
function maxPool(x: Tensor): Tensor {
  return [2, 3].reduce((picture, axis) => {
    const count = (picture.shape[axis] - 1) >> 1
    const tap = (first: number) => slice(picture, axis, first, first + 2 * count - 1, 2)
    return max(max(tap(0), tap(1)), tap(2))
  }, x)
}

/** The mean of each 2 x 2 pixels; an odd last row or column is left out. */
function averagePool(x: Tensor): Tensor {
  const channels = x.shape[1]
  const box = constant(new Float32Array(channels * 4).fill(0.25), [channels, 1, 2, 2])
  return conv(x, box, { strides: [2, 2], group: channels })
}

/** 8-bit RGB to [3, side, side], 0..255. */
function toPlanes(rgb: Uint8Array): Float32Array {
  const area = rgb.length / 3
  return Float32Array.from({ length: rgb.length }, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)])
}
