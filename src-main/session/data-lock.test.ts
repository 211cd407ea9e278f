import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataLock } from './data-lock.ts'

let folder: string
const locks: DataLock[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-lock-'))
})
afterEach(async () => {
  for (const lock of locks.splice(0)) lock.release()
  await rm(folder, { recursive: true })
})

function bench(at = folder) {
  const told: string[] = []
  const timers: (() => void)[] = []
  const lock = new DataLock(at, {
    clock: {
      now: () => 0,
      after: (_, work) => {
        timers.push(work)
        return () => {
          timers.splice(timers.indexOf(work), 1)
        }
      },
    },
    taken: async () => {
      expect(() => lock.require()).toThrow()
      told.push('tidy')
    },
    changed: (unsaved) => told.push(unsaved?.code ?? 'ours'),
    log: () => {},
  })
  locks.push(lock)
  return { lock, told, timers }
}

test('the first engine owns the folder, the second one reads, and takes over when the first has gone', async () => {
  const [first, second] = [bench(), bench()]
  await first.lock.take()
  expect(first.told).toEqual(['tidy', 'ours'])
  first.lock.require()
  await second.lock.take()
  expect(() => second.lock.require()).toThrow(`process ${process.pid}`)
  second.timers.pop()!()
  expect(second.timers).toHaveLength(1)
  expect(second.told).toEqual(['unsaved-locked'])
  first.lock.release()
  second.timers.pop()!()
  await expect.poll(() => second.told).toEqual(['unsaved-locked', 'tidy', 'ours'])
  second.lock.require()
  second.lock.release()
  expect(existsSync(join(folder, 'engine.lock'))).toBe(false)
})

test('of several that start at once one owns the folder', async () => {
  const all = [bench(), bench(), bench()]
  await Promise.all(all.map(({ lock }) => lock.take()))
  expect(all.filter(({ lock }) => lock.unsaved === undefined)).toHaveLength(1)
})

test('a killed owner owns nothing', async () => {
  const owner = spawn(process.execPath, [
    '-e',
    `const { tryLock } = require('fs-native-extensions')
     const file = require('node:fs').openSync(${JSON.stringify(join(folder, 'engine.lock'))}, 'w+')
     console.log(tryLock(file))
     setInterval(() => {}, 1000)`,
  ]) as ChildProcess
  const said = await new Promise((resolve) => owner.stdout!.once('data', (text) => resolve(String(text).trim())))
  expect(said).toBe('true')
  const next = bench()
  await next.lock.take()
  expect(next.told).toEqual(['unsaved-locked'])
  const ended = new Promise((resolve) => owner.once('exit', resolve))
  owner.kill('SIGKILL')
  await ended
  next.timers.pop()!()
  await expect.poll(() => next.told.at(-1)).toBe('ours')
})

test('a folder that cannot be written is said, and tried again', async () => {
  await writeFile(join(folder, 'file'), '')
  const { lock, told, timers } = bench(join(folder, 'file', 'data'))
  await lock.take()
  expect(told).toEqual(['unsaved-failed'])
  expect(() => lock.require()).toThrow('Not saved')
  await rm(join(folder, 'file'))
  timers.pop()!()
  await expect.poll(() => told.at(-1)).toBe('ours')
})
