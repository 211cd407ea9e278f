import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ProjectRecord, Store } from './store.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-store-'))
  store = new Store(folder)
})
afterEach(() => rm(folder, { recursive: true }))

const record: ProjectRecord = {
  format: 'halfturn-project',
  version: 1,
  name: 'Ada',
  generator: { id: 'default', sha256: 'a'.repeat(64) },
  face: 0,
  correction: { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0.1, pitch: 0 },
  settings: { quality: 'fast', steps: 60, learningRate: 0.02, seed: 0 },
  job: { state: 'paused', step: 12, steps: 60 },
  losses: [1, 0.5],
}

test('a project packed here opens as the same project', async () => {
  const id = store.newId()
  await store.write(id, 'photo', new Uint8Array([1, 2, 3]))
  await store.writeRecord(id, record)
  const packed = await store.pack(id)
  const other = await store.unpack(packed, 'ada.halfturn')
  expect(other).not.toBe(id)
  expect(await store.readRecord(other)).toEqual(record)
  expect(await store.read(other, 'photo')).toEqual(Buffer.from([1, 2, 3]))
  expect((await store.list(() => '')).map(({ name }) => name)).toEqual(['Ada', 'Ada'])
})

test('only the files of a project are unpacked, wherever others want to go', async () => {
  const hostile = zipSync({ 'project.json': strToU8(JSON.stringify(record)), '../../evil': strToU8('x') })
  const id = await store.unpack(hostile, 'x')
  expect(Object.keys(unzipSync(await store.pack(id)))).toEqual(['project.json'])
})

test.each([
  ['no zip', strToU8('PK but no zip'), /damaged, or not a Halfturn project/],
  ['no record', zipSync({ photo: strToU8('x') }), /no project\.json/],
  ['a record of another kind', zipSync({ 'project.json': strToU8('{"format":"other"}') }), /damaged record/],
  ['no JSON', zipSync({ 'project.json': strToU8('{') }), /damaged record/],
])('a file with %s is refused, and nothing of it stays', async (_, bytes, words) => {
  await expect(store.unpack(bytes, 'x.halfturn')).rejects.toThrow(words)
  expect(await store.list(() => '')).toEqual([])
})

test('a file that claims to unfold to gigabytes is refused before it does', async () => {
  const bytes = zipSync({ photo: new Uint8Array(1024) })
  // The size of the entry, in the central directory at its end.
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const directory = bytes.findLastIndex((_, i) => view.getUint32(Math.min(i, bytes.length - 4), true) === 0x02014b50)
  view.setUint32(directory + 24, 0x7fffffff, true)
  await expect(store.unpack(bytes, 'bomb.halfturn')).rejects.toThrow(/512 MiB/)
})
