import { afterAll, describe, expect, it } from 'vitest'
import { Runtime } from '../runtime/runtime.ts'
import { cases, graphOf } from './fixtures/gradient-cases.ts'
import {
  add,
  constant,
  conv,
  gradients,
  input,
  leakyRelu,
  mul,
  reshape,
  sumAll,
  type Tensor,
  writeModel,
} from './index.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

/** A network with its gradients, described anew at each call. */
function describeNetwork() {
  const x = input('x', [1, 2, 5, 5])
  const w = input('w', [3, 2, 3, 3])
  const y = leakyRelu(conv(x, w, { pads: [1, 1, 1, 1] }), 0.2)
  const loss = sumAll(mul(y, y))
  const [dx, dw] = gradients(loss, [x, w])
  return { loss, dx, dw }
}

/** The fields of a protobuf message: number -> varints and byte strings in their order. */
function fieldsOf(bytes: Uint8Array): Map<number, (bigint | Uint8Array)[]> {
  const fields = new Map<number, (bigint | Uint8Array)[]>()
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wireType = tag & 7
    let value: bigint | Uint8Array
    if (wireType === 0) value = varint()
    else {
      const length = wireType === 5 ? 4 : Number(varint())
      value = bytes.subarray(at, at + length)
      at += length
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
  }
  return fields
}

describe('writeModel', () => {
  it('gives the same bytes for the same description, whatever was built before', () => {
    const first = writeModel(describeNetwork())
    for (const each of cases) graphOf(each)
    const second = writeModel(describeNetwork())
    expect(second.bytes).toEqual(first.bytes)
    expect(second.hash).toBe(first.hash)
  })

  it('gives other bytes where a number, a shape or a name differs', () => {
    const hashes = [
      writeModel({ y: mul(input('x', [2]), 2) }),
      writeModel({ y: mul(input('x', [2]), 3) }),
      writeModel({ y: mul(input('x', [3]), 2) }),
      writeModel({ y: mul(input('z', [2]), 2) }),
      writeModel({ z: mul(input('x', [2]), 2) }),
      writeModel({ y: add(input('x', [2]), 2) }),
    ].map((model) => model.hash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('says opset 16 and IR version 8', () => {
    const model = fieldsOf(writeModel(describeNetwork()).bytes)
    expect(model.get(1)).toEqual([8n])
    expect(fieldsOf(model.get(8)![0] as Uint8Array).get(2)).toEqual([16n])
  })

  it('lists what it wants and gives, in the order of creation', () => {
    const model = writeModel(describeNetwork())
    expect(model.inputs).toEqual([
      { name: 'x', shape: [1, 2, 5, 5] },
      { name: 'w', shape: [3, 2, 3, 3] },
    ])
    expect(model.outputs).toEqual([
      { name: 'loss', shape: [] },
      { name: 'dx', shape: [1, 2, 5, 5] },
      { name: 'dw', shape: [3, 2, 3, 3] },
    ])
  })

  it('leaves out what no output depends on', () => {
    const x = input('x', [2])
    mul(x, input('idle', [2]))
    expect(writeModel({ y: mul(x, 2) }).inputs.map(({ name }) => name)).toEqual(['x'])
  })

  it('returns an input, and one tensor under two names', async () => {
    const x = input('x', [2])
    const y = mul(x, 2)
    const program = await runtime.compile(writeModel({ same: x, y, again: y }))
    const results = await program.run({ x: Float32Array.of(1, 2) })
    expect(Object.fromEntries(Object.entries(results).map(([name, values]) => [name, [...values]]))).toEqual({
      same: [1, 2],
      y: [2, 4],
      again: [2, 4],
    })
  })

  it('takes any names for inputs and outputs', async () => {
    const values: Tensor[] = ['t0', 'c1', 't2', 'backbone.synthesis/b4.conv1:weight', 'Übermaß'].map((name) =>
      input(name, [1]),
    )
    const sum = values.reduce((total, value) => add(total, mul(value, constant([1], [1]))))
    const program = await runtime.compile(writeModel({ t3: sum, c2: mul(sum, 2) }))
    const feeds = Object.fromEntries(program.model.inputs.map(({ name }, i) => [name, Float32Array.of(10 ** i)]))
    const results = await program.run(feeds)
    expect([results.t3[0], results.c2[0]]).toEqual([11111, 22222])
  })

  it('refuses one name for two things', () => {
    const x = input('x', [2])
    expect(() => writeModel({ y: add(x, input('x', [2])) })).toThrow("two inputs named 'x'")
    expect(() => writeModel({ x: mul(x, 2) })).toThrow("'x' is both input and output")
  })

  it('keeps numbers exactly', async () => {
    const data = Float32Array.of(1 / 3, -0, 1e-38, 3.4e38, Number.POSITIVE_INFINITY, 16777217)
    const program = await runtime.compile(writeModel({ y: reshape(constant(data, [6]), [2, 3]) }))
    const { y } = await program.run({})
    expect([...y].map((value, i) => Object.is(value, data[i]))).toEqual(Array(6).fill(true))
  })
})
