/** Generators with random weights, of the sizes that matter: speed and memory do not depend on what was learned. */
import { GENERATOR_VERSION, type GeneratorConfig, parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { expectedWeights, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'

const common = {
  format: 'halfturn-generator',
  version: GENERATOR_VERSION,
  plane_layers: [1, 1, 1],
  c_dim: 25,
  mapping_layers: 2,
  mapping_lr_multiplier: 0.01,
  plane_axes: [
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    [
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ],
    [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ],
  ],
  decoder_hidden_dim: 64,
  neural_rendering_resolution: 128,
  rendering_kwargs: {
    depth_resolution: 48,
    depth_resolution_importance: 48,
    ray_start: 2.25,
    ray_end: 3.3,
    box_warp: 1,
    avg_camera_radius: 2.7,
    avg_camera_pivot: [0, 0, 0.2],
    white_back: false,
    disparity_space_sampling: false,
    clamp_mode: 'softplus',
    c_gen_conditioning_zero: false,
    c_scale: 1,
    decoder_lr_mul: 1,
    superresolution_noise_mode: 'none',
    sr_antialias: true,
  },
  provenance: { source: 'random numbers' },
  licence: 'none',
}

/** The size of the official ffhq512-128: planes 256^2 x 32, rays 128^2, picture 512^2, 31 million weights. */
export const fullSize = parseConfig({
  ...common,
  name: 'full size',
  frame: 'eg3d',
  z_dim: 512,
  w_dim: 512,
  num_ws: 14,
  plane_resolution: 256,
  plane_channels: 32,
  backbone_channels: { 4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128 },
  backbone_conv_clamp: null,
  decoder_output_dim: 32,
  image_resolution: 512,
  super_resolution: { class: '8XDC', input_resolution: 128, channels: [256, 128], conv_clamp: 256 },
})

/** The size of the embedded generator: planes 64^2 x 16, no super-resolution. */
export const smallSize = parseConfig({
  ...common,
  name: 'small',
  frame: 'own',
  z_dim: 192,
  w_dim: 256,
  num_ws: 10,
  plane_resolution: 64,
  plane_channels: 16,
  backbone_channels: { 4: 192, 8: 192, 16: 128, 32: 96, 64: 48 },
  backbone_conv_clamp: null,
  decoder_output_dim: 16,
  image_resolution: 128,
  super_resolution: null,
})

/** Weights as at the start of a training: normal numbers, biases 0 (1 for styles), the true filters. */
export function randomWeights(config: GeneratorConfig): Map<string, Weight> {
  const normal = normalNumbers(1)
  const weights = new Map<string, Weight>()
  for (const [name, shape] of expectedWeights(config)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    if (name.endsWith('resample_filter')) data.set([1, 3, 3, 1].flatMap((a) => [1, 3, 3, 1].map((b) => (a * b) / 64)))
    else if (name.endsWith('affine.bias')) data.fill(1)
    else if (name.endsWith('noise_strength')) data.fill(0.1)
    else if (!name.endsWith('bias')) for (let i = 0; i < data.length; i++) data[i] = normal()
    weights.set(name, { shape, data })
  }
  return weights
}

/** Normally distributed numbers, the same ones for the same seed (a 32-bit mixer and Box-Muller). */
export function normalNumbers(seed: number): () => number {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

export function normalArray(length: number, seed: number, scale = 1): Float32Array {
  const normal = normalNumbers(seed)
  return Float32Array.from({ length }, () => scale * normal())
}

/** A camera in front of the box, looking at its centre. */
export const frontLabel = Float32Array.of(
  ...[1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 2.7, 0, 0, 0, 1],
  ...[4.2647, 0, 0.5, 0, 4.2647, 0.5, 0, 0, 1],
)
