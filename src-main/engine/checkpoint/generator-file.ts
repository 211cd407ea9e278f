/**
 * A generator's file: a safetensors file with the config as JSON in its metadata and the weights under EG3D's state
 * names (docs/eg3d.md, Checkpoint files), float32 or half precision. Nothing is handed out that the config does not
 * call for.
 */
import { UserError } from '../errors.ts'
import {
  backboneResolutions,
  FITTED_BLOCKS,
  type GeneratorConfig,
  paintedChannels,
  parseConfig,
  SUPER_RESOLUTION_CLASSES,
} from './config.ts'
import { quote, quoteShape } from './quote.ts'
import { readSafetensors, type StoredTensor, toFloat32, writeSafetensors } from './safetensors.ts'
import { jsonFault } from './value-fault.ts'

export type Weight = { shape: number[]; data: Float32Array }

export type GeneratorFile = {
  config: GeneratorConfig
  /** Exactly the tensors of `expectedWeights(config)`, in its order. */
  weights: Map<string, Weight>
  /** What else the file holds, such as `starter.*` and `direction.*`. */
  extras: Map<string, Weight>
}

const DIRECTION = 'direction.'

/** outer([1, 3, 3, 1]) / 64: the only filter these networks know (docs/eg3d.md, Layers). */
export const RESAMPLE_FILTER = [1, 3, 3, 1].flatMap((a) => [1, 3, 3, 1].map((b) => (a * b) / 64))

/** Name and shape of every weight and buffer the network of `config` has (docs/eg3d.md, Checkpoint files). */
export function expectedWeights(config: GeneratorConfig): Map<string, number[]> {
  const { z_dim, c_dim, w_dim, mapping_layers, backbone_channels, super_resolution } = config
  const shapes = new Map<string, number[]>()
  const linear = (path: string, inputs: number, outputs: number): void => {
    shapes.set(`${path}.weight`, [outputs, inputs])
    shapes.set(`${path}.bias`, [outputs])
  }
  const convolution = (path: string, inputs: number, outputs: number, size: number): void => {
    shapes.set(`${path}.weight`, [outputs, inputs, 3, 3])
    shapes.set(`${path}.noise_strength`, [])
    shapes.set(`${path}.bias`, [outputs])
    shapes.set(`${path}.resample_filter`, [4, 4])
    shapes.set(`${path}.noise_const`, [size, size])
    linear(`${path}.affine`, w_dim, inputs)
  }
  /** A block of the skip architecture; without `inputs` it starts from a learned constant. */
  const block = (path: string, inputs: number | null, outputs: number, size: number, imageChannels: number): void => {
    if (inputs === null) shapes.set(`${path}.const`, [outputs, size, size])
    shapes.set(`${path}.resample_filter`, [4, 4])
    if (inputs !== null) convolution(`${path}.conv0`, inputs, outputs, size)
    convolution(`${path}.conv1`, outputs, outputs, size)
    shapes.set(`${path}.torgb.weight`, [imageChannels, outputs, 1, 1])
    shapes.set(`${path}.torgb.bias`, [imageChannels])
    linear(`${path}.torgb.affine`, w_dim, outputs)
  }

  let inputs: number | null = null
  for (const size of backboneResolutions(config)) {
    const outputs = backbone_channels[size]
    block(`backbone.synthesis.b${size}`, inputs, outputs, size, paintedChannels(config))
    inputs = outputs
  }

  shapes.set('backbone.mapping.w_avg', [w_dim])
  linear('backbone.mapping.embed', c_dim, w_dim)
  for (let i = 0; i < mapping_layers; i++) linear(`backbone.mapping.fc${i}`, i === 0 ? z_dim + w_dim : w_dim, w_dim)

  if (super_resolution !== null) {
    const { up, ownFilter } = SUPER_RESOLUTION_CLASSES[super_resolution.class]
    if (ownFilter) shapes.set('superresolution.resample_filter', [4, 4])
    let size = super_resolution.input_resolution
    let width = config.decoder_output_dim
    super_resolution.channels.forEach((outputs, i) => {
      if (up[i]) size *= 2
      // One that sharpens the picture sees it.
      block(`superresolution.block${i}`, i < FITTED_BLOCKS ? width : width + 3, outputs, size, 3)
      width = outputs
    })
  }

  linear('decoder.net.0', config.plane_channels, config.decoder_hidden_dim)
  linear('decoder.net.2', config.decoder_hidden_dim, 1 + config.decoder_output_dim)
  return shapes
}

