/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header (name -> dtype, shape, data_offsets),
 * then the raw little-endian data. Reading makes views, never copies, and checks everything before it trusts anything.
 */
import { type Message, message, type Text, UserError } from '../errors.ts'
import { quote, quoteShape } from './quote.ts'
import { jsonFault } from './value-fault.ts'

const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

export type StoredType = keyof typeof ELEMENT_BYTES

/** A tensor as it lies in a file: `data` holds its elements row by row, little-endian, and may be unaligned. */
export type StoredTensor = { dtype: StoredType; shape: number[]; data: Uint8Array }

type Safetensors = { metadata: Record<string, string>; tensors: Map<string, StoredTensor> }

/** A generator of 180 tensors has a header of 20 kB; the cap keeps a lying length from costing memory. */
const MAX_HEADER_BYTES = 4 << 20
/** { name: { shape: [ ... ] } } is as deep as a header goes. */
const MAX_HEADER_DEPTH = 3

/** Number of elements of `shape` ([] is a scalar, 1 element), or NaN where it is no shape or beyond 2^53. */
export function elementCount(shape: unknown): number {
  if (!Array.isArray(shape)) return Number.NaN
  let count = 1
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return Number.NaN
    count *= size
    if (count > Number.MAX_SAFE_INTEGER) return Number.NaN
  }
  return count
}

/** Bytes of one element of `dtype`. */
export function elementBytes(dtype: StoredType): number {
  return ELEMENT_BYTES[dtype]
}

/**
 * Reads a safetensors file. The tensors are views into `bytes`; `name` is what messages call the file. The data must be
 * covered by the tensors without overlap or gap, as the format demands.
 * @throws UserError naming the byte offset or the tensor where the file is not what it says.
 */
export function readSafetensors(bytes: Uint8Array, name: Text = message('the-file')): Safetensors {
  const refuse = (fault: Message): UserError => new UserError('safetensors-damaged', { name, fault })
  if (bytes.length < 8) throw refuse(message('too-short', { bytes: bytes.length }))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  if (headerBytes > MAX_HEADER_BYTES || 8 + headerBytes > bytes.length) {
    const most = Math.min(MAX_HEADER_BYTES, bytes.length - 8)
    throw refuse(message('header-length', { bytes: headerBytes, most }))
  }

  let header: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes))
    const fault = faultOfHeader(text)
    if (fault !== undefined) throw refuse(fault)
    header = JSON.parse(text)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw refuse(message('header-not-json', { reason: jsonFault(error) }))
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw refuse(message('header-not-object'))
  }

  const metadata: Record<string, string> = Object.create(null)
  const spans: { tensor: string; begin: number; end: number }[] = []
  const tensors = new Map<string, StoredTensor>()
  const dataStart = 8 + headerBytes
  const dataBytes = bytes.length - dataStart
  for (const [key, entry] of Object.entries(header as Record<string, unknown>)) {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw refuse(message('entry-not-object', { key: quote(key) }))
    }
    if (key === '__metadata__') {
      for (const [metaKey, value] of Object.entries(entry)) {
        if (typeof value !== 'string') throw refuse(message('metadata-not-text', { key: quote(metaKey) }))
        metadata[metaKey] = value
      }
      continue
    }
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>
    if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
      throw refuse(message('tensor-type', { tensor: quote(key), type: quote(dtype) }))
    }
    const count = elementCount(shape)
    if (Number.isNaN(count)) throw refuse(message('tensor-shape', { tensor: quote(key) }))
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)) {
      throw refuse(message('tensor-offsets', { tensor: quote(key) }))
    }
    const [begin, end] = offsets as [number, number]
    if (begin > end || end > dataBytes) {
      throw refuse(message('tensor-beyond', { tensor: quote(key), begin, end, bytes: dataBytes }))
    }
    const wanted = count * ELEMENT_BYTES[dtype as StoredType]
    if (wanted !== end - begin) {
      const claim = { tensor: quote(key), type: dtype, shape: quoteShape(shape as number[]) }
      throw refuse(message('tensor-bytes', { ...claim, wanted, bytes: end - begin }))
    }
    spans.push({ tensor: key, begin, end })
    const data = bytes.subarray(dataStart + begin, dataStart + end)
    tensors.set(key, { dtype: dtype as StoredType, shape: shape as number[], data })
  }

  spans.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let covered = 0
  for (const { tensor, begin, end } of spans) {
    if (begin !== covered) {
      const [at, before] = [dataStart + begin, dataStart + covered]
      throw refuse(message('tensor-gap', { tensor: quote(tensor), begin: at, before }))
    }
    covered = end
  }
  if (covered !== dataBytes) throw refuse(message('bytes-of-none', { bytes: dataBytes - covered }))
  return { metadata, tensors }
}

