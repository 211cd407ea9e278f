import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixture, golden, OFFICIAL_SIZES, tinyConfig, tinyWeights } from '../../../testing/generator.ts'
import { UserError } from '../errors.ts'
import { GENERATOR_VERSION, type SuperResolutionClass } from './config.ts'
import { expectedWeights, readGeneratorFile, writeGeneratorFile } from './generator-file.ts'
import { type StoredTensor, storeFloat16, storeFloat32, toFloat32, writeSafetensors } from './safetensors.ts'

type States = Record<string, Record<string, { shape: number[] }>>
const states: States = JSON.parse(Buffer.from(fixture('state-dicts.json')).toString())
const shapesOf = (state: States[string]): [string, number[]][] =>
  Object.entries(state).map(([name, { shape }]) => [name, shape])

function withSuperResolution(kind: SuperResolutionClass, input: number, channels: [number, number]) {
  const image_resolution = input * (kind === '8XDC' || kind === '8X' ? 4 : 2)
  const super_resolution = { class: kind, input_resolution: input, channels, conv_clamp: 256 }
  return tinyConfig({ ...OFFICIAL_SIZES, neural_rendering_resolution: input, image_resolution, super_resolution })
}

describe('expectedWeights', () => {
  it('is the state of ffhq512-128, name for name and in order', () => {
    const { dataset_label_std: _, ...state } = states['ffhq512-128.G_ema']
    const expected = expectedWeights(withSuperResolution('8XDC', 128, [256, 128]))
    expect([...expected]).toEqual(shapesOf(state))
  })

  it.each([
    ['8X', 128, 'SuperresolutionHybrid8X'],
    ['4X', 128, 'SuperresolutionHybrid4X'],
    ['2X', 64, 'shapenetcars128-64.G_ema.superresolution_only'],
  ] as const)('is the state of the %s super-resolution', (kind, input, state) => {
    const expected = [...expectedWeights(withSuperResolution(kind, input, [128, 64]))]
    expect(expected.filter(([name]) => name.startsWith('superresolution.'))).toEqual(shapesOf(states[state]))
  })

  it('of Halfturn’s own class is that of 4X, and one block more', () => {
    const sizes = { input_resolution: 128, conv_clamp: 256 }
    const own = { class: '4X2X', channels: [128, 64, 8], ...sizes }
    const changes = { ...OFFICIAL_SIZES, image_resolution: 512, super_resolution: own }
    const expected = [...expectedWeights(tinyConfig(changes))]
    const third = expected.filter(([name]) => name.startsWith('superresolution.block2.'))
    const others = expected.filter(([name]) => !name.startsWith('superresolution.block2.'))
    expect(others).toEqual([...expectedWeights(withSuperResolution('4X', 128, [128, 64]))])
    expect(third.map(([name]) => name.replace('block2', 'block1'))).toEqual(
      expected.map(([name]) => name).filter((name) => name.startsWith('superresolution.block1.')),
    )
    expect(Object.fromEntries(third)).toMatchObject({
      'superresolution.block2.conv0.weight': [8, 67, 3, 3],
      'superresolution.block2.conv1.noise_const': [512, 512],
      'superresolution.block2.torgb.weight': [3, 8, 1, 1],
    })
  })
})

