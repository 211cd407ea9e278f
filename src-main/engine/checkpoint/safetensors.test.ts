import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import {
  decodeFloat16,
  elementBytes,
  encodeFloat16,
  readSafetensors,
  type StoredTensor,
  storeFloat16,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from './safetensors.ts'

const join = (chunks: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(chunks))

/** A file with this header text and so many bytes of data. */
function file(header: string | object, dataBytes = 0): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = Buffer.alloc(8 + json.length + dataBytes)
  bytes.writeBigUInt64LE(BigInt(json.length))
  json.copy(bytes, 8)
  return bytes
}

const two = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }

describe('half precision', () => {
  it('every finite half survives the way to float32 and back', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((h) => (h & 0x7c00) !== 0x7c00)
    expect(encodeFloat16(decodeFloat16(bits))).toEqual(bits)
  })

  it('rounds to nearest, ties to even, overflows to infinity, keeps NaN and signs', () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
      [2047.5, 2048],
      [65504, 65504],
      [65519.996, 65504],
      [65520, Number.POSITIVE_INFINITY],
      [-1e9, Number.NEGATIVE_INFINITY],
      [2 ** -24, 2 ** -24],
      [2 ** -25, 0],
      [1.0001 * 2 ** -25, 2 ** -24],
      [1.5 * 2 ** -24, 2 * 2 ** -24],
      [2.5 * 2 ** -24, 2 * 2 ** -24],
      [1023.5 * 2 ** -24, 2 ** -14],
      [Number.NaN, Number.NaN],
    ]
    for (const [input, output] of cases) {
      expect(decodeFloat16(encodeFloat16(Float32Array.of(input)))[0], `${input}`).toBe(output)
    }
    expect(encodeFloat16(Float32Array.of(-0))[0]).toBe(0x8000)
  })

  it('no other half is nearer', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = encodeFloat16(Float32Array.of(value))
        const near = decodeFloat16(Uint16Array.of(bits[0], bits[0] - 1, bits[0] + 1)).map((h) => Math.abs(h - value))
        return !(near[1] < near[0]) && !(near[2] < near[0])
      }),
      { numRuns: 2000 },
    )
  })
})

describe('writing and reading', () => {
  const tensors = new Map<string, StoredTensor>([
    ['b', storeFloat16(Float32Array.of(0.5, -2, 65504), [3])],
    ['10', storeFloat32(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])],
    ['scalar', storeFloat32(Float32Array.of(7), [])],
    ['empty', storeFloat32(new Float32Array(0), [0, 4])],
    ['ärger "quoted"', { dtype: 'I64', shape: [1], data: new Uint8Array(BigInt64Array.of(-5n).buffer) }],
  ])

  it('gives back what was written, aligned, whatever the order it came in', () => {
    const bytes = join(writeSafetensors(tensors, { note: 'x', config: '{"a":1}' }))
    const back = readSafetensors(bytes)
    expect({ ...back.metadata }).toEqual({ config: '{"a":1}', note: 'x' })
    expect([...back.tensors.keys()].sort()).toEqual([...tensors.keys()].sort())
    for (const [name, { dtype, shape, data }] of back.tensors) {
      const written = tensors.get(name)!
      expect({ dtype, shape, data: [...data] }).toEqual({ ...written, data: [...written.data] })
      expect(data.byteOffset % elementBytes(dtype), name).toBe(0)
    }
    expect([...toFloat32(back.tensors.get('b')!)]).toEqual([0.5, -2, 65504])
    expect([...toFloat32(back.tensors.get('ärger "quoted"')!)]).toEqual([-5])
    const reversed = new Map([...tensors].reverse())
    expect(join(writeSafetensors(reversed, { config: '{"a":1}', note: 'x' }))).toEqual(bytes)
  })

  it('float32 is a view where aligned and a copy where not', () => {
    const bytes = new Uint8Array(20)
    bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), 4)
    const view = toFloat32({ dtype: 'F32', shape: [2], data: bytes.subarray(4, 12) })
    expect(view.buffer).toBe(bytes.buffer)
    expect([...view]).toEqual([1, 2])
    bytes.copyWithin(5, 4, 12)
    expect([...toFloat32({ dtype: 'F32', shape: [2], data: bytes.subarray(5, 13) })]).toEqual([1, 2])
    // A Buffer's own slice() would not copy.
    expect([...toFloat32({ dtype: 'F32', shape: [2], data: Buffer.from(bytes.buffer, 5, 8) })]).toEqual([1, 2])
  })

  it('a tensor whose bytes do not fit its shape is a defect, not a file', () => {
    const wrong = new Map([['a', { dtype: 'F32' as const, shape: [3], data: new Uint8Array(8) }]])
    expect(() => writeSafetensors(wrong)).toThrow('does not fit')
  })
})

describe('a damaged or hostile file is refused by name', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(0), /at least 8/],
    ['header longer than the file', file('{}').subarray(0, 9), /header length at byte 0 is 2/],
    ['header of 2^63', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 123, 125), /header length/],
    ['not JSON', file('{"a":'), /not JSON/],
    ['not UTF-8', file('{"\u0000"}').map((b) => (b === 0x22 ? 0xff : b)), /not JSON/],
    ['a list', file('[]'), /not an object/],
    ['null', file('null'), /not an object/],
    ['deep nesting', file(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), /nested too deeply/],
    ['a tensor twice', file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'), /"a" twice/],
    ['a field twice', file('{"a":{"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), /"dtype" twice/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), /metadata "a"/],
    ['an unknown type', file({ a: { ...two, dtype: 'F4' } }, 8), /unknown type/],
    ['an inherited type', file({ a: { ...two, dtype: 'toString' } }, 8), /unknown type/],
    ['a negative size', file({ a: { ...two, shape: [-2] } }, 8), /shape/],
    ['a fractional size', file({ a: { ...two, shape: [0.5, 4] } }, 8), /shape/],
    ['a size beyond counting', file({ a: { ...two, shape: [2 ** 40, 2 ** 40] } }, 8), /shape/],
    ['too small a shape', file({ a: { ...two, shape: [1] } }, 8), /needs 4 bytes/],
    [
      '300 000 dimensions',
      file({ a: { ...two, shape: Array(300_000).fill(1) } }, 8),
      /\[1,1,1,1,1,1,1,1, ... \(300000\)\] needs 4/,
    ],
    ['offsets beyond the file', file({ a: { ...two, data_offsets: [0, 16], shape: [4] } }, 8), /claims bytes/],
    ['offsets turned round', file({ a: { ...two, data_offsets: [8, 0] } }, 8), /claims bytes/],
    ['a string as offset', file({ a: { ...two, data_offsets: ['0', 8] } }, 8), /data_offsets/],
    ['an overlap', file({ a: two, b: { ...two, data_offsets: [4, 12] } }, 12), /"b" begins/],
    ['a gap', file({ a: two, b: { ...two, data_offsets: [12, 20] } }, 20), /"b" begins/],
    ['trailing bytes', file({ a: two }, 9), /1 bytes after/],
  ]
  it.each(cases)('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'x.safetensors')).toThrow(UserError)
    expect(() => readSafetensors(bytes, 'x.safetensors')).toThrow(message)
  })

  it('a tensor called __proto__ is only a name', () => {
    const { tensors } = readSafetensors(file('{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1))
    expect([...tensors.keys()]).toEqual(['__proto__'])
  })
})
