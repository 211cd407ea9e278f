import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPreferences, writePreferences } from './preferences.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-preferences-'))
})
afterAll(() => rm(folder, { recursive: true }))

const FIRST = { provider: 'automatic', threads: 0, quality: 'balanced', hint: true }

test('preferences are kept, and what is unfit in them is as at first', async () => {
  expect(await readPreferences(folder)).toEqual(FIRST)
  const chosen = { provider: 'cpu', threads: 2, quality: 'full', hint: false } as const
  await writePreferences(folder, chosen)
  expect(await readPreferences(folder)).toEqual(chosen)
  const file = join(folder, 'preferences.json')
  await writeFile(file, JSON.stringify({ ...chosen, provider: 'abacus', threads: -1 }))
  expect(await readPreferences(folder)).toEqual({ ...chosen, provider: 'automatic', threads: 0 })
  for (const text of ['', '[]', 'null', '{"quality": {}']) {
    await writeFile(file, text)
    expect(await readPreferences(folder), text).toEqual(FIRST)
  }
})