/**
 * Checks that `tensors` hold every weight of `config` with its shape, in a type a generator file may have, all numbers
 * finite and every filter the one these networks are computed with. Further tensors are only checked for their numbers.
 */
export function checkWeights(config: GeneratorConfig, tensors: ReadonlyMap<string, StoredTensor>, name: string): void {
  const expected = expectedWeights(config)
  const missing = [...expected.keys()].filter((key) => !tensors.has(key))
  if (missing.length > 0) {
    throw new UserError('weights-missing', { name, missing: missing.length, all: expected.size, first: missing[0] })
  }
  for (const [key, tensor] of tensors) {
    const weight = quote(key)
    const shape = expected.get(key)
    if (shape !== undefined && shape.join() !== tensor.shape.join()) {
      const [met, wanted] = [tensor.shape, shape].map(quoteShape)
      throw new UserError('weight-shape', { name, weight, shape: met, wanted })
    }
    if (tensor.dtype !== 'F32' && tensor.dtype !== 'F16') {
      throw new UserError('weight-type', { name, weight, type: tensor.dtype })
    }
    const at = firstNonFinite(tensor)
    if (at !== -1) throw new UserError('weight-not-finite', { name, weight, element: at })
    if (shape !== undefined && key.endsWith('resample_filter')) {
      const filter = toFloat32(tensor)
      if (RESAMPLE_FILTER.some((tap, i) => Math.abs(tap - filter[i]) > 1e-6)) {
        throw new UserError('weight-filter', { name, weight })
      }
    }
  }
}

/** Index of the first infinite or NaN element, or -1. Looks at exponent bits, so that unaligned data needs no copy. */
function firstNonFinite({ dtype, data }: StoredTensor): number {
  if (dtype === 'F32') {
    for (let i = 3; i < data.length; i += 4) {
      if ((data[i] & 0x7f) === 0x7f && (data[i - 1] & 0x80) !== 0) return (i - 3) / 4
    }
  } else {
    for (let i = 1; i < data.length; i += 2) if ((data[i] & 0x7c) === 0x7c) return (i - 1) / 2
  }
  return -1
}

/**
 * Reads a generator's file; `name` is what messages call it. Float32 weights are views into `bytes`, halves are decoded.
 * @throws UserError naming what is missing, misshapen, not finite or of an unknown version.
 */
export function readGeneratorFile(bytes: Uint8Array, name: string): GeneratorFile {
  const { metadata, tensors } = readSafetensors(bytes, name)
  if (metadata.config === undefined) throw new UserError('config-missing', { name })
  let json: unknown
  try {
    json = JSON.parse(metadata.config)
  } catch (error) {
    throw new UserError('config-not-json', { name, reason: jsonFault(error) })
  }
  const config = parseConfig(json, name)
  checkWeights(config, tensors, name)
  const decode = (tensor: StoredTensor): Weight => ({ shape: tensor.shape, data: toFloat32(tensor) })
  const weights = new Map<string, Weight>()
  for (const key of expectedWeights(config).keys()) weights.set(key, decode(tensors.get(key)!))
  const extras = new Map<string, Weight>()
  for (const [key, tensor] of tensors) if (!weights.has(key)) extras.set(key, decode(tensor))
  return { config, weights, extras }
}

/**
 * @returns by trait what one standard deviation of it adds to the code (`direction.*`): [w_dim] for every layer, or
 * [num_ws, w_dim]
 */
export function directionsOf({ config, extras }: Pick<GeneratorFile, 'config' | 'extras'>): Map<string, Float32Array> {
  const shapes = [`${config.w_dim}`, `${config.num_ws},${config.w_dim}`]
  const directions = new Map<string, Float32Array>()
  for (const [name, { shape, data }] of extras) {
    if (name.startsWith(DIRECTION) && shapes.includes(shape.join())) directions.set(name.slice(DIRECTION.length), data)
  }
  return directions
}

/**
 * Lays out a generator's file: same content, same bytes. The tensors' data are handed on as they are, without a copy.
 * @returns the chunks for `writeFileAtomic`.
 */
export function writeGeneratorFile(config: GeneratorConfig, tensors: ReadonlyMap<string, StoredTensor>): Uint8Array[] {
  checkWeights(config, tensors, config.name)
  return writeSafetensors(tensors, { config: JSON.stringify(parseConfig(config)) })
}
