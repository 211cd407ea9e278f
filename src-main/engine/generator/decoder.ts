/** The small network from plane features to density and colour (docs/eg3d.md, Decoder). */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { add, matMul, mul, reshape, sigmoid, slice, softplus, sub, type Tensor, transpose } from '../graph/index.ts'
import type { Parameters } from './parameters.ts'

/**
 * @param features [M, plane_channels], the mean over the three planes
 * @returns sigma [M, 1], raw, before the marcher's softplus
 */
export function decodeDensity(config: GeneratorConfig, parameters: Parameters, features: Tensor): Tensor {
  return layer(config, parameters, 1, hidden(config, parameters, features), [0, 1])
}

/**
 * @param features [M, plane_channels], the mean over the three planes
 * @returns sigma [M, 1], raw; colour [M, decoder_output_dim], about 0..1
 */
export function decode(
  config: GeneratorConfig,
  parameters: Parameters,
  features: Tensor,
): { sigma: Tensor; colour: Tensor } {
  const out = layer(config, parameters, 1, hidden(config, parameters, features), [0, 1 + config.decoder_output_dim])
  const logits = slice(out, 1, 1, out.shape[1])
  return { sigma: slice(out, 1, 0, 1), colour: sub(mul(sigmoid(logits), 1.002), 0.001) }
}

function hidden(config: GeneratorConfig, parameters: Parameters, features: Tensor): Tensor {
  return softplus(layer(config, parameters, 0, features, [0, config.decoder_hidden_dim]))
}

/** A fully connected layer, restricted to the outputs [from, to). */
function layer(
  { rendering_kwargs: { decoder_lr_mul: multiplier } }: GeneratorConfig,
  parameters: Parameters,
  index: 0 | 1,
  x: Tensor,
  [from, to]: [number, number],
): Tensor {
  const weight = slice(parameters.get(`decoder.net.${2 * index}.weight`), 0, from, to)
  const bias = slice(parameters.get(`decoder.net.${2 * index}.bias`), 0, from, to)
  // The gain goes into the small matrix, not over the large product.
  const scaled = mul(transpose(weight, [1, 0]), multiplier / Math.sqrt(weight.shape[1]))
  return add(matMul(x, scaled), reshape(mul(bias, multiplier), [1, to - from]))
}
