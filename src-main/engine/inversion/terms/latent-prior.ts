/**
 * Where a generator's codes lie: the mean of w and its covariance over random codes. A head far from them is no head the
 * generator has learned, however well it fits a photo from the one side the photo shows, so distance is measured in
 * standard deviations along the directions in which heads differ (Mahalanobis; Zhu et al. 2020, "Improved StyleGAN
 * Embedding: Where are the Good Latents?"). A plain distance is cheapest along the directions that hardly vary, which is
 * where noses grow.
 */

import { orbitCamera } from '../../generator/camera.ts'
import type { Generator } from '../../generator/generator.ts'
import { normalArray } from '../../random.ts'
import type { CodeTerm } from './term.ts'

/** Codes drawn for each feature of w. */
const SAMPLES = 5
/** Standard deviation that every direction has at least, as a share of the mean one: no direction is forbidden. */
const LEAST_DEVIATION = 0.1
const SEED = 123

/** @param strength beside the photo's loss, which is a few tenths */
export const latentPrior = (strength: number): CodeTerm => ({
  async begin(generator) {
    // Conditioned on the nominal camera: a photo's own may stand where the mapping has never seen one.
    const space = await LatentSpace.of(generator, orbitCamera(generator.config.rendering_kwargs, 0))
    return (ws, gradient) => space.addPrior(ws, strength, gradient)
  },
})

export class LatentSpace {
  /** [w_dim] */
  readonly mean: Float32Array
  /** [w_dim * w_dim], the inverse of w's covariance. */
  private readonly precision: Float64Array

  constructor(mean: Float32Array, precision: Float64Array) {
    this.mean = mean
    this.precision = precision
  }

  /** @param label the camera the mapping is conditioned on, 25 numbers */
  static async of(generator: Generator, label: Float32Array): Promise<LatentSpace> {
    const { z_dim, w_dim: size } = generator.config
    const mean = generator.meanLatent
    const covariance = new Float64Array(size * size)
    const count = SAMPLES * size
    const codes = new Float32Array(count * z_dim)
    for (let sample = 0; sample < count; sample++) codes.set(normalArray(z_dim, SEED, sample), sample * z_dim)
    const found = await generator.mapAll(codes, label)
    for (let sample = 0; sample < count; sample++) {
      const w = found.subarray(sample * size, (sample + 1) * size)
      const away = w.map((value, i) => value - mean[i])
      for (let row = 0; row < size; row++) {
        for (let column = 0; column <= row; column++) covariance[row * size + column] += away[row] * away[column]
      }
    }
    let variance = 0
    for (let i = 0; i < size; i++) variance += covariance[i * size + i] / (count * size)
    const least = LEAST_DEVIATION ** 2 * variance
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        const value = covariance[row * size + column] / count + (row === column ? least : 0)
        covariance[row * size + column] = value
        covariance[column * size + row] = value
      }
    }
    return new LatentSpace(mean, inverse(covariance, size))
  }

  /**
   * strength / 2 * the mean over layers and features of the squared distance from the mean, in standard deviations.
   * @param ws [layers * w_dim]
   * @param gradient takes the term's gradient, like `ws`
   */
  addPrior(ws: Float32Array, strength: number, gradient: Float32Array): number {
    const { mean, precision } = this
    const size = mean.length
    const factor = strength / ws.length
    let sum = 0
    for (let layer = 0; layer < ws.length; layer += size) {
      for (let row = 0; row < size; row++) {
        let pull = 0
        for (let column = 0; column < size; column++) {
          pull += precision[row * size + column] * (ws[layer + column] - mean[column])
        }
        sum += pull * (ws[layer + row] - mean[row])
        gradient[layer + row] += factor * pull
      }
    }
    return (factor * sum) / 2
  }
}

/** Of a symmetric, positive definite matrix [size * size]: A = L L^T by Cholesky, then A^-1 = L^-T L^-1. */
export function inverse(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]
      for (let k = 0; k < column; k++) sum -= lower[row * size + k] * lower[column * size + k]
      lower[row * size + column] = row === column ? Math.sqrt(sum) : sum / lower[column * size + column]
    }
  }
  // Rows of L^-1 from the top, by forward substitution.
  const back = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    back[row * size + row] = 1
    for (let k = 0; k < row; k++) {
      const share = lower[row * size + k]
      for (let column = 0; column <= k; column++) back[row * size + column] -= share * back[k * size + column]
    }
    for (let column = 0; column <= row; column++) back[row * size + column] /= lower[row * size + row]
  }
  const result = new Float64Array(size * size)
  for (let k = 0; k < size; k++) {
    for (let row = 0; row <= k; row++) {
      const share = back[k * size + row]
      for (let column = 0; column <= k; column++) result[row * size + column] += share * back[k * size + column]
    }
  }
  return result
}