/** What JSON.parse would let pass: a key given twice (the last one wins silently), and nesting beyond the format's. */
function faultOfHeader(text: string): Message | undefined {
  const keys: Set<string>[] = []
  let lastString: string | undefined
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      let end = at + 1
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      const literal = text.slice(at, end + 1)
      lastString = literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1)
      at = end
    } else if (char === '{' || char === '[') {
      if (keys.push(new Set()) > MAX_HEADER_DEPTH) return message('header-too-deep')
    } else if (char === '}' || char === ']') {
      keys.pop()
    } else if (char === ':' && lastString !== undefined) {
      const seen = keys.at(-1)
      if (seen?.has(lastString)) return message('header-key-twice', { key: quote(lastString) })
      seen?.add(lastString)
      lastString = undefined
    }
  }
  return undefined
}

/**
 * Lays out a safetensors file. Same content, same bytes: tensors are ordered by element size, then name; metadata by
 * key. The header is padded so that the data, and so every tensor, is aligned.
 * @returns the header and then the tensors' own `data` (no copies), in file order, for `writeFileAtomic`.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array[] {
  const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const ordered = [...tensors].sort(([a, x], [b, y]) => ELEMENT_BYTES[y.dtype] - ELEMENT_BYTES[x.dtype] || byCode(a, b))
  // A list of pairs instead of an object: object keys that look like integers would jump the queue.
  const entries: string[] = []
  const metaKeys = Object.keys(metadata).sort(byCode)
  if (metaKeys.length > 0) {
    const pairs = metaKeys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`)
    entries.push(`"__metadata__":{${pairs.join(',')}}`)
  }
  let offset = 0
  for (const [key, { dtype, shape, data }] of ordered) {
    if (key === '__metadata__' || elementCount(shape) * ELEMENT_BYTES[dtype] !== data.length) {
      throw new Error(`Tensor ${key}: ${dtype} [${shape}] does not fit its ${data.length} bytes`)
    }
    const value = JSON.stringify({ dtype, shape, data_offsets: [offset, offset + data.length] })
    entries.push(`${JSON.stringify(key)}:${value}`)
    offset += data.length
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  const headerBytes = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + headerBytes).fill(0x20)
  new DataView(header.buffer).setUint32(0, headerBytes, true)
  new DataView(header.buffer).setUint32(4, 0, true)
  header.set(json, 8)
  return [header, ...ordered.map(([, { data }]) => data)]
}

/** A float32 tensor for `writeSafetensors`; a view of `values`. */
export function storeFloat32(values: Float32Array, shape: number[]): StoredTensor {
  return { dtype: 'F32', shape, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
}

/** A half precision tensor for `writeSafetensors`, rounded to nearest even; beyond 65504 becomes infinite. */
export function storeFloat16(values: Float32Array, shape: number[]): StoredTensor {
  return { dtype: 'F16', shape, data: new Uint8Array(encodeFloat16(values).buffer) }
}

/** The values of `tensor`, row by row: a view where it is float32 and aligned, otherwise converted. */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array {
  const aligned = data.byteOffset % ELEMENT_BYTES[dtype] === 0 ? data : new Uint8Array(data)
  const { buffer, byteOffset } = aligned
  const count = data.length / ELEMENT_BYTES[dtype]
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count)
    case 'F16':
      return decodeFloat16(new Uint16Array(buffer, byteOffset, count))
    case 'BF16': {
      const bits = Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (half) => half << 16)
      return new Float32Array(bits.buffer)
    }
    case 'F64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count))
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number)
    case 'U64':
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, count), Number)
    case 'I32':
      return new Float32Array(new Int32Array(buffer, byteOffset, count))
    case 'U32':
      return new Float32Array(new Uint32Array(buffer, byteOffset, count))
    case 'I16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count))
    case 'U16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, count))
    case 'I8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count))
    case 'U8':
    case 'BOOL':
      return new Float32Array(aligned)
  }
}

let halves: Float32Array | undefined

/** Half precision bit patterns to float32, exactly, by a table of all 65536. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 31
    const fraction = half & 1023
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
    return sign * (1024 + fraction) * 2 ** (exponent - 25)
  })
  const table = halves
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]]
  return values
}

/** Float32 to half precision bit patterns: nearest, ties to even; subnormals kept; overflow to infinity. */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halfBits = new Uint16Array(values.length)
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    const sign = (word >>> 16) & 0x8000
    const magnitude = word & 0x7fffffff
    let half: number
    if (magnitude > 0x7f800000) {
      half = 0x7e00 // NaN
    } else if (magnitude >= 0x477ff000) {
      half = 0x7c00 // rounds to 65536 or more
    } else if (magnitude >= 0x38800000) {
      // Normal: rebias the exponent, add half a unit (less one where even) and let the carry run into the exponent.
      half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13
    } else if (magnitude <= 0x33000000) {
      half = 0 // 2^-25 or less: half of the smallest subnormal ties to zero
    } else {
      const shift = 126 - (magnitude >>> 23) // 14 .. 24
      const fraction = (magnitude & 0x7fffff) | 0x800000
      const floor = fraction >>> shift
      const rest = fraction & ((1 << shift) - 1)
      const tie = 1 << (shift - 1)
      half = rest > tie || (rest === tie && (floor & 1) === 1) ? floor + 1 : floor
    }
    halfBits[i] = sign | half
  }
  return halfBits
}
