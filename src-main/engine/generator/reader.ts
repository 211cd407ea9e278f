/**
 * The reader: a small convolutional network that reads a latent code w off one portrait. A generator is trained together
 * with it, as the two halves of an autoencoder (models/training), so that what it reads is what the planes show. Its last
 * layer sees, beside the features, the portrait itself, shrunk: most of a code is linear in that. Its weights travel in the
 * generator's file beside the network's own.
 */
import type { Weight } from '../checkpoint/generator-file.ts'
import { concat, conv, input, mul, reduceMean, reshape, type Shape, type Tensor, writeModel } from '../graph/index.ts'
import { residents } from '../runtime/resident.ts'
import type { Feeds, Program, Runtime } from '../runtime/runtime.ts'
import { biasAct, fullyConnected } from './layers.ts'
import { Parameters } from './parameters.ts'

/** What the names of its weights begin with. */
export const READER = 'reader.'
/** Side of the last layer's features; each layer halves the picture. */
const LAST = 4
/** Side of the shrunk portrait. */
const THUMBNAIL = 32

/** Names and shapes of a reader's weights. @param widths channels of its layers, as many as halve the picture to 4 x 4 */
export function readerShapes(widths: readonly number[], w_dim: number): Map<string, number[]> {
  const shapes = new Map<string, number[]>()
  widths.forEach((outputs, i) => {
    shapes.set(`${READER}conv${i}.weight`, [outputs, i === 0 ? 3 : widths[i - 1], 3, 3])
    shapes.set(`${READER}conv${i}.bias`, [outputs])
  })
  shapes.set(`${READER}fc.weight`, [w_dim, widths[widths.length - 1] * LAST ** 2 + 3 * THUMBNAIL ** 2])
  shapes.set(`${READER}fc.bias`, [w_dim])
  return shapes
}

/** Side of the pictures that a reader of so many layers takes. */
export const readingSide = (layers: number): number => LAST * 2 ** layers

/**
 * @param picture [N, 3, S, S] in -1..1, the person on white; S a multiple of 32
 * @returns w [N, w_dim]
 */
export function readCode(parameters: Parameters, picture: Tensor): Tensor {
  let x = picture
  for (let i = 0; x.shape[2] > LAST; i++) {
    const weight = parameters.get(`${READER}conv${i}.weight`)
    const [, inputs, height, width] = weight.shape
    const scaled = mul(weight, 1 / Math.sqrt(inputs * height * width))
    const halved = conv(x, scaled, { strides: [2, 2], pads: [1, 1, 1, 1] })
    x = biasAct(halved, parameters.get(`${READER}conv${i}.bias`), { activation: 'lrelu' })
  }
  const [weight, bias] = ['weight', 'bias'].map((part) => parameters.get(`${READER}fc.${part}`))
  return fullyConnected(concat([flat(x), flat(thumbnail(picture))], 1), weight, bias)
}

const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0], -1])

/** [N, 3, S, S] to [N, 3, 32, 32], by averaging. */
function thumbnail(picture: Tensor): Tensor {
  const [batch, channels, side] = picture.shape
  const step = side / THUMBNAIL
  const parts = reshape(picture, [batch, channels, THUMBNAIL, step, THUMBNAIL, step])
  return reduceMean(parts, [3, 5])
}

/** A reader at work. */
export class Reader {
  /** Side of the pictures it takes. */
  readonly side: number
  private readonly feeds: Feeds
  private readonly program: Promise<Program>

  private constructor(runtime: Runtime, weights: ReadonlyMap<string, Weight>, layers: number) {
    this.side = readingSide(layers)
    this.feeds = residents(Object.fromEntries([...weights].map(([name, { data }]) => [name, data])))
    const picture = input('picture', [1, 3, this.side, this.side])
    this.program = runtime.compile(writeModel({ w: readCode(new Parameters(weights), picture) }))
  }

  /** The reader among a file's tensors; none where it is not there as a whole. */
  static among(runtime: Runtime, extras: ReadonlyMap<string, { shape: Shape; data: Float32Array }>, w_dim: number) {
    const widths: number[] = []
    for (let i = 0; ; i++) {
      const weight = extras.get(`${READER}conv${i}.weight`)
      if (!weight) break
      widths.push(weight.shape[0])
    }
    const weights = new Map<string, Weight>()
    if (widths.length === 0) return undefined
    for (const [name, shape] of readerShapes(widths, w_dim)) {
      const weight = extras.get(name)
      if (weight?.shape.join() !== shape.join()) return undefined
      weights.set(name, { shape, data: weight.data })
    }
    return new Reader(runtime, weights, widths.length)
  }

  /** @param picture [3 * side * side] in 0..1, the person on white; @returns w [w_dim] */
  async read(picture: Float32Array): Promise<Float32Array> {
    const { w } = await (await this.program).run({ ...this.feeds, picture: picture.map((value) => 2 * value - 1) })
    return w
  }
}
