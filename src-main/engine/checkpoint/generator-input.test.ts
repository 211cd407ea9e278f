import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture } from '../../../testing/generator.ts'
import { isCheckpoint, readGeneratorInput } from './generator-input.ts'
import { storeFloat32, writeSafetensors } from './safetensors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-input-'))
})
afterAll(() => rm(folder, { recursive: true }))

const written = async (name: string, ...chunks: (Uint8Array | string)[]) => {
  const path = join(folder, name)
  await writeFile(path, Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as string))))
  return path
}

test('a generator file is told from a checkpoint whatever the length of its header', async () => {
  const first = new Set<number>()
  for (let note = 0; note < 300; note++) {
    const chunks = writeSafetensors(new Map([['a', storeFloat32(Float32Array.of(1), [1])]]), { note: 'x'.repeat(note) })
    const bytes = await readGeneratorInput(await written('generator', ...chunks))
    expect(isCheckpoint(bytes), `header of ${bytes[0]}`).toBe(false)
    first.add(bytes[0])
  }
  // Among them one that begins like a pickle.
  expect(first).toContain(0x80)
  const checkpoint = fixture('tiny2x.pkl')
  expect(isCheckpoint(await readGeneratorInput(await written('checkpoint', checkpoint)))).toBe(true)
})

test('what is neither is refused by its first bytes, and a sparse file by its size', async () => {
  for (const [name, content] of [
    ['diary', 'Dear diary, today I'],
    ['empty', ''],
    ['short', '\x00'],
    ['photo', '\xff\xd8\xff'],
  ]) {
    await expect(readGeneratorInput(await written(name, content)), name).rejects.toThrow(/begins neither like/)
  }
  const sparse = await written('sparse', fixture('tiny2x.pkl'))
  await truncate(sparse, 2 ** 31)
  await expect(readGeneratorInput(sparse)).rejects.toThrow(/has 2048 MiB; at most 1024 MiB/)
})
