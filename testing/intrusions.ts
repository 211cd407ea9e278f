/**
 * Attempts on the served window: by strangers, who have reached the port and nothing else, and by windows, which have
 * the token and send what no window does. Each tells what it got, if it got anything. Everything is on loopback.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'

export interface Target {
  readonly port: number
  readonly origin: string
  readonly token: string
}

interface Intrusion {
  readonly who: 'stranger' | 'window'
  readonly name: string
  /** @returns what it got, if it got in */
  attempt(target: Target): Promise<string | undefined>
}

/** Milliseconds an attempt listens for what should not come; what should come is waited for. */
const PATIENCE = 1500
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

type Bytes = string | Uint8Array

interface Manner {
  readonly reset?: boolean
  readonly ends?: boolean
  readonly patience?: number
  /** What is sent once the answer has begun. */
  readonly afterwards?: readonly Bytes[]
}

/** Sends bytes over a connection of its own. @returns all that comes back until it is closed or silent */
function raw({ port }: Target, sent: Bytes | readonly Bytes[], manner: Manner = {}): Promise<string> {
  const { reset = false, ends = false, patience = PATIENCE, afterwards } = manner
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(port, '127.0.0.1')
    let timer: NodeJS.Timeout | undefined
    const lapse = () => {
      timer = setTimeout(() => socket.destroy(), patience)
    }
    if (!afterwards) lapse()
    socket.on('connect', () => {
      for (const part of [sent].flat() as Bytes[]) socket.write(part)
      if (ends) socket.end()
      if (reset) socket.resetAndDestroy()
    })
    socket.on('data', (data) => {
      if (said.length < 1e6) said += data.toString('latin1')
      if (!afterwards || timer) return
      for (const part of afterwards) socket.write(part)
      lapse()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(said)
    })
  })
}

const host = ({ port }: Target) => `Host: 127.0.0.1:${port}\r\n`
const request = (target: Target, line: string, headers = '', body = '') =>
  `${line} HTTP/1.1\r\n${host(target)}Connection: close\r\n${headers}\r\n${body}`

interface Upgrade {
  path?: string
  host?: string
  origin?: string
  protocol?: string
  more?: string
  version?: number
  key?: string
}

/** An upgrade request, right in all that is not given. */
function upgrade(target: Target, given: Upgrade = {}): string {
  const { path = '/engine', version = 13, key = KEY, more = '' } = given
  const lines = [
    `GET ${path} HTTP/1.1`,
    given.host ?? `Host: 127.0.0.1:${target.port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${version}`,
    given.protocol ?? `Sec-WebSocket-Protocol: halfturn, ${target.token}`,
    given.origin ?? `Origin: ${target.origin}`,
    more,
  ]
  return `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n`
}

const got = (said: string, pattern: RegExp): string | undefined => (pattern.test(said) ? said.slice(0, 200) : undefined)
const SWITCHED = /^HTTP\/1\.1 101/
const SERVED = /^HTTP\/1\.1 200/
/** Of files a request might be after. */
const SECRET = /root:.*:0:0|createServer|BEGIN .*KEY/

const stranger = (name: string, attempt: Intrusion['attempt']): Intrusion => ({ who: 'stranger', name, attempt })
const strangersUpgrade = (name: string, given: (target: Target) => Upgrade): Intrusion =>
  stranger(`upgrade: ${name}`, async (target) => got(await raw(target, upgrade(target, given(target))), SWITCHED))
const strangersBytes = (name: string, bytes: (target: Target) => Bytes | Bytes[]): Intrusion =>
  stranger(name, async (target) => got(await raw(target, bytes(target)), SERVED))
const strangersPath = (path: string): Intrusion =>
  stranger(`path: ${path}`, async (target) => {
    const said = await raw(target, request(target, `GET ${path}`))
    return got(said, SECRET) ?? got(said, SERVED)
  })

/** Many connections at once, on which little or nothing is said; they are let go of when the attempt is over. */
async function crowd(target: Target, count: number, first: (socket: Socket) => void): Promise<void> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(target.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('connect', () => first(socket))
    return socket
  })
  await wait(200)
  // What matters is that others get in meanwhile.
  const said = await raw(target, request(target, 'GET /'), { patience: 60_000 })
  for (const socket of sockets) socket.destroy()
  if (!SERVED.test(said)) throw new Error('A crowd kept a window out.')
}

