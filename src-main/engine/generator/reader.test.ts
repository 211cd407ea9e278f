/** The reader: codes off pictures, and its gradient against central differences. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gradients, input, mul, sizeOf, sumAll, writeModel } from '../graph/index.ts'
import { normalArray, uniform } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { Parameters } from './parameters.ts'
import { Reader, readCode, readerShapes, readingSide } from './reader.ts'

const W_DIM = 6
const shapes = [...readerShapes([4, 5, 6], W_DIM)]
const weights = new Map(
  shapes.map(([name, shape], stream) => [name, { shape, data: normalArray(sizeOf(shape), 1, stream) }]),
)
const side = readingSide(3)
const next = uniform(2)
const picture = Float32Array.from({ length: 3 * side * side }, next)

let runtime: Runtime
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
})
afterAll(() => runtime.dispose())

test('of a picture reads the same alone and in a batch', async () => {
  expect(side).toBe(32)
  const alone = await Reader.among(runtime, weights, W_DIM)!.read(picture)
  const program = await runtime.compile(
    writeModel({ w: readCode(new Parameters(weights), input('picture', [2, 3, side, side])) }),
  )
  const both = new Float32Array(2 * picture.length).fill(1)
  picture.forEach((value, i) => {
    both[picture.length + i] = 2 * value - 1
  })
  const data = Object.fromEntries([...weights].map(([name, weight]) => [name, weight.data]))
  const { w } = await program.run({ ...data, picture: both })
  expect(alone).toHaveLength(W_DIM)
  alone.forEach((value, k) => {
    expect(w[W_DIM + k]).toBeCloseTo(value, 4)
  })
})

test('is not there where a weight is missing or of another shape', () => {
  const without = new Map(weights)
  without.delete('reader.fc.bias')
  expect(Reader.among(runtime, without, W_DIM)).toBeUndefined()
  expect(Reader.among(runtime, weights, W_DIM + 1)).toBeUndefined()
  const misshapen = new Map(weights).set('reader.conv1.weight', { shape: [5, 4, 1, 1], data: new Float32Array(20) })
  expect(Reader.among(runtime, misshapen, W_DIM)).toBeUndefined()
  expect(Reader.among(runtime, new Map(), W_DIM)).toBeUndefined()
})

test('learns by the gradient that central differences show', async () => {
  const parameters = new Parameters(weights)
  const w = readCode(parameters, input('picture', [1, 3, side, side]))
  const loss = sumAll(mul(w, input('along', [1, W_DIM])))
  const names = [...parameters.used.keys()]
  const found = gradients(loss, [...parameters.used.values()])
  const program = await runtime.compile(
    writeModel({ loss, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, found[i]])) }),
  )
  const data = Object.fromEntries([...weights].map(([name, weight]) => [name, weight.data]))
  const feeds = { ...data, picture, along: normalArray(W_DIM, 3) }
  const result = await program.run(feeds)
  for (const name of names) {
    const gradient = result[`d.${name}`]
    const length = Math.hypot(...gradient)
    const at = async (step: number) => {
      const moved = data[name].map((value, i) => value + (step * gradient[i]) / length)
      return (await program.run({ ...feeds, [name]: moved })).loss[0]
    }
    const slope = ((await at(5e-4)) - (await at(-5e-4))) / 1e-3
    expect(slope / length, name).toBeCloseTo(1, 2)
  }
})
