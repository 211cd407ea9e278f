/**
 * PyTorch's and numpy's values inside a pickle (docs/eg3d.md, Checkpoint files): tensors as views into the file,
 * storages in the legacy torch.save form, numpy scalars. Offsets, strides and lengths are checked before a byte is
 * looked at.
 */
import { type Message, message, UserError } from '../errors.ts'
import {
  isTuple,
  kindOf,
  type NameUse,
  PERSISTENT_ID,
  PickleName,
  PickleObject,
  type PickleValue,
  readPickle,
} from './pickle.ts'
import { quote } from './quote.ts'
import { elementBytes, elementCount, type StoredTensor, type StoredType } from './safetensors.ts'

const STORAGE_TYPES: Record<string, StoredType> = {
  'torch:FloatStorage': 'F32',
  'torch:HalfStorage': 'F16',
  'torch:DoubleStorage': 'F64',
  'torch:BFloat16Storage': 'BF16',
  'torch:LongStorage': 'I64',
  'torch:IntStorage': 'I32',
  'torch:ShortStorage': 'I16',
  'torch:CharStorage': 'I8',
  'torch:ByteStorage': 'U8',
  'torch:BoolStorage': 'BOOL',
}

const REBUILD_TENSOR = 'torch._utils:_rebuild_tensor_v2'
const REBUILD_PARAMETER = 'torch._utils:_rebuild_parameter'
const LOAD_STORAGE = 'torch.storage:_load_from_bytes'
const NUMPY_DTYPE = 'numpy:dtype'
// numpy 2 renamed the module.
const NUMPY_SCALARS = ['numpy.core.multiarray:scalar', 'numpy._core.multiarray:scalar']

/** The names `TensorReader` and `numberOf` understand, for `readPickle`. */
export const TORCH_NAMES: [string, NameUse][] = [
  ...[REBUILD_TENSOR, REBUILD_PARAMETER, LOAD_STORAGE, NUMPY_DTYPE, ...NUMPY_SCALARS].map((name): [string, NameUse] => [
    name,
    'object',
  ]),
]

const STORAGE_NAMES = new Map<string, NameUse>(Object.keys(STORAGE_TYPES).map((name) => [name, 'name']))
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_VERSION = 1001
/** The largest of a storage's five pickles takes some 40 operations; tensors may share the bytes of a storage. */
const STORAGE_LIMITS = { operations: 500, textBytes: 4096 }

type Refuse = (fault: Message) => UserError
type Storage = { dtype: StoredType; count: number; data: Uint8Array }

/** Whether `value` is a tensor or a parameter. */
export function isTensor(value: PickleValue | undefined): value is PickleObject {
  return value instanceof PickleObject && (value.name === REBUILD_TENSOR || value.name === REBUILD_PARAMETER)
}

/**
 * Reads tensors out of one pickle. All together they may not have more bytes than the file, so that a small file whose
 * tensors share a storage cannot grow.
 */
export class TensorReader {
  readonly #name: string
  readonly #storages = new Map<PickleObject, Storage>()
  #bytesLeft: number

  constructor(name: string, fileBytes: number) {
    this.#name = name
    this.#bytesLeft = fileBytes
  }

  /**
   * The tensor `value` stands for: a view where its elements lie row by row, otherwise gathered.
   * @param path what messages call it.
   */
  read(value: PickleValue | undefined, path: string): StoredTensor {
    const refuse: Refuse = (fault) => new UserError('tensor-damaged', { name: this.#name, tensor: quote(path), fault })
    if (value instanceof PickleObject && value.name === REBUILD_PARAMETER) value = value.args[0]
    if (!(value instanceof PickleObject) || value.name !== REBUILD_TENSOR)
      throw refuse(message('is-kind', { kind: kindOf(value) }))
    const [stored, offset, shape, strides] = value.args
    if (!isTuple(shape) || !isTuple(strides) || shape.length !== strides.length || shape.length > 16) {
      throw refuse(message('no-shape-and-strides'))
    }
    const count = elementCount(shape)
    if (Number.isNaN(count) || !isCount(offset) || !strides.every(isCount)) {
      throw refuse(message('bad-size'))
    }
    const { dtype, count: available, data } = this.#storage(stored, refuse)
    const size = elementBytes(dtype)
    const sizes = shape as number[]
    const steps = strides as number[]
    // Sums beyond 2^53 lose digits but stay far above `available`.
    const last = sizes.reduce((sum, length, axis) => sum + (length - 1) * steps[axis], offset)
    if (count > available || (count > 0 ? last >= available : offset > available)) {
      throw refuse(message('beyond-storage', { last, count, stored: available }))
    }
    this.#bytesLeft -= count * size
    if (this.#bytesLeft < 0) throw refuse(message('tensors-beyond-file'))

    let rows = 1
    let contiguous = true
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      if (sizes[axis] !== 1 && steps[axis] !== rows) contiguous = false
      rows *= sizes[axis]
    }
    const from = offset * size
    const tensor = { dtype, shape: [...sizes] }
    if (count === 0 || contiguous) return { ...tensor, data: data.subarray(from, from + count * size) }
    return { ...tensor, data: gather(data, size, offset, sizes, steps, count) }
  }

  #storage(value: PickleValue | undefined, refuse: Refuse): Storage {
    if (!(value instanceof PickleObject) || value.name !== LOAD_STORAGE) {
      throw refuse(message('kind-for-storage', { kind: kindOf(value) }))
    }
    const known = this.#storages.get(value)
    if (known !== undefined) return known
    const bytes = value.args[0]
    if (!(bytes instanceof Uint8Array)) throw refuse(message('storage-of-kind', { kind: kindOf(bytes) }))
    const storage = readStorage(bytes, this.#name, refuse)
    this.#storages.set(value, storage)
    return storage
  }
}

/** Whether `value` counts something: an integer from 0 to 2^53. */
function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Copies `count` elements of `size` bytes, row by row, from where the strides say. */
function gather(
  data: Uint8Array,
  size: number,
  offset: number,
  shape: number[],
  strides: number[],
  count: number,
): Uint8Array {
  const out = new Uint8Array(count * size)
  const index = shape.map(() => 0)
  let element = offset
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++) out[i * size + byte] = data[element * size + byte]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]++
      element += strides[axis]
      if (index[axis] < shape[axis]) break
      element -= shape[axis] * strides[axis]
      index[axis] = 0
    }
  }
  return out
}

