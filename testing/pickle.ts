/** Writes pickles for tests: honest ones from plain descriptions, and checkpoints laid out as EG3D's are. */
import type { GeneratorConfig } from '../src-main/engine/checkpoint/config.ts'
import { type StoredTensor, toFloat32 } from '../src-main/engine/checkpoint/safetensors.ts'

/** What Python would have held: dicts as arrays of pairs in `{ dict }`, `{ raw }` for operations spelt out. */
export type Py =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Py[]
  | { tuple: Py[] }
  | { dict: [Py, Py][] }
  | { set: Py[] }
  | { name: [module: string, name: string] }
  | { call: [module: string, name: string]; args?: Py[]; create?: boolean; items?: [Py, Py][]; state?: Py }
  | { raw: Uint8Array }

const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
export const u64 = (value: bigint | number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
export const joinBytes = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
export const raw = (...parts: (Uint8Array | number | string)[]): { raw: Uint8Array } => ({
  raw: joinBytes(...parts.map((p) => (typeof p === 'number' ? bytesOf(p) : typeof p === 'string' ? ascii(p) : p))),
})
export const tuple = (...items: Py[]): Py => ({ tuple: items })
export const dict = (entries: Record<string, Py>): { dict: [Py, Py][] } => ({ dict: Object.entries(entries) })

/** The pieces of a pickle of `value`; large bytes are handed on as they are. */
export function pickleChunks(value: Py, protocol = 4): Uint8Array[] {
  const out: Uint8Array[] = [bytesOf(0x80, protocol)]
  const op = (code: number | string): void => {
    out.push(typeof code === 'number' ? bytesOf(code) : ascii(code))
  }
  const put = (item: Py): void => {
    if (item === null) op('N')
    else if (typeof item === 'boolean') op(item ? 0x88 : 0x89)
    else if (typeof item === 'bigint') putBigint(item)
    else if (typeof item === 'number') putNumber(item)
    else if (typeof item === 'string') out.push(ascii('X'), u32(ascii(item).length), ascii(item))
    else if (item instanceof Uint8Array) out.push(ascii('B'), u32(item.length), item)
    else if (Array.isArray(item)) putMarked(']', item, 'e')
    else if ('raw' in item) out.push(item.raw)
    else if ('tuple' in item) putMarked('', item.tuple, 't')
    else if ('dict' in item) putMarked('}', item.dict.flat(), 'u')
    else if ('set' in item) putMarked(0x8f, item.set, 0x90)
    else if ('name' in item) putName(item.name)
    else {
      putName(item.call)
      put({ tuple: item.args ?? [] })
      op(item.create ? 0x81 : 'R')
      if (item.items) putMarked('', item.items.flat(), 'u')
      if (item.state !== undefined) {
        put(item.state)
        op('b')
      }
    }
  }
  const putMarked = (before: number | string, items: Py[], after: number | string): void => {
    op(before)
    op('(')
    items.forEach(put)
    op(after)
  }
  const putBigint = (item: bigint): void => {
    const hex = item.toString(16)
    const bytes = Buffer.from(hex.padStart(hex.length + 2 - (hex.length % 2), '0'), 'hex').reverse()
    out.push(bytesOf(0x8a, bytes.length), bytes)
  }
  const putNumber = (item: number): void => {
    if (Number.isInteger(item) && Math.abs(item) < 2 ** 31) out.push(ascii('J'), u32(item >>> 0))
    else if (Number.isSafeInteger(item)) out.push(bytesOf(0x8a, 8), u64(BigInt.asUintN(64, BigInt(item))))
    else {
      const float = Buffer.alloc(8)
      float.writeDoubleBE(item)
      out.push(ascii('G'), float)
    }
  }
  const putName = ([module, name]: [string, string]): void => {
    if (protocol < 4) op(`c${module}\n${name}\n`)
    else {
      put(module)
      put(name)
      op(0x93)
    }
  }
  put(value)
  out.push(ascii('.'))
  return out
}

export const pickle = (value: Py, protocol = 4): Uint8Array => joinBytes(...pickleChunks(value, protocol))

const STORAGES = { F32: 'FloatStorage', F16: 'HalfStorage', F64: 'DoubleStorage', I64: 'LongStorage' } as const
const SIZES = { F32: 4, F16: 2, F64: 8, I64: 8 } as const

/** A legacy torch.save file of one storage; `lies` replace parts of it. */
export function storage(
  data: Uint8Array,
  dtype: keyof typeof STORAGES = 'F32',
  lies: { magic?: Py; version?: Py; system?: Py; id?: Py; pid?: Py[]; keys?: Py; numel?: bigint | number } = {},
): Uint8Array {
  const numel = data.length / SIZES[dtype]
  const pid = lies.pid ?? ['storage', { name: ['torch', STORAGES[dtype]] }, '94000', 'cpu', numel, null]
  const id = pickle({ tuple: pid }, 2)
  return joinBytes(
    pickle(lies.magic ?? 0x1950a86a20f9469cfc6cn, 2),
    pickle(lies.version ?? 1001, 2),
    pickle(lies.system ?? dict({ protocol_version: 1001, little_endian: true, type_sizes: dict({ int: 4 }) }), 2),
    lies.id === undefined ? joinBytes(id.subarray(0, -1), ascii('Q.')) : pickle(lies.id, 2),
    pickle(lies.keys ?? ['94000'], 2),
    u64(lies.numel ?? numel),
    data,
  )
}

const ordered: Py = { call: ['collections', 'OrderedDict'] }

/** `_rebuild_tensor_v2` of a storage; `lies` replace its arguments. */
export function tensor(
  { dtype, shape, data }: StoredTensor,
  lies: { storage?: Py; offset?: Py; size?: Py; stride?: Py } = {},
): Py {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  return {
    call: ['torch._utils', '_rebuild_tensor_v2'],
    args: [
      lies.storage ?? { call: ['torch.storage', '_load_from_bytes'], args: [storage(data, dtype as 'F32')] },
      lies.offset ?? 0,
      lies.size ?? { tuple: shape },
      lies.stride ?? { tuple: strides },
      false,
      ordered,
    ],
  }
}

export const parameter = (value: Py): Py => ({
  call: ['torch._utils', '_rebuild_parameter'],
  args: [value, true, ordered],
})

/** An object of a persistent class. */
export const persistent = (className: string, state: Py): Py => ({
  call: ['torch_utils.persistence', '_reconstruct_persistent_obj'],
  args: [dict({ type: 'class', version: 6, module_src: '# source', class_name: className, state })],
})

const numpyScalar = (value: number): Py => ({
  call: ['numpy.core.multiarray', 'scalar'],
  args: [
    {
      call: ['numpy', 'dtype'],
      args: ['f8', false, true],
      state: tuple(3, '<', null, null, null, -1, -1, 0),
    },
    new Uint8Array(Float64Array.of(value).buffer),
  ],
})

type CheckpointChanges = {
  /** Attributes of the generator that are replaced; undefined drops one. */
  attributes?: Record<string, Py | undefined>
  /** Attributes of modules, by path, as above. */
  modules?: Record<string, Record<string, Py | undefined>>
  /** rendering_kwargs that are replaced or dropped. */
  rendering?: Record<string, Py | undefined>
  /** Tensors that are written in another way, by state name. */
  tensors?: Record<string, Py>
  className?: string
}

/** The pickled G_ema of a generator, module by module as EG3D nests them. */
export function generatorPy(
  config: GeneratorConfig,
  weights: ReadonlyMap<string, StoredTensor>,
  changes: CheckpointChanges = {},
): Py {
  type Module = { members: Map<string, StoredTensor>; children: Map<string, Module> }
  const empty = (): Module => ({ members: new Map(), children: new Map() })
  const root = empty()
  for (const path of ['renderer', ...weights.keys()]) {
    const steps = path.split('.')
    const leaf = path === 'renderer' ? undefined : steps.pop()
    let at = root
    for (const step of steps) {
      if (!at.children.has(step)) at.children.set(step, empty())
      at = at.children.get(step)!
    }
    if (leaf !== undefined) at.members.set(leaf, weights.get(path)!)
  }
  const { rendering_kwargs, super_resolution } = config
  const rendering: Record<string, Py | undefined> = {
    ...(rendering_kwargs as unknown as Record<string, Py>),
    image_resolution: config.image_resolution,
    density_reg: 0.25,
    ...changes.rendering,
  }
  const present = (record: Record<string, Py | undefined>): [Py, Py][] =>
    Object.entries(record).filter((entry): entry is [string, Py] => entry[1] !== undefined)
  const axes = Float32Array.from(config.plane_axes.flat(2))

  const attributesOf = (path: string): Record<string, Py | undefined> => {
    if (path === '') {
      return {
        z_dim: config.z_dim,
        neural_rendering_resolution: config.neural_rendering_resolution,
        rendering_kwargs: { dict: present(rendering) },
        _last_planes: null,
      }
    }
    if (path === 'renderer') {
      const data = new Uint8Array(axes.buffer)
      return { plane_axes: tensor({ dtype: 'F32', shape: [3, 3, 3], data }) }
    }
    if (path === 'superresolution') return { sr_antialias: rendering_kwargs.sr_antialias }
    if (/mapping\.fc\d+$/.test(path)) return { bias_gain: config.mapping_lr_multiplier, weight_gain: numpyScalar(0.5) }
    if (path === 'decoder.net.0') return { bias_gain: rendering_kwargs.decoder_lr_mul }
    if (/\.(conv[01]|torgb)$/.test(path)) {
      const clamp = path.startsWith('backbone') ? config.backbone_conv_clamp : super_resolution!.conv_clamp
      return { conv_clamp: clamp, act_gain: numpyScalar(Math.SQRT2) }
    }
    return {}
  }
  const byReference: Record<string, [string, string]> = {
    renderer: ['training.volumetric_rendering.renderer', 'ImportanceRenderer'],
    decoder: ['training.triplane', 'OSGDecoder'],
    'decoder.net': ['torch.nn.modules.container', 'Sequential'],
  }
  const className = (path: string): string => {
    if (path === '') return changes.className ?? 'TriPlaneGenerator'
    if (path === 'superresolution') return `SuperresolutionHybrid${super_resolution!.class}`
    return 'Layer'
  }
  const isBuffer = (name: string): boolean =>
    ['resample_filter', 'noise_const', 'w_avg', 'dataset_label_std'].includes(name)

  const write = (module: Module, path: string): Py => {
    const full = (name: string): string => (path === '' ? name : `${path}.${name}`)
    const group = (buffers: boolean): [Py, Py][] =>
      [...module.members]
        .filter(([name]) => isBuffer(name) === buffers)
        .map(([name, stored]) => {
          const written = changes.tensors?.[full(name)] ?? tensor(stored)
          return [name, buffers ? written : parameter(written)]
        })
    const state: Py = {
      dict: present({
        training: false,
        _parameters: { call: ['collections', 'OrderedDict'], items: group(false) },
        _buffers: { call: ['collections', 'OrderedDict'], items: group(true) },
        _non_persistent_buffers_set: { set: [] },
        _forward_hooks: ordered,
        _modules: {
          call: ['collections', 'OrderedDict'],
          items: [...module.children].map(([name, child]): [Py, Py] => [name, write(child, full(name))]),
        },
        ...attributesOf(path),
        ...(path === '' ? changes.attributes : {}),
        ...changes.modules?.[path],
      }),
    }
    const reference = byReference[path]
    return reference ? { call: reference, create: true, state } : persistent(className(path), state)
  }
  return write(root, '')
}

/** A whole snapshot with the generator as G_ema. */
export function checkpoint(
  config: GeneratorConfig,
  weights: ReadonlyMap<string, StoredTensor>,
  changes: CheckpointChanges = {},
): Uint8Array {
  const snapshot = dict({
    training_set_kwargs: dict({}),
    G_ema: generatorPy(config, weights, changes),
    augment_pipe: null,
  })
  return pickle(snapshot)
}

/** The same tensor with its first two axes swapped in storage: strides that are not row by row. */
export function transposed(stored: StoredTensor): Py {
  const [rows, columns] = stored.shape
  const values = toFloat32(stored)
  const inner = values.length / (rows * columns)
  const turned = new Float32Array(values.length)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const from = (r * columns + c) * inner
      turned.set(values.subarray(from, from + inner), (c * rows + r) * inner)
    }
  }
  const rest = stored.shape.slice(2).map((_, axis, tail) => tail.slice(axis + 1).reduce((a, b) => a * b, 1))
  const data = new Uint8Array(turned.buffer)
  return tensor({ dtype: 'F32', shape: stored.shape, data }, { stride: { tuple: [inner, rows * inner, ...rest] } })
}
