/** Files made to harm: every one is refused with a UserError, and nothing they ask for happens. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, describe, expect, it } from 'vitest'
import { fixture, golden, tinyConfig, tinyWeights } from '../../../testing/generator.ts'
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
  tuple,
  u32,
  u64,
} from '../../../testing/pickle.ts'
import { UserError } from '../errors.ts'
import { importCheckpoint } from './import.ts'
import { storeFloat32 } from './safetensors.ts'

const config = tinyConfig()
const weights = tinyWeights(config)
const bias = weights.get('decoder.net.0.bias')!
const marker = join(tmpdir(), `halfturn-hostile-${process.pid}`)
const command = `touch ${marker}`

/** A protocol 4 pickle of these operations. */
const p = (...parts: (Uint8Array | number | string)[]): Uint8Array => raw(0x80, 4, ...parts).raw
const text = (value: string): Uint8Array => raw(0x8c, value.length, value).raw
const named = (module: string, name: string): Uint8Array => joinBytes(text(module), text(name), Uint8Array.of(0x93))
const calls = (module: string, name: string, ...args: Py[]): Uint8Array =>
  pickle({ call: [module, name], args } satisfies Py)
const repeat = (count: number, ...parts: (Uint8Array | number | string)[]): Uint8Array =>
  new Uint8Array(Buffer.alloc(count * raw(...parts).raw.length, raw(...parts).raw))

/** A checkpoint, whole but for the way one bias is written. */
const biasAs = (value: Py): Uint8Array => checkpoint(config, weights, { tensors: { 'decoder.net.0.bias': value } })
const loads = (...args: Py[]): Py => ({ call: ['torch.storage', '_load_from_bytes'], args })
const storedAs = (bytes: Uint8Array): Uint8Array => biasAs(tensor(bias, { storage: loads(bytes) }))
const lying = (lies: Parameters<typeof storage>[2]): Uint8Array => storedAs(storage(bias.data, 'F32', lies))
const viewedAs = (lies: Parameters<typeof tensor>[1]): Uint8Array => biasAs(tensor(bias, lies))
const pid = (...id: Py[]): Uint8Array => lying({ pid: id })
const float: Py = { name: ['torch', 'FloatStorage'] }

const ordered = named('collections', 'OrderedDict')
const selfTuple = p(']', 0x94, 'h', 0, 0x85, 'a', '.')

/** 2^64 modules in a few kilobytes: each has the next one twice. */
function moduleBomb(): Uint8Array {
  let module: Py = persistent('Leaf', dict({}))
  for (let i = 0; i < 64; i++) {
    const keep: Py = raw(pickle(module).subarray(2, -1), 'r', u32(i))
    const again: Py = raw('j', u32(i))
    module = persistent(i === 63 ? 'TriPlaneGenerator' : 'Node', dict({ _modules: dict({ a: keep, b: again }) }))
  }
  return pickle(module)
}

/** A module that contains itself. */
function moduleLoop(): Uint8Array {
  const children = raw('}', 0x94, text('a'), named('torch.nn.modules.container', 'Sequential'), ')', 0x81)
  const state = raw('}', text('_modules'), 'h', 0, 's', 'b', 's')
  return pickle(persistent('TriPlaneGenerator', dict({ _modules: raw(children.raw, state.raw) })))
}

/** A name of a megabyte that every module below would repeat. */
function longName(): Uint8Array {
  const children = Array.from({ length: 1500 }, (_, i): [Py, Py] => [`m${i}`, persistent('Node', dict({}))])
  const parent = persistent('Node', dict({ _modules: { dict: children } }))
  return pickle(persistent('TriPlaneGenerator', dict({ _modules: dict({ ['x'.repeat(1 << 20)]: parent }) })))
}

