import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { UserError } from '../engine/errors.ts'
import { requests } from './api.ts'
import { Blobs } from './blobs.ts'
import type { Engine } from './engine.ts'
import { serveRpc } from './rpc-server.ts'
import { Uploads } from './uploads.ts'

let folder: string
let uploads: Uploads
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-door-'))
  uploads = new Uploads(folder)
})
afterAll(async () => {
  await uploads.close()
  await rm(folder, { recursive: true })
})
const waiting = async () => (await readdir(folder, { recursive: true })).filter((name) => /[0-9a-f]{32}$/.test(name))

/** An engine that only notes what reaches it. */
function standIn() {
  const listeners = new Set<(event: never) => void>()
  const engine = {
    blobs: new Blobs(),
    note: vi.fn(),
    listen: (listener: (event: never) => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    pause: vi.fn(async () => {}),
    openSample: vi.fn(async () => ({ id: '0123456789abcdef', job: {} })),
    resume: vi.fn(async () => {
      throw new UserError('tool', { text: 'Nothing to go on with.', cure: 'Start anew.' })
    }),
    cancel: vi.fn(async () => {
      throw new TypeError('x is undefined')
    }),
  }
  const emit = (event: unknown) => {
    for (const listener of listeners) listener(event as never)
  }
  return { engine: engine as unknown as Engine & typeof engine, emit }
}

const project = '0123456789abcdef'

test('what fits a schema reaches the engine, and nothing else does', async () => {
  const { engine } = standIn()
  const { functions } = serveRpc(engine, uploads, async () => {})
  expect(await functions.call('pause', { project })).toEqual({ value: undefined })
  for (const [method, request] of [
    ['pause', {}],
    ['pause', { project: '../../etc/passwd' }],
    ['pause', { project, more: 1 }],
    ['pause', null],
    ['constructor', {}],
    ['__proto__', {}],
    ['close', {}],
    ['note', { project }],
  ] as const) {
    expect(await functions.call(method, request)).toHaveProperty('failure.code')
  }
  expect(engine.pause).toHaveBeenCalledTimes(1)
})

test('what is wrong with a request is said in codes', async () => {
  const { functions } = serveRpc(standIn().engine, uploads, async () => {})
  expect(await functions.call('pause', { project: 5 })).toEqual({
    failure: {
      code: 'request-unfit',
      values: { field: 'project', reason: { code: 'value-unfit', values: { met: '5' } } },
    },
  })
  expect(await functions.call('note', { project })).toEqual({
    failure: { code: 'request-unknown', values: { request: '"note"' } },
  })
})

test('every method of the API has a strict schema', () => {
  for (const schema of Object.values(requests)) {
    expect(schema.safeParse({ surplus: true }).success).toBe(false)
  }
})

test('mesh names cannot leave their folder', () => {
  const request = { project, format: 'glb', resolution: 128, triangles: 1000 }
  expect(requests.exportMesh.safeParse({ ...request, name: 'My head' }).success).toBe(true)
  for (const name of ['../x', 'a/b', 'a\\b', 'c:x', '', 'a\0b', 'a\nb']) {
    expect(requests.exportMesh.safeParse({ ...request, name }).success).toBe(false)
  }
})

test('a cure travels with the error, and a defect is called one', async () => {
  const { engine } = standIn()
  const { functions } = serveRpc(engine, uploads, async () => {})
  expect(await functions.call('resume', { project })).toEqual({
    failure: { code: 'tool', values: { text: 'Nothing to go on with.', cure: 'Start anew.' } },
  })
  expect(await functions.call('cancel', { project })).toMatchObject({ failure: { code: 'defect' } })
  expect(engine.note).toHaveBeenCalledTimes(2)
})

test('only bytes go in, and only what went in comes out', async () => {
  const { functions } = serveRpc(standIn().engine, uploads, async () => {})
  const put = (await functions.put(new Uint8Array([1, 2]))) as { value: string }
  expect(await functions.get(put.value)).toEqual({ value: Buffer.from([1, 2]) })
  expect(await functions.get('0'.repeat(32))).toHaveProperty('failure')
  expect(await functions.get('../secret')).toHaveProperty('failure')
  expect(await functions.put('text' as never)).toHaveProperty('failure')
})

test('a window hears of its own projects, and of the latest preview alone when it is slow', async () => {
  const { engine, emit } = standIn()
  const heard: unknown[] = []
  let release = () => {}
  const { functions } = serveRpc(engine, uploads, async (event) => {
    heard.push(event)
    await new Promise<void>((resolve) => {
      release = resolve
    })
  })
  emit({ type: 'preview', project, step: 0 })
  expect(heard).toEqual([])
  await functions.call('openSample', { name: 'Sample portrait', generator: 'default' })
  for (const step of [1, 2, 3]) emit({ type: 'preview', project, step })
  emit({ type: 'preview', project: 'fedcba9876543210', step: 9 })
  expect(heard).toEqual([{ type: 'preview', project, step: 1 }])
  release()
  await expect.poll(() => heard).toHaveLength(2)
  expect(heard[1]).toEqual({ type: 'preview', project, step: 3 })
})

test('uploads nobody takes go with their line', async () => {
  const { engine } = standIn()
  const before = await waiting()
  const doors = [serveRpc(engine, uploads, async () => {}), serveRpc(engine, uploads, async () => {})]
  const ids: string[] = []
  for (const { functions } of doors) {
    ids.push(((await functions.put(new Uint8Array([7]))) as { value: string }).value)
    await functions.put(new Uint8Array([8]))
  }
  expect(await waiting()).toHaveLength(before.length + 4)
  engine.blobs.take(ids[0])
  doors[0].close()
  expect(await waiting()).toHaveLength(before.length + 2)
  expect(() => engine.blobs.get(ids[0])).toThrow(/no longer held/)
  expect(engine.blobs.get(ids[1])).toEqual(Buffer.from([7]))
  doors[1].close()
  expect(await waiting()).toEqual(before)
})

test('a window that calls without waiting for answers is told so, and may go on when it has them', async () => {
  const { engine } = standIn()
  const { functions } = serveRpc(engine, uploads, async () => {})
  let release = () => {}
  engine.pause.mockImplementation(
    () =>
      new Promise((resolve) => {
        const before = release
        release = () => {
          before()
          resolve()
        }
      }),
  )
  const calls = Array.from({ length: 100 }, () => functions.call('pause', { project }))
  expect(await functions.call('pause', { project })).toMatchObject({ failure: { code: 'too-many-calls' } })
  release()
  for (const answer of await Promise.all(calls)) expect(answer).toEqual({ value: undefined })
  engine.pause.mockImplementation(async () => {})
  expect(await functions.call('pause', { project })).toEqual({ value: undefined })
})

test('a failure of half a megabyte leaves as a line', async () => {
  const { engine } = standIn()
  engine.resume.mockImplementation(async () => {
    throw new TypeError('x'.repeat(500_000))
  })
  const { functions } = serveRpc(engine, uploads, async () => {})
  expect(JSON.stringify(await functions.call('resume', { project })).length).toBeLessThan(400)
  expect(JSON.stringify(await functions.call('y'.repeat(500_000), {})).length).toBeLessThan(400)
  for (const [line] of engine.note.mock.calls) expect(line.length).toBeLessThan(2100)
})