describe('a generator file', () => {
  const config = tinyConfig()
  const weights = tinyWeights(config)
  const file = (tensors: Map<string, StoredTensor>, metadata: Record<string, string> = {}): Uint8Array =>
    new Uint8Array(Buffer.concat(writeSafetensors(tensors, { config: JSON.stringify(config), ...metadata })))
  const changed = (name: string, tensor: StoredTensor): Uint8Array => file(new Map(weights).set(name, tensor))

  it('comes back as it was written, halves and extras too', () => {
    const half = storeFloat16(toFloat32(weights.get('decoder.net.0.weight')!), [4, 3])
    const tensors = new Map(weights).set('decoder.net.0.weight', half)
    tensors.set('starter.mean', storeFloat32(Float32Array.of(1, 2), [2]))
    const bytes = new Uint8Array(Buffer.concat(writeGeneratorFile(config, tensors)))
    const back = readGeneratorFile(bytes, 'x')
    expect(back.config).toEqual(config)
    expect([...back.weights.keys()]).toEqual([...expectedWeights(config).keys()])
    for (const [name, { shape, data }] of back.weights) {
      expect(shape).toEqual(tensors.get(name)!.shape)
      expect(data).toEqual(toFloat32(tensors.get(name)!))
    }
    expect([...back.extras]).toEqual([['starter.mean', { shape: [2], data: Float32Array.of(1, 2) }]])
  })

  it('is the same bytes for the same content', () => {
    const once = Buffer.concat(writeGeneratorFile(config, weights))
    expect(Buffer.concat(writeGeneratorFile(config, new Map([...weights].reverse()))).equals(once)).toBe(true)
  })

  const name = 'decoder.net.0.bias'
  const values = (last: number): Float32Array => Float32Array.of(0, 0, 0, last)
  const without = new Map(weights)
  without.delete(name)
  const faults: [string, Uint8Array, RegExp][] = [
    ['a weight missing', file(without), /lacks 1 of \d+ weights, first "decoder\.net\.0\.bias"/],
    ['a weight of another shape', changed(name, storeFloat32(values(0), [2, 2])), /shape \[2,2\].*calls for \[4\]/],
    ['a NaN', changed(name, storeFloat32(values(Number.NaN), [4])), /not finite \(element 3\)/],
    ['an infinite half', changed(name, storeFloat16(values(1e9), [4])), /not finite \(element 3\)/],
    ['integers', changed(name, { dtype: 'I32', shape: [4], data: new Uint8Array(16) }), /stored as I32/],
    ['an extra with NaN', changed('starter.mean', storeFloat32(values(Number.NaN), [4])), /starter\.mean/],
    [
      'another filter',
      changed('backbone.synthesis.b8.resample_filter', storeFloat32(new Float32Array(16).fill(1 / 16), [4, 4])),
      /not the filter/,
    ],
    ['a config that is not JSON', file(weights, { config: '{' }), /not JSON/],
    ['a config of a version to come', file(weights, { config: '{"format":"halfturn-generator","version":9}' }), /9/],
    ['no config', new Uint8Array(Buffer.concat(writeSafetensors(weights))), /metadata has no config/],
  ]
  it.each(faults)('%s is refused', (_, bytes, message) => {
    expect(() => readGeneratorFile(bytes, 'x')).toThrow(UserError)
    expect(() => readGeneratorFile(bytes, 'x')).toThrow(message)
  })

  it('is not written with a weight missing', () => {
    expect(() => writeGeneratorFile(config, without)).toThrow(/lacks/)
  })

  const embedded = join(import.meta.dirname, '../../../models/default/generator.safetensors')
  it.skipIf(!existsSync(embedded))('the embedded generator (once it is there) is whole', () => {
    expect(readGeneratorFile(readFileSync(embedded), 'generator.safetensors').config.frame).toBe('own')
  })

  const version0 = golden('generator-v0', 'generator.safetensors')
  it.skipIf(version0 === undefined)('version 0 (in HALFTURN_SHARED) is brought up to date', () => {
    const { config: upgraded, weights: found, extras } = readGeneratorFile(readFileSync(version0!), 'v0')
    expect(upgraded).toMatchObject({
      version: GENERATOR_VERSION,
      num_ws: 10,
      decoder_output_dim: 16,
      super_resolution: null,
    })
    expect(found.get('backbone.synthesis.b64.conv1.weight')?.shape).toEqual([48, 48, 3, 3])
    expect([...extras.keys()].sort()).toEqual(['starter.matrix', 'starter.mean'])
  })
})
