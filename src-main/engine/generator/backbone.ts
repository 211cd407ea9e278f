/** The StyleGAN2 synthesis network that paints the feature planes (docs/eg3d.md, Layers and Backbone). */
import { backboneResolutions, type GeneratorConfig } from '../checkpoint/config.ts'
import { add, expand, reshape, slice, type Tensor } from '../graph/index.ts'
import { synthesisLayer, toRgbLayer, upsample2d } from './layers.ts'
import type { Parameters } from './parameters.ts'

/**
 * @param ws [N, num_ws, w_dim]; each block's toRGB shares its w with the next block's first layer
 * @returns the planes as one picture [N, slices * plane_channels, R, R]; channel = slice * plane_channels + feature, a
 *   slice being one layer of one plane (plane-layout.ts)
 */
export function backbone(config: GeneratorConfig, parameters: Parameters, ws: Tensor): Tensor {
  const [batch, , width] = ws.shape
  const options = { clamp: config.backbone_conv_clamp, noise: 'const' as const }
  const at = (index: number) => reshape(slice(ws, 1, index, index + 1), [batch, width])
  let x: Tensor | undefined
  let image: Tensor | undefined
  let next = 0
  for (const resolution of backboneResolutions(config)) {
    const block = `backbone.synthesis.b${resolution}`
    if (x) {
      x = synthesisLayer(parameters, `${block}.conv0`, x, at(next++), { ...options, up: true })
    } else {
      const seed = parameters.get(`${block}.const`)
      x = expand(reshape(seed, [1, ...seed.shape]), [batch, ...seed.shape])
    }
    x = synthesisLayer(parameters, `${block}.conv1`, x, at(next++), options)
    const rgb: Tensor = toRgbLayer(parameters, `${block}.torgb`, x, at(next), config.backbone_conv_clamp)
    image = image ? add(upsample2d(image), rgb) : rgb
  }
  return image!
}
