/** Threads on one memory: that all share a job, what becomes of one that fails, and that no process waits for them. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { compile, THREADS } from '../../../scripts/kernels.ts'
import { CREW_FIELDS, Crew } from './crew.ts'

/** Each piece waits until the wanted number of threads is at work, then is marked with its thread. */
const SOURCE = `
import { enter, leave, nextJob, own, scratchOf, takePiece } from '../runtime/crew.kernel'
export { base } from '../runtime/crew.kernel'
const WANTED = own
const CAME = own + 4
const FAILS = own + 8
const MARKS = own + 12
export function scratchNeeded(): usize { return 0 }
export function work(thread: i32): void {
  let isFirst = true
  for (let piece = takePiece(); piece >= 0; piece = takePiece()) {
    if (isFirst) atomic.add<i32>(CAME, 1)
    isFirst = false
    while (atomic.load<i32>(CAME) < atomic.load<i32>(WANTED)) {}
    if (thread === load<i32>(FAILS)) unreachable()
    atomic.store<i32>(MARKS + (<usize>piece << 2), thread + 1)
  }
}
export function serve(thread: i32): void {
  for (let edition = nextJob(0); edition !== 0; edition = nextJob(edition)) {
    if (enter()) work(thread)
    leave()
  }
}`
const [WANTED, CAME, FAILS, MARKS] = [0, 1, 2, 3].map((field) => CREW_FIELDS + field)
const NOBODY = -1

const wasm = Buffer.from(await compile('generator/test.kernel.ts', THREADS, SOURCE))
const module = new WebAssembly.Module(wasm)
const crew = new Crew(module, 3)
afterAll(() => crew.close())

/** @returns the threads that came, each by its number */
function run(of: Crew, pieces: number, wanted: number, fails = NOBODY, together = true): Set<number> {
  const block = of.block(MARKS + pieces)
  block.fill(0, MARKS)
  block[WANTED] = wanted
  block[CAME] = 0
  block[FAILS] = fails
  of.run(pieces, together)
  const marks = [...block.subarray(MARKS)]
  expect(marks).not.toContain(0)
  return new Set(marks.map((mark) => mark - 1))
}

it('shares a job among all threads, again and again', () => {
  for (let job = 0; job < 200; job++) expect(run(crew, 3, 3).size).toBe(3)
  for (let job = 0; job < 200; job++) expect(run(crew, 50, 2).size).toBeGreaterThan(1)
})

it('does a small job alone', () => {
  expect(run(crew, 10, 1, NOBODY, false)).toEqual(new Set([0]))
  expect(run(crew, 1, 1)).toEqual(new Set([0]))
})

it('needs no other thread where there is one core', () => {
  expect(run(new Crew(module, 1), 10, 1)).toEqual(new Set([0]))
})

it('has new threads after it was closed', async () => {
  await crew.close()
  expect(run(crew, 3, 3).size).toBe(3)
})

it('names what a thread died of, and goes on without it', async () => {
  const other = new Crew(module, 3)
  expect(() => run(other, 3, 3, 1)).toThrow(/Crew: a thread failed.*unreachable/)
  expect(run(other, 2, 2).size).toBe(2)
  await other.close()
})

it('is open for the next job where the caller itself fails', async () => {
  const other = new Crew(module, 2)
  expect(() => run(other, 2, 2, 0)).toThrow('unreachable')
  expect(run(other, 2, 2).size).toBe(2)
  await other.close()
})

it('keeps no process from ending', async () => {
  const script = `
    const { Crew } = await import(${JSON.stringify(import.meta.resolve('./crew.ts'))})
    const crew = new Crew(new WebAssembly.Module(Buffer.from('${wasm.toString('base64')}', 'base64')), 3)
    crew.block(${MARKS}).set([3, 0, ${NOBODY}], ${WANTED})
    crew.run(3)
    console.log('done')`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const cwd = fileURLToPath(new URL('../../..', import.meta.url))
  expect((await promisify(execFile)(process.execPath, args, { cwd })).stdout).toBe('done\n')
})
