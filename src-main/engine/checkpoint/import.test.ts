import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixture, golden, tinyConfig, tinyWeights } from '../../../testing/generator.ts'
import {
  checkpoint,
  dict,
  generatorPy,
  persistent,
  pickle,
  storage,
  tensor,
  transposed,
  tuple,
} from '../../../testing/pickle.ts'
import { UserError } from '../errors.ts'
import { type SuperResolutionClass, superResolutionOutput } from './config.ts'
import { readGeneratorFile, writeGeneratorFile } from './generator-file.ts'
import { importCheckpoint, importedName, sha256Of } from './import.ts'
import { readSafetensors, type StoredTensor, storeFloat32, toFloat32 } from './safetensors.ts'

const sorted = (tensors: ReadonlyMap<string, StoredTensor>): [string, number[], number[]][] =>
  [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, t]) => [name, t.shape, [...toFloat32(t)]])

describe('checkpoints written by the reference', () => {
  const tiny2x = fixture('tiny2x.pkl')

  it('tiny2x: every weight is the golden one, and stays a view of the file', () => {
    const { weights } = importCheckpoint(tiny2x, 'tiny2x.pkl')
    expect(sorted(weights)).toEqual(sorted(readSafetensors(fixture('tiny2x.safetensors')).tensors))
    for (const { data } of weights.values()) expect(data.buffer).toBe(tiny2x.buffer)
  })

  it('tiny2x: the config is what it was made with', () => {
    const { config } = importCheckpoint(tiny2x, 'tiny2x.pkl')
    expect(config).toMatchObject({
      name: 'tiny2x',
      frame: 'eg3d',
      z_dim: 32,
      w_dim: 32,
      num_ws: 6,
      mapping_layers: 2,
      mapping_lr_multiplier: 0.01,
      plane_resolution: 16,
      plane_channels: 8,
      backbone_channels: { 4: 12, 8: 12, 16: 12 },
      backbone_conv_clamp: null,
      decoder_hidden_dim: 16,
      decoder_output_dim: 8,
      neural_rendering_resolution: 16,
      image_resolution: 32,
      super_resolution: { class: '2X', input_resolution: 16, channels: [12, 8], conv_clamp: 256 },
      rendering_kwargs: {
        depth_resolution: 8,
        depth_resolution_importance: 8,
        ray_start: 0.1,
        ray_end: 2.6,
        box_warp: 1.6,
        avg_camera_radius: 1.7,
        avg_camera_pivot: [0, 0, 0],
        white_back: true,
        c_gen_conditioning_zero: true,
        c_scale: 1,
        decoder_lr_mul: 0.5,
      },
      provenance: { source: 'tiny2x.pkl', sha256: sha256Of(tiny2x) },
    })
    // The published slip: plane 2 is (z, x).
    expect(config.plane_axes[2]).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ])
    expect(config.licence).toMatch(/non-commercial/)
  })

  it('tiny2x: survives the way through a generator file', () => {
    const { config, weights } = importCheckpoint(tiny2x, 'tiny2x.pkl')
    const back = readGeneratorFile(new Uint8Array(Buffer.concat(writeGeneratorFile(config, weights))), 'x')
    expect(back.config).toEqual(config)
    for (const [name, { data }] of back.weights) expect(data).toEqual(toFloat32(weights.get(name)!))
    expect([...back.extras.keys()]).toEqual(['dataset_label_std'])
  })

  const tiny8x = golden('eg3d/goldens/tiny8x')
  it.skipIf(tiny8x === undefined)(
    'tiny8x (in HALFTURN_SHARED): a whole snapshot gives the golden weights of G_ema',
    () => {
      const { config, weights } = importCheckpoint(readFileSync(`${tiny8x}/model.pkl`), 'tiny8x.pkl')
      expect(sorted(weights)).toEqual(sorted(readSafetensors(readFileSync(`${tiny8x}/weights.safetensors`)).tensors))
      const super_resolution = { class: '8XDC', input_resolution: 16, channels: [16, 8], conv_clamp: 256 }
      expect(config).toMatchObject({ num_ws: 8, image_resolution: 64, super_resolution })
    },
  )

  const thin = golden('eg3d/goldens/official_thin/model.pkl')
  it.skipIf(thin === undefined)('official_thin (in HALFTURN_SHARED): the sizes are the official ones', () => {
    const { config, weights } = importCheckpoint(readFileSync(thin!), 'thin.pkl')
    const super_resolution = { class: '8XDC', input_resolution: 128, channels: [256, 128], conv_clamp: 256 }
    expect(config).toMatchObject({ num_ws: 14, plane_resolution: 256, plane_channels: 32, super_resolution })
    expect(weights.size).toBe(177)
  })
})

