/** The network that is trained, with every part and small enough for tests. */

import { defaultConfig } from '../models/training/network.ts'
import { type GeneratorConfig, parseConfig } from '../src-main/engine/checkpoint/config.ts'

/** @param rendered side of the rendering; the picture has twice that */
export function smallTrainingConfig(rendered: number): GeneratorConfig {
  return parseConfig({
    ...defaultConfig(true),
    z_dim: 8,
    w_dim: 8,
    num_ws: 6,
    plane_resolution: 16,
    plane_channels: 4,
    backbone_channels: { 4: 8, 8: 8, 16: 8 },
    decoder_hidden_dim: 8,
    decoder_output_dim: 4,
    neural_rendering_resolution: rendered,
    image_resolution: 2 * rendered,
    super_resolution: { class: '4X', input_resolution: rendered, channels: [6, 6], conv_clamp: null },
  })
}
