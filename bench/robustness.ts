/**
 * What the product survives: each file of `bench/robustness/` is a part, whose default export takes a `Recorder` and the
 * options after `--`.
 *
 * `npm run bench -- robustness [part ...] [-- options]`; without names, all parts. The rows of a part carry its name;
 * parts that are left out keep the rows they have in the results.
 */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Recorder, Row } from './support/recorder.ts'

export type RobustnessPart = (recorder: Pick<Recorder, 'add'>, options: readonly string[]) => Promise<void>

const folder = join(import.meta.dirname, 'robustness')
const results = join(import.meta.dirname, 'results', 'robustness.json')

export default async function robustness(recorder: Recorder, given: readonly string[]): Promise<void> {
  const at = given.indexOf('--')
  const [names, options] = at < 0 ? [given, []] : [given.slice(0, at), given.slice(at + 1)]
  const parts = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
  const unknown = names.find((name) => !parts.includes(name))
  if (unknown !== undefined) throw new Error(`There is no part '${unknown}'. Parts: ${parts.join(', ')}.`)
  const before: { rows: Row[] } = JSON.parse(await readFile(results, 'utf8').catch(() => '{ "rows": [] }'))
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part)) {
      for (const row of before.rows.filter((row) => row.part === part)) recorder.add(row)
      continue
    }
    const { default: run } = (await import(pathToFileURL(join(folder, `${part}.ts`)).href)) as {
      default: RobustnessPart
    }
    const date = new Date().toISOString()
    const load = loadavg()[0]
    await run({ add: ({ what, ...figures }) => recorder.add({ what, part, date, load, ...figures }) }, options)
  }
}
