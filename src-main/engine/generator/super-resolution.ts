/**
 * The super-resolution network: rendered features to the final picture (docs/eg3d.md, Super-resolution), every class
 * as data.
 */
import { type GeneratorConfig, SUPER_RESOLUTION_CLASSES } from '../checkpoint/config.ts'
import { add, slice, type Tensor } from '../graph/index.ts'
import { synthesisLayer, toRgbLayer, upsample2d } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { bilinearMatrix, resample } from './resample.ts'

/**
 * @param features [N, C, n, n] in -1..1; the first three channels are the raw picture
 * @param w [N, w_dim], the last of ws
 * @param blocks after so many of the class's blocks; default: all
 * @returns `image` [N, 3, R, R], and `raw` [N, 3, n, n] as the reference returns it: where the first block neither
 *   upsamples nor resizes, that block's colours have been added to it (they are added in place there)
 */
export function superResolution(
  config: GeneratorConfig,
  parameters: Parameters,
  features: Tensor,
  w: Tensor,
  blocks?: number,
): { image: Tensor; raw: Tensor } {
  const raw = slice(features, 1, 0, 3)
  if (!config.super_resolution) throw new Error(`The generator '${config.name}' has no super-resolution`)
  const { class: kind, input_resolution: target, conv_clamp: clamp } = config.super_resolution
  const { up, resize } = SUPER_RESOLUTION_CLASSES[kind]
  const size = features.shape[2]
  const resized = resize === 'smaller' ? size < target : size !== target
  const fit = bilinearMatrix(size, target, config.rendering_kwargs.sr_antialias)
  const noise = config.rendering_kwargs.superresolution_noise_mode

  let x = resized ? resample(features, fit) : features
  let image = resized ? resample(raw, fit) : raw
  let returnedRaw = raw
  up.slice(0, blocks).forEach((doubles, index) => {
    const block = `superresolution.block${index}`
    x = synthesisLayer(parameters, `${block}.conv0`, x, w, { clamp, noise, up: doubles })
    x = synthesisLayer(parameters, `${block}.conv1`, x, w, { clamp, noise })
    image = add(doubles ? upsample2d(image) : image, toRgbLayer(parameters, `${block}.torgb`, x, w, clamp))
    if (index === 0 && !doubles && !resized) returnedRaw = image
  })
  return { image, raw: returnedRaw }
}
