/**
 * A pickle read as data. The machine knows the operations and the names that EG3D's checkpoints use (docs/eg3d.md,
 * Checkpoint files) and refuses all others; what a pickle would call is noted down as an inert `PickleObject`, never
 * looked up or run.
 */
import { type Message, message, type Text, UserError } from '../errors.ts'
import { quote } from './quote.ts'

/** A list is an array, a tuple a frozen array, a dict a Map, bytes a view into the file; integers beyond 2^53 bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | Map<string | number, PickleValue>
  | Set<PickleValue>
  | PickleName
  | PickleObject

/** A class or function the pickle refers to, as 'module:name'. */
export class PickleName {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** What calling `name` with `args` would have made, and the state it would have been given. */
export class PickleObject {
  readonly name: string
  readonly args: readonly PickleValue[]
  state: PickleValue | undefined

  constructor(name: string, args: readonly PickleValue[]) {
    this.name = name
    this.args = args
  }
}

/** 'object': may be called or instantiated; 'dict': makes an empty dict; 'name': may only be referred to. */
export type NameUse = 'object' | 'dict' | 'name'

type PickleOptions = {
  /** What messages call the file. */
  name: Text
  /** Names the pickle may use, as 'module:name'. */
  names: ReadonlyMap<string, NameUse>
  /** Where in `bytes` it starts (0). */
  start?: number
  /** Whether persistent ids may occur; they become `PickleObject`s named `PERSISTENT_ID`. */
  persistentIds?: boolean
  /** How much it may do and hold; what a whole checkpoint needs, unless given. */
  limits?: PickleLimits
}

type PickleLimits = { operations: number; textBytes: number }

export const PERSISTENT_ID = 'persistent id'

/**
 * A released checkpoint takes some 20 thousand operations, each of which makes at most one value of some 200 bytes, and
 * carries some 200 kB of source texts.
 */
const CHECKPOINT_LIMITS: PickleLimits = { operations: 500_000, textBytes: 16 << 20 }
/** The magic number of torch files has 10 bytes. */
const MAX_INTEGER_BYTES = 32
const MAX_NAME_BYTES = 256

const OP = {
  MARK: 0x28,
  EMPTY_TUPLE: 0x29,
  STOP: 0x2e,
  BINBYTES: 0x42,
  SHORT_BINBYTES: 0x43,
  BINFLOAT: 0x47,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  NONE: 0x4e,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  APPENDS: 0x65,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  PROTO: 0x80,
  NEWOBJ: 0x81,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
  LONG4: 0x8b,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE8: 0x8d,
  BINBYTES8: 0x8e,
  EMPTY_SET: 0x8f,
  ADDITEMS: 0x90,
  STACK_GLOBAL: 0x93,
  MEMOIZE: 0x94,
  FRAME: 0x95,
} as const

/** Holds nothing between calls. A checkpoint has thousands of small pickles: one decoder each would cost more than they do. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the pickle (protocol 2 to 5) at `start`. Time and memory are bounded by the operations' count, text is decoded
 * within a cap, bytes are views. Values may share parts and contain themselves: walk them with bounds.
 * @returns the value and where in `bytes` the pickle ends.
 * @throws UserError with the byte offset, for anything damaged, lying, or outside what a checkpoint needs.
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): { value: PickleValue; end: number } {
  const { name, names, start = 0, persistentIds = false, limits = CHECKPOINT_LIMITS } = options
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stack: PickleValue[] = []
  const marks: number[] = []
  const memo = new Map<number, PickleValue>()
  let at = start
  let opcodeAt = start
  /** Reads may not go beyond this: the end of the frame, or of the file. */
  let limit = bytes.length
  let textBytes = 0

  const refuse = (fault: Message): UserError => new UserError('pickle-damaged', { name, byte: opcodeAt, fault })
  /** For what a checkpoint never asks for: the file may be made to harm. */
  const forbid = (fault: Message): UserError => new UserError('pickle-untrusted', { name, byte: opcodeAt, fault })

