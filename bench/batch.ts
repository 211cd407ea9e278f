/**
 * Many photos: what a photo costs in a batch and alone, with one and two heads at a time; ten thousand jobs that do
 * nothing through the real queue; and real heads over three workers, one of them killed, with the server killed too.
 *
 * `-- [--only cost,queue,workers] [--photos N] [--people N]`: photos of the first and last part, jobs of the second
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { silent } from '../src-main/cli/batch/crew.ts'
import { findPeople } from '../src-main/cli/batch/people.ts'
import { makeThere } from '../src-main/cli/batch/queue.ts'
import type { Making } from '../src-main/cli/batch/record.ts'
import { sha256Of } from '../src-main/engine/checkpoint/import.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { VERSION } from '../src-main/engine/version.ts'
import { denseGenerator } from '../testing/generator.ts'
import { buildStubs, stubWorker } from '../testing/queue/build.ts'
import { RedisServer } from '../testing/queue/redis.ts'
import { stubPhoto } from '../testing/queue/stub-maker.ts'
import { Family } from './support/family.ts'
import { type Recorder, startClock } from './support/recorder.ts'

const ROOT = join(import.meta.dirname, '..')
const COMMAND = join(ROOT, 'out', 'cli', 'cli.js')
const PORTRAIT = join(ROOT, 'resources', 'sample-portrait.jpg')
/** As few steps as there may be: what is measured is what comes with a photo, whatever its quality. */
const QUICK = ['--provider', 'cpu', '--quality', 'fast', '--steps', '3', '--mesh-resolution', '64', '--format', 'stl']

export default async function batch(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      only: { type: 'string', default: 'cost,queue,workers' },
      photos: { type: 'string', default: '60' },
      people: { type: 'string', default: '10000' },
    },
  })
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' })
  await buildStubs()
  const folder = mkdtempSync(join(tmpdir(), 'halfturn-batch-'))
  process.env.HALFTURN_DATA = join(folder, 'data')
  try {
    const only = values.only.split(',')
    if (only.includes('cost')) await cost(recorder, folder, Number(values.photos))
    if (only.includes('queue')) await queue(recorder, folder, Number(values.people))
    if (only.includes('workers')) await workers(recorder, folder, Number(values.photos))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the command. @returns what it took, its processes together */
async function run(args: readonly string[]): Promise<Family> {
  const family = new Family(spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }))
  await family.ended
  return family
}

/** Portraits that differ in their light, small enough to be read at once. */
async function putPhotos(folder: string, count: number): Promise<void> {
  mkdirSync(folder)
  for (let i = 0; i < count; i++) {
    const brightness = 0.8 + (0.4 * i) / count
    const photo = sharp(PORTRAIT).resize(400).modulate({ brightness }).jpeg({ quality: 90 })
    await photo.toFile(join(folder, `p${i}.jpg`))
  }
}

async function cost(recorder: Recorder, folder: string, count: number): Promise<void> {
  const photos = join(folder, 'cost')
  await putPhotos(photos, count)
  const figures = ({ cpu, wall, peak }: Family, heads: number) => ({
    ...{ heads, cpu, wall, cpu_a_head: cpu / heads, heads_a_minute: (60 * heads) / wall, peak_rss: Math.round(peak) },
  })
  const alone = await run(['reconstruct', join(photos, 'p0.jpg'), '-o', join(folder, 'alone'), ...QUICK])
  recorder.add({ what: 'reconstruct, one photo', ...figures(alone, 1) })
  for (const jobs of [1, 2]) {
    const output = join(folder, `jobs-${jobs}`)
    const many = await run(['batch', photos, '-o', output, '--jobs', `${jobs}`, ...QUICK])
    recorder.add({ what: `batch --jobs ${jobs}`, ...figures(many, count) })
  }
  const differing = compare(join(folder, 'jobs-1'), join(folder, 'jobs-2'))
  recorder.add({ what: 'heads that differ between --jobs 1 and 2', heads: differing.length })
}

/** Files of heads that are not the same bytes in two batches' results. */
function compare(a: string, b: string): string[] {
  const files = readdirSync(a, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.stl'))
  return files.filter((file) => !readFileSync(join(a, file)).equals(readFileSync(join(b, file))))
}

async function queue(recorder: Recorder, folder: string, people: number): Promise<void> {
  const photo = join(folder, 'photo.jpg')
  writeFileSync(photo, stubPhoto('one for all'))
  const rows = Array.from({ length: people }, (_, i) => `person ${i},${photo}`)
  writeFileSync(join(folder, 'people.csv'), `person,photo\n${rows.join('\n')}\n`)
  const generator = putGenerator(folder)
  const mesh = { resolution: 64, triangles: 1000 }
  const making: Making = {
    ...{ version: VERSION, generator: sha256Of(readFileSync(generator)), mesh, formats: ['stl'] },
    settings: inversionSettings.parse({}),
  }
  const root = join(folder, 'queue')
  const found = await findPeople([join(folder, 'people.csv')], root)
  const server = await RedisServer.start()
  const env = { ...process.env, STUB_BARE: '1' }
  const hands = Array.from({ length: 2 }, () =>
    spawn(process.execPath, [stubWorker, server.url, generator, '2'], { env, stdio: 'inherit' }),
  )
  try {
    const told: string[] = []
    const clock = startClock()
    await makeThere(
      server.url,
      root,
      making,
      'bench',
      silent,
    )(found, ({ name }) => told.push(name), new AbortController().signal)
    const { cpu, wall } = clock()
    recorder.add({
      what: `${people} jobs that do nothing, 2 workers x 2`,
      ...{ wall, jobs_a_second: people / wall, batch_cpu: cpu },
      ...{ lost: people - new Set(told).size, twice: told.length - new Set(told).size },
    })
  } finally {
    for (const hand of hands) hand.kill('SIGKILL')
    await server.remove()
  }
}

/** Real heads of a small generator. */
async function workers(recorder: Recorder, folder: string, count: number): Promise<void> {
  const photos = join(folder, 'workers')
  await putPhotos(photos, count - 1)
  writeFileSync(join(photos, 'poison.jpg'), stubPhoto('no photo at all'))
  const generator = ['--generator', putGenerator(folder)]
  const one = await run(['batch', photos, '-o', join(folder, 'one'), ...generator, ...QUICK])
  recorder.add({ what: `${count} photos on one machine, one of them no photo`, cpu: one.cpu, wall: one.wall })

  const server = await RedisServer.start()
  const start = () =>
    spawn(process.execPath, [COMMAND, 'worker', '--queue', server.url, '--provider', 'cpu', ...generator], {
      stdio: 'ignore',
    })
  const hands = Array.from({ length: 3 }, start)
  try {
    const output = join(folder, 'three')
    const args = ['batch', photos, '-o', output, '--queue', server.url, ...generator, ...QUICK]
    const running = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(running, 'close')
    const made = () =>
      readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.stl')).length
    const several = async (share: number) => {
      while (running.exitCode === null && made() < share * count) await sleep(100).catch(() => {})
    }
    mkdirSync(output, { recursive: true })
    await several(1 / 6)
    hands[0].kill('SIGKILL')
    await several(1 / 3)
    await server.restart()
    const [code] = await ended
    recorder.add({
      what: 'the same over 3 workers, one killed, and the server killed and started again',
      ...{ exit: code, heads: made(), differing: compare(join(folder, 'one'), output).length },
    })
  } finally {
    for (const hand of hands) hand.kill('SIGKILL')
    await server.remove()
  }
}

function putGenerator(folder: string): string {
  const path = join(folder, 'tiny.safetensors')
  writeFileSync(path, denseGenerator())
  return path
}
