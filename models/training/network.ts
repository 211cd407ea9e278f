/** The network that is trained: its config, and the weights it starts from. */
import {
  GENERATOR_FORMAT,
  GENERATOR_VERSION,
  type GeneratorConfig,
  PLANE_AXES,
  parseConfig,
} from '../../src-main/engine/checkpoint/config.ts'
import {
  expectedWeights,
  type GeneratorFile,
  RESAMPLE_FILTER,
  type Weight,
} from '../../src-main/engine/checkpoint/generator-file.ts'
import { UserError } from '../../src-main/engine/errors.ts'
import { firstSlice, layoutOf, type PlaneLayout, sliceCount } from '../../src-main/engine/generator/plane-layout.ts'
import { READER, Reader, readerShapes } from '../../src-main/engine/generator/reader.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { MAPPING } from './drawing.ts'

/** Distance from the camera at which a ray that meets nothing is taken to end, behind the portrait's head. World units. */
export const FAR = 3.3
/** Side of the rendering, and of the picture the super-resolution makes of it. */
const RENDERING = 128
const PLANE_CHANNELS = 16
/** Channels of the block that doubles what is shown. */
const THIRD_WIDTH = 8
/** Weights that paint the planes from the backbone's features; their first axis runs over slices and channels. */
export const PAINTER = /^backbone\.synthesis\.b(\d+)\.torgb\.(weight|bias)$/

/** How many of the facing plane's layers, the first ones, are behind the middle. */
export const layersBehind = ([facing]: PlaneLayout['layers']): number => Math.floor(facing / 2)

/** The default generator: small enough for inversion on two CPU cores. */
export function defaultConfig(
  withSuperResolution: boolean,
  layers: PlaneLayout['layers'] = [1, 1, 1],
): GeneratorConfig {
  return parseConfig({
    format: GENERATOR_FORMAT,
    version: GENERATOR_VERSION,
    name: 'Halfturn heads',
    frame: 'own',
    z_dim: 192,
    c_dim: 25,
    w_dim: 256,
    num_ws: 12,
    ...MAPPING,
    plane_resolution: 128,
    plane_channels: PLANE_CHANNELS,
    plane_layers: layers,
    backbone_channels: { 4: 192, 8: 192, 16: 128, 32: 96, 64: 48, 128: 32 },
    backbone_conv_clamp: null,
    plane_axes: PLANE_AXES,
    decoder_hidden_dim: 64,
    decoder_output_dim: PLANE_CHANNELS,
    neural_rendering_resolution: RENDERING,
    image_resolution: withSuperResolution ? 2 * RENDERING : RENDERING,
    rendering_kwargs: {
      depth_resolution: 48,
      depth_resolution_importance: 48,
      ray_start: 'auto',
      ray_end: 'auto',
      box_warp: 1,
      avg_camera_radius: 2.7,
      avg_camera_pivot: [0, 0, 0.2],
      white_back: true,
      disparity_space_sampling: false,
      clamp_mode: 'softplus',
      c_gen_conditioning_zero: true,
      c_scale: 1,
      decoder_lr_mul: 1,
      superresolution_noise_mode: 'none',
      sr_antialias: true,
    },
    super_resolution: withSuperResolution
      ? { class: '4X', input_resolution: RENDERING, channels: [32, 16], conv_clamp: null }
      : null,
    provenance: { source: 'trained on synthetic heads' },
    licence: 'May be used, changed and passed on freely. Made from CC0 (MakeHuman) and MIT (ICT-FaceKit) data.',
  })
}

/** Channels of the reader's layers: it takes portraits of 128 pixels. */
const READER_WIDTHS = [16, 32, 64, 128, 192]

/** A reader's weights: those of `given` where there is one, otherwise N(0, 1) and biases 0. */
export function initialReader(
  w_dim: number,
  given: ReadonlyMap<string, Weight>,
  seed: number,
  widths: readonly number[] = READER_WIDTHS,
): Map<string, Weight> {
  const shapes = [...readerShapes(widths, w_dim)]
  const known = shapes.every(([name, shape]) => fits(given.get(name), { shape }))
  return new Map(
    shapes.map(([name, shape], stream) => {
      const length = shape.reduce((product, size) => product * size, 1)
      if (known) return [name, { shape, data: Float32Array.from(given.get(name)!.data) }]
      const data = name.endsWith('bias') ? new Float32Array(length) : normalArray(length, seed, READER_STREAM + stream)
      return [name, { shape, data }]
    }),
  )
}

/** Beside the streams of the generator's own weights. */
const READER_STREAM = 10_000

