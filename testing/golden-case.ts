/** Test helper: recorded inputs and outputs of small random generators, with the config they were made with. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import {
  GENERATOR_VERSION,
  type GeneratorConfig,
  parseConfig,
  type SuperResolutionClass,
} from '../src-main/engine/checkpoint/config.ts'
import { readSafetensors, toFloat32 } from '../src-main/engine/checkpoint/safetensors.ts'
import { Generator, type Weights } from '../src-main/engine/generator/generator.ts'
import type { Runtime } from '../src-main/engine/runtime/runtime.ts'

interface Golden {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** The axes of the official checkpoints, whose third plane is a transposed second one (docs/eg3d.md, Planes). */
const OFFICIAL_AXES = [
  [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  [[1, 0, 0], [0, 0, 1], [0, 1, 0]],
  [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
] // biome-ignore format: matrices

export class GoldenCase {
  readonly config: GeneratorConfig
  readonly weights: Weights
  private readonly tensors: ReadonlyMap<string, Golden>

  constructor(name: 'tiny8x' | 'tiny2x') {
    const file = readSafetensors(
      readFileSync(new URL(`../src-main/engine/generator/fixtures/${name}.safetensors`, import.meta.url)),
      name,
    )
    this.tensors = new Map([...file.tensors].map(([key, t]) => [key, { shape: t.shape, data: toFloat32(t) }]))
    this.config = configFrom(name, JSON.parse(file.metadata.init_kwargs))
    this.weights = this.group('weights')
  }

  get(name: string): Golden {
    const tensor = this.tensors.get(name)
    if (!tensor) throw new Error(`No golden '${name}'`)
    return tensor
  }

  has(name: string): boolean {
    return this.tensors.has(name)
  }

  /** One entry of the batch. */
  at(name: string, n: number): Float32Array {
    const { shape, data } = this.get(name)
    const size = data.length / shape[0]
    return data.slice(n * size, (n + 1) * size)
  }

  group(prefix: string): Map<string, Golden> {
    const entries = [...this.tensors].filter(([key]) => key.startsWith(`${prefix}/`))
    return new Map(entries.map(([key, tensor]) => [key.slice(prefix.length + 1), tensor]))
  }

  generator(runtime: Runtime, change: Partial<GeneratorConfig['rendering_kwargs']> = {}): Generator {
    const rendering_kwargs = { ...this.config.rendering_kwargs, ...change }
    return new Generator(runtime, { ...this.config, rendering_kwargs }, this.weights)
  }
}

/** [C, n, n] to [n * n, C]. */
export function toRays(picture: Float32Array, channels: number): Float32Array {
  const count = picture.length / channels
  return Float32Array.from(
    { length: picture.length },
    (_, i) => picture[(i % channels) * count + Math.floor(i / channels)],
  )
}

/** Every element within rtol 1e-3 and atol 1e-4, as far as the goldens are exact. */
export function expectClose(
  actual: Float32Array,
  expected: Float32Array,
  what: string,
  atol = 1e-4,
  rtol = 1e-3,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length)
  let worst = 0
  let at = 0
  for (let i = 0; i < expected.length; i++) {
    const excess = Math.abs(actual[i] - expected[i]) / (atol + rtol * Math.abs(expected[i]))
    if (!(excess <= worst)) {
      worst = excess
      at = i
    }
  }
  expect(worst, `${what}: element ${at} is ${actual[at]}, expected ${expected[at]}`).toBeLessThanOrEqual(1)
}

/** ||actual - expected|| <= tolerance * ||expected||. */
export function expectRelative(actual: Float32Array, expected: Float32Array, what: string, tolerance = 1e-3): void {
  expect(actual?.length, `${what}: length`).toBe(expected.length)
  let difference = 0
  let norm = 0
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2
    norm += expected[i] ** 2
  }
  expect(Math.sqrt(difference / norm), what).toBeLessThanOrEqual(tolerance)
}

interface InitKwargs {
  z_dim: number
  w_dim: number
  img_resolution: number
  mapping_kwargs: { num_layers: number }
  channel_base: number
  channel_max: number
  rendering_kwargs: Record<string, unknown> & { superresolution_module: string; image_resolution: number }
  sr_kwargs: { input_resolution: number; ch0: number; ch1: number }
  plane_resolution: number
  plane_channels: number
  decoder_hidden_dim: number
  decoder_output_dim: number
}

function configFrom(name: string, kwargs: InitKwargs): GeneratorConfig {
  const resolutions: number[] = []
  for (let size = 4; size <= kwargs.plane_resolution; size *= 2) resolutions.push(size)
  const r = kwargs.rendering_kwargs
  const kind = r.superresolution_module.split('SuperresolutionHybrid')[1] as SuperResolutionClass
  return parseConfig({
    format: 'halfturn-generator',
    version: GENERATOR_VERSION,
    name,
    frame: 'eg3d',
    z_dim: kwargs.z_dim,
    c_dim: 25,
    w_dim: kwargs.w_dim,
    num_ws: 2 * resolutions.length,
    mapping_layers: kwargs.mapping_kwargs.num_layers,
    mapping_lr_multiplier: 0.01,
    plane_resolution: kwargs.plane_resolution,
    plane_channels: kwargs.plane_channels,
    plane_layers: [1, 1, 1],
    backbone_channels: Object.fromEntries(
      resolutions.map((size) => [String(size), Math.min(kwargs.channel_base / size, kwargs.channel_max)]),
    ),
    backbone_conv_clamp: null,
    plane_axes: OFFICIAL_AXES,
    decoder_hidden_dim: kwargs.decoder_hidden_dim,
    decoder_output_dim: kwargs.decoder_output_dim,
    neural_rendering_resolution: 16,
    image_resolution: kwargs.img_resolution,
    rendering_kwargs: {
      depth_resolution: r.depth_resolution,
      depth_resolution_importance: r.depth_resolution_importance,
      ray_start: r.ray_start,
      ray_end: r.ray_end,
      box_warp: r.box_warp,
      avg_camera_radius: r.avg_camera_radius,
      avg_camera_pivot: r.avg_camera_pivot,
      white_back: r.white_back ?? false,
      disparity_space_sampling: r.disparity_space_sampling,
      clamp_mode: r.clamp_mode,
      c_gen_conditioning_zero: r.c_gen_conditioning_zero,
      c_scale: r.c_scale,
      decoder_lr_mul: r.decoder_lr_mul,
      superresolution_noise_mode: r.superresolution_noise_mode,
      sr_antialias: r.sr_antialias,
    },
    super_resolution: {
      class: kind,
      input_resolution: kwargs.sr_kwargs.input_resolution,
      channels: [kwargs.sr_kwargs.ch0, kwargs.sr_kwargs.ch1],
      conv_clamp: 256,
    },
    provenance: { source: 'random weights' },
    licence: 'none',
  })
}
