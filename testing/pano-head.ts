/**
 * Checkpoints in PanoHead's manner, made here: tri-grids and, beside what paints them, the parts that its publications
 * describe. What those are called in its own files is not known, so here they are called anything.
 */
import type { GeneratorConfig } from '../src-main/engine/checkpoint/config.ts'
import { type StoredTensor, storeFloat32 } from '../src-main/engine/checkpoint/safetensors.ts'
import { normalArray } from '../src-main/engine/random.ts'

type Tensors = ReadonlyMap<string, StoredTensor>

const random = (shape: number[], seed: number): StoredTensor =>
  storeFloat32(
    normalArray(
      shape.reduce((product, size) => product * size, 1),
      1,
      seed,
    ),
    shape,
  )

/** The weights below `from`, below `into`, with toRGBs of so many channels. */
function likeness(weights: Tensors, from: string, into: string, channels: number): [string, StoredTensor][] {
  return [...weights]
    .filter(([name]) => name.startsWith(from))
    .map(([name, tensor], seed) => {
      const isPainter = /\.torgb\.(weight|bias)$/.test(name)
      return [into + name.slice(from.length), isPainter ? random([channels, ...tensor.shape.slice(1)], seed) : tensor]
    })
}

/** A StyleGAN2 that paints a background of `channels`; those of the rendered features where nothing is said. */
export function background(config: GeneratorConfig, weights: Tensors, channels = config.decoder_output_dim) {
  return likeness(weights, 'backbone.synthesis.', 'backdrop.synthesis.', channels)
}

/** A super-resolution that paints one channel. */
export const mask = (weights: Tensors) => likeness(weights, 'superresolution.', 'sharp_mask.', 1)

/** Two layers from code and camera to `numbers` of a camera. */
export function cameraOffset({ z_dim, c_dim }: GeneratorConfig, numbers = 3): [string, StoredTensor][] {
  return [
    ['aligner.net.0.weight', random([24, z_dim + c_dim], 1)],
    ['aligner.net.0.bias', random([24], 2)],
    ['aligner.net.2.weight', random([numbers, 24], 3)],
    ['aligner.net.2.bias', random([numbers], 4)],
  ]
}
