/** Models of backward passes: cotangents of a pass's outputs in, gradients of its leaves out. */
import { input, pullBack, type Tensor } from '../graph/index.ts'
import type { Parameters } from './parameters.ts'

/**
 * @param outputs of the forward pass; each gets an input 'cotangent.<name>'
 * @param leaves what gradients are wanted of; each gets an output 'd.<name>'
 */
export function adjoint(outputs: Record<string, Tensor>, leaves: Record<string, Tensor>): Record<string, Tensor> {
  const names = Object.keys(leaves)
  const cotangents = Object.entries(outputs).map(([name, { shape }]) => input(`cotangent.${name}`, shape))
  const results = pullBack(Object.values(outputs), cotangents, Object.values(leaves))
  return Object.fromEntries(names.map((name, i) => [`d.${name}`, results[i]]))
}

/** Weights that tuning and training may change: all that the graph asked for but the noise pictures, which are buffers. */
export function trainable(parameters: Parameters): Record<string, Tensor> {
  return Object.fromEntries([...parameters.used].filter(([name]) => !isNoise(name)))
}

/**
 * The noise pictures: buffers that training leaves alone and the official projector optimises (docs/eg3d.md,
 * Inversion).
 */
export function noisePictures(parameters: Parameters): Record<string, Tensor> {
  return Object.fromEntries([...parameters.used].filter(([name]) => isNoise(name)))
}

const isNoise = (name: string) => name.endsWith('.noise_const')

/** 'd.<name>' back to '<name>'. */
export function unprefixed<T>(gradients: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name.slice('d.'.length), value]))
}
