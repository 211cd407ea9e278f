/** The served form's engine, with programs in its place that end when they should not. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EngineChild } from './engine-child.ts'
import { RESTARTS } from './restart.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-child-'))
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

async function start(program: string): Promise<EngineChild> {
  const entry = join(folder, 'engine.mjs')
  await writeFile(entry, program)
  return new EngineChild(entry, folder)
}

test('one that ends at once is started five times, and then no more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] })
  const count = join(folder, 'count')
  const engine = await start(`import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(count)}, 'x')`)
  for (let life = 1; life <= RESTARTS; life++) {
    const { process } = engine
    if (process.exitCode === null) await new Promise((resolve) => process.once('exit', resolve))
    expect(await readFile(count, 'utf8')).toHaveLength(life)
    await vi.advanceTimersByTimeAsync(5000)
  }
  expect(engine.process.exitCode).toBe(0)
  expect(vi.mocked(console.error).mock.calls.at(-1)?.[0]).toMatch(/ended 5 times in a row/)
  // Who asks it for something now is told, and nothing is thrown.
  expect(await engine.download('0'.repeat(32))).toHaveProperty('failure')
  await engine.close()
})

test('who waits for an answer when it ends is told', async () => {
  const engine = await start(`process.on('message', ({ type }) => type === 'download' && process.exit(1))`)
  expect(await engine.download('0'.repeat(32))).toHaveProperty('failure.code')
  expect(await engine.upload([new Uint8Array(3)] as never)).toHaveProperty('failure')
  await engine.close()
})