/**
 * Reads a storage in the form of legacy torch.save: magic number, version, system, the storage as a persistent id, its
 * key, then the element count and the elements.
 */
function readStorage(bytes: Uint8Array, name: string, refuse: Refuse): Storage {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw refuse(message('storage-zip'))
  let at = 0
  const next = (persistentIds = false): PickleValue => {
    const { value, end } = readPickle(bytes, {
      name: message('in-a-storage', { name }),
      names: STORAGE_NAMES,
      start: at,
      persistentIds,
      limits: STORAGE_LIMITS,
    })
    at = end
    return value
  }
  if (next() !== LEGACY_MAGIC) throw refuse(message('storage-without-magic'))
  if (next() !== LEGACY_VERSION) throw refuse(message('storage-version', { known: LEGACY_VERSION }))
  const system = next()
  if (!(system instanceof Map) || system.get('little_endian') !== true) throw refuse(message('storage-big-endian'))

  const object = next(true)
  const id = object instanceof PickleObject && object.name === PERSISTENT_ID ? object.args[0] : undefined
  if (!isTuple(id) || id.length < 5 || id.length > 6 || id[0] !== 'storage') throw refuse(message('storage-without-id'))
  const [, type, key, , count, part] = id
  const dtype = type instanceof PickleName ? STORAGE_TYPES[type.name] : undefined
  if (dtype === undefined || typeof key !== 'string') throw refuse(message('storage-type'))
  if (part !== undefined && part !== null) throw refuse(message('storage-part'))
  const keys = next()
  if (!Array.isArray(keys) || keys.length !== 1 || keys[0] !== key) throw refuse(message('storage-key'))

  if (bytes.length - at < 8) throw refuse(message('storage-cut'))
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8)
  const stored = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  const data = bytes.subarray(at + 8)
  if (!isCount(count) || stored !== count || data.length !== count * elementBytes(dtype)) {
    throw refuse(message('storage-size', { bytes: data.length, elements: stored, type: dtype }))
  }
  return { dtype, count, data }
}

const NUMPY_READERS: Record<string, [bytes: number, read: (view: DataView) => number]> = {
  f8: [8, (view) => view.getFloat64(0, true)],
  f4: [4, (view) => view.getFloat32(0, true)],
  i8: [8, (view) => Number(view.getBigInt64(0, true))],
  i4: [4, (view) => view.getInt32(0, true)],
  b1: [1, (view) => view.getUint8(0)],
}

/** `value` as a number where it is one, plain or a little-endian numpy scalar; otherwise undefined. */
export function numberOf(value: PickleValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (!(value instanceof PickleObject) || !NUMPY_SCALARS.includes(value.name)) return undefined
  const [dtype, bytes] = value.args
  if (!(dtype instanceof PickleObject) || dtype.name !== NUMPY_DTYPE || !(bytes instanceof Uint8Array)) return undefined
  const kind = dtype.args[0]
  const order = isTuple(dtype.state) ? dtype.state[1] : '<'
  const reader = typeof kind === 'string' && Object.hasOwn(NUMPY_READERS, kind) ? NUMPY_READERS[kind] : undefined
  if (reader === undefined || bytes.length !== reader[0] || (order !== '<' && order !== '|')) return undefined
  return reader[1](new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
}