/** @throws UserError where a generator was trained without one; `path` is what the message calls it */
export function readerOf(runtime: Runtime, { config, extras }: GeneratorFile, path: string): Reader {
  const reader = Reader.among(runtime, extras, config.w_dim)
  if (reader) return reader
  throw new UserError('tool', {
    text: `${path} has no reader.`,
    cure: 'Train it on: its planes and its reader learn together.',
  })
}

/** Extras of a generator's file but its reader, which is trained as its weights are. */
export function withoutReader(extras: ReadonlyMap<string, Weight>): Map<string, Weight> {
  return new Map([...extras].filter(([name]) => !name.startsWith(READER)))
}

/** The config with a third block that doubles the picture which is fitted; it keeps one that is there. */
export function withThirdBlock(config: GeneratorConfig): GeneratorConfig {
  const { super_resolution } = config
  if (super_resolution?.class === '4X2X') return config
  if (super_resolution?.class !== '4X') throw new Error(`'${config.name}' has no super-resolution of the class 4X`)
  return {
    ...config,
    image_resolution: 2 * config.image_resolution,
    super_resolution: { ...super_resolution, class: '4X2X', channels: [...super_resolution.channels, THIRD_WIDTH] },
  }
}

/**
 * Weights of `config`: those of `given` that fit, the others as EG3D starts (docs/eg3d.md, Layers): N(0, 1), biases 0,
 * those of affine layers 1. New colour layers start near zero, so that they add to what is there without disturbing it.
 */
export function initialWeights(
  config: GeneratorConfig,
  given: ReadonlyMap<string, Weight>,
  seed: number,
): Map<string, Weight> {
  const weights = new Map<string, Weight>()
  let stream = 0
  for (const [name, shape] of expectedWeights(config)) {
    const length = shape.reduce((product, size) => product * size, 1)
    const known = given.get(name)
    stream++
    if (fits(known, { shape })) weights.set(name, { shape, data: Float32Array.from(known!.data) })
    else weights.set(name, { shape, data: initial(name, length, seed, stream, config, given.size > 0) })
  }
  return weights
}

/**
 * A generator's weights for planes of other layers: each begins as what was where it is, the linear mixture of the two
 * layers around it, so that heads of more layers are the same at the start as far as such mixtures tell them.
 */
export function withLayers(
  { config, weights }: Pick<GeneratorFile, 'config' | 'weights'>,
  layers: PlaneLayout['layers'],
): Map<string, Weight> {
  const { channels, layers: before } = layoutOf(config)
  const sources = layers.flatMap((count, plane) =>
    Array.from({ length: count }, (_, layer) => {
      const place = ((layer + 0.5) * before[plane]) / count - 0.5
      // Beyond the outermost layers the line goes on, for between those and the next ones it has to meet what was there.
      const low = Math.max(0, Math.min(before[plane] - 2, Math.floor(place)))
      const share = before[plane] === 1 ? 0 : place - low
      const first = firstSlice({ layers: before }, plane) + low
      return { first, second: share === 0 ? first : first + 1, share }
    }),
  )
  const result = new Map(weights)
  for (const [name, { shape, data }] of weights) {
    if (!PAINTER.test(name)) continue
    const length = data.length / sliceCount({ layers: before })
    const wide = new Float32Array(sources.length * length)
    for (const [i, { first, second, share }] of sources.entries()) {
      for (let k = 0; k < length; k++) {
        wide[i * length + k] = (1 - share) * data[first * length + k] + share * data[second * length + k]
      }
    }
    result.set(name, { shape: [sources.length * channels, ...shape.slice(1)], data: wide })
  }
  return result
}

/** Whether a weight of another generator can be taken over. */
export function fits(weight: Weight | undefined, { shape }: Pick<Weight, 'shape'>): boolean {
  return weight !== undefined && weight.shape.join() === shape.join()
}

function initial(name: string, length: number, seed: number, stream: number, config: GeneratorConfig, added: boolean) {
  if (name.endsWith('resample_filter')) return Float32Array.from(RESAMPLE_FILTER)
  if (name.endsWith('affine.bias')) return new Float32Array(length).fill(1)
  // What sharpens does so with every head alike: by their codes it would learn those of its records by heart.
  if (/^superresolution\.block2.*affine\.weight$/.test(name)) return new Float32Array(length)
  const isNormal = /\.(weight|const|noise_const)$/.test(name) && !name.includes('.embed.')
  if (!isNormal) return new Float32Array(length)
  const values = normalArray(length, seed, stream)
  let scale = 1
  if (name.startsWith('backbone.mapping.fc')) scale = 1 / config.mapping_lr_multiplier
  // Beside a network that is trained already, or after a rendering that is a picture already.
  if (name.endsWith('torgb.weight') && (added || name.startsWith('superresolution'))) scale = 0.02
  return values.map((value) => value * scale)
}
