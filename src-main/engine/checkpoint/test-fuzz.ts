/**
 * Fuzzing of everything that reads a file it did not write. The invariant: a valid result or a UserError, never another
 * error, and soon. Inputs are bytes with some structure, and real files with some damage.
 */
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import { parseConfig } from './config.ts'
import { expectedWeights, readGeneratorFile, writeGeneratorFile } from './generator-file.ts'
import { importCheckpoint } from './import.ts'
import { readPickle } from './pickle.ts'
import { readSafetensors, storeFloat16, storeFloat32, toFloat32, writeSafetensors } from './safetensors.ts'
import { fixture, TINY_CONFIG, tinyConfig, tinyWeights } from './test-generator.ts'
import { ascii, checkpoint, concat, dict, pickle, raw, storage, tensor } from './test-pickle.ts'
import { isTensor, TensorReader, TORCH_NAMES } from './torch.ts'

export type FuzzTarget = {
  name: string
  /** Share of all inputs. */
  share: number
  inputs: fc.Arbitrary<Uint8Array>
  /** Reads the input and uses what it gave. */
  read: (bytes: Uint8Array) => void
}

const config = tinyConfig()
const weights = tinyWeights(config)

const text = (value: string): Uint8Array => raw(0x8c, value.length, value).raw
const TEXTS = [
  'collections',
  'OrderedDict',
  'torch._utils',
  '_rebuild_tensor_v2',
  'torch.storage',
  'numpy',
  'dtype',
  '',
]

/** Operations of a pickle, mostly ones that find what they need. */
const operation: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: fc.constantFrom(ascii('N'), ascii(']'), ascii('}'), ascii(')'), Uint8Array.of(0x8f)), weight: 6 },
  { arbitrary: fc.constantFrom(...TEXTS).map(text), weight: 4 },
  { arbitrary: fc.nat(255).map((byte) => raw('K', byte).raw), weight: 4 },
  {
    arbitrary: fc.constantFrom(
      raw(text('collections'), text('OrderedDict'), 0x93, ')R').raw,
      raw(text('numpy'), text('dtype'), 0x93, text('f8'), Uint8Array.of(0x85), 'R}b').raw,
      raw('](K\x01K\x02e').raw,
      raw('}(', text('a'), 'K\x01', text('b'), 'Nu').raw,
      raw('(NNt').raw,
    ),
    weight: 4,
  },
  { arbitrary: fc.constantFrom(...'(RaesutbQc.').map(ascii), weight: 6 },
  { arbitrary: fc.constantFrom(0x81, 0x85, 0x86, 0x87, 0x90, 0x93, 0x94).map((op) => Uint8Array.of(op)), weight: 8 },
  { arbitrary: fc.tuple(fc.constantFrom(...'hjqr'), fc.nat(3)).map(([op, n]) => raw(op, n, 0, 0, 0).raw), weight: 2 },
  { arbitrary: fc.nat(255).map((byte) => Uint8Array.of(byte)), weight: 1 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(0x42, 0x43, 0x58, 0x8a, 0x8b, 0x8d, 0x8e, 0x95), fc.uint8Array({ maxLength: 9 }))
      .map(([op, bytes]) => concat(Uint8Array.of(op), bytes)),
    weight: 1,
  },
)

const operations = fc
  .tuple(fc.array(operation, { maxLength: 30 }), fc.boolean())
  .map(([ops, closed]) => concat(Uint8Array.of(0x80, 4), ascii(closed ? '(' : ''), ...ops, ascii(closed ? 't.' : '.')))

/** Damage as it happens and as it is done: bytes changed, cut, inserted, copied about, numbers made extreme. */
// Not fc.double: it is uniform in the bits, so nearly always next to zero.
const place = fc.nat(2 ** 31 - 1).map((n) => n / 2 ** 31)
const edit = fc.record({
  kind: fc.constantFrom('set', 'flip', 'insert', 'remove', 'copy', 'extreme', 'cut'),
  at: place,
  from: place,
  bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
})
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff].map((byte) => new Uint8Array(8).fill(byte))

function damaged(...originals: Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([original, edits]) => {
      let bytes: Uint8Array = new Uint8Array(original)
      for (const { kind, at, from, bytes: material } of edits) {
        const where = Math.floor(at * bytes.length)
        const source = Math.floor(from * bytes.length)
        if (kind === 'set') bytes.set(material.subarray(0, bytes.length - where), where)
        else if (kind === 'flip' && where < bytes.length) bytes[where] ^= 1 << (material[0] & 7)
        else if (kind === 'insert') bytes = concat(bytes.subarray(0, where), material, bytes.subarray(where))
        else if (kind === 'remove') bytes = concat(bytes.subarray(0, where), bytes.subarray(where + material[0]))
        else if (kind === 'copy') bytes.copyWithin(where, source, source + material[0])
        else if (kind === 'extreme') {
          const number = EXTREMES[material[0] % EXTREMES.length].subarray(0, [1, 2, 4, 8][(material[0] >> 4) & 3])
          bytes.set(number.subarray(0, bytes.length - where), where)
        } else if (kind === 'cut' && material[0] < 64) bytes = bytes.slice(0, where)
      }
      return bytes
    })
}

