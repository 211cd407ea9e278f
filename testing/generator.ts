/** Small generators for tests: a config and weights that fit it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  GENERATOR_VERSION,
  type GeneratorConfig,
  PLANE_AXES,
  parseConfig,
} from '../src-main/engine/checkpoint/config.ts'
import { expectedWeights, RESAMPLE_FILTER, writeGeneratorFile } from '../src-main/engine/checkpoint/generator-file.ts'
import { importCheckpoint } from '../src-main/engine/checkpoint/import.ts'
import {
  readSafetensors,
  type StoredTensor,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../src-main/engine/checkpoint/safetensors.ts'
import { normalArray } from '../src-main/engine/random.ts'

/** Bytes of a file in `fixtures/`; not a Buffer, whose slice() does not copy. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(import.meta.dirname, '../src-main/engine/checkpoint/fixtures', name)))
}

/** Path of a large golden outside the repository, or undefined where this machine has none. */
export function golden(...path: string[]): string | undefined {
  const root = process.env.HALFTURN_SHARED ?? join(import.meta.dirname, '../../shared')
  const full = join(root, ...path)
  return existsSync(full) ? full : undefined
}

export const embeddedGenerator = join(import.meta.dirname, '../models/default/generator.safetensors')

interface Config {
  version: unknown
  image_resolution: number
  rendering_kwargs: Record<string, unknown>
  super_resolution: Record<string, unknown>
  [key: string]: unknown
}
export type Change = (config: Config, tensors: Map<string, StoredTensor>) => void

/** The file of the embedded generator, changed. */
export function changedGenerator(change: Change): Uint8Array {
  const { tensors, metadata } = readSafetensors(readFileSync(embeddedGenerator), embeddedGenerator)
  const config: Config = JSON.parse(metadata.config)
  const changed = new Map(tensors)
  change(config, changed)
  return Buffer.concat(writeSafetensors(changed, { config: JSON.stringify(config) }))
}

/** A quarter of the rays, with few samples each: what a test looks at does not get better with more. */
export const quick: Change = (config, tensors) => {
  Object.assign(config.rendering_kwargs, { depth_resolution: 8, depth_resolution_importance: 4 })
  Object.assign(config, { neural_rendering_resolution: 64, image_resolution: config.image_resolution / 2 })
  config.super_resolution.input_resolution = 64
  for (const [name, { shape, data, ...rest }] of tensors) {
    if (!/^superresolution.*noise_const$/.test(name)) continue
    tensors.set(name, { ...rest, shape: shape.map((side) => side / 2), data: data.subarray(0, data.length / 4) })
  }
}

/** The file of one small enough to be quick and dense enough to have a surface, which is no head. */
export function denseGenerator(): Uint8Array {
  const { config, weights } = importCheckpoint(fixture('tiny2x.pkl'), 'tiny2x.pkl')
  const name = 'decoder.net.2.bias'
  const bias = toFloat32(weights.get(name)!).slice()
  // The first of the decoder's outputs is density.
  bias[0] += 20
  return Buffer.concat(writeGeneratorFile(config, new Map(weights).set(name, storeFloat32(bias, [bias.length]))))
}

export const TINY_CONFIG = {
  format: 'halfturn-generator',
  version: GENERATOR_VERSION,
  name: 'tiny',
  frame: 'own',
  z_dim: 6,
  c_dim: 25,
  w_dim: 5,
  num_ws: 4,
  mapping_layers: 2,
  mapping_lr_multiplier: 0.01,
  plane_resolution: 8,
  plane_channels: 3,
  plane_layers: [1, 1, 1],
  backbone_channels: { 4: 4, 8: 2 },
  backbone_conv_clamp: null,
  plane_axes: PLANE_AXES,
  decoder_hidden_dim: 4,
  decoder_output_dim: 3,
  neural_rendering_resolution: 8,
  image_resolution: 16,
  rendering_kwargs: {
    depth_resolution: 4,
    depth_resolution_importance: 4,
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
  super_resolution: { class: '2X', input_resolution: 8, channels: [3, 2], conv_clamp: 256 },
  provenance: { source: 'a test' },
  licence: 'none',
} as const

/** Sizes of the published ffhq512-128: 31 million weights. */
export const OFFICIAL_SIZES = {
  z_dim: 512,
  w_dim: 512,
  num_ws: 14,
  plane_resolution: 256,
  plane_channels: 32,
  backbone_channels: { 4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128 },
  decoder_hidden_dim: 64,
  decoder_output_dim: 32,
  neural_rendering_resolution: 128,
  image_resolution: 512,
  super_resolution: { class: '8XDC', input_resolution: 128, channels: [256, 128], conv_clamp: 256 },
} as const

/** TINY_CONFIG with some fields replaced. */
export function tinyConfig(changes: Record<string, unknown> = {}): GeneratorConfig {
  return parseConfig({ ...structuredClone(TINY_CONFIG), ...changes })
}

/** Weights of the right shapes, all different, with the true filters. */
export function tinyWeights(config: GeneratorConfig): Map<string, StoredTensor> {
  let next = 0
  const tensors = new Map<string, StoredTensor>()
  for (const [name, shape] of expectedWeights(config)) {
    const count = shape.reduce((a, b) => a * b, 1)
    const values = name.endsWith('resample_filter')
      ? RESAMPLE_FILTER
      : Array.from({ length: count }, () => Math.sin(next++))
    tensors.set(name, storeFloat32(Float32Array.from(values), shape))
  }
  return tensors
}

/** Random weights of the right shapes, dense enough that rays end within, not so dense that all of them do. */
export function randomWeights(config: GeneratorConfig) {
  const weights = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>()
  for (const [name, shape] of expectedWeights(config)) {
    const count = shape.reduce((a, b) => a * b, 1)
    weights.set(name, { shape, data: normalArray(count, 3, weights.size) })
  }
  weights.get('decoder.net.2.bias')!.data[0] += 4
  return weights
}
