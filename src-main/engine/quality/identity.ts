/**
 * Who it is: dlib's face recognition network, 128 numbers a face, written out for the engine's own graphs. No loss ever
 * sees it, so it is an independent judge of a likeness (facts: face.md). Weights: resources/networks/dlib.safetensors.
 */
import { readFile } from 'node:fs/promises'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { cutCrop } from '../face/crop.ts'
import { networkFile } from '../face/networks.ts'
import type { Window } from '../face/pose.ts'
import { type Frame, TEMPLATE, type Vector3 } from '../face/template.ts'
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
  reshape,
  slice,
  sub,
  type Tensor,
  writeModel,
} from '../graph/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { project } from './project.ts'

/** Side of the picture the network takes. */
const SIZE = 150
/** Mean of each channel it was trained with, red, green, blue. */
const MEAN = [122.782, 117.001, 104.298]
/** The residual blocks in the order they run; those named `down` halve the picture. */
const BLOCKS = ['32_1', '32_2', '32_3', '64_down', '64_1', '64_2', '64_3', '128_down', '128_1', '128_2']
const LAST_BLOCKS = ['256_down', '256_1', '256_2', '256_down_out']

/**
 * Where the network wants the corners of both eyes and the base of the nose, in sides of its picture: dlib's five-point
 * face with a margin of a quarter all round.
 */
const REFERENCE = new Map(
  (
    [
      [33, [0.1205750620789, 0.2137274526848]],
      [133, [0.3340850613712, 0.2290642403242]],
      [263, [0.8595674595992, 0.2134981538014]],
      [362, [0.6460604764104, 0.2289674387677]],
      [2, [0.4901123135679, 0.6277975316475]],
    ] as const
  ).map(([landmark, at]) => [landmark, at.map((value) => (value + 0.25) / 1.5)]),
)

/** dlib's own threshold: below it, two pictures are taken for the same person. */
export const SAME_PERSON = 0.6

/** A square picture of a face and the camera that sees it so. */
export interface FacePicture {
  /** Pixels a side. */
  readonly size: number
  /** RGB, 8 bits, rows from the top. */
  readonly rgb: Uint8Array
  /** Camera, 25 numbers. */
  readonly label: Float32Array
}

/** Describes a face with 128 numbers; compare with {@link identityDistance}. */
export type Identity = (picture: FacePicture) => Promise<Float32Array>

/**
 * A run takes about 60 ms on one core.
 * @throws UserError where the weights are missing or damaged
 */
export async function createIdentity(
  runtime: Runtime,
  frame: Frame,
  file = networkFile('dlib.safetensors'),
): Promise<Identity> {
  const { tensors } = readSafetensors(await readFile(file), file)
  const weights: Weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }]))
  const chip = input('chip', [1, 3, SIZE, SIZE])
  const program = await runtime.compile(writeModel({ descriptor: identityNetwork(weights, chip) }))
  const parameters = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
  return async ({ size, rgb, label }) => {
    const window = faceWindow(frame, label, size)
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

const relu = (x: Tensor): Tensor => max(x, 0)

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

/**
 * The window of a picture that puts a face where the network wants it. The average head's points, seen by the
 * picture's camera, stand in for landmarks: so a photo and a rendering of it are cut alike, from any side.
 */
function faceWindow(frame: Frame, label: Float32Array, size: number): Window {
  const seen = [...REFERENCE.keys()].map((landmark) => project(label, pointOf(frame, landmark)).map((at) => at * size))
  const wanted = [...REFERENCE.values()].map((at) => at.map((value) => (value - 0.5) * SIZE))
  const [sx, sy] = meanOf(seen)
  const [wx, wy] = meanOf(wanted)
  // The similarity seen = [a -b; b a] wanted + t with the least squares of differences.
  let [norm, a, b] = [0, 0, 0]
  for (const [i, [x, y]] of seen.entries()) {
    const [u, v] = [wanted[i][0] - wx, wanted[i][1] - wy]
    norm += u * u + v * v
    a += u * (x - sx) + v * (y - sy)
    b += u * (y - sy) - v * (x - sx)
  }
  a /= norm
  b /= norm
  return {
    centre: [sx - a * wx + b * wy, sy - b * wx - a * wy],
    side: Math.hypot(a, b) * SIZE,
    roll: Math.atan2(b, a),
  }
}

function pointOf(frame: Frame, landmark: number): Vector3 {
  const point = TEMPLATE[frame].find((candidate) => candidate.landmark === landmark)
  if (!point) throw new Error(`the average head has no landmark ${landmark}`)
  return point.position
}

const meanOf = (points: number[][]) =>
  [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length)

/** 8-bit RGB to [3, side, side], 0..255. */
function toPlanes(rgb: Uint8Array): Float32Array {
  const area = rgb.length / 3
  return Float32Array.from({ length: rgb.length }, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)])
}
