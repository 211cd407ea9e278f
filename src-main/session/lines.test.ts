/** What a window could send, and the engine survives: in the served form as text, in the desktop's as any value. */
import { tmpdir } from 'node:os'
import { setImmediate as later } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { Blobs } from './blobs.ts'
import type { Engine } from './engine.ts'
import { MOST_TEXT, parseMessage, readMessage } from './envelope.ts'
import { Lines } from './lines.ts'
import type { Uploads } from './uploads.ts'

function setUp() {
  const engine = { blobs: new Blobs(), note: vi.fn(), listen: () => () => {}, hello: vi.fn(async () => 'here') }
  const lines = new Lines(engine as unknown as Engine, { folder: tmpdir() } as unknown as Uploads)
  const open = (connection: number) => {
    const carrier = { post: vi.fn(), hangUp: vi.fn() }
    return { ...carrier, line: lines.open(connection, carrier) }
  }
  return { engine, lines, open }
}

const request = (m: unknown, ...a: unknown[]) => ({ t: 'q', i: 'id', m, a })
const hello = request('call', 'hello', {})
const cyclic: unknown[] = []
cyclic.push(cyclic)

const noMessages: [string, unknown][] = [
  ['null', null],
  ['undefined', undefined],
  ['a number', 1],
  ['a text', 'q'],
  ['a list', [hello]],
  ['an empty object', {}],
  ['a map', new Map(Object.entries(hello))],
  ['bytes', new Uint8Array(100)],
  ['a cycle', cyclic],
  ['a list without members', new Array(2 ** 32 - 1)],
  ['another kind of message', { ...hello, t: 'x' }],
  ['valueOf', request('valueOf')],
  ['__proto__', request('__proto__')],
  ['constructor', request('constructor', 'return 1')],
  ['toString', request('toString')],
  ['hasOwnProperty', request('hasOwnProperty', 'x')],
  ['$close', request('$close')],
  ['$functions', request('$functions')],
  ['$call', request('$call', 'get')],
  ['then', request('then', 1, 2)],
  ['a function of the window', request('event', {})],
  ['no function', request(undefined)],
  ['a list for a function', request(['call'], 'hello', {})],
  ['arguments that are no list', { ...hello, a: 'hello' }],
  ['arguments that claim to be a list', { ...hello, a: { length: 2 ** 32 } }],
  ['too many arguments', { ...hello, a: Array(1000).fill(0) }],
  ['no id', { t: 'q', m: 'call', a: ['hello', {}] }],
  ['an id of a megabyte', { ...hello, i: 'i'.repeat(2 ** 20) }],
  ['an object for an id', { ...hello, i: {} }],
  ['a key too many', { ...hello, o: true }],
]

test.each(noMessages)('%s is hung up on, and reaches nothing', async (_, data) => {
  const { engine, open, lines } = setUp()
  const [bad, good] = [open(1), open(2)]
  bad.line.receive(readMessage(data))
  await later()
  expect(bad.hangUp).toHaveBeenCalledTimes(1)
  expect(bad.post).not.toHaveBeenCalled()
  expect(lines.get(1)).toBeUndefined()
  good.line.receive(readMessage(hello))
  await expect.poll(() => good.post.mock.calls).toEqual([[{ t: 's', i: 'id', r: { value: 'here' } }]])
  expect(engine.hello).toHaveBeenCalledTimes(1)
})

test('answers to nothing, twice, or of an odd form do nothing', async () => {
  const { open } = setUp()
  const { line, hangUp, post } = open(1)
  for (const answer of [
    { i: 'x' },
    { i: 'constructor', r: 1 },
    { i: '__proto__', e: { constructor: 1 } },
    { i: 'x', e: null },
  ]) {
    line.receive(readMessage({ t: 's', ...answer }))
  }
  await later()
  expect(hangUp).not.toHaveBeenCalled()
  expect(post).not.toHaveBeenCalled()
})

test.each([
  ['nothing', ''],
  ['no JSON', '{"t":'],
  ['a hundred thousand brackets', '['.repeat(MOST_TEXT)],
  ['a prototype', '{"__proto__":{"t":"q","i":"id","m":"call","a":["hello",{}]}}'],
  ['more than a message has', JSON.stringify(request('call', 'hello', 'x'.repeat(MOST_TEXT)))],
])('text with %s is no message', (_, text) => {
  expect(parseMessage(text)).toBeUndefined()
})

test('a prototype among the arguments is only a key that no method knows', async () => {
  const { open, engine } = setUp()
  const { line, post } = open(1)
  line.receive(parseMessage('{"t":"q","i":"id","m":"call","a":["hello",{"__proto__":{"x":1},"constructor":1}]}'))
  await expect.poll(() => post.mock.calls).toHaveLength(1)
  expect(post.mock.calls[0][0].r).toHaveProperty('failure')
  expect(engine.hello).not.toHaveBeenCalled()
  expect({}).not.toHaveProperty('x')
})

test('what cannot be posted is told of, and the line goes on', async () => {
  const { open, engine } = setUp()
  const { line, post } = open(1)
  post.mockImplementationOnce(() => {
    throw new Error('cannot be cloned')
  })
  line.receive(readMessage(hello))
  await expect.poll(() => engine.note.mock.calls).toEqual([['the line to a window: cannot be cloned']])
  line.receive(readMessage({ ...hello, i: 'next' }))
  await expect.poll(() => post.mock.calls.at(-1)).toEqual([{ t: 's', i: 'next', r: { value: 'here' } }])
})

test('a window that asks for its line again gets a new one, and the old one ends', async () => {
  const { open, lines } = setUp()
  const [old, young] = [open(1), open(1)]
  expect(lines.get(1)).toBe(young.line)
  old.line.close()
  expect(lines.get(1)).toBe(young.line)
  young.line.receive(readMessage(hello))
  await expect.poll(() => young.post.mock.calls).toHaveLength(1)
})