describe('what a checkpoint may look like', () => {
  const config = tinyConfig()
  const weights = tinyWeights(config)
  const gives = (bytes: Uint8Array, expected = config): void => {
    const { config: found, weights: read } = importCheckpoint(bytes, 'tiny.pkl')
    const { name: _n, frame: _f, provenance: _p, licence: _l, ...same } = expected
    expect(found).toMatchObject(same)
    expect(sorted(read)).toEqual(sorted(weights))
  }

  it('as the reference writes it', () => {
    gives(checkpoint(config, weights))
  })

  it.each([
    ['8XDC', 8],
    ['8X', 4],
    ['4X', 16],
    ['2X', 8],
    ['Deepfp32', 8],
  ] as [SuperResolutionClass, number][])('with the super-resolution %s', (kind, input_resolution) => {
    const super_resolution = { class: kind, input_resolution, channels: [3, 2] as [number, number], conv_clamp: null }
    const other = tinyConfig({ super_resolution, image_resolution: superResolutionOutput(super_resolution) })
    const { config: found } = importCheckpoint(checkpoint(other, tinyWeights(other)), 'x.pkl')
    expect(found.super_resolution).toEqual(super_resolution)
    expect(found.image_resolution).toBe(other.image_resolution)
  })

  it('with other sizes, clamps, multipliers and automatic rays', () => {
    const other = tinyConfig({
      mapping_layers: 3,
      mapping_lr_multiplier: 0.1,
      plane_resolution: 16,
      num_ws: 6,
      backbone_channels: { 4: 5, 8: 4, 16: 3 },
      backbone_conv_clamp: 100,
      rendering_kwargs: { ...config.rendering_kwargs, ray_start: 'auto', ray_end: 'auto', decoder_lr_mul: 0.5 },
    })
    const { name: _n, frame: _f, provenance: _p, licence: _l, ...same } = other
    expect(importCheckpoint(checkpoint(other, tinyWeights(other)), 'x.pkl').config).toMatchObject(same)
  })

  it('with G alone, with G_ema None, with keys in another order, or the generator by itself', () => {
    const generator = generatorPy(config, weights)
    gives(pickle(dict({ G: generator })))
    gives(pickle(dict({ augment_pipe: null, G_ema: null, G: generator })))
    gives(pickle(generator))
  })

  it('G_ema is taken, not G', () => {
    const other = new Map(weights).set('decoder.net.0.bias', storeFloat32(new Float32Array(4), [4]))
    gives(pickle(dict({ G: generatorPy(config, other), G_ema: generatorPy(config, weights) })))
  })

  it('with keys missing: as EG3D fills them in', () => {
    const bytes = checkpoint(config, weights, {
      attributes: { z_dim: undefined, neural_rendering_resolution: undefined },
      rendering: {
        white_back: undefined,
        c_scale: undefined,
        sr_antialias: undefined,
        c_gen_conditioning_zero: undefined,
        superresolution_noise_mode: undefined,
        disparity_space_sampling: undefined,
      },
      modules: { superresolution: { sr_antialias: undefined }, renderer: { plane_axes: undefined } },
    })
    const { config: found } = importCheckpoint(bytes, 'x.pkl')
    expect(found.neural_rendering_resolution).toBe(64)
    expect(found.rendering_kwargs).toMatchObject({ white_back: false, c_scale: 0, sr_antialias: true })
    expect(found.plane_axes[2]).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ])
  })

  it('with other plane axes, which are kept', () => {
    const axes = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0)
    const plane_axes = tensor(storeFloat32(axes, [3, 3, 3]))
    const { config: found } = importCheckpoint(
      checkpoint(config, weights, { modules: { renderer: { plane_axes } } }),
      'x',
    )
    expect(found.plane_axes.flat(2)).toEqual([...axes])
  })

  it('with strides that are not row by row, offsets, doubles and halves', () => {
    const name = 'backbone.synthesis.b8.conv1.weight'
    gives(checkpoint(config, weights, { tensors: { [name]: transposed(weights.get(name)!) } }))

    const bias = toFloat32(weights.get('decoder.net.0.bias')!)
    const padded = new Uint8Array(Float32Array.of(9, 9, ...bias, 9).buffer)
    const shifted = tensor({ dtype: 'F32', shape: [7], data: padded }, { offset: 2, size: tuple(4), stride: tuple(1) })
    gives(checkpoint(config, weights, { tensors: { 'decoder.net.0.bias': shifted } }))

    const doubles = tensor({ dtype: 'F64', shape: [4], data: new Uint8Array(Float64Array.from(bias).buffer) })
    gives(checkpoint(config, weights, { tensors: { 'decoder.net.0.bias': doubles } }))

    const halves = tensor({ dtype: 'F16', shape: [4], data: new Uint8Array(Uint16Array.of(0x3c00, 0, 0, 0).buffer) })
    const bytes = checkpoint(config, weights, { tensors: { 'decoder.net.0.bias': halves } })
    expect([...toFloat32(importCheckpoint(bytes, 'x').weights.get('decoder.net.0.bias')!)]).toEqual([1, 0, 0, 0])
  })
})

