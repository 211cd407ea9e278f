import { expect, test } from 'vitest'
import { explainWriteError } from '../engine/files/atomic.ts'
import { en } from '../words/en.ts'
import { say } from '../words/message.ts'
import type { Unsaved } from './api.ts'
import { Saving, unsavedBecause } from './saving.ts'

const broken = (code: string) => explainWriteError(Object.assign(new Error(code), { code }), '/projects/x')

function bench() {
  const told: (Unsaved['code'] | 'saved')[] = []
  const written: number[] = []
  const it = { state: 0, disk: 'OK', told, written, timers: [] as (() => void)[], finish: [] as (() => void)[] }
  const saving = new Saving({
    write: async () => {
      const { state } = it
      if (it.disk === 'slow') await new Promise<void>((resolve) => it.finish.push(resolve))
      else if (it.disk !== 'OK') throw broken(it.disk)
      written.push(state)
    },
    changed: (unsaved) => told.push(unsaved?.code ?? 'saved'),
    clock: {
      now: () => 0,
      after: (_, work) => {
        it.timers.push(work)
        return () => {
          it.timers.splice(it.timers.indexOf(work), 1)
        }
      },
    },
  })
  return { ...it, it, saving }
}

test('a full disk is told once, tried again, and told to be over', async () => {
  const { it, saving, told, written } = bench()
  it.disk = 'ENOSPC'
  await saving.save()
  await saving.save()
  expect(told).toEqual(['unsaved-full'])
  expect(saving.unsaved).toMatchObject({ code: 'unsaved-full' })
  expect(it.timers).toHaveLength(1)
  it.disk = 'EROFS'
  it.timers.pop()!()
  await saving.save()
  it.disk = 'OK'
  it.state = 7
  it.timers.pop()!()
  await saving.save()
  expect(told).toEqual(['unsaved-full', 'unsaved-read-only', 'saved'])
  expect(written.at(-1)).toBe(7)
  expect(saving.unsaved).toBeUndefined()
  expect(it.timers).toEqual([])
})

test('saves asked for while one is written become one, of the newest state', async () => {
  const { it, saving, written } = bench()
  it.disk = 'slow'
  const all = [saving.save()]
  await Promise.resolve()
  it.disk = 'OK'
  for (it.state = 1; it.state < 5; it.state++) all.push(saving.save())
  await Promise.resolve()
  it.finish[0]()
  await Promise.all(all)
  expect(written).toEqual([0, 5])
})

test('once closed nothing is written, not even what was still to be tried', async () => {
  const { it, saving, written } = bench()
  it.disk = 'EACCES'
  await saving.save()
  await saving.close()
  expect(it.timers).toEqual([])
  it.disk = 'OK'
  await saving.save()
  expect(written).toEqual([])
})

test.each([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EIO', 'failed'],
])('%s is said to be %s, with a cure', (code, word) => {
  const unsaved = unsavedBecause(broken(code))
  expect(unsaved.code).toBe(`unsaved-${word}`)
  const { text, cure } = say(en, unsaved, 'window')
  expect(text).toMatch(/^Not saved: /)
  expect(cure).toMatch(/./)
})
