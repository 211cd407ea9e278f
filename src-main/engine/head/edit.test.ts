/** An edited head: its code moves along the generator's directions, and all else of it stays. */
import { afterAll, expect, test } from 'vitest'
import { TINY_CONFIG, tinyWeights } from '../../../testing/generator.ts'
import { parseConfig } from '../checkpoint/config.ts'
import { directionsOf } from '../checkpoint/generator-file.ts'
import { toFloat32 } from '../checkpoint/safetensors.ts'
import { UserError } from '../errors.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Generator } from '../generator/generator.ts'
import { Runtime } from '../runtime/runtime.ts'
import { type Edit, editedCode } from './edit.ts'
import { editHead, type Head, paintHead } from './head.ts'
import { headView } from './views.ts'

const config = parseConfig(TINY_CONFIG)
const weights = new Map(
  [...tinyWeights(config)].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]),
)
const wide = (value: number, count = config.w_dim) => ({ shape: [count], data: new Float32Array(count).fill(value) })
const directions = directionsOf({
  config,
  extras: new Map([
    ['direction.age', wide(1)],
    ['direction.smile', { shape: [config.w_dim], data: Float32Array.from({ length: config.w_dim }, (_, i) => i / 2) }],
    [
      'direction.jaw',
      {
        shape: [config.num_ws, config.w_dim],
        data: Float32Array.from({ length: config.num_ws * config.w_dim }, (_, i) => i),
      },
    ],
    ['direction.of-another-width', wide(1, config.w_dim + 1)],
    ['direction.of-too-few-layers', { ...wide(1, config.w_dim), shape: [1, config.w_dim] }],
    ['reader.fc.bias', wide(1)],
  ]),
})
const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const generator = new Generator(runtime, config, weights, directions)
const ws = Float32Array.from({ length: config.num_ws * config.w_dim }, (_, i) => Math.cos(i))
const detail = { resolution: 16, data: new Float32Array(3 * 16 * 16 * 3).fill(0.1) }
const head: Head = { ws, label: orbitCamera(config.rendering_kwargs, 0.2), detail }

test('a generator offers the directions of its file that fit its codes', () => {
  expect([...directions.keys()]).toEqual(['age', 'smile', 'jaw'])
})

test('every layer of the code moves by the strength, and the head keeps its own', () => {
  const edited = editHead(generator, head, { age: 2, smile: -1 })
  expect(edited.ws).toBe(ws)
  const code = editedCode(generator, edited)
  ws.forEach((value, i) => {
    expect(code[i]).toBeCloseTo(value + 2 - (i % config.w_dim) / 2, 5)
  })
})

test('a direction of layers moves each by its own', () => {
  const code = editedCode(generator, editHead(generator, head, { jaw: 0.5 }))
  ws.forEach((value, i) => {
    expect(code[i]).toBeCloseTo(value + i / 2, 4)
  })
})

test('planes and enlarged pictures are of the edited code, under the same detail', async () => {
  const edited = editHead(generator, head, { age: 1 })
  const moved: Head = { ...head, ws: editedCode(generator, edited) }
  const [planes, expected] = [await paintHead(generator, edited), await paintHead(generator, moved)]
  expect(planes).toEqual(expected)
  expect(planes.data).not.toEqual((await paintHead(generator, head)).data)
  const { image } = await headView(generator, planes, edited, head.label)
  expect(image).toEqual((await headView(generator, planes, moved, head.label)).image)
})

test('an edit of nothing is no edit, and takes an earlier one away', () => {
  const edited = editHead(generator, head, { age: 1 })
  for (const nothing of [{}, { age: 0, smile: 0 }] as Edit[]) {
    expect(editHead(generator, edited, nothing)).toEqual(head)
  }
  expect(editedCode(generator, { ws, edit: { age: 0 } })).toBe(ws)
})

test.each([
  [{ beard: 1 }, 'edit-unknown', /age, smile and jaw/],
  [{ age: 3.1 }, 'edit-strength', /from -3 to 3/],
  [{ age: Number.NaN }, 'edit-strength', /from -3 to 3/],
])('%j is refused, with what there is', (edit, code, cure) => {
  const attempt = () => editHead(generator, head, edit as Record<string, number>)
  expect(attempt).toThrow(expect.objectContaining({ code, cure: expect.stringMatching(cure) }))
})

test('a generator without directions says so', () => {
  const plain = new Generator(runtime, config, weights)
  expect(() => editHead(plain, head, { age: 1 })).toThrow(UserError)
  expect(() => editHead(plain, head, { age: 1 })).toThrow(/'tiny' has no directions/)
  expect(editHead(plain, head, {})).toEqual(head)
})
