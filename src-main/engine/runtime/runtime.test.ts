import { availableParallelism } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { add, input, type Model, matMul, mul, writeModel } from '../graph/index.ts'
import { Resident, residents } from './resident.ts'
import { Runtime } from './runtime.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

const affine = () => {
  const product = matMul(input('x', [1, 2]), input('w', [2, 2]))
  return writeModel({ product, sum: add(product, input('b', [2])) })
}
const w = Float32Array.of(1, 2, 3, 4)
const b = Float32Array.of(10, 20)
const x = Float32Array.of(1, 1)

it('takes no threads for as many as there are cores', async () => {
  const other = await Runtime.create({ provider: 'cpu', threads: 0 })
  expect(other.threads).toBe(availableParallelism())
  await other.dispose()
})

describe('Program.run', () => {
  it('gives the outputs by name, or those asked for', async () => {
    const program = await runtime.compile(affine())
    const all = await program.run({ x, w, b })
    expect([...all.product, ...all.sum]).toEqual([4, 6, 14, 26])
    expect(Object.keys(await program.run({ x, w, b }, ['sum']))).toEqual(['sum'])
  })

  it('ignores values the model has no input for', async () => {
    const program = await runtime.compile(affine())
    expect([...(await program.run({ x, w, b, other: new Float32Array(7) })).sum]).toEqual([14, 26])
  })

  it('names the input that is missing or of another size', async () => {
    const program = await runtime.compile(affine())
    await expect(program.run({ x, w })).rejects.toThrow("the input 'b' [2] is missing")
    await expect(program.run({ x, w, b: x.subarray(1) })).rejects.toThrow("'b' has 1 values, the model wants [2]")
    await expect(program.run({ x, w: new Resident(b), b })).rejects.toThrow("'w' has 2 values, the model wants [2,2]")
  })

  it('takes what is too small for a normal number as zero', async () => {
    const program = await runtime.compile(writeModel({ product: mul(input('x', [2]), input('w', [2])) }))
    const { product } = await program.run({ x: Float32Array.of(1e-30, 1e-40), w: Float32Array.of(1e-10, 1e10) })
    expect([...product]).toEqual([0, 0])
  })

  it('reads a view into a larger array at its place', async () => {
    const program = await runtime.compile(affine())
    const file = Float32Array.of(0, ...w, ...b, 0)
    expect([...(await program.run({ x, w: file.subarray(1, 5), b: file.subarray(5, 7) })).sum]).toEqual([14, 26])
  })
})

describe('Runtime.compile', () => {
  it('gives one program for models of the same content', async () => {
    expect(await runtime.compile(affine())).toBe(await runtime.compile(affine()))
    const other = writeModel({ y: mul(input('x', [2]), 2) })
    expect(await runtime.compile(other)).not.toBe(await runtime.compile(affine()))
  })

  it('passes a broken model on as a defect, and is not broken by it', async () => {
    const broken: Model = { ...affine(), bytes: new Uint8Array(10), hash: 'broken' }
    await expect(runtime.compile(broken)).rejects.toThrow()
    await expect(runtime.compile(broken)).rejects.toThrow()
    const other = await Runtime.create({ provider: 'cpu', threads: 1 })
    const failing = other.compile(broken)
    await other.dispose()
    await expect(failing).rejects.toThrow()
  })
})

describe('residents', () => {
  it('are fed like arrays, and follow what is set', async () => {
    const program = await runtime.compile(affine())
    const weights = residents({ w, b })
    expect([...(await program.run({ ...weights, x })).sum]).toEqual([14, 26])
    weights.b.set(Float32Array.of(0, 1))
    expect([...(await program.run({ ...weights, x })).sum]).toEqual([4, 7])
    expect(weights.b.data).toEqual(Float32Array.of(0, 1))
  })

  it('take outputs, also in place of what they were fed', async () => {
    const fed = input('x', [2])
    const program = await runtime.compile(writeModel({ double: mul(fed, 2), half: mul(fed, 0.5) }))
    const [x, half] = [new Resident(Float32Array.of(1, 2)), new Resident(new Float32Array(2))]
    expect(await program.run({ x }, undefined, { double: x, half })).toEqual({})
    expect(await program.run({ x }, undefined, { double: x })).toEqual({ half: Float32Array.of(1, 2) })
    expect(await runtime.read(x)).toEqual(Float32Array.of(4, 8))
    expect(half.data).toEqual(Float32Array.of(0.5, 1))
  })

  it('keep their number of values', async () => {
    const program = await runtime.compile(affine())
    const sum = new Resident(new Float32Array(3))
    await expect(program.run({ x, w, b }, ['sum'], { sum })).rejects.toThrow("'sum' is to go to 3 values")
    expect(() => sum.set(x)).toThrow('2 values instead of 3')
  })
})