/** A header that is JSON of about the right form, and any data. */
const header = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom('a', 'b', '__metadata__', '__proto__', 'c'),
      fc.oneof(
        fc.record(
          {
            dtype: fc.constantFrom('F32', 'F16', 'I64', 'BOOL', 'F8'),
            shape: fc.array(fc.oneof(fc.nat(5), fc.constantFrom(-1, 2 ** 31, 2 ** 53, 0.5)), { maxLength: 4 }),
            data_offsets: fc.array(fc.oneof(fc.nat(64), fc.constantFrom(-1, 2 ** 53)), { maxLength: 3 }),
          },
          { requiredKeys: [] },
        ),
        fc.jsonValue({ maxDepth: 2 }),
      ),
      { maxKeys: 4 },
    ),
    fc.uint8Array({ maxLength: 64 }),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([entries, data, lie]) => {
    const json = Buffer.from(JSON.stringify(entries))
    const length = new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(json.length + lie))).buffer)
    return concat(length, json, data)
  })

const smallTensors = writeSafetensors(
  new Map([
    ['a', storeFloat32(Float32Array.of(1, 2, 3, 4), [2, 2])],
    ['b', storeFloat16(Float32Array.of(1, 2), [2])],
  ]),
  { note: 'x' },
)
const bias = weights.get('decoder.net.0.bias')!
const names = new Map(TORCH_NAMES).set('collections:OrderedDict', 'dict')
const smallPickles = [
  pickle(dict({ a: [1, 2.5, 'x'], b: { tuple: [true, null] }, c: { set: [1] }, d: new Uint8Array(4) })),
  pickle(tensor(bias)),
]
const storages = [storage(bias.data), storage(new Uint8Array(32), 'F64'), storage(new Uint8Array(4), 'F16')]
const generatorFile = concat(...writeGeneratorFile(config, weights))
const tinyCheckpoint = checkpoint(config, weights)
const tiny2x = fixture('tiny2x.pkl')

const readStorage = (bytes: Uint8Array): void => {
  const { value } = readPickle(pickle(tensor({ ...bias, data: bias.data }, { storage: loads(bytes) })), {
    name: 'fuzz',
    names,
  })
  new TensorReader('fuzz', 1 << 20).read(value, 'x')
}
const loads = (bytes: Uint8Array) => ({
  call: ['torch.storage', '_load_from_bytes'] as [string, string],
  args: [bytes],
})

const readTensorPickle = (bytes: Uint8Array): void => {
  const { value } = readPickle(bytes, { name: 'fuzz', names })
  if (!isTensor(value)) return
  const { shape, data } = new TensorReader('fuzz', 1 << 20).read(value, 'x')
  if (data.length > 1 << 20 || shape.length > 16) throw new Error('a tensor larger than allowed')
}

const readImport = (bytes: Uint8Array): void => {
  const { config: found, weights: read } = importCheckpoint(bytes, 'fuzz.pkl', '0'.repeat(64))
  for (const [name, shape] of expectedWeights(found)) {
    if (toFloat32(read.get(name)!).length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} is not whole`)
  }
}

export const FUZZ_TARGETS: FuzzTarget[] = [
  {
    name: 'safetensors',
    share: 0.25,
    inputs: fc.oneof(header, damaged(concat(...smallTensors)), fc.uint8Array({ maxLength: 64 })),
    read: (bytes) => {
      const { tensors } = readSafetensors(bytes, 'fuzz')
      for (const stored of tensors.values()) toFloat32(stored)
      readSafetensors(concat(...writeSafetensors(tensors)))
    },
  },
  { name: 'pickle operations', share: 0.25, inputs: operations, read: readTensorPickle },
  { name: 'damaged pickles', share: 0.2, inputs: damaged(...smallPickles), read: readTensorPickle },
  { name: 'damaged storages', share: 0.2, inputs: damaged(...storages), read: readStorage },
  {
    name: 'damaged generator files',
    share: 0.05,
    inputs: damaged(generatorFile),
    read: (bytes) => void readGeneratorFile(bytes, 'fuzz'),
  },
  { name: 'damaged checkpoints', share: 0.04, inputs: damaged(tinyCheckpoint), read: readImport },
  { name: "damaged checkpoints of the reference's", share: 0.01, inputs: damaged(tiny2x), read: readImport },
]

/** Whether `bytes` were read or refused; any error that is not a UserError is thrown on. */
export function readOrRefuse({ read }: FuzzTarget, bytes: Uint8Array): 'read' | 'refused' {
  try {
    read(bytes)
    return 'read'
  } catch (error) {
    if (error instanceof UserError) return 'refused'
    throw error
  }
}

/** Configs of any form; the invariant is the same. */
export const fuzzConfig: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom(...Object.keys(TINY_CONFIG)), fc.jsonValue({ maxDepth: 3 }))
  .map(([key, value]) => ({ ...TINY_CONFIG, [key]: value }))

export function parseOrRefuse(value: unknown): void {
  try {
    expectedWeights(parseConfig(value))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
}
