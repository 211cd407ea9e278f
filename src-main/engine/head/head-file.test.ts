import { expect, test } from 'vitest'
import { TINY_CONFIG } from '../../../testing/generator.ts'
import { parseConfig } from '../checkpoint/config.ts'
import { readSafetensors, storeFloat32, writeSafetensors } from '../checkpoint/safetensors.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { RELIEF_WIDTH } from '../face/relief.ts'
import { LANDMARKS } from '../networks/mediapipe.ts'
import { readHead, writeHead } from './head-file.ts'

const config = parseConfig(TINY_CONFIG)
const head = {
  ws: Float32Array.from({ length: config.num_ws * config.w_dim }, (_, i) => i / 7),
  label: Float32Array.from({ length: 25 }, (_, i) => i / 3),
}
const photo = (value: number, label: Float32Array): PosedPortrait => ({
  portrait: {
    size: 2,
    rgb: new Uint8Array(12).fill(value),
    matte: new Float32Array(4).fill(value / 255),
    valid: new Uint8Array(4).fill(1),
  },
  label,
})
const second = photo(
  2,
  head.label.map((x) => -x),
)
const relief = Float32Array.from({ length: LANDMARKS * RELIEF_WIDTH }, (_, i) => i / 9)
const photos: PosedPortrait[] = [
  photo(1, head.label),
  // What lies around its crop is known, and how deep its landmarks lie.
  { ...second, portrait: { ...second.portrait, wide: photo(9, head.label).portrait, relief } },
  photo(
    3,
    head.label.map((x) => x + 1),
  ),
]
const written = (count: number) => Buffer.concat(writeHead(head, { config }, photos.slice(0, count)))
const read = (bytes: Uint8Array) => readHead(bytes, { config, directions: new Map() })

test.each([0, 1, 3])('a head of %i photos is read as it was written', (count) => {
  expect(read(written(count))).toEqual({ head, photos: photos.slice(0, count) })
})

test('an edit is kept with the head, and has to be one that the generator can paint', () => {
  const edited = { ...head, edit: { smile: 0.6, age: -1 } }
  const bytes = Buffer.concat(writeHead(edited, { config }, photos.slice(0, 1)))
  const known = (...traits: string[]) => ({
    config,
    directions: new Map(traits.map((trait) => [trait, new Float32Array(config.w_dim)])),
  })
  expect(readHead(bytes, known('age', 'smile')).head).toEqual(edited)
  expect(() => readHead(bytes, known('age'))).toThrow(expect.objectContaining({ code: 'head-unfit' }))
  const spoilt = Buffer.concat(writeSafetensors(readSafetensors(bytes, 'x').tensors, { edit: '{"age":"old"}' }))
  expect(() => readHead(spoilt, known('age'))).toThrow(expect.objectContaining({ code: 'head-unfit' }))
})

test('a photo in parts, or without its camera, is refused', () => {
  const without = (name: string) => {
    const tensors = new Map(readSafetensors(written(2)).tensors)
    tensors.delete(name)
    return Buffer.concat(writeSafetensors(tensors, {}))
  }
  expect(() => read(without('portrait2.label'))).toThrow('portrait')
  for (const unfit of [relief.subarray(4), relief.with(5, Number.NaN)]) {
    const tensors = new Map(readSafetensors(written(2), 'x').tensors)
    tensors.set('portrait2.relief', storeFloat32(unfit, [unfit.length]))
    const spoilt = Buffer.concat(writeSafetensors(tensors, {}))
    expect(() => read(spoilt)).toThrow(expect.objectContaining({ code: 'head-portrait-damaged' }))
  }
  expect(read(without('portrait2.matte')).photos).toEqual([photos[0]])
})
