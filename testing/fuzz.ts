/**
 * Fuzzing of everything that reads what it did not write. The invariant: a valid result or a UserError, never another
 * error, and soon. Inputs are small real ones with some damage, or made of the right pieces in a wrong order; each is
 * told by a seed and a number alone.
 */

import { readFileSync } from 'node:fs'
import { unzipSync, zipSync } from 'fflate'
import { parseConfig } from '../src-main/engine/checkpoint/config.ts'
import { expectedWeights, readGeneratorFile, writeGeneratorFile } from '../src-main/engine/checkpoint/generator-file.ts'
import { importCheckpoint } from '../src-main/engine/checkpoint/import.ts'
import { readPickle } from '../src-main/engine/checkpoint/pickle.ts'
import {
  readSafetensors,
  storeFloat16,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../src-main/engine/checkpoint/safetensors.ts'
import { isTensor, TensorReader, TORCH_NAMES } from '../src-main/engine/checkpoint/torch.ts'
import { UserError } from '../src-main/engine/errors.ts'
import type { Generator } from '../src-main/engine/generator/generator.ts'
import { readHead, writeHead } from '../src-main/engine/head/head-file.ts'
import { decodeBmp } from '../src-main/engine/images/bmp.ts'
import { readExif } from '../src-main/engine/images/exif.ts'
import { heifParts, withoutMetadata } from '../src-main/engine/images/heif.ts'
import { type FormatId, requireFormat } from '../src-main/engine/images/signature.ts'
import { Damaged, stripGif, stripJpeg, stripPng, stripTiff, stripWebp } from '../src-main/engine/images/strip.ts'
import { uniform } from '../src-main/engine/random.ts'
import { parseMessage, readMessage } from '../src-main/session/envelope.ts'
import { packProject, unpackProject } from '../src-main/session/project-file.ts'
import { fixture, TINY_CONFIG, tinyConfig, tinyWeights } from './generator.ts'
import { background } from './pano-head.ts'
import {
  ascii,
  checkpoint,
  dict,
  joinBytes,
  type Py,
  parameter,
  persistent,
  pickle,
  raw,
  storage,
  tensor,
} from './pickle.ts'
import { TEST_RECORD as record } from './record.ts'

interface Parser {
  readonly name: string
  input(chance: Chance): Uint8Array
  /** Reads the input and uses what it gave. */
  read(bytes: Uint8Array): void
}

/** Random choices. */
class Chance {
  private readonly next: () => number

  constructor(seed: number, number: number) {
    this.next = uniform(seed, number)
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  one<T>(all: readonly T[]): T {
    return all[this.below(all.length)]
  }

  /** Whether something of this probability happens. */
  is(probability: number): boolean {
    return this.next() < probability
  }

  bytes(most: number): Uint8Array {
    return Uint8Array.from({ length: this.below(most + 1) }, () => this.below(256))
  }
}

/** The input of this seed and number. */
export const inputOf = (parser: Parser, seed: number, number: number): Uint8Array =>
  parser.input(new Chance(seed, number))

/** Whether `bytes` were read or refused; any error that is not a UserError is thrown on. */
export function readOrRefuse({ read }: Parser, bytes: Uint8Array): 'read' | 'refused' {
  try {
    read(bytes)
    return 'read'
  } catch (error) {
    if (error instanceof UserError) return 'refused'
    throw error
  }
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff].map((byte) => new Uint8Array(8).fill(byte))

/** Damage as it happens and as it is done: bytes changed, cut, inserted, copied about, numbers made extreme. */
function damaged(original: Uint8Array, chance: Chance): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(original)
  for (let edits = 1 + chance.below(4); edits > 0; edits--) {
    const where = chance.below(bytes.length + 1)
    switch (chance.below(7)) {
      case 0:
        bytes.set(chance.bytes(Math.min(9, bytes.length - where)), where)
        break
      case 1:
        if (where < bytes.length) bytes[where] ^= 1 << chance.below(8)
        break
      case 2:
        bytes = joinBytes(bytes.subarray(0, where), chance.bytes(9), bytes.subarray(where))
        break
      case 3:
        bytes = joinBytes(bytes.subarray(0, where), bytes.subarray(where + chance.below(256)))
        break
      case 4:
        bytes.copyWithin(where, chance.below(bytes.length + 1), chance.below(bytes.length + 1))
        break
      case 5:
        bytes.set(chance.one(EXTREMES).subarray(0, Math.min(2 ** chance.below(4), bytes.length - where)), where)
        break
      case 6:
        if (chance.is(0.25)) bytes = bytes.slice(0, where)
        break
    }
  }
  return bytes
}

const ODD_VALUES = [
  null,
  true,
  -1,
  0,
  0.5,
  7,
  1e308,
  2 ** 31,
  2 ** 53,
  -1e-320,
  '',
  'x',
  '4',
  'auto',
  '__proto__',
  'x'.repeat(2000),
  [],
  {},
  [[[[[[[[]]]]]]]],
  Array(500).fill(1),
  { length: 2 ** 32 },
]
const ODD_KEYS = ['__proto__', 'constructor', 'toString', 'length', '0', '', 'x']

/** The same JSON value, but for a place or two: another value, a key more or less. */
function oddJson(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.is(0.1)) return chance.one(ODD_VALUES)
  const entries: [string, unknown][] = Object.entries(value)
  const at = chance.below(entries.length)
  const [key, member] = entries[at] ?? ['', undefined]
  if (chance.is(0.8)) entries[at] = [key, oddJson(member, chance)]
  else if (chance.is(0.5)) entries.splice(at, 1)
  else entries.push([chance.one(ODD_KEYS), chance.one(ODD_VALUES)])
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? '')

