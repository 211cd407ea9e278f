/** Configs of the sizes that matter: speed and memory do not depend on what was learned. */
import { OFFICIAL_SIZES, TINY_CONFIG, tinyConfig } from '../../testing/generator.ts'

const common = {
  decoder_hidden_dim: 64,
  neural_rendering_resolution: 128,
  rendering_kwargs: { ...TINY_CONFIG.rendering_kwargs, depth_resolution: 48, depth_resolution_importance: 48 },
}

/** The size of the official ffhq512-128: planes 256^2 x 32, rays 128^2, picture 512^2, 31 million weights. */
export const fullSize = tinyConfig({ ...common, ...OFFICIAL_SIZES, name: 'full size', frame: 'eg3d' })

/** The size of the embedded generator: planes 64^2 x 16, no super-resolution. */
export const smallSize = tinyConfig({
  ...common,
  name: 'small',
  z_dim: 192,
  w_dim: 256,
  num_ws: 10,
  plane_resolution: 64,
  plane_channels: 16,
  backbone_channels: { 4: 192, 8: 192, 16: 128, 32: 96, 64: 48 },
  decoder_output_dim: 16,
  image_resolution: 128,
  super_resolution: null,
})
