import { describe, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { parseConfig, SUPER_RESOLUTION_CLASSES, superResolutionOutput } from './config.ts'
import { TINY_CONFIG, tinyConfig } from './test-generator.ts'

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
    ['an unknown super-resolution', { super_resolution: { ...superResolution, class: '16X' } }, /super_resolution/],
  ]
  it.each(faults)('%s is refused by the name of the field', (_, changes, message) => {
    expect(() => tinyConfig(changes)).toThrow(UserError)
    expect(() => tinyConfig(changes)).toThrow(message)
  })

  it.each([null, undefined, 1, 'x', []])('%j is no config', (value) => {
    expect(() => parseConfig(value)).toThrow(UserError)
  })

  it('knows the picture size of every super-resolution class', () => {
    const sizes = Object.keys(SUPER_RESOLUTION_CLASSES).map((kind) =>
      superResolutionOutput({ class: kind as '2X', input_resolution: 128, channels: [1, 1], conv_clamp: null }),
    )
    expect(sizes).toEqual([512, 512, 256, 256, 256])
  })
})