/** A safetensors file of this header, whose length may lie. */
function headed(header: unknown, data: Uint8Array, lie = 0): Uint8Array {
  const text = json(header)
  return joinBytes(new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(text.length + lie))).buffer), text, data)
}

/** Of a file that is right: its header and data. */
function partsOf(bytes: Uint8Array): { header: unknown; data: Uint8Array } {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  return { header: JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()), data: bytes.subarray(8 + length) }
}

/** The file with damage anywhere or in its header alone. */
function damagedTensors(file: Uint8Array): (chance: Chance) => Uint8Array {
  const { header, data } = partsOf(file)
  return (chance) => {
    if (chance.is(0.5)) return damaged(file, chance)
    return headed(oddJson(header, chance), data, chance.is(0.1) ? chance.below(5) - 2 : 0)
  }
}

const config = tinyConfig()
const weights = tinyWeights(config)
const bias = weights.get('decoder.net.0.bias')!
const names = new Map(TORCH_NAMES).set('collections:OrderedDict', 'dict')

const text = (value: string): Uint8Array => raw(0x8c, value.length, value).raw
/** Operations of a pickle, mostly ones that find what they need. */
const OPERATIONS = [
  ...['N', ']', '}', ')'].map(ascii),
  Uint8Array.of(0x8f),
  ...['collections', 'OrderedDict', 'torch._utils', '_rebuild_tensor_v2', 'torch.storage', 'numpy', 'dtype', ''].map(
    text,
  ),
  raw(text('collections'), text('OrderedDict'), 0x93, ')R').raw,
  raw(text('numpy'), text('dtype'), 0x93, text('f8'), Uint8Array.of(0x85), 'R}b').raw,
  raw('](K\x01K\x02e').raw,
  raw('}(', text('a'), 'K\x01', text('b'), 'Nu').raw,
  raw('(NNt').raw,
  ...[...'(RaesutbQc.'].map(ascii),
  ...[0x81, 0x85, 0x86, 0x87, 0x90, 0x93, 0x94].map((op) => Uint8Array.of(op)),
]

function operations(chance: Chance): Uint8Array {
  const parts = Array.from({ length: chance.below(30) }, () => {
    if (chance.is(0.75)) return chance.one(OPERATIONS)
    if (chance.is(0.3)) return raw('K', chance.below(256)).raw
    if (chance.is(0.4)) return raw(chance.one([...'hjqr']), chance.below(4), 0, 0, 0).raw
    const announced = chance.one([0x42, 0x43, 0x58, 0x8a, 0x8b, 0x8d, 0x8e, 0x95])
    return chance.is(0.5) ? chance.bytes(1) : joinBytes(Uint8Array.of(announced), chance.bytes(9))
  })
  const closed = chance.is(0.5)
  return joinBytes(Uint8Array.of(0x80, 4), ascii(closed ? '(' : ''), ...parts, ascii(closed ? 't.' : '.'))
}

const smallPickles = [
  pickle(dict({ a: [1, 2.5, 'x'], b: { tuple: [true, null] }, c: { set: [1] }, d: new Uint8Array(4) })),
  pickle(tensor(bias)),
]
function readTensorPickle(bytes: Uint8Array): void {
  const { value } = readPickle(bytes, { name: 'fuzz', names })
  if (!isTensor(value)) return
  const { shape, data } = new TensorReader('fuzz', 1 << 20).read(value, 'x')
  if (data.length > 1 << 20 || shape.length > 16) throw new Error('a tensor larger than allowed')
}

