/** The mapping network: latent code and camera label to w (docs/eg3d.md, Mapping). */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { add, concat, mul, reduceMean, square, type Tensor } from '../graph/index.ts'
import { fullyConnected, rsqrt } from './layers.ts'
import type { Parameters } from './parameters.ts'

/** Rows of mean square one. */
export const normalize = (x: Tensor): Tensor => mul(x, rsqrt(add(reduceMean(square(x), [1]), 1e-8)))

/**
 * @param z [N, z_dim]
 * @param label [N, 25], zeros where the generator is camera-blind (`c_gen_conditioning_zero`)
 * @returns w [N, w_dim], before truncation
 */
export function mapping(config: GeneratorConfig, parameters: Parameters, z: Tensor, label: Tensor): Tensor {
  const name = 'backbone.mapping'
  const layer = (key: string) =>
    [parameters.get(`${name}.${key}.weight`), parameters.get(`${name}.${key}.bias`)] as const
  const embedded = fullyConnected(mul(label, config.rendering_kwargs.c_scale), ...layer('embed'))
  let x = concat([normalize(z), normalize(embedded)], 1)
  for (let i = 0; i < config.mapping_layers; i++) {
    x = fullyConnected(x, ...layer(`fc${i}`), { multiplier: config.mapping_lr_multiplier, activation: 'lrelu' })
  }
  return x
}

/** w pulled towards the mean latent: psi 1 changes nothing, 0 gives the mean (docs/eg3d.md, Mapping). */
export function truncate(w: Float32Array, mean: Float32Array, psi: number): Float32Array {
  return w.map((value, i) => mean[i] + psi * (value - mean[i]))
}
