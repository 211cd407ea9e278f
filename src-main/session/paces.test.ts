import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Paces } from './paces.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-paces-'))
})
afterEach(() => rm(folder, { recursive: true }))

const cost = { enter: 1, step: 2 }
const costs = { code: cost, layers: cost, shape: cost, detail: cost, afterwards: 40 }

test('what jobs took is there at the next start, the last ones of their kinds', async () => {
  const paces = new Paces(folder)
  for (let i = 0; i < 40; i++) await paces.keep(`kind ${i}`, costs)
  const next = new Paces(folder)
  expect(next.of('kind 39')).toEqual(costs)
  expect(next.of('kind 0')).toBeUndefined()
})

test('what is unfit is as if nothing were known', async () => {
  for (const text of ['', '{"kind":{"code":{"enter":0,"step":0}}}', '{"kind":null}']) {
    await writeFile(join(folder, 'paces.json'), text)
    expect(new Paces(folder).of('kind')).toBeUndefined()
  }
})
