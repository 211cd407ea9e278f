import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeSafetensors } from '../engine/checkpoint/safetensors.ts'
import { inversionSettings } from '../engine/inversion/inversion-settings.ts'
import { findUnfinished, type Origin, originNote, originOf, requireSame } from './unfinished.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unfinished-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const origin = (change: Partial<Origin> = {}): Origin => ({
  ...originOf(['b', 'a'], undefined, inversionSettings.parse({ quality: 'fast', learningRate: 0.1 })),
  ...change,
})
/** @param saved in what order */
function put(name: string, value: Origin, saved = 0): void {
  writeFileSync(join(folder, name), Buffer.concat(writeSafetensors(new Map(), originNote(value))))
  utimesSync(join(folder, name), saved, saved)
}
const found = async (wanted = origin()) => await findUnfinished(folder, ['me'], wanted)

describe('what is gone on with', () => {
  it('is the newest of the name, numbered or not, that was begun with the same', async () => {
    put('me.unfinished', origin(), 1)
    put('me-2.unfinished', origin(), 3)
    put('ME-3.unfinished', origin(), 2)
    put('me-4.unfinished', origin({ seed: 7 }), 9)
    put('other.unfinished', origin(), 9)
    mkdirSync(join(folder, 'me-5.unfinished'))
    writeFileSync(join(folder, 'me-6.unfinished'), 'damaged')
    const names = (await found()).map(({ name }) => name)
    expect(names.slice(0, 3)).toEqual(['me-2.unfinished', 'ME-3.unfinished', 'me.unfinished'])
    expect(names.slice(3).sort()).toEqual(['me-4.unfinished', 'me-6.unfinished'])
    expect(requireSame(await found(), folder).stem).toBe('me-2')
    expect(requireSame(await found(origin({ seed: 7 })), folder).stem).toBe('me-4')
  })

  it.each([
    [{ photos: ['c'] }, '2 photos, not 1'],
    [{ photos: ['a', 'c'] }, 'other photos'],
    [{ quality: 'full' }, '--quality fast, not full'],
    [{ learningRate: 0.2, seed: 3 }, '--learning-rate 0.1, not 0.2, and --seed 0, not 3'],
    [{ face: 2 }, 'no --face'],
  ] as const)('is nothing where it was begun otherwise: %j', async (change, differences) => {
    put('me.unfinished', origin())
    const others = await found(origin(change as Partial<Origin>))
    expect(() => requireSame(others, folder)).toThrow(`me.unfinished was begun with ${differences}.`)
  })

  it('is nothing where nothing is there, or nothing that can be read', async () => {
    const none = await found()
    expect(() => requireSame(none, folder)).toThrow(/nothing unfinished/)
    writeFileSync(join(folder, 'me.unfinished'), 'damaged')
    const damaged = await found()
    expect(() => requireSame(damaged, folder)).toThrow(/cannot read/)
  })
})
