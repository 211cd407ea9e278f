/**
 * The super-resolution network: rendered features to the final picture (docs/eg3d.md, Super-resolution), every class
 * as data.
 */
import { FITTED_BLOCKS, type GeneratorConfig, SUPER_RESOLUTION_CLASSES } from '../checkpoint/config.ts'
import { add, concat, slice, type Tensor } from '../graph/index.ts'
import { synthesisLayer, toRgbLayer, upsample2d } from './layers.ts'
import type { Parameters } from './parameters.ts'
import { bilinearMatrix, resample } from './resample.ts'

/**
 * @param features [N, C, n, n] in -1..1; the first three channels are the raw picture
 * @param w [N, w_dim], the last of ws
 * @param blocks after so many of the class's blocks; default: all
 * @returns `image` [N, 3, R, R]; `raw` [N, 3, n, n] as the reference returns it: where the first block neither upsamples
 *   nor resizes, that block's colours have been added to it (they are added in place there); and `x` [N, C, R, R], the
 *   features that a further block would take
 */
export function superResolution(
  config: GeneratorConfig,
  parameters: Parameters,
  features: Tensor,
  w: Tensor,
  blocks?: number,
): { image: Tensor; raw: Tensor; x: Tensor } {
  const raw = slice(features, 1, 0, 3)
  if (!config.super_resolution) throw new Error(`The generator '${config.name}' has no super-resolution`)
  const { class: kind, input_resolution: target, conv_clamp: clamp } = config.super_resolution
  const { up, resize } = SUPER_RESOLUTION_CLASSES[kind]
  const size = features.shape[2]
  const resized = resize === 'smaller' ? size < target : size !== target
  const fit = bilinearMatrix(size, target, config.rendering_kwargs.sr_antialias)
  const noise = config.rendering_kwargs.superresolution_noise_mode

  let made: Features = { x: resized ? resample(features, fit) : features, image: resized ? resample(raw, fit) : raw }
  let returnedRaw = raw
  up.slice(0, blocks).forEach((doubles, index) => {
    made = superResolutionBlock(parameters, index, made, w, { clamp, noise, doubles })
    if (index === 0 && !doubles && !resized) returnedRaw = made.image
  })
  return { ...made, raw: returnedRaw }
}

/** What a block takes and gives: [N, C, R, R] and [N, 3, R, R]. */
interface Features {
  readonly x: Tensor
  readonly image: Tensor
}

/** One block, by its number from 0. */
export function superResolutionBlock(
  parameters: Parameters,
  index: number,
  { x, image }: Features,
  w: Tensor,
  { doubles, ...options }: { clamp: number | null; noise: 'const' | 'none'; doubles: boolean },
): Features {
  const block = `superresolution.block${index}`
  // What EG3D's features say beside the picture that is there is too little to sharpen that by.
  const seen = index < FITTED_BLOCKS ? x : concat([x, image], 1)
  const first = synthesisLayer(parameters, `${block}.conv0`, seen, w, { ...options, up: doubles })
  const second = synthesisLayer(parameters, `${block}.conv1`, first, w, options)
  const colours = toRgbLayer(parameters, `${block}.torgb`, second, w, options.clamp)
  return { x: second, image: add(doubles ? upsample2d(image) : image, colours) }
}
