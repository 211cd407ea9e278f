import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Unsaved } from './api.ts'
import { DataLock } from './data-lock.ts'

let folder: string
const locks: DataLock[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-lock-'))
})
afterEach(async () => {
  for (const lock of locks.splice(0)) await lock.release()
  await rm(folder, { recursive: true })
})

function bench() {
  const told: string[] = []
  const timers: (() => void)[] = []
  const tell = (unsaved?: Unsaved) => told.push(unsaved?.code ?? 'ours')
  const lock = new DataLock(folder, {
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
      told.push('taken')
    },
    changed: tell,
  })
  locks.push(lock)
  return { lock, told, timers }
}

const notePath = () => join(folder, 'engine.json')
const lockPath = () => join(folder, 'engine.lock')
/** As a process that was killed leaves it. */
async function leave(pid: number, secondsAgo: number, host = hostname()): Promise<void> {
  await mkdir(lockPath())
  await writeFile(notePath(), JSON.stringify({ pid, host, token: 'x' }))
  const time = Date.now() / 1000 - secondsAgo
  await utimes(lockPath(), time, time)
}

/** Of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.once('exit', resolve))
  return child.pid!
}

test('the first engine owns the folder, the second one reads, and takes over when the first has gone', async () => {
  const [first, second] = [bench(), bench()]
  await first.lock.take()
  expect(first.told).toEqual(['taken', 'ours'])
  first.lock.require()
  await second.lock.take()
  expect(second.told).toEqual(['locked'])
  expect(() => second.lock.require()).toThrow(`process ${process.pid}`)
  second.timers.pop()!()
  await vi.waitFor(() => expect(second.timers).toHaveLength(1))
  expect(second.told).toEqual(['locked'])
  await first.lock.release()
  second.timers.pop()!()
  await vi.waitFor(() => expect(second.told).toEqual(['locked', 'taken', 'ours']))
  second.lock.require()
  await second.lock.release()
  expect([existsSync(lockPath()), existsSync(notePath())]).toEqual([false, false])
})

test('of two that start at once one owns the folder', async () => {
  const all = [bench(), bench(), bench()]
  await Promise.all(all.map(({ lock }) => lock.take()))
  expect(all.filter(({ lock }) => lock.unsaved === undefined)).toHaveLength(1)
})

test('the lock of a killed process is taken over after two seconds, not after a minute', async () => {
  await leave(await deadPid(), 3)
  const next = bench()
  await next.lock.take()
  expect(next.told).toEqual(['taken', 'ours'])
  expect(JSON.parse(await readFile(notePath(), 'utf8')).pid).toBe(process.pid)
})

test('a start right after the kill waits for it', async () => {
  await leave(await deadPid(), 1.5)
  const next = bench()
  await next.lock.take()
  expect(next.told.at(-1)).toBe('ours')
})

test.each([
  ['lives', () => Promise.resolve(process.ppid), hostname(), 30, 'locked'],
  ['is on another machine', deadPid, 'elsewhere', 30, 'locked'],
  ['has been silent for over a minute', () => Promise.resolve(process.ppid), hostname(), 61, 'ours'],
  ['is on another machine and silent', deadPid, 'elsewhere', 61, 'ours'],
])('the lock of a process that %s', async (_, pid, host, secondsAgo, end) => {
  await leave(await pid(), secondsAgo, host)
  const next = bench()
  await next.lock.take()
  expect(next.told.at(-1)).toBe(end)
})

test('a folder that cannot be written is said, and tried again', async () => {
  await writeFile(join(folder, 'file'), '')
  const told: (string | undefined)[] = []
  const lock = new DataLock(join(folder, 'file', 'data'), {
    clock: { now: () => 0, after: () => () => {} },
    taken: async () => {},
    changed: (unsaved) => told.push(unsaved?.code),
  })
  await lock.take()
  expect(told).toEqual(['failed'])
  expect(() => lock.require()).toThrow('Not saved')
})

test('when tidying up fails, it is not ours', async () => {
  const { lock } = bench()
  Object.assign((lock as unknown as { options: object }).options, {
    taken: () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' })),
  })
  await lock.take()
  expect(lock.unsaved?.code).toBe('read-only')
  expect(existsSync(lockPath())).toBe(false)
})