/** Many weights of one storage: a small file that would grow. */
function growing(): Uint8Array {
  const big = storeFloat32(new Float32Array(100_000), [100_000])
  const kept = raw(pickle(loads(storage(big.data))).subarray(2, -1), 'r', u32(7))
  const names = Array.from({ length: 50 }, (_, i) => `w${i}`)
  const views = names.map((name, i): [Py, Py] => [name, tensor(big, { storage: i === 0 ? kept : raw('j', u32(7)) })])
  return pickle(persistent('TriPlaneGenerator', dict({ _buffers: { dict: views } })))
}

const cases: Record<string, Uint8Array> = {
  // Calls that would run something.
  'os.system by STACK_GLOBAL': calls('os', 'system', command),
  'posix.system by GLOBAL': pickle({ call: ['posix', 'system'], args: [command] }, 2),
  'nt.system': calls('nt', 'system', command),
  'subprocess.Popen': calls('subprocess', 'Popen', ['touch', marker]),
  'builtins.eval': calls('builtins', 'eval', `__import__('os').system('${command}')`),
  'builtins.exec': calls('builtins', 'exec', `open('${marker}', 'w')`),
  '__builtin__.file of Python 2': pickle({ call: ['__builtin__', 'file'], args: [marker, 'w'] }, 2),
  'builtins.getattr': calls('builtins', 'getattr', 'x', '__class__'),
  'builtins.open': calls('builtins', 'open', marker, 'w'),
  'builtins.__import__': calls('builtins', '__import__', 'os'),
  'importlib.import_module': calls('importlib', 'import_module', 'os'),
  'operator.attrgetter': calls('operator', 'attrgetter', 'system'),
  'operator.attrgetter of what was called': p(
    joinBytes(named('operator', 'attrgetter'), text('system'), ascii('\x85R')),
    joinBytes(named('builtins', '__import__'), text('os'), ascii('\x85R\x85R')),
    '.',
  ),
  'operator.methodcaller': calls('operator', 'methodcaller', 'system', command),
  'functools.partial': calls('functools', 'partial', { name: ['os', 'system'] }, command),
  'copyreg._reconstructor': calls('copyreg', '_reconstructor', null, null, null),
  'types.CodeType': calls('types', 'CodeType', 0),
  'marshal.loads': calls('marshal', 'loads', new Uint8Array(8)),
  'pickle.loads inside a pickle': calls('pickle', 'loads', pickle(1)),
  'torch.load': calls('torch', 'load', marker),
  'torch.hub.load': calls('torch.hub', 'load', 'a/b', 'c'),
  'torch.jit.load': calls('torch.jit', 'load', marker),
  'numpy.load': calls('numpy', 'load', marker),
  'numpy.core.multiarray._reconstruct': calls('numpy.core.multiarray', '_reconstruct', null),
  'webbrowser.open': calls('webbrowser', 'open', 'http://localhost:9'),
  'asyncio subprocess': calls('asyncio.unix_events', '_UnixSubprocessTransport._start'),
  'a dangerous name that is only referred to': p(named('os', 'system'), '.'),
  // Names spelt so that a sloppy list would let them pass.
  'a dotted way round': p(named('collections', 'OrderedDict.__init__.__globals__'), ')R.'),
  'the dot moved': p(named('torch', '_utils._rebuild_tensor_v2'), ')R.'),
  'the colon moved': p(named('collections:OrderedDict', ''), ')R.'),
  'an empty module': p(named('', 'collections:OrderedDict'), ')R.'),
  'other capitals': p(named('Collections', 'OrderedDict'), ')R.'),
  'a zero byte in the name': p(named('collections', 'OrderedDict\0'), ')R.'),
  'Object.prototype members': p(named('constructor', 'constructor'), ')R.'),
  __proto__: p(named('__proto__', '__proto__'), ')R.'),
  'the collections module with __proto__': p(named('collections', '__proto__'), ')R.'),
  'a name from a list': p(']', text('OrderedDict'), 0x93, ')R.'),
  'a name from bytes': p('C\x0bcollections', text('OrderedDict'), 0x93, ')R.'),
  'a name from what is recalled as a number': p('K\x01', 0x94, 'h\0', 0x93, '.'),
  'GLOBAL without an end': p(`c${'a'.repeat(1000)}`),
  'GLOBAL cut after the module': p('ccollections\n'),
  // Calls on what is not a listed function, or with what it never takes.
  'REDUCE of a text': p(text('os.system'), ')R.'),
  'REDUCE of a number': p('K\x01)R.'),
  'REDUCE of a dict': p('})R.'),
  'REDUCE of what a call gave': p(ordered, ')R)R.'),
  'REDUCE of a persistent object': pickle(raw(pickle(persistent('X', dict({}))).subarray(2, -1), ')R')),
  'REDUCE with a list for arguments': p(ordered, ']R.'),
  'REDUCE with a dict for arguments': p(ordered, '}R.'),
  'OrderedDict with arguments': calls('collections', 'OrderedDict', [tuple('a', 1)]),
  'NEWOBJ of a text': p(text('x'), ')', 0x81, '.'),
  'NEWOBJ with arguments for a dict': p(named('dnnlib.util', 'EasyDict'), 'K\x01\x85', 0x81, '.'),
  'a storage class outside a storage': p(named('torch', 'FloatStorage'), '.'),
  'BUILD of a dict': p('}}b.'),
  'BUILD of a class': p(ordered, '}b.'),
  'BUILD twice': p(named('torch.nn.modules.container', 'Sequential'), ')', 0x81, '}b}b.'),
  // Operations no checkpoint has.
  INST: p(`(ios\nsystem\n.`),
  OBJ: p('(', named('collections', 'OrderedDict'), 'o.'),
  EXT1: p(0x82, 1, '.'),
  EXT2: p(0x83, 1, 0, '.'),
  EXT4: p(0x84, 1, 0, 0, 0, '.'),
  NEWOBJ_EX: p(ordered, ')}', 0x92, '.'),
  PERSID: p('Pmodule\n.'),
  'BINPERSID outside a storage': p(text('x'), 'Q.'),
  'INT as text': p('I1\n.'),
  'FLOAT as text': p('F1.0\n.'),
  'LONG as text': p('L1L\n.'),
  'STRING as text': p("S'x'\n."),
  'UNICODE as text': p('Vx\n.'),
  'GET and PUT as text': p('Np0\ng0\n.'),
  POP: p('NN0.'),
  POP_MARK: p('N(N1.'),
  DUP: p('N2\x86.'),
  FROZENSET: p('(', 0x91, '.'),
  BYTEARRAY8: p(0x96, u64(1), 'x.'),
  NEXT_BUFFER: p(0x97, '.'),
  'an operation that does not exist': p(0xff, '.'),
  // Stack, marks and memo.
  'STOP on nothing': p('.'),
  'STOP with values left': p('NN.'),
  'STOP with a mark left': p('(N.'),
  'TUPLE without a mark': p('Nt.'),
  'APPENDS under the mark': p(']((Ne.'),
  'SETITEMS with half a pair': p('}(', text('a'), 'u.'),
  'a key twice': pickle({ dict: [['a', 1], ['a', 2]] }), // biome-ignore format: a pair of pairs
  'a list as a key': p('}]Ns.'),
  'a dict as a key': p('}}Ns.'),
  'APPEND to a tuple': p(')Na.'),
  'APPEND to a text': p(text('x'), 'Na.'),
  'ADDITEMS to a list': p('](N', 0x90, '.'),
  'a value taken from under a mark': p('N(\x85.'),
  'BINGET of nothing': p('h\0.'),
  'LONG_BINGET far out': p('j', u32(0xffffffff), '.'),
  'MEMOIZE of nothing': p(0x94, '.'),
  'a memo bomb': p('N', repeat(600_000, 0x94), '.'),
  'a memo bomb far out': p('N', repeat(200_000, 'r', u32(0xfffffff0)), repeat(400_000, 'N'), '.'),
  'a mark bomb': p(repeat(1_000_000, '('), '.'),
  'a list bomb': p(repeat(600_000, ']'), '.'),
  'a set bomb': p(repeat(600_000, 0x8f), '.'),
  'nested tuples': p('N', repeat(600_000, 0x85), '.'),
  'a billion laughs': p('N', repeat(199_999, 0x94, 'h\0', 0x86), '.'),
  'billion laughs as rendering_kwargs': checkpoint(config, weights, {
    rendering: { depth_resolution: raw(')', ...Array.from({ length: 60 }, (_, i) => raw('q', i, 'h', i, 0x86).raw)) },
  }),
  'a list that contains itself': selfTuple,
  'a module that contains itself': moduleLoop(),
  '2^64 modules': moduleBomb(),
  // Lengths that lie.
  'FRAME beyond the end': p(0x95, u64(1000), 'N.'),
  'FRAME of 2^63': p(0x95, u64(2n ** 63n), 'N.'),
  'FRAME that ends within an argument': p(0x95, u64(3), 'J', u32(1), '.'),
  'FRAME within a frame': p(0x95, u64(12), 0x95, u64(2), 'N.'),
  'BINBYTES beyond the end': p('B', u32(0xffffffff), 'xx.'),
  'BINBYTES8 of 2^64': p(0x8e, u64(2n ** 64n - 1n), 'xx.'),
  'BINBYTES8 of 2^53': p(0x8e, u64(2n ** 53n), 'xx.'),
  'BINUNICODE beyond the end': p('X', u32(100), 'xx.'),
  'BINUNICODE8 of 2^63': p(0x8d, u64(2n ** 63n), 'xx.'),
  'SHORT_BINUNICODE beyond the end': p(0x8c, 255, 'xx.'),
  'LONG4 of 2 GB': p(0x8b, u32(0x7fffffff), 'xx.'),
  'LONG4 of a negative length': p(0x8b, u32(0xffffffff), 'xx.'),
  'LONG4 of a megabyte': p(0x8b, u32(1 << 20), new Uint8Array(1 << 20).fill(0x7f), '.'),
  'BINFLOAT cut short': p('G\0\0'),
  'text that is not UTF-8': p(0x8c, 2, 0xc3, 0x28, '.'),
  'half a surrogate': p(0x8c, 3, 0xed, 0xa0, 0x80, '.'),
  'text bomb': p(repeat(20, 'X', u32(1 << 20), new Uint8Array(1 << 20).fill(0x61)), '.'),
  'protocol 0': ascii('(dp0\n.'),
  'protocol 1': raw(0x80, 1, 'N.').raw,
  'protocol 6': raw(0x80, 6, 'N.').raw,
  'a second PROTO': p(0x80, 4, 'N.'),
  'PROTO alone': Uint8Array.of(0x80),
  // Storages.
  'a storage that is no bytes': viewedAs({ storage: loads('x') }),
  'a storage without arguments': viewedAs({ storage: loads() }),
  'a number for a storage': viewedAs({ storage: 3 }),
  'a storage of nothing': storedAs(new Uint8Array(0)),
  'a storage of junk': storedAs(new Uint8Array(1000).fill(0x41)),
  'a storage that is a zip bomb': storedAs(zipSync({ 'archive/data.pkl': new Uint8Array(20 << 20) })),
  'another magic number': lying({ magic: 1 }),
  'another storage version': lying({ version: 1002 }),
  'a big-endian storage': lying({ system: dict({ little_endian: false }) }),
  'a system of no dict': lying({ system: 3 }),
  'os.system inside a storage': lying({ magic: { call: ['os', 'system'], args: [command] } }),
  'os.system as a persistent id': pid({ call: ['os', 'system'], args: [command] }),
  'a storage class that is called': lying({ magic: { call: ['torch', 'FloatStorage'], args: [4] } }),
  'OrderedDict inside a storage': lying({ keys: { call: ['collections', 'OrderedDict'] } }),
  'a persistent id of another kind': pid('module', float, '94000', 'cpu', 4, null),
  'a persistent id of another class': pid('storage', { name: ['torch', 'QUInt8Storage'] }, '94000', 'cpu', 4, null),
  'a persistent id of a text class': pid('storage', 'torch.FloatStorage', '94000', 'cpu', 4, null),
  'a persistent id that is short': pid('storage', float),
  'a persistent id that is a text': lying({ id: raw(text('storage'), 'Q') }),
  'a persistent id in the magic number': lying({ magic: raw('NQ') }),
  'no persistent id': lying({ id: 3 }),
  'a persistent id that is called': lying({ id: raw('NQ)R') }),
  'another key': lying({ keys: ['94001'] }),
  'two keys': lying({ keys: ['94000', '94000'] }),
  'a storage that is a part of another': pid('storage', float, '94000', 'cpu', 4, tuple('k', 0, 4)),
  'a storage that claims more': lying({ numel: 5 }),
  'a storage that claims less': lying({ numel: 3 }),
  'a storage that claims 2^64 - 1': lying({ numel: 2n ** 64n - 1n }),
  'an id that claims 2^40': pid('storage', float, '94000', 'cpu', 2 ** 40, null),
  'an id that claims -1': pid('storage', float, '94000', 'cpu', -1, null),
  'an id that claims 1.5': pid('storage', float, '94000', 'cpu', 1.5, null),
  'a storage with bytes to spare': storedAs(joinBytes(storage(bias.data), new Uint8Array(1))),
  'a storage cut in its data': storedAs(storage(bias.data).subarray(0, -1)),
  'a storage cut before its data': storedAs(storage(bias.data).subarray(0, -bias.data.length - 4)),
  'a storage of many operations': lying({ system: repeatDict(1000) }),
  'a type of the wrong width': pid('storage', { name: ['torch', 'HalfStorage'] }, '94000', 'cpu', 4, null),
  // Tensors.
  'a negative stride': viewedAs({ stride: tuple(-1) }),
  'a stride of 2^62': viewedAs({ stride: tuple(2 ** 62) }),
  'a huge stride': viewedAs({ stride: tuple(2 ** 52) }),
  'a stride of zero that repeats an element': viewedAs({ size: tuple(1000), stride: tuple(0) }),
  'a fractional stride': viewedAs({ stride: tuple(0.5) }),
  'a text as stride': viewedAs({ stride: tuple('1') }),
  'a negative size': viewedAs({ size: tuple(-4) }),
  'a size of 2^40': viewedAs({ size: tuple(2 ** 40) }),
  'sizes beyond 2^53': viewedAs({ size: tuple(2 ** 30, 2 ** 30), stride: tuple(0, 0) }),
  'a size that is a list': viewedAs({ size: [4] }),
  'a size that is not a number': viewedAs({ size: tuple(Number.NaN) }),
  'more strides than sizes': viewedAs({ stride: tuple(1, 1) }),
  'a hundred thousand dimensions': viewedAs({
    size: raw('(', repeat(100_000, 'K\x01'), 't'),
    stride: raw('(', repeat(100_000, 'K\x01'), 't'),
  }),
  'a thousand dimensions': viewedAs({ size: tuple(...Array(1000).fill(1)), stride: tuple(...Array(1000).fill(1)) }),
  'a negative offset': viewedAs({ offset: -1 }),
  'an offset beyond the end': viewedAs({ offset: 1 }),
  'an offset of 2^52': viewedAs({ offset: 2 ** 52 }),
  'an offset of 2^52 for no elements': viewedAs({ offset: 2 ** 52, size: tuple(0) }),
  'a text as offset': viewedAs({ offset: '0' }),
  'a tensor without arguments': biasAs({ call: ['torch._utils', '_rebuild_tensor_v2'] }),
  'a parameter of itself': biasAs(parameter(parameter(parameter(null)))),
  'a parameter of a text': biasAs('x'),
  'weights that grow': growing(),
  // Networks.
  'a module without a state': pickle(dict({ G_ema: { call: ['training.triplane', 'OSGDecoder'], create: true } })),
  'a persistent object of no dict': calls('torch_utils.persistence', '_reconstruct_persistent_obj', 3),
  'a persistent object of another type': calls(
    'torch_utils.persistence',
    '_reconstruct_persistent_obj',
    dict({ type: 'function', class_name: 'TriPlaneGenerator', state: dict({}) }),
  ),
  'a module with a very long name': longName(),
  'modules that are a list': pickle(persistent('TriPlaneGenerator', dict({ _modules: [1] }))),
  'a weight under two names': checkpoint(config, new Map(weights), {
    modules: { 'decoder.net.0': { _buffers: dict({ bias: tensor(bias) }) } },
  }),
  'a dot in a module name': pickle(
    persistent('TriPlaneGenerator', dict({ _modules: dict({ 'a.b': persistent('X', dict({})), a: 3 }) })),
  ),
  'blocks without weights': pickle(
    persistent(
      'TriPlaneGenerator',
      dict({
        rendering_kwargs: dict({}),
        _modules: dict({
          backbone: persistent('G', dict({ _modules: dict({ synthesis: persistent('S', dict({})) }) })),
        }),
      }),
    ),
  ),
}