const storages = [storage(bias.data), storage(new Uint8Array(32), 'F64'), storage(new Uint8Array(4), 'F16')]
function readStorage(bytes: Uint8Array): void {
  const stored = { call: ['torch.storage', '_load_from_bytes'] as [string, string], args: [bytes] }
  readTensorPickle(pickle(tensor(bias, { storage: stored })))
}

const generatorFile = joinBytes(...writeGeneratorFile(config, weights))
const damagedGenerator = damagedTensors(generatorFile)
/** A whole file costs ten times what its config does, where most of what may be wrong is. */
function generatorInput(chance: Chance): Uint8Array {
  if (chance.is(0.1)) return damagedGenerator(chance)
  const odd = JSON.stringify(oddJson(TINY_CONFIG, chance))
  return headed({ __metadata__: { config: odd } }, new Uint8Array(0))
}

const triGrids = tinyConfig({ plane_layers: [2, 2, 2] })
const triGridWeights = tinyWeights(triGrids)
const wholeCheckpoints = [
  checkpoint(config, weights),
  checkpoint(triGrids, new Map([...triGridWeights, ...background(triGrids, triGridWeights)])),
  fixture('tiny2x.pkl'),
]
const affine = tensor(weights.get('backbone.mapping.embed.weight')!)
/** Networks that lack most of what a generator has, but not what is looked at first. */
const smallCheckpoints = [
  dict({}),
  dict({ rendering_kwargs: dict({ depth_resolution: 4 }), _modules: dict({}) }),
  dict({
    rendering_kwargs: dict({ depth_resolution: 4, ray_start: 2.25, avg_camera_pivot: [0, 0, 0.2] }),
    neural_rendering_resolution: 8,
    _parameters: dict({ a: parameter(affine), b: null }),
    _buffers: dict({ c: affine }),
    _modules: dict({
      superresolution: persistent('SuperresolutionHybrid2X', dict({ sr_antialias: true })),
      backbone: persistent('Generator', dict({ _modules: dict({ mapping: persistent('MappingNetwork', dict({})) }) })),
    }),
  }),
].map((state: Py) => pickle(dict({ G_ema: persistent('TriPlaneGenerator', state) })))

