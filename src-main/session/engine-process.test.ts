/** The engine as the process it is: it hears what is said before it is ready, and two of it share one data folder. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { builtEngine } from '../../testing/built.ts'
import type { Hello } from './api.ts'
import { Engine } from './engine.ts'

let folder: string
const processes: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-engine-process-'))
})
afterEach(async () => {
  for (const child of processes.splice(0)) await kill(child)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

function launch() {
  const child = fork(builtEngine, {
    serialization: 'advanced',
    env: { ...process.env, HALFTURN_DATA: folder, HALFTURN_PROVIDER: 'cpu' },
  })
  processes.push(child)
  let calls = 0
  /** As a window does, without waiting for anything. */
  const hello = () =>
    new Promise<Hello>((resolve) => {
      const id = String(++calls)
      const hear = ({ data }: { data?: { i?: string; r?: { value: Hello } } }) => {
        if (data?.i !== id || !data.r) return
        child.off('message', hear)
        resolve(data.r.value)
      }
      child.on('message', hear)
      const data = JSON.stringify({ t: 'q', i: id, m: 'call', a: ['hello', {}] })
      child.send({ type: 'data', connection: 1, data })
    })
  return { child, hello }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

test('it answers what was asked before it was ready; of two the second reads, until the first is killed', async () => {
  const first = launch()
  expect(await first.hello()).toMatchObject({ provider: 'cpu' })
  const second = launch()
  expect((await second.hello()).unsaved).toMatchObject({ code: 'unsaved-locked' })
  expect((await first.hello()).unsaved).toBeUndefined()
  await kill(first.child)
  await expect.poll(async () => (await second.hello()).unsaved).toBeUndefined()
  // To a third, here for want of another process, the folder is taken still.
  const third = await Engine.create({ folder, runtime: { provider: 'cpu' } })
  expect((await third.hello()).unsaved).toMatchObject({ code: 'unsaved-locked' })
  await third.close()
})