const strangers: Intrusion[] = [
  strangersUpgrade('for //', () => ({ path: '//', protocol: '' })),
  strangersUpgrade('for // with the token', () => ({ path: '//' })),
  strangersUpgrade('for http://[', () => ({ path: 'http://[', protocol: '' })),
  strangersUpgrade('for half an escape', () => ({ path: '/%', protocol: '' })),
  strangersUpgrade('for backslashes', () => ({ path: '\\\\evil\\engine', protocol: '' })),
  strangersUpgrade('without a token', () => ({ protocol: '' })),
  strangersUpgrade('with an empty token', () => ({ protocol: 'Sec-WebSocket-Protocol: halfturn, ' })),
  strangersUpgrade('with the token alone', ({ token }) => ({ protocol: `Sec-WebSocket-Protocol: ${token}` })),
  strangersUpgrade('with the token as another header', ({ token }) => ({
    protocol: 'Sec-WebSocket-Protocol: halfturn',
    more: `Authorization: Bearer ${token}`,
  })),
  strangersUpgrade('with the token in the path', ({ token }) => ({ path: `/engine?${token}`, protocol: '' })),
  strangersUpgrade('with all but the token’s end', ({ token }) => ({
    protocol: `Sec-WebSocket-Protocol: halfturn, ${token.slice(0, -1)}`,
  })),
  strangersUpgrade('with the token and a byte', ({ token }) => ({
    protocol: `Sec-WebSocket-Protocol: halfturn, ${token}A`,
  })),
  strangersUpgrade('with the token in capitals', ({ token }) => ({
    protocol: `Sec-WebSocket-Protocol: halfturn, ${token.toUpperCase()}`,
  })),
  strangersUpgrade('of another path', () => ({ path: '/engine/../blob' })),
  strangersUpgrade('from another origin', () => ({ origin: 'Origin: https://evil.example' })),
  strangersUpgrade('from an origin that begins like ours', ({ origin }) => ({
    origin: `Origin: ${origin}.evil.example`,
  })),
  strangersUpgrade('from an origin with ours as its user', ({ origin }) => ({
    origin: `Origin: ${origin}@evil.example`,
  })),
  strangersUpgrade('from the origin null', () => ({ origin: 'Origin: null' })),
  strangersUpgrade('without an origin', () => ({ origin: 'X: x' })),
  strangersUpgrade('from two origins', ({ origin }) => ({
    origin: `Origin: ${origin}\r\nOrigin: https://evil.example`,
  })),
  strangersUpgrade('from another port', ({ port }) => ({ origin: `Origin: http://127.0.0.1:${port + 1}` })),
  strangersUpgrade('for another host', () => ({ host: 'Host: evil.example' })),
  strangersUpgrade('for a host that begins like ours', ({ port }) => ({
    host: `Host: 127.0.0.1.evil.example:${port}`,
  })),
  strangersUpgrade('for our host with a dot', ({ port }) => ({ host: `Host: 127.0.0.1.:${port}` })),
  strangersUpgrade('without a host', () => ({ host: '' })),
  strangersUpgrade('to HTTP/2', () => ({ more: 'Upgrade: h2c', protocol: '' })),
  stranger('upgrade: reset at once', async (target) => {
    const tries = Array.from({ length: 20 }, () => raw(target, upgrade(target, { protocol: '' }), { reset: true }))
    return got((await Promise.all(tries)).join(''), SWITCHED)
  }),
  stranger('upgrade: reset when refused', async (target) => {
    const socket = connect(target.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(upgrade(target, { protocol: '' }))
    await new Promise((resolve) => socket.once('data', resolve).once('close', resolve))
    socket.resetAndDestroy()
    return undefined
  }),
  strangersPath('/../../../../../../etc/passwd'),
  strangersPath('/..%2f..%2f..%2f..%2fetc/passwd'),
  strangersPath('/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd'),
  strangersPath('/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd'),
  strangersPath('/....//....//....//etc/passwd'),
  strangersPath('/..%5c..%5cmain%5cserve.js'),
  strangersPath('/../main/serve.js'),
  strangersPath('//etc/passwd'),
  strangersPath('file:///etc/passwd'),
  strangersPath('/index.html%00.js'),
  strangersPath('/%'),
  strangersPath('/%E0%A4%A'),
  strangersPath('/__proto__'),
  strangersPath(`/${'a/'.repeat(5000)}`),
  strangersBytes('blob without the token', (target) => request(target, `GET /blob/${'0'.repeat(32)}`)),
  strangersBytes('blob by an object’s member', (target) =>
    request(target, 'GET /blob/__proto__', `Authorization: Bearer ${target.token}\r\n`),
  ),
  strangersBytes('blob with the token as Basic', (target) =>
    request(target, `GET /blob/${'0'.repeat(32)}`, `Authorization: Basic ${target.token}\r\n`),
  ),
  strangersBytes('upload without the token', (target) =>
    request(target, 'PUT /blob', 'Content-Length: 5\r\n', 'bytes'),
  ),
  strangersBytes('upload of 2^53 bytes', (target) =>
    request(target, 'PUT /blob', `Authorization: Bearer ${target.token}\r\nContent-Length: 9007199254740993\r\n`, 'x'),
  ),
  strangersBytes('upload of two lengths', (target) =>
    request(
      target,
      'PUT /blob',
      `Authorization: Bearer ${target.token}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n`,
      '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    ),
  ),
  strangersBytes('upload without an end, without the token', (target) => [
    request(target, 'PUT /blob', 'Transfer-Encoding: chunked\r\n'),
    ...Array<string>(64).fill(`10000\r\n${'x'.repeat(65536)}\r\n`),
  ]),
  strangersBytes('upload in chunks of no size', (target) =>
    request(target, 'PUT /blob', `Authorization: Bearer ${target.token}\r\nTransfer-Encoding: chunked\r\n`, 'zz\r\n'),
  ),
  ...['TRACE', 'OPTIONS', 'DELETE', 'POST', 'PROPFIND', 'get'].map((method) =>
    strangersBytes(`method ${method}`, (target) =>
      request(target, `${method} /`, 'Origin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n'),
    ),
  ),
  strangersBytes('CONNECT', ({ port }) => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
  strangersBytes('a head of a megabyte', (target) => request(target, 'GET /', `X: ${'x'.repeat(2 ** 20)}\r\n`)),
  strangersBytes('20 000 headers', (target) =>
    request(target, 'GET /', Array.from({ length: 20_000 }, (_, i) => `X${i}: x\r\n`).join('')),
  ),
  strangersBytes('a header without a colon, and a zero byte', (target) => request(target, 'GET /', 'X\r\nY: \0\r\n')),
  strangersBytes('another Host', () => 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
  strangersBytes('another Origin', (target) => request(target, 'GET /', 'Origin: https://evil.example\r\n')),
  strangersBytes('HTTP/0.9', () => 'GET /\r\n\r\n'),
  strangersBytes('HTTP/1.0 without a Host', () => 'GET / HTTP/1.0\r\n\r\n'),
  strangersBytes('HTTP/2 from the start', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  strangersBytes('TLS', () => Buffer.from('16030100c8010000c40303', 'hex')),
  strangersBytes('noise', () => Uint8Array.from({ length: 65536 }, (_, i) => (i * 2654435761) >>> 24)),
  strangersBytes('frames without a handshake', () => frame(1, '{"t":"q"}')),
  stranger('half a request, half closed', async (target) =>
    got(await raw(target, `GET / HTTP/1.1\r\n${host(target)}`, { ends: true }), SERVED),
  ),
  stranger('a thousand requests whose answers nobody reads', async (target) => {
    const socket = connect(target.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(request(target, 'GET /').replace('Connection: close\r\n', '').repeat(1000))
    await wait(200)
    socket.destroy()
    return undefined
  }),
  stranger('a crowd that says nothing', async (target) => void (await crowd(target, 300, () => {}))),
  stranger('a crowd that says little', async (target) => {
    await crowd(target, 300, (socket) => socket.write(`GET / HTTP/1.1\r\n${host(target)}X`))
    return undefined
  }),
]

/** A WebSocket frame of a client, the way the attempt wants it. */
function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, reserved = 0, masked = true, length = -1n } = {},
): Buffer {
  const body = Buffer.from(payload as string)
  const claimed = length >= 0n ? length : BigInt(body.length)
  const short = claimed < 126n ? Number(claimed) : claimed < 65536n ? 126 : 127
  const head = Buffer.alloc(2 + (short === 126 ? 2 : short === 127 ? 8 : 0))
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | short
  if (short === 126) head.writeUInt16BE(Number(claimed), 2)
  if (short === 127) head.writeBigUInt64BE(claimed, 2)
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), body])
}

const query = (method: string, argument: unknown, i = 'x') =>
  JSON.stringify({ t: 'q', i, m: 'call', a: [method, argument] })

/** Opens a window's connection, sends, and waits for an answer or the end. */
async function asWindow({ origin, port, token }: Target, sent: Bytes): Promise<{ said: string; code?: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/engine`, ['halfturn', token], { origin })
  try {
    return await new Promise((resolve, reject) => {
      socket.on('open', () => socket.send(sent))
      socket.on('message', (data) => resolve({ said: (data as Buffer).toString('latin1') }))
      socket.on('close', (code) => resolve({ said: '', code }))
      socket.on('error', reject)
    })
  } finally {
    socket.terminate()
  }
}

/** Hung up on, without a word. */
const window = (name: string, sent: Bytes): Intrusion => ({
  who: 'window',
  name,
  attempt: async (target) => {
    const { said, code } = await asWindow(target, sent)
    return code === undefined ? `it was answered ${said.slice(0, 200)}` : undefined
  },
})

/** A call that is answered, but with a refusal. */
const call = (name: string, method: string, argument: unknown): Intrusion => ({
  who: 'window',
  name: `call: ${name}`,
  attempt: async (target) => {
    const { said, code } = await asWindow(target, query(method, argument))
    if (code !== undefined) throw new Error(`It was hung up on (${code}) instead of answered.`)
    return said.includes('failure') && !said.includes('value') ? undefined : `it was answered ${said.slice(0, 200)}`
  },
})

/** Frames as no WebSocket library sends them. */
const frames = (name: string, ...sent: Uint8Array[]): Intrusion => ({
  who: 'window',
  name: `frames: ${name}`,
  attempt: async (target) => {
    const said = await raw(target, upgrade(target), { afterwards: sent })
    if (!SWITCHED.test(said)) throw new Error('The token’s own window was refused.')
    return got(said, /failure|value/)
  },
})

/** `count` windows of the same token at once, or others of its requests. */
const flood = (name: string, attempt: (target: Target) => Promise<void>): Intrusion => ({
  who: 'window',
  name: `flood: ${name}`,
  attempt: async (target) => void (await attempt(target)),
})

const requestOf = (m: unknown, ...a: unknown[]) => JSON.stringify({ t: 'q', i: 'x', m, a })

const windows: Intrusion[] = [
  window('MessagePack null', Uint8Array.of(0xc0)),
  window('MessagePack undefined', Uint8Array.of(0xd4, 0, 0)),
  window('MessagePack nested 60 000 deep', new Uint8Array(60_000).fill(0x91)),
  window('a MessagePack list of 2^32 - 1', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)),
  window('null', 'null'),
  window('no JSON', '{'),
  window('a list', '[]'),
  window('brackets 60 000 deep', '['.repeat(60_000)),
  window('valueOf', requestOf('valueOf')),
  window('__proto__', requestOf('__proto__')),
  window('constructor', requestOf('constructor', 'return process')),
  window('$close', requestOf('$close')),
  window('$functions', requestOf('$functions')),
  window('bytes where text belongs', requestOf('put', { 0: 1, byteLength: 1e9 }).replace('put', '$put')),
  window('a text of a megabyte', 'x'.repeat(2 ** 20)),
  call('a method of every object', 'hasOwnProperty', {}),
  call('__proto__', '__proto__', {}),
  call('what the engine has and no window may', 'close', {}),
  call('the log from within', 'note', { project: 'x' }),
  call('a project outside its folder', 'open', { project: '../../../etc' }),
  call('a project nobody has', 'pause', { project: '0123456789abcdef' }),
  call('a generator outside its folder', 'openSample', { name: 'x', generator: '../../../../etc/passwd' }),
  call('a photo nobody sent', 'openPhotos', { photos: [{ file: '0'.repeat(32), name: 'x' }], generator: 'default' }),
  call('a name of 60 000 letters', 'openPhotos', {
    photos: [{ file: '0'.repeat(32), name: 'x'.repeat(60_000) }],
    generator: 'd',
  }),
  call('a prototype', 'hello', JSON.parse('{"__proto__":{"isAdmin":true}}')),
  call('settings beyond reason', 'random', { seed: 1e300, truncation: -1e300, generator: 'default' }),
  frames('without a mask', frame(1, query('hello', {}), { masked: false })),
  frames('with reserved bits', frame(1, query('hello', {}), { reserved: 7 })),
  frames('of an operation that is not', frame(3, 'x'), frame(11, 'x')),
  frames('that claim 2^63 bytes', frame(1, 'x', { length: 2n ** 63n })),
  frames('of a ping too long', frame(9, 'x'.repeat(126))),
  frames('of a fragmented ping', frame(9, 'x', { fin: false })),
  frames('that continue nothing', frame(0, query('hello', {}))),
  frames('that begin anew in the middle', frame(1, '{', { fin: false }), frame(1, '}')),
  frames(
    'in fragments without an end',
    frame(1, '{', { fin: false }),
    repeated(frame(0, ' ', { fin: false }), 100_000),
  ),
  frames('of empty fragments', frame(1, '', { fin: false }), repeated(frame(0, '', { fin: false }), 100_000)),
  frames('that are not UTF-8', frame(1, Uint8Array.of(0xc3, 0x28))),
  frames('with a close that gives no reason there is', frame(8, Uint8Array.of(0x03, 0xed))),
  frames('of ten thousand pings', repeated(frame(9, 'x'.repeat(125)), 10_000)),
  frames('after the close', frame(8, Uint8Array.of(0x03, 0xe8)), frame(1, query('hello', {}))),
  flood('2000 calls whose answers nobody reads', async (target) => {
    await raw(target, upgrade(target), { afterwards: [repeated(frame(1, query('hello', {})), 2000)], patience: 500 })
  }),
  flood('a hundred windows', async ({ origin, port, token }) => {
    const sockets = Array.from({ length: 100 }, () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/engine`, ['halfturn', token], { origin })
      socket.on('error', () => {})
      return socket
    })
    await wait(500)
    const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length
    for (const socket of sockets) socket.terminate()
    if (open > 32) throw new Error(`${open} windows were let in.`)
    await wait(200)
  }),
  flood('uploads that are left in the middle', async (target) => {
    const head = `Authorization: Bearer ${target.token}\r\nContent-Length: 100000000\r\n`
    const parts = [request(target, 'PUT /blob', head), new Uint8Array(2 ** 20)]
    await Promise.all(Array.from({ length: 10 }, () => raw(target, parts, { patience: 300 })))
  }),
  flood('uploads nobody takes', async (target) => {
    const headers = { Authorization: `Bearer ${target.token}` }
    for (let i = 0; i < 10; i++) {
      const response = await fetch(`${target.origin}/blob`, { method: 'PUT', headers, body: new Uint8Array(2 ** 18) })
      const answer = await response.text()
      if (!answer.includes('value')) throw new Error(`An upload was answered ${response.status} ${answer}.`)
    }
  }),
]

function repeated(bytes: Uint8Array, count: number): Buffer {
  return Buffer.alloc(bytes.length * count, bytes)
}

export const intrusions: readonly Intrusion[] = [...strangers, ...windows]

/** A window as it should be: it calls, and is answered. */
export async function callAsWindow(target: Target, method: string, argument: unknown): Promise<string> {
  const { said, code } = await asWindow(target, query(method, argument))
  if (code !== undefined) throw new Error(`A window was hung up on (${code}).`)
  return said
}