function readImport(bytes: Uint8Array): void {
  const { config: found, weights: read } = importCheckpoint(bytes, 'fuzz.pkl', '0'.repeat(64))
  for (const [name, shape] of expectedWeights(found)) {
    if (toFloat32(read.get(name)!).length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} is not whole`)
  }
}

const halves = new Float32Array(3 * 4 * 4 * config.plane_channels)
const portrait = { size: 4, rgb: new Uint8Array(48), matte: new Float32Array(16), valid: new Uint8Array(16) }
const headFile = joinBytes(
  ...writeHead(
    {
      ws: new Float32Array(config.num_ws * config.w_dim),
      label: new Float32Array(25),
      shape: { resolution: 4, data: halves },
      detail: { resolution: 4, data: halves },
    },
    { config },
    [
      { portrait, label: new Float32Array(25) },
      { portrait, label: new Float32Array(25) },
    ],
  ),
)

const smallHead = joinBytes(...writeSafetensors(new Map([['ws', storeFloat32(new Float32Array(4), [4])]])))
const projectFile = packProject(record, {
  photo: Uint8Array.of(0xff, 0xd8, 0xff),
  head: smallHead,
  checkpoint: smallHead,
})
const projectParts = unzipSync(projectFile)
/** Damage in the zip, or in what is zipped; parts are held to their digest only where the record has it. */
function projectInput(chance: Chance): Uint8Array {
  if (chance.is(0.4)) return damaged(projectFile, chance)
  const named = JSON.parse(Buffer.from(projectParts['project.json']).toString())
  const files: Record<string, Uint8Array> = {
    ...projectParts,
    'project.json': json(oddJson(chance.is(0.5) ? record : named, chance)),
  }
  if (chance.is(0.3)) {
    files['project.json'] = json(record)
    const part = chance.one(['photo', 'head', 'checkpoint'])
    files[part] = damaged(files[part], chance)
  }
  if (chance.is(0.1)) delete files[chance.one(Object.keys(files))]
  return zipSync(files, { level: 0 })
}

/** A TIFF folder with the focal length in the folder that it points to. */
const exif = Uint8Array.from([
  ...[0x45, 0x78, 0x69, 0x66, 0, 0, 0x49, 0x49, 42, 0, 8, 0, 0, 0],
  ...[1, 0, 0x69, 0x87, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0],
  ...[1, 0, 0x05, 0xa4, 3, 0, 1, 0, 0, 0, 50, 0, 0, 0],
])

const messages = [
  { t: 'q', i: 'id', m: 'call', a: ['hello', {}] },
  { t: 'q', i: 'id', m: 'call', a: ['view', { project: '0123456789abcdef', camera: [1, 0, 0] }] },
  { t: 's', i: 'id', e: { message: 'x' } },
]

const photos = ['jpg', 'png', 'webp', 'gif', 'tif', 'bmp', 'avif'].map((ending) =>
  readFileSync(new URL(`../src-main/engine/images/fixtures/tiny.${ending}`, import.meta.url)),
)

const fewPixels = (width: number, height: number) => {
  if (width * height > 1e6) throw new Damaged('more pixels than are tried here')
}

/** What is done with a photo before the image library sees it. */
const walks: Record<FormatId, (bytes: Uint8Array) => unknown> = {
  jpeg: stripJpeg,
  png: stripPng,
  webp: stripWebp,
  gif: stripGif,
  tiff: stripTiff,
  bmp: (bytes) => decodeBmp(bytes, fewPixels),
  heic: heifParts,
  avif: (bytes) => [heifParts(bytes), withoutMetadata(bytes)],
}

function walkPhoto(bytes: Uint8Array): void {
  try {
    walks[requireFormat(bytes)](bytes)
  } catch (error) {
    // What lies outside the file is found by the view that reads it.
    if (error instanceof Damaged || error instanceof RangeError)
      throw new UserError('tool', { text: 'Damaged.', cure: 'Copy it again.' })
    throw error
  }
}

export const parsers: readonly Parser[] = [
  {
    name: 'safetensors',
    input: damagedTensors(
      joinBytes(
        ...writeSafetensors(
          new Map([
            ['a', storeFloat32(Float32Array.of(1, 2, 3, 4), [2, 2])],
            ['b', storeFloat16(Float32Array.of(1, 2), [2])],
          ]),
          { note: 'x' },
        ),
      ),
    ),
    read: (bytes) => {
      const { tensors } = readSafetensors(bytes, 'fuzz')
      for (const stored of tensors.values()) toFloat32(stored)
      readSafetensors(joinBytes(...writeSafetensors(tensors)))
    },
  },
  {
    name: 'pickle',
    input: (chance) => (chance.is(0.5) ? operations(chance) : damaged(chance.one(smallPickles), chance)),
    read: readTensorPickle,
  },
  { name: 'storage', input: (chance) => damaged(chance.one(storages), chance), read: readStorage },
  {
    name: 'checkpoint',
    input: (chance) => damaged(chance.one(chance.is(0.02) ? wholeCheckpoints : smallCheckpoints), chance),
    read: readImport,
  },
  {
    name: 'generator',
    input: generatorInput,
    read: (bytes) => {
      const { metadata, tensors } = readSafetensors(bytes, 'fuzz')
      if (tensors.size > 0) readGeneratorFile(bytes, 'fuzz')
      else expectedWeights(parseConfig(JSON.parse(metadata.config)))
    },
  },
  {
    name: 'head',
    input: damagedTensors(headFile),
    read: (bytes) => {
      const { head, photos } = readHead(bytes, { config } as Generator)
      for (const planes of [head.shape, head.detail]) {
        if (planes && planes.data.length % config.plane_channels !== 0) throw new Error('planes in parts')
      }
      for (const { portrait, label } of photos) {
        if (portrait.rgb.length !== 3 * portrait.size ** 2 || label.length !== 25)
          throw new Error('a portrait in parts')
      }
    },
  },
  { name: 'project', input: projectInput, read: (bytes) => void unpackProject(bytes, 'fuzz.halfturn') },
  {
    name: 'photo',
    input: (chance) => damaged(chance.one(photos), chance),
    read: walkPhoto,
  },
  {
    name: 'exif',
    input: (chance) => damaged(exif, chance),
    read: (bytes) => {
      const { orientation, focal35mm: focal } = readExif(bytes)
      if (!(orientation >= 1 && orientation <= 8)) throw new Error(`an orientation of ${orientation}`)
      if (focal === undefined) throw new UserError('tool', { text: 'No focal length.', cure: 'None is needed.' })
      if (!(focal >= 8 && focal <= 1200)) throw new Error(`a lens of ${focal} mm`)
    },
  },
  {
    name: 'message',
    input: (chance) => {
      const message = chance.one(messages)
      return chance.is(0.5) ? json(oddJson(message, chance)) : damaged(json(message), chance)
    },
    read: (bytes) => {
      const message = parseMessage(Buffer.from(bytes).toString())
      if (message === undefined) throw new UserError('tool', { text: 'No message.', cure: 'Hang up.' })
      if (message.t === 'q' && !['call', 'put', 'get'].includes(message.m)) throw new Error(`a call of ${message.m}`)
      if (!readMessage(message)) throw new Error('a message that is none')
    },
  },
]
