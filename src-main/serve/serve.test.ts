/** The served form from the outside: who gets in, and who does not. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { callAsWindow, intrusions, type Target } from '../../testing/intrusions.ts'
import { type Served, serve } from './serve.ts'

/** An engine that answers every request and hangs up on everything else: what is tested lies before it. */
const STAND_IN = `
  process.on('disconnect', () => process.exit())
  process.on('message', ({ type, connection, data, ticket }) => {
    if (type === 'quit') process.exit()
    if (ticket !== undefined) process.send({ ticket, answer: { value: 'x' } })
    if (type !== 'data') return
    try {
      const { t, i, m, a } = JSON.parse(data)
      if (t !== 'q' || m !== 'call') throw new Error('no request')
      process.send({ connection, data: { t: 's', i, r: a[0] === 'hello' ? { value: 'here' } : { failure: {} } } })
    } catch {
      process.send({ hangUp: connection })
    }
  })
`

let folder: string
let served: Served
let origin: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-serve-'))
  await writeFile(join(folder, 'index.html'), '<title>Halfturn</title>')
  await writeFile(join(folder, 'secret'), 'no type, no delivery')
  await writeFile(join(folder, 'engine.mjs'), STAND_IN)
  served = await serve({ window: folder, engine: join(folder, 'engine.mjs'), data: folder })
  origin = new URL(served.url).origin
})
afterAll(async () => {
  await served.close()
  await rm(folder, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    // Not fetch: it would put the path in order first, and keeps Host to itself.
    request({ hostname, port, path, headers }, (response) => {
      response.resume()
      resolve({ status: response.statusCode!, headers: response.headers })
    })
      .on('error', reject)
      .end()
  })

const connect = (protocols: string[], from: string | undefined, headers: Record<string, string> = {}) =>
  new Promise<string>((resolve) => {
    const url = `${origin.replace('http', 'ws')}/engine`
    const socket = new WebSocket(url, protocols, { ...(from && { origin: from }), headers })
    socket.on('open', () => {
      socket.close()
      resolve('open')
    })
    socket.on('error', () => resolve('refused'))
  })

test('the window is delivered with a policy that allows nothing from elsewhere', async () => {
  const { status, headers } = await get('/')
  expect(status).toBe(200)
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:/)
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('another Host is refused: a name that was made to point here', async () => {
  expect((await get('/', { Host: 'evil.example' })).status).toBe(403)
  expect((await get('/', { Host: `127.0.0.1.evil.example:${new URL(origin).port}` })).status).toBe(403)
})

test('another Origin is refused', async () => {
  expect((await get('/', { Origin: 'https://evil.example' })).status).toBe(403)
  expect((await get('/', { Origin: 'null' })).status).toBe(403)
})

test('nothing outside the window’s folder is delivered', async () => {
  for (const path of ['/../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/secret', '/..%2fengine.mjs', '/%00']) {
    expect((await get(path)).status, path).toBeGreaterThanOrEqual(404)
  }
})

test('blobs need the token', async () => {
  const blob = `/blob/${'0'.repeat(32)}`
  expect((await get(blob)).status).toBe(401)
  expect((await get(blob, { Authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await get(blob, { Authorization: `Bearer ${served.token.slice(1)}x` })).status).toBe(401)
})

test('the engine’s line needs token, Origin and Host', async () => {
  const { token } = served
  expect(await connect(['halfturn', token], origin)).toBe('open')
  expect(await connect(['halfturn', 'wrong'], origin)).toBe('refused')
  expect(await connect(['halfturn'], origin)).toBe('refused')
  expect(await connect(['other', token], origin)).toBe('refused')
  expect(await connect(['halfturn', token], 'https://evil.example')).toBe('refused')
  expect(await connect(['halfturn', token], undefined)).toBe('refused')
  expect(await connect(['halfturn', token], origin, { Host: 'evil.example' })).toBe('refused')
})

test('it listens on loopback alone', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')
  const { port } = new URL(origin)
  if (outside) await expect(fetch(`http://${outside.address}:${port}/`)).rejects.toThrow()
  expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/)
})

const target = (): Target => ({ origin, port: Number(new URL(origin).port), token: served.token })
// What the engine itself has to refuse is tried on its lines.
const tried = intrusions.filter(({ who, name }) => who === 'stranger' || !name.startsWith('call'))

test.each(tried.map((intrusion) => [intrusion.name, intrusion] as const))('%s gets nothing', async (_, { attempt }) => {
  const engine = served.engine.process.pid
  expect(await attempt(target())).toBeUndefined()
  expect(await callAsWindow(target(), 'hello', {})).toContain('here')
  expect(served.engine.process.pid).toBe(engine)
})

test('an upload is on the disk until it is taken, and nothing stays of one that is left in the middle', async () => {
  const uploads = async () =>
    (await readdir(join(folder, 'uploads'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const before = (await uploads()).length
  const authorization = { Authorization: `Bearer ${served.token}` }
  const response = await fetch(`${origin}/blob`, { method: 'PUT', headers: authorization, body: new Uint8Array(100) })
  expect(await response.json()).toEqual({ value: 'x' })
  expect(await uploads()).toHaveLength(before + 1)
  const leaving = request({ port: target().port, path: '/blob', method: 'PUT', headers: authorization })
  leaving.on('error', () => {})
  leaving.write(new Uint8Array(1000))
  await expect.poll(uploads).toHaveLength(before + 2)
  leaving.destroy()
  await expect.poll(uploads).toHaveLength(before + 1)
})

test('an engine that ended is started again, and its uploads are gone', async () => {
  const { pid } = served.engine.process
  served.engine.process.kill('SIGKILL')
  await expect.poll(() => served.engine.process.pid).not.toBe(pid)
  expect(await callAsWindow(target(), 'hello', {})).toContain('here')
  expect(
    (await readdir(join(folder, 'uploads'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile()),
  ).toEqual([])
})
