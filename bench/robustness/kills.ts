/**
 * Processes killed with SIGKILL at random moments, and what the next start makes of what they left: every set of files
 * whole, the old one or the new one; no temporary file; what was interrupted goes on to the same bits.
 *
 * `-- [--only set,small-set,rivals,import,signals,reconstruct] [--kills N] [--seed N]`, kills for each kind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { FileSet } from '../../src-main/engine/files/file-set.ts'
import { uniform } from '../../src-main/engine/random.ts'
import { buildCommand, builtCommand } from '../../testing/command.ts'
import { samplePath } from '../../testing/sample.ts'
import type { RobustnessPart } from '../robustness.ts'
import { CHECKPOINT, ENDINGS, generationOf, STEM } from '../support/endless-writer.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CHECKPOINT_FILE = join(ROOT, 'src-main', 'engine', 'checkpoint', 'fixtures', 'tiny2x.pkl')
const WRITER = join(ROOT, 'out', 'bench', 'endless-writer.js')
const QUICK = [
  '--provider',
  'cpu',
  '--quality',
  'fast',
  '--steps',
  '3',
  '--mesh-resolution',
  '64',
  '--triangles',
  '2000',
]
/** Kills of each kind: a whole reconstruction takes some 15 CPU seconds, and once more to go on. */
const KILLS = { set: 80, 'small-set': 80, rivals: 30, import: 30, signals: 30, reconstruct: 10 } as const

/** What was found after kills, and after those processes that came to their end before. */
interface Tally {
  kills: number
  mixed: number
  temporary: number
  [what: string]: number
}

type Draw = () => number