describe('what is refused, and how it is called', () => {
  const config = tinyConfig()
  const weights = tinyWeights(config)
  const bias = weights.get('decoder.net.0.bias')!
  const without = new Map(weights)
  without.delete('decoder.net.0.bias')
  const biasAs = (value: ReturnType<typeof tensor>): Uint8Array =>
    checkpoint(config, weights, { tensors: { 'decoder.net.0.bias': value } })
  const nan = storeFloat32(Float32Array.of(0, 0, 0, Number.NaN), [4])
  const stored = (data: Uint8Array) => ({
    call: ['torch.storage', '_load_from_bytes'] as [string, string],
    args: [data],
  })

  const cases: [string, Uint8Array, RegExp][] = [
    ['another kind of network', checkpoint(config, weights, { className: 'Generator' }), /holds a "Generator"/],
    ['no generator', pickle(dict({ D: null, training_set_kwargs: null })), /no generator.*"D"/],
    ['a snapshot of nothing', pickle(dict({})), /only nothing/],
    ['a number', pickle(3), /a number where the module "generator" belongs/],
    ['a weight missing', checkpoint(config, without), /lacks 1 of \d+ weights, first "decoder.net.0.bias"/],
    ['a weight misshapen', biasAs(tensor({ ...bias, shape: [2, 2] })), /\[2,2\].*calls for \[4\]/],
    ['a weight that is no tensor', biasAs('x'), /"decoder.net.0.bias" is a text/],
    ['a weight of NaN', biasAs(tensor(nan)), /not finite/],
    ['a weight of integers', biasAs(tensor({ dtype: 'I64', shape: [4], data: new Uint8Array(32) })), /stored as I64/],
    [
      'a weight too many',
      checkpoint(config, new Map(weights).set('backbone.extra.weight', bias)),
      /nothing is known of "backbone.extra.weight"/,
    ],
    [
      'no rendering_kwargs',
      checkpoint(config, weights, { attributes: { rendering_kwargs: null } }),
      /rendering_kwargs/,
    ],
    [
      'no sample count',
      checkpoint(config, weights, { rendering: { depth_resolution: undefined } }),
      /depth_resolution/,
    ],
    [
      'a dict as sample count',
      checkpoint(config, weights, { rendering: { depth_resolution: dict({}) } }),
      /depth_resol/,
    ],
    [
      'random noise',
      checkpoint(config, weights, { rendering: { superresolution_noise_mode: 'random' } }),
      /noise_mode/,
    ],
    [
      'an unknown super-resolution',
      pickle(
        dict({
          G_ema: persistent(
            'TriPlaneGenerator',
            dict({
              _modules: dict({ superresolution: persistent('SuperresolutionPatchwork', dict({})) }),
              rendering_kwargs: dict({}),
            }),
          ),
        }),
      ),
      /"SuperresolutionPatchwork"/,
    ],
    [
      'layers clamped differently',
      checkpoint(config, weights, { modules: { 'superresolution.block0.conv0': { conv_clamp: 1 } } }),
      /clamps the layers/,
    ],
    [
      'plane axes of another shape',
      checkpoint(config, weights, { modules: { renderer: { plane_axes: tensor(bias) } } }),
      /plane axes/,
    ],
    [
      'the zip form of a storage',
      biasAs(tensor(bias, { storage: stored(Uint8Array.of(0x50, 0x4b, 3, 4)) })),
      /zip form/,
    ],
    [
      'an untyped storage',
      biasAs(
        tensor(bias, {
          storage: stored(storage(bias.data, 'F32', { pid: ['storage', { name: ['torch', 'UntypedStorage'] }] })),
        }),
      ),
      /torch\.UntypedStorage/,
    ],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /zip archive/],
    ['bytes after the end', Buffer.concat([checkpoint(config, weights), Buffer.alloc(3)]), /3 bytes after its end/],
    ['an empty file', new Uint8Array(0), /byte 0/],
    ['a page of HTML', new Uint8Array(Buffer.from('<!DOCTYPE html><html>')), /byte 0: no pickle/],
  ]
  it.each(cases)('%s', (_, bytes, message) => {
    expect(() => importCheckpoint(bytes, 'x.pkl')).toThrow(UserError)
    expect(() => importCheckpoint(bytes, 'x.pkl')).toThrow(message)
  })

  it('the name of the result follows the content', () => {
    expect(importedName(sha256Of(new Uint8Array(0)))).toBe('eg3d-e3b0c44298fc1c14.safetensors')
  })
})