  const advance = (count: number): number => {
    if (count > limit - at) {
      const fault = limit < bytes.length ? 'beyond-frame' : 'beyond-file'
      throw refuse(message(fault, { count, left: limit - at }))
    }
    at += count
    return at - count
  }
  const u8 = (): number => view.getUint8(advance(1))
  const u32 = (): number => view.getUint32(advance(4), true)
  const u64 = (): number => {
    const from = advance(8)
    return view.getUint32(from, true) + view.getUint32(from + 4, true) * 2 ** 32
  }
  const takeBytes = (count: number): Uint8Array => {
    const from = advance(count)
    return bytes.subarray(from, from + count)
  }
  const takeText = (count: number): string => {
    const raw = takeBytes(count)
    textBytes += count
    if (textBytes > limits.textBytes) throw refuse(message('too-much-text', { most: limits.textBytes }))
    try {
      return UTF_8.decode(raw)
    } catch {
      throw refuse(message('not-utf-8'))
    }
  }
  const takeLine = (): string => {
    const end = bytes.subarray(at, Math.min(limit, at + MAX_NAME_BYTES)).indexOf(0x0a)
    if (end === -1) throw refuse(message('endless-name'))
    const line = takeText(end)
    advance(1)
    return line
  }
  const takeInteger = (count: number): number | bigint => {
    if (count > MAX_INTEGER_BYTES) throw refuse(message('long-integer', { count }))
    const raw = takeBytes(count)
    let integer = 0n
    for (let i = count - 1; i >= 0; i--) integer = (integer << 8n) | BigInt(raw[i])
    return compact(BigInt.asIntN(8 * count, integer))
  }