/** A dict of so many keys. */
function repeatDict(count: number): Py {
  return { dict: Array.from({ length: count }, (_, i): [Py, Py] => [i, null]) }
}

describe('hostile checkpoints', () => {
  afterAll(() => {
    expect(existsSync(marker)).toBe(false)
  })

  it.each(Object.entries(cases))('%s', (_, bytes) => {
    let met: unknown
    try {
      importCheckpoint(bytes, 'hostile.pkl')
    } catch (error) {
      met = error
    }
    expect(met).toBeInstanceOf(UserError)
    // A message is for a person: what was met and where, not what the file would like to print.
    expect((met as UserError).message).toMatch(/^hostile\.pkl/)
    expect((met as UserError).message.length).toBeLessThan(500)
    expect((met as UserError).cure).not.toBe('')
  })

  const tiny8x = golden('eg3d/goldens/tiny8x/model.pkl')
  it.each([['tiny2x', fixture('tiny2x.pkl')], ...(tiny8x ? [['tiny8x', readFileSync(tiny8x)] as const] : [])] as const)(
    '%s cut at any kilobyte',
    (_, whole) => {
      for (let length = 0; length < whole.length; length += 1024) {
        expect(() => importCheckpoint(whole.subarray(0, length), 'cut.pkl', ''), `${length}`).toThrow(UserError)
      }
      expect(() => importCheckpoint(whole.subarray(0, -1), 'cut.pkl', '')).toThrow(UserError)
    },
  )

  it('the reader could not run or write anything: it imports neither processes nor files nor modules by name', () => {
    // The file itself is opened before the reader has it.
    const sources = readdirSync(import.meta.dirname).filter(
      (name) => /^[a-z-]+\.ts$/.test(name) && name !== 'generator-input.ts',
    )
    expect(sources.length).toBeGreaterThan(4)
    for (const source of sources) {
      const code = readFileSync(join(import.meta.dirname, source), 'utf8')
      for (const [, from] of code.matchAll(/\bfrom '([^']+)'/g)) {
        expect(from, source).toMatch(/^(\.\/[a-z-]+\.ts|\.\.\/errors\.ts|zod|node:crypto)$/)
      }
      expect(code, source).not.toMatch(/\bimport\(|\brequire\(|\beval\(|\bFunction\(/)
    }
  })
})
