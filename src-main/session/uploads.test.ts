import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Blobs, UPLOAD_KEPT } from './blobs.ts'
import { Uploads } from './uploads.ts'

let folder: string
let uploads: Uploads
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-uploads-'))
  uploads = new Uploads(folder)
})
afterEach(async () => {
  vi.useRealTimers()
  await uploads.close()
  await rm(folder, { recursive: true })
})
const files = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())

test('an upload is a file until it is taken', async () => {
  const blobs = new Blobs()
  const upload = await uploads.receive([new Uint8Array([1, 2]), new Uint8Array([3])])
  expect(upload.bytes).toBe(3)
  const id = blobs.putUpload(upload)
  expect(await readFile(upload.path)).toEqual(Buffer.from([1, 2, 3]))
  expect(blobs.take(id)).toEqual(Buffer.from([1, 2, 3]))
  expect(await files()).toEqual([])
  expect(() => blobs.take(id)).toThrow(/no longer held/)
})

test('nothing stays of an upload whose sender goes away or sends too much', async () => {
  async function* leaving() {
    yield new Uint8Array(10)
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
  }
  await expect(uploads.receive(leaving())).rejects.toThrow('aborted')
  const small = new Uploads(folder, { each: 20, together: 30 })
  await expect(small.receive([new Uint8Array(15), new Uint8Array(15)])).rejects.toThrow(/larger than/)
  expect(await files()).toEqual([])
})

test('all that come in at once have one limit', async () => {
  const small = new Uploads(folder, { each: 20, together: 30 })
  let release = () => {}
  let arrived = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const halfway = new Promise<void>((resolve) => {
    arrived = resolve
  })
  async function* slow() {
    yield new Uint8Array(20)
    arrived()
    await held
  }
  const first = small.receive(slow())
  await Promise.race([halfway, first])
  await expect(small.receive([new Uint8Array(20)])).rejects.toThrow(/Too much is being taken in/)
  release()
  await first
  expect(await small.receive([new Uint8Array(20)])).toMatchObject({ bytes: 20 })
})

test('untaken uploads are dropped after a while, and the oldest where they are too many', async () => {
  const blobs = new Blobs()
  const put = async (bytes: number) => {
    const { path } = await uploads.receive([new Uint8Array(1)])
    return blobs.putUpload({ path, bytes })
  }
  const old = await put(600 * 2 ** 20)
  const young = await put(600 * 2 ** 20)
  expect(() => blobs.get(old)).toThrow(/no longer held/)
  expect(blobs.get(young)).toHaveLength(1)
  vi.useFakeTimers()
  const waiting = await put(1)
  vi.advanceTimersByTime(UPLOAD_KEPT - 1)
  expect(blobs.get(waiting)).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(() => blobs.get(waiting)).toThrow(/no longer held/)
  blobs.drop(young)
  expect(await files()).toEqual([])
})

test('where the data folder may not be written to, uploads still come in', async () => {
  await writeFile(join(folder, 'file'), '')
  const elsewhere = new Uploads(join(folder, 'file', 'uploads'))
  const { path } = await elsewhere.receive([new Uint8Array(3)])
  expect(await readFile(path)).toHaveLength(3)
  await elsewhere.close()
  await expect(readFile(path)).rejects.toThrow('ENOENT')
})

test('the next start removes what a killed process left, and nothing of one that lives', async () => {
  const folders = {
    dead: '999999999-0123abcd-0',
    self: `${process.pid}-00000000-0`,
    living: `${process.ppid}-0-0`,
    junk: 'x',
  }
  for (const name of Object.values(folders)) {
    await mkdir(join(folder, name), { recursive: true })
    await writeFile(join(folder, name, 'left'), 'x')
  }
  const { path } = await uploads.receive([new Uint8Array(1)])
  const next = new Uploads(folder)
  await next.receive([])
  expect((await readdir(folder)).filter((name) => Object.values(folders).includes(name))).toEqual([folders.living])
  expect(await readFile(path)).toHaveLength(1)
  await next.close()
})
