/**
 * A process that saves a project again and again, killed with SIGKILL at random moments: whether the next start finds
 * the old project or the new one, whole, and nothing else.
 *
 * `-- [--kills N] [--seed N]`
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { uniform } from '../../src-main/engine/random.ts'
import { Store } from '../../src-main/session/store.ts'
import type { RobustnessPart } from '../robustness.ts'
import { fillOf, PASSING, PROJECT, savedParts } from '../support/endless-saver.ts'

const SAVER = join(import.meta.dirname, '..', 'support', 'endless-saver.ts')

const projectKills: RobustnessPart = async (recorder, options) => {
  const { values } = parseArgs({
    args: [...options],
    options: { kills: { type: 'string', default: '80' }, seed: { type: 'string', default: '1' } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'halfturn-project-kills-'))
  const draw = uniform(Number(values.seed), 0)
  // All but `kills`, `old`, `new` and `left_behind` is to be 0.
  const tally = { kills: 0, old: 0, new: 0, mixed: 0, lost: 0, temporary: 0, left_behind: 0 }
  try {
    let newest = 0
    // Long enough for some generations: the first kills tell how long one takes.
    let span = 400
    while (tally.kills < Number(values.kills)) {
      const { said, milliseconds } = await killedSaver(folder, newest + 1, () => draw() * span)
      if (said.length > 1) span = (4 * milliseconds) / said.length
      tally.kills++
      if (strays(folder).length > 0) tally.left_behind++

      const next = new Store(folder)
      await next.tidy()
      tally.temporary += strays(folder).length
      const reached = said.at(-1) ?? newest
      const found = await generationIn(next)
      if (found === undefined) tally.mixed++
      else if (found === reached) tally.old++
      else if (found === reached + 1) tally.new++
      else tally.lost++
      newest = found ?? reached
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  recorder.add({ what: 'saving a project, killed', ...tally })
}

export default projectKills

async function killedSaver(folder: string, first: number, delay: () => number) {
  const child = spawn(process.execPath, ['--import', 'tsx', SAVER, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: number[] = []
  let started = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') {
      started = performance.now()
      setTimeout(() => child.kill('SIGKILL'), delay())
    } else said.push(Number(line))
  }
  return { said, milliseconds: performance.now() - started }
}

/** What belongs to no project. */
function strays(folder: string): string[] {
  const names = readdirSync(folder)
  const others = names.filter((name) => name !== PROJECT && name !== PASSING)
  const inside = names
    .filter((name) => !others.includes(name))
    .map((name) => readdirSync(join(folder, name)))
    .flatMap((files) => [
      ...files.filter((file) => !/^(project\.json|(photo2?|head|checkpoint|thumbnail)-[0-9a-f]{16})$/.test(file)),
      ...savedParts.flatMap((part) => files.filter((file) => file.startsWith(`${part}-`)).slice(1)),
    ])
  return [...others, ...inside]
}

/** @returns 0 where there is no project, nothing where it is not one and whole */
async function generationIn(store: Store): Promise<number | undefined> {
  if (!(await store.has(PROJECT))) return 0
  try {
    const { record, parts: found } = await store.read(PROJECT, savedParts)
    const generation = Number(record.name)
    const fill = fillOf(generation)
    const isWhole = savedParts.every((part) => found[part]?.every((value) => value === fill[part]))
    return isWhole ? generation : undefined
  } catch {
    return undefined
  }
}
