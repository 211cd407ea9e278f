/**
 * Runs a benchmark: `npm run bench -- <name> [options]`. A benchmark is a file `bench/<name>.ts` whose default export
 * takes a `Recorder`; what it records goes, with the machine it ran on, to `bench/results/<name>.json`, or to another
 * name after `--as`.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeFileAtomic } from '../src-main/engine/files/atomic.ts'
import { describeMachine, Recorder } from './support/recorder.ts'

const here = import.meta.dirname
const names = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'bench.ts')
  .map((file) => file.slice(0, -'.ts'.length))

const [name, ...options] = process.argv.slice(2)
const at = options.indexOf('--as')
const kept = at < 0 ? name : options.splice(at, 2)[1]
if (!names.includes(name)) {
  console.error(`There is no benchmark '${name ?? ''}'. Benchmarks: ${names.join(', ')}.`)
  process.exit(1)
}
const { default: benchmark } = (await import(pathToFileURL(join(here, `${name}.ts`)).href)) as {
  default: (recorder: Recorder, options: readonly string[]) => Promise<void>
}
const recorder = new Recorder()
const command = ['npm run bench --', name, ...options].join(' ')
await benchmark(recorder, options)
const result = { name, command, date: new Date().toISOString(), machine: describeMachine(), rows: recorder.rows }
const path = join(here, 'results', `${kept}.json`)
await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`))
console.log(`\n${path}`)
