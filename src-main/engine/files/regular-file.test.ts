import { execFileSync } from 'node:child_process'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { message, UserError } from '../errors.ts'
import { readRegularFile } from './regular-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-regular-'))
})
afterAll(() => rm(folder, { recursive: true }))

const wanted = { most: 2 ** 20, what: message('the-photo'), cure: message('give-photo') }

test('a file comes whole, an empty one too', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7)
  await writeFile(join(folder, 'whole'), bytes)
  await writeFile(join(folder, 'empty'), '')
  expect(await readRegularFile(join(folder, 'whole'), wanted)).toEqual(bytes)
  expect(await readRegularFile(join(folder, 'empty'), wanted)).toHaveLength(0)
})

test.skipIf(process.platform === 'win32')('neither pipes nor devices are waited for or read', async () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(readRegularFile(pipe, wanted)).rejects.toThrow(/a pipe or a device/)
  await expect(readRegularFile('/dev/zero', wanted)).rejects.toThrow(/a pipe or a device/)
  await expect(readRegularFile(folder, wanted)).rejects.toThrow(/is a folder/)
})

test('a file too large, as a sparse one is at no cost, is refused by its size', async () => {
  const path = join(folder, 'sparse.jpg')
  const file = await open(path, 'w')
  await file.truncate(1.9e9)
  await file.close()
  await expect(readRegularFile(path, wanted)).rejects.toThrow(/sparse\.jpg has 1812 MiB; at most 1 MiB/)
})

test('how it begins is looked at before the rest is read', async () => {
  await writeFile(join(folder, 'long'), new Uint8Array(1000).fill(7))
  const seen: number[] = []
  const check = (head: Uint8Array) => {
    seen.push(head.length)
    throw new UserError('tool', { text: 'It is no photo.', cure: 'Give one.' })
  }
  await expect(readRegularFile(join(folder, 'long'), { ...wanted, check })).rejects.toThrow('It is no photo.')
  expect(seen).toEqual([64])
})

test('what is not there, or has a name of a thousand characters, is named within a line', async () => {
  for (const name of ['missing', `${'long'.repeat(250)}.jpg`, 'two\nlines\u001b[31m']) {
    const failure = await readRegularFile(join(folder, name), wanted).catch((error) => error)
    expect(failure).toBeInstanceOf(UserError)
    expect(failure.message).toMatch(/^Could not read .* \(E(NOENT|NAMETOOLONG)\)\.$/)
    expect(failure.message.length).toBeLessThan(200)
  }
})