  /** What lies above the last mark (or, without a mark, nothing) may be popped. */
  const pop = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw refuse(message('too-few-values'))
    return stack.pop() as PickleValue
  }
  const popMany = (count: number): PickleValue[] => {
    if (stack.length - (marks.at(-1) ?? 0) < count) throw refuse(message('too-few-values'))
    return stack.splice(stack.length - count)
  }
  const popToMark = (): PickleValue[] => {
    const mark = marks.pop()
    if (mark === undefined) throw refuse(message('no-mark'))
    return stack.splice(mark)
  }
  /** The value an operation adds to: it stays where it is. */
  const peek = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw refuse(message('too-few-values'))
    return stack[stack.length - 1]
  }
  const tuple = (items: PickleValue[]): PickleValue => Object.freeze(items)

  const append = (items: PickleValue[]): void => {
    const list = peek()
    if (!Array.isArray(list) || Object.isFrozen(list)) {
      throw refuse(message('items-added-to', { kind: kindOf(list) }))
    }
    for (const item of items) list.push(item)
  }
  const setItems = (items: PickleValue[]): void => {
    const dict = peek()
    if (!(dict instanceof Map)) throw refuse(message('keys-set-in', { kind: kindOf(dict) }))
    if (items.length % 2 !== 0) throw refuse(message('key-alone'))
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]
      if (typeof key !== 'string' && typeof key !== 'number')
        throw refuse(message('kind-as-key', { kind: kindOf(key) }))
      if (dict.has(key)) throw refuse(message('key-twice', { key: quote(key) }))
      dict.set(key, items[i + 1])
    }
  }
  const refer = (module: PickleValue, item: PickleValue): PickleName => {
    if (typeof module !== 'string' || typeof item !== 'string') throw refuse(message('name-not-text'))
    const full = `${module}:${item}`
    if (!names.has(full)) {
      throw forbid(message('unwanted-name', { name: quote(`${module}.${item}`) }))
    }
    return new PickleName(full)
  }
  const make = (callee: PickleValue, args: PickleValue): PickleValue => {
    if (!(callee instanceof PickleName)) throw forbid(message('kind-called', { kind: kindOf(callee) }))
    if (!isTuple(args)) throw refuse(message('kind-for-arguments', { kind: kindOf(args) }))
    const use = names.get(callee.name)
    if (use === 'object') return new PickleObject(callee.name, args)
    if (use === 'dict' && args.length === 0) return new Map()
    throw forbid(message('called-with', { kind: kindOf(callee), count: args.length }))
  }
  const build = (state: PickleValue): void => {
    const object = peek()
    if (!(object instanceof PickleObject) || object.state !== undefined || object.name === PERSISTENT_ID) {
      throw refuse(message('state-given-to', { kind: kindOf(object) }))
    }
    object.state = state
  }
  const recall = (index: number): PickleValue => {
    const value = memo.get(index)
    if (value === undefined) throw refuse(message('never-kept', { index }))
    return value
  }

  for (let operations = 0; operations < limits.operations; operations++) {
    opcodeAt = at
    if (at === limit) limit = bytes.length
    const opcode = u8()
    if (operations === 0 && opcode !== OP.PROTO) throw refuse(message('no-pickle'))
    switch (opcode) {
      case OP.PROTO: {
        const protocol = u8()
        if (operations > 0 || protocol < 2 || protocol > 5) throw refuse(message('other-protocol', { protocol }))
        break
      }
      case OP.FRAME: {
        if (limit < bytes.length) throw refuse(message('frame-in-frame'))
        const size = u64()
        if (size > bytes.length - at) throw refuse(message('large-frame', { size, left: bytes.length - at }))
        limit = at + size
        break
      }
      case OP.STOP: {
        const value = pop()
        if (stack.length > 0 || marks.length > 0) throw refuse(message('early-end'))
        return { value, end: at }
      }
      case OP.MARK:
        marks.push(stack.length)
        break
      case OP.NONE:
        stack.push(null)
        break
      case OP.NEWTRUE:
        stack.push(true)
        break
      case OP.NEWFALSE:
        stack.push(false)
        break
      case OP.BININT1:
        stack.push(u8())
        break
      case OP.BININT2:
        stack.push(view.getUint16(advance(2), true))
        break
      case OP.BININT:
        stack.push(view.getInt32(advance(4), true))
        break
      case OP.LONG1:
        stack.push(takeInteger(u8()))
        break
      case OP.LONG4:
        stack.push(takeInteger(u32()))
        break
      case OP.BINFLOAT:
        stack.push(view.getFloat64(advance(8), false))
        break
      case OP.SHORT_BINUNICODE:
        stack.push(takeText(u8()))
        break
      case OP.BINUNICODE:
        stack.push(takeText(u32()))
        break
      case OP.BINUNICODE8:
        stack.push(takeText(u64()))
        break
      case OP.SHORT_BINBYTES:
        stack.push(takeBytes(u8()))
        break
      case OP.BINBYTES:
        stack.push(takeBytes(u32()))
        break
      case OP.BINBYTES8:
        stack.push(takeBytes(u64()))
        break
      case OP.EMPTY_TUPLE:
        stack.push(tuple([]))
        break
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        stack.push(tuple(popMany(opcode - OP.TUPLE1 + 1)))
        break
      case OP.TUPLE:
        stack.push(tuple(popToMark()))
        break
      case OP.EMPTY_LIST:
        stack.push([])
        break
      case OP.APPEND:
        append([pop()])
        break
      case OP.APPENDS:
        append(popToMark())
        break
      case OP.EMPTY_DICT:
        stack.push(new Map())
        break
      case OP.SETITEM:
        setItems(popMany(2))
        break
      case OP.SETITEMS:
        setItems(popToMark())
        break
      case OP.EMPTY_SET:
        stack.push(new Set())
        break
      case OP.ADDITEMS: {
        const items = popToMark()
        const set = peek()
        if (!(set instanceof Set)) throw refuse(message('items-added-to', { kind: kindOf(set) }))
        for (const item of items) set.add(item)
        break
      }
      case OP.MEMOIZE:
        memo.set(memo.size, peek())
        break
      case OP.BINPUT:
        memo.set(u8(), peek())
        break
      case OP.LONG_BINPUT:
        memo.set(u32(), peek())
        break
      case OP.BINGET:
        stack.push(recall(u8()))
        break
      case OP.LONG_BINGET:
        stack.push(recall(u32()))
        break
      case OP.GLOBAL: {
        const module = takeLine()
        stack.push(refer(module, takeLine()))
        break
      }
      case OP.STACK_GLOBAL: {
        const [module, item] = popMany(2)
        stack.push(refer(module, item))
        break
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const [callee, args] = popMany(2)
        stack.push(make(callee, args))
        break
      }
      case OP.BUILD:
        build(pop())
        break
      case OP.BINPERSID:
        if (!persistentIds) throw forbid(message('unwanted-id'))
        stack.push(new PickleObject(PERSISTENT_ID, [pop()]))
        break
      default: {
        throw forbid(message('unwanted-operation', { operation: `0x${opcode.toString(16).padStart(2, '0')}` }))
      }
    }
  }
  throw refuse(message('too-many-operations', { most: limits.operations }))
}

/** A number where it is exact, otherwise the bigint. */
function compact(integer: bigint): number | bigint {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}

/** Whether `value` is a Python tuple. */
export function isTuple(value: PickleValue | undefined): value is readonly PickleValue[] {
  return Array.isArray(value) && Object.isFrozen(value)
}

/** What a value is, in words for messages; never walks into it. */
export function kindOf(value: PickleValue | undefined): Text {
  if (value === undefined) return message('kind-nothing')
  if (value === null) return 'None'
  if (value instanceof PickleName || value instanceof PickleObject) return value.name.replace(':', '.')
  if (value instanceof Uint8Array) return message('kind-bytes', { count: value.length })
  if (value instanceof Map) return message('kind-dict')
  if (value instanceof Set) return message('kind-set')
  if (Array.isArray(value)) return message(isTuple(value) ? 'kind-tuple' : 'kind-list')
  if (typeof value === 'string') return message('kind-text')
  return message(typeof value === 'boolean' ? 'kind-truth' : 'kind-number')
}
