import { describe, expect, it } from 'vitest'
import { TINY_CONFIG, tinyConfig } from '../../../testing/generator.ts'
import { UserError } from '../errors.ts'
import { FITTED_BLOCKS, parseConfig, SUPER_RESOLUTION_CLASSES, superResolutionOutput } from './config.ts'

const { rendering_kwargs: rendering, super_resolution: superResolution } = TINY_CONFIG

describe('the config', () => {
  it('comes back as it was written', () => {
    expect(parseConfig(JSON.parse(JSON.stringify(TINY_CONFIG)))).toEqual(TINY_CONFIG)
    const auto = { ...rendering, ray_start: 'auto', ray_end: 'auto' }
    expect(tinyConfig({ rendering_kwargs: auto }).rendering_kwargs).toEqual(auto)
    expect(tinyConfig({ super_resolution: null, image_resolution: 8 }).super_resolution).toBeNull()
  })

  const faults: [string, Record<string, unknown>, RegExp][] = [
    ['another format', { format: 'x' }, /not a generator of this program/],
    ['a version to come', { version: 3 }, /version 3.*knows 0 to 2/],
    ['no version', { version: undefined }, /version undefined/],
    ['an unknown key', { plane_count: 4 }, /plane_count/],
    ['a missing key', { w_dim: undefined }, /w_dim/],
    ['a width beyond reason', { w_dim: 1e9 }, /w_dim/],
    ['another camera label', { c_dim: 24 }, /c_dim/],
    ['planes of 12', { plane_resolution: 12 }, /plane_resolution is|plane_resolution cannot/],
    ['a backbone block too few', { backbone_channels: { 4: 4 } }, /backbone_channels/],
    ['a backbone block too many', { backbone_channels: { 4: 4, 8: 2, 16: 2 } }, /backbone_channels/],
    ['too few ws', { num_ws: 3 }, /num_ws.*4/],
    ['axes that cannot be inverted', { plane_axes: [0, 1, 2].map(() => Array(3).fill([1, 0, 0])) }, /plane_axes\.0/],
    ['a picture the network does not give', { image_resolution: 32 }, /image_resolution.*16/],
    ['a half automatic ray', { rendering_kwargs: { ...rendering, ray_start: 'auto' } }, /ray_start/],
    ['a ray that ends where it starts', { rendering_kwargs: { ...rendering, ray_end: 2.25 } }, /ray_end/],
    ['another clamp mode', { rendering_kwargs: { ...rendering, clamp_mode: 'relu' } }, /clamp_mode/],
    ['three samples and importance', { rendering_kwargs: { ...rendering, depth_resolution: 3 } }, /depth_resolution/],
    [
      '1024 samples',
      { rendering_kwargs: { ...rendering, depth_resolution: 1024 } },
      /depth_resolution .*1024; 2 to 256/,
    ],
    [
      '1024 more of them',
      { rendering_kwargs: { ...rendering, depth_resolution_importance: 1024 } },
      /importance .*1024; 0 to 256/,
    ],
    ['a box beyond the stars', { rendering_kwargs: { ...rendering, box_warp: 1e30 } }, /box_warp .*1e\+30; 0.1 to 10/],
    ['a box of nothing', { rendering_kwargs: { ...rendering, box_warp: 0 } }, /box_warp .*it is 0; 0.1 to 10/],
    ['rays behind the camera', { rendering_kwargs: { ...rendering, ray_start: -2 } }, /ray_start .*-2; 0.01 to 100/],
    ['rays without an end', { rendering_kwargs: { ...rendering, ray_end: 1e12 } }, /ray_end .*0.01 to 100/],
    ['a ray from nowhere', { rendering_kwargs: { ...rendering, ray_start: 'x' } }, /ray_start .*neither 'auto' nor/],
    [
      'a camera light years away',
      { rendering_kwargs: { ...rendering, avg_camera_radius: 1e9 } },
      /radius .*0.1 to 100/,
    ],
    ['a clamp to nothing', { backbone_conv_clamp: 1e-30 }, /backbone_conv_clamp .*0.001 to/],
    ['a hundred layers', { mapping_layers: 100 }, /mapping_layers .*100; 1 to 16/],
    ['a text of a megabyte', { w_dim: 'x'.repeat(2 ** 20) }, /w_dim .*x+\.\.\.x+/],
    [
      'a picture of gigabytes before the last layer',
      { super_resolution: { ...superResolution, input_resolution: 1024, channels: [4096, 2] }, image_resolution: 2048 },
      /super_resolution\.channels\.0 .*4096 channels of 1024 x 1024/,
    ],
    [
      'planes of gigabytes',
      {
        plane_resolution: 1024,
        num_ws: 18,
        plane_channels: 512,
        backbone_channels: { 4: 1, 8: 1, 16: 1, 32: 1, 64: 1, 128: 1, 256: 1, 512: 1, 1024: 1 },
      },
      /plane_channels .*1536 channels of 1024 x 1024/,
    ],
    [
      'a block without channels',
      { super_resolution: { ...superResolution, class: '4X2X' }, image_resolution: 32 },
      /super_resolution\.channels .*shorter than 3/,
    ],
    [
      'channels without a block',
      { super_resolution: { ...superResolution, channels: [3, 2, 2] } },
      /super_resolution\.channels .*longer than 2/,
    ],
    [
      'a third block of gigabytes',
      {
        super_resolution: { class: '4X2X', input_resolution: 512, channels: [2, 2, 64], conv_clamp: null },
        image_resolution: 2048,
      },
      /super_resolution\.channels\.2 .*64 channels of 2048 x 2048/,
    ],
    ['an unknown super-resolution', { super_resolution: { ...superResolution, class: '16X' } }, /super_resolution/],
  ]
  it.each(faults)('%s is refused by the name of the field', (_, changes, message) => {
    expect(() => tinyConfig(changes)).toThrow(UserError)
    expect(() => tinyConfig(changes)).toThrow(message)
    expect(() => tinyConfig(changes)).toThrow(/^.{10,400}$/)
  })

  it('takes what the published generators and their successors use', () => {
    const cars = { ray_start: 0.1, ray_end: 2.6, box_warp: 1.6, avg_camera_radius: 1.7, avg_camera_pivot: [0, 0, 0] }
    for (const changes of [
      cars,
      { depth_resolution: 96, depth_resolution_importance: 96 },
      { c_scale: 0 },
      { avg_camera_pivot: [0, 0, -0.06] },
    ]) {
      expect(tinyConfig({ rendering_kwargs: { ...rendering, ...changes } }).rendering_kwargs).toMatchObject(changes)
    }
    const blocks = [4, 8, 16, 32, 64, 128, 256]
    const full = tinyConfig({
      z_dim: 512,
      w_dim: 512,
      num_ws: 14,
      mapping_layers: 8,
      plane_resolution: 256,
      plane_channels: 96,
      backbone_channels: Object.fromEntries(blocks.map((size) => [size, Math.min(32768 / size, 512)])),
      decoder_output_dim: 32,
      neural_rendering_resolution: 128,
      super_resolution: { class: '8XDC', input_resolution: 128, channels: [256, 128], conv_clamp: 256 },
      image_resolution: 512,
    })
    expect(full.image_resolution).toBe(512)
    const ours = { class: '4X2X', input_resolution: 8, channels: [3, 2, 2], conv_clamp: null }
    expect(tinyConfig({ super_resolution: ours, image_resolution: 32 }).super_resolution).toEqual(ours)
  })

  it.each([null, undefined, 1, 'x', []])('%j is no config', (value) => {
    expect(() => parseConfig(value)).toThrow(UserError)
  })

  it('knows the picture size of every super-resolution class', () => {
    const sizes = Object.keys(SUPER_RESOLUTION_CLASSES).map((kind) =>
      superResolutionOutput({ class: kind as '2X', input_resolution: 128 }),
    )
    expect(sizes).toEqual([512, 512, 256, 256, 256, 512])
    expect(superResolutionOutput({ class: '4X2X', input_resolution: 128 }, FITTED_BLOCKS)).toBe(256)
  })
})