const kills: RobustnessPart = async (recorder, options) => {
  const { values } = parseArgs({
    args: [...options],
    options: {
      only: { type: 'string', default: Object.keys(KILLS).join() },
      kills: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  })
  // Built: a process that compiles itself anew is killed while it does so.
  buildCommand()
  await build({
    entryPoints: [join(ROOT, 'bench', 'support', 'endless-writer.ts')],
    outfile: WRITER,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  })
  const kinds = {
    set: killedSets(false),
    'small-set': killedSets(true),
    rivals: killedRivals,
    import: killedImports,
    signals: signalledImports,
    reconstruct: killedReconstructions,
  }
  for (const [stream, kind] of (Object.keys(KILLS) as (keyof typeof KILLS)[]).entries()) {
    if (!values.only.split(',').includes(kind)) continue
    const folder = mkdtempSync(join(tmpdir(), 'halfturn-kills-'))
    const draw = uniform(Number(values.seed), stream)
    try {
      const [what, tally] = await kinds[kind](folder, Number(values.kills ?? KILLS[kind]), draw)
      recorder.add({ what, ...tally })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

export default kills

/** A writer that does nothing but what a reconstruction does with the disk, so that the kills fall there. */
const killedSets =
  (small: boolean) =>
  async (folder: string, times: number, draw: Draw): Promise<[string, Tally]> => {
    const tally: Tally = {
      kills: 0,
      old: 0,
      new: 0,
      mixed: 0,
      temporary: 0,
      lost: 0,
      journals: 0,
      staged: 0,
      checkpoints: 0,
    }
    const read = (ending: string) => generationOf(readFileSync(join(folder, `${STEM}.${ending}`)), ending, small)
    let newest = 0
    // Long enough for some generations: the first kills tell how long one takes.
    let span = 400
    while (tally.kills < times) {
      const child = run([WRITER, small ? 'small-set' : 'set', folder, String(newest + 1)])
      const said: number[] = []
      let started = 0
      for await (const line of createInterface({ input: child.stdout! })) {
        if (line === 'ready') {
          started = performance.now()
          setTimeout(() => child.kill('SIGKILL'), draw() * span)
        } else said.push(Number(line))
      }
      if (said.length > 1) span = (4 * (performance.now() - started)) / said.length
      tally.kills++
      const hidden = existsSync(join(folder, '.halfturn'))
        ? readdirSync(join(folder, '.halfturn'), { recursive: true })
        : []
      if (hidden.some((name) => String(name).endsWith('journal.json'))) tally.journals++
      else if (hidden.some((name) => String(name).includes('new/'))) tally.staged++

      nextStart(folder)
      const names = readdirSync(folder)
      tally.temporary += names.filter((name) => name !== `${STEM}.${CHECKPOINT}` && !isOf(STEM, name)).length
      const reached = said.at(-1) ?? newest
      const present = ENDINGS.filter((ending) => names.includes(`${STEM}.${ending}`))
      const found = new Set(present.map(read))
      const [generation = 0] = found
      if (found.size > 1 || Number.isNaN(generation) || (present.length > 0 && present.length < ENDINGS.length))
        tally.mixed++
      else if (generation === reached) tally.old++
      else if (generation === reached + 1) tally.new++
      else tally.lost++
      if (names.includes(`${STEM}.${CHECKPOINT}`)) {
        tally.checkpoints++
        // It is of the run that was killed: the set it is for is not there yet.
        if (read(CHECKPOINT) !== generation + 1) tally.mixed++
      }
      newest = Number.isNaN(generation) ? 0 : generation
    }
    return [small ? 'writing a set of tiny files, killed' : 'writing a set, killed', tally]
  }

/** Three writers at once into one folder, killed together: no set holds files of two of them. */
async function killedRivals(folder: string, times: number, draw: Draw): Promise<[string, Tally]> {
  const tally: Tally = { kills: 0, whole: 0, mixed: 0, temporary: 0, sets: 0 }
  for (let round = 1; tally.kills < times; round++) {
    const rivals = [1, 2, 3].map((n) => run([WRITER, 'small-set', folder, String(1_000_000 * (3 * round + n))]))
    const exits = rivals.map(ended)
    const delay = 1000 + 4000 * draw()
    setTimeout(() => rivals.map((rival) => rival.kill('SIGKILL')), delay)
    await Promise.all(exits)
    tally.kills += rivals.length
    nextStart(folder)
    const names = readdirSync(folder)
    const stems = new Set(names.map((name) => name.slice(0, name.indexOf('.'))))
    for (const stem of stems) {
      const present = ENDINGS.filter((ending) => names.includes(`${stem}.${ending}`))
      // Without a set there may be the checkpoint of one.
      if (present.length === 0) continue
      const found = new Set(
        present.map((ending) => generationOf(readFileSync(join(folder, `${stem}.${ending}`)), ending, true)),
      )
      tally[found.size === 1 && present.length === ENDINGS.length ? 'whole' : 'mixed']++
      tally.sets++
    }
    tally.temporary += names.filter((name) => !/^head(-\d+)?\./.test(name)).length
  }
  return ['three at once writing sets of tiny files, killed', tally]
}

/** The command itself, two checkpoints taking turns in replacing one generator file. */
async function killedImports(folder: string, times: number, draw: Draw): Promise<[string, Tally]> {
  const tally: Tally = { kills: 0, old: 0, new: 0, mixed: 0, temporary: 0, ended: 0 }
  mkdirSync(join(folder, 'out'))
  const target = join(folder, 'out', 'generator.safetensors')
  // A generator says which file it was made of.
  const sources = ['one.pkl', 'other.pkl'].map((name) => join(folder, name))
  for (const source of sources) copyFileSync(CHECKPOINT_FILE, source)
  const command = (source: string) => halfturn(['import', source, '-o', target, '--overwrite'])
  const digests: string[] = []
  let [span, writing] = [0, 0]
  for (const source of sources) {
    const started = performance.now()
    const child = command(source)
    const exit = ended(child)
    await workBegins(child, join(folder, 'out'))
    const begun = performance.now()
    await exit
    span = performance.now() - started
    writing = performance.now() - begun
    digests.push(digestOf(target))
  }
  while (tally.kills < times) {
    const before = digestOf(target)
    const next = digests.findIndex((digest) => digest !== before)
    const child = command(sources[next])
    const exit = ended(child)
    // Most of it is spent on loading the program: every other kill waits until there is something to spoil.
    const isLate = (tally.kills + tally.ended) % 2 === 1
    if (isLate) await workBegins(child, join(folder, 'out'))
    setTimeout(() => child.kill('SIGKILL'), draw() * (isLate ? writing : span))
    tally[(await exit) === null ? 'kills' : 'ended']++
    nextStart(join(folder, 'out'))
    tally.temporary += readdirSync(join(folder, 'out')).length - 1
    const after = digestOf(target)
    if (after === before) tally.old++
    else if (after === digests[next]) tally.new++
    else tally.mixed++
  }
  return ['import, killed', tally]
}

/** The command asked to end, in a folder that is made for it: it leaves all or nothing, without another start. */
async function signalledImports(folder: string, times: number, draw: Draw): Promise<[string, Tally]> {
  const tally: Tally = { kills: 0, all: 0, nothing: 0, mixed: 0, temporary: 0, ended: 0 }
  const [made, target] = [join(folder, 'made'), join(folder, 'made', 'for it', 'generator.safetensors')]
  const command = () => halfturn(['import', CHECKPOINT_FILE, '-o', target])
  await ended(command())
  const whole = digestOf(target)
  while (tally.kills < times) {
    rmSync(made, { recursive: true, force: true })
    const child = command()
    const exit = ended(child)
    const begun = performance.now()
    await workBegins(child, dirname(target))
    const signal = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)[tally.kills % 3]
    setTimeout(() => child.kill(signal), draw() * 0.2 * (performance.now() - begun))
    tally[(await exit) === 0 ? 'ended' : 'kills']++
    const left = existsSync(made) ? readdirSync(dirname(target)) : []
    if (!existsSync(made)) tally.nothing++
    else if (left.includes(basename(target)) && digestOf(target) === whole) tally.all++
    else tally.mixed++
    tally.temporary += left.filter((name) => name !== basename(target)).length
  }
  return ['import, asked to end while it writes', tally]
}

/** The command itself, from start to end, in place of an earlier head; then again, or on from its checkpoint. */
async function killedReconstructions(folder: string, times: number, draw: Draw): Promise<[string, Tally]> {
  const tally: Tally = { kills: 0, old: 0, new: 0, mixed: 0, temporary: 0, ended: 0, resumed: 0, 'other bits': 0 }
  const stem = 'sample-portrait'
  const command = (output: string, seed: number, ...more: string[]) =>
    halfturn([
      'reconstruct',
      samplePath,
      '-o',
      output,
      '--seed',
      String(seed),
      '--overwrite',
      '--json',
      ...QUICK,
      ...more,
    ])
  const setIn = (path: string) =>
    ENDINGS.map((ending) => join(path, `${stem}.${ending}`)).map((file) => (existsSync(file) ? digestOf(file) : ''))
  const wanted = [join(folder, '0'), join(folder, '1')]
  let span = 0
  for (const [seed, output] of wanted.entries()) {
    const started = performance.now()
    await ended(command(output, seed))
    span = performance.now() - started
  }
  const sets = wanted.map((output) => setIn(output).join())
  const output = join(folder, 'killed')
  mkdirSync(output)
  for (let turn = 0; tally.kills < times; turn++) {
    const seed = turn % 2
    const before = setIn(output).join()
    const child = command(output, seed)
    const exit = ended(child)
    setTimeout(() => child.kill('SIGKILL'), (0.1 + 0.9 * draw()) * span)
    tally[(await exit) === null ? 'kills' : 'ended']++
    nextStart(output)
    const after = setIn(output).join()
    if (after === sets[seed]) tally.new++
    else if (after === before) tally.old++
    else tally.mixed++
    const checkpoint = existsSync(join(output, `${stem}.${CHECKPOINT}`))
    tally.temporary += readdirSync(output).filter(
      (name) => !isOf(stem, name) && name !== `${stem}.${CHECKPOINT}`,
    ).length
    if (checkpoint) tally.resumed++
    await ended(command(output, seed, ...(checkpoint ? ['--resume'] : [])))
    if (setIn(output).join() !== sets[seed]) tally['other bits']++
    tally.temporary += readdirSync(output).filter((name) => !isOf(stem, name)).length
  }
  return ['reconstruct, killed and gone on with', tally]
}

/** What any command does first. */
function nextStart(folder: string): void {
  FileSet.claim({ folder, stem: 'next start', endings: ENDINGS, inputs: [] }).abandon()
}

const isOf = (stem: string, name: string) => ENDINGS.some((ending) => name === `${stem}.${ending}`)
const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
const halfturn = (args: readonly string[]) => run([builtCommand, ...args])

function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Comes back when a process has something to clean up in `folder`, or has ended. */
async function workBegins(child: ChildProcess, folder: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && !existsSync(join(folder, '.halfturn'))) await sleep(1)
}

/** @returns the exit code; null where it was killed */
function ended(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume()
  return new Promise((settle) => child.on('close', (code) => settle(code)))
}
