/**
 * Many photos: what a photo costs in a batch and alone, with one and two heads at a time; what it costs by quality; how
 * memory goes over many; ten thousand jobs that do nothing through the real queue; and sixty real heads over three
 * workers, one of them killed, with the server killed too.
 *
 * `-- [--only cost,quality,memory,queue,workers] [--quality NAME] [--photos N] [--people N]`: photos of a part, jobs of
 * the queue's
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { silent } from '../src-main/cli/batch/crew.ts'
import { findPeople } from '../src-main/cli/batch/people.ts'
import { makeThere } from '../src-main/cli/batch/queue.ts'
import type { Making } from '../src-main/cli/batch/record.ts'
import { openStorage } from '../src-main/cli/batch/storage/address.ts'
import { sha256Of } from '../src-main/engine/checkpoint/import.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { qualities } from '../src-main/engine/inversion/schedule.ts'
import { fileChoices } from '../src-main/engine/surface/formats/options.ts'
import { VERSION } from '../src-main/engine/version.ts'
import { buildCommand, builtCommand } from '../testing/command.ts'
import { denseGenerator } from '../testing/generator.ts'
import { buildStubs, stubWorker } from '../testing/queue/build.ts'
import { RedisServer } from '../testing/queue/redis.ts'
import { stubPhoto } from '../testing/queue/stub-maker.ts'
import { samplePath } from '../testing/sample.ts'
import { Family } from './support/family.ts'
import { median, type Recorder, startClock } from './support/recorder.ts'

/** As few steps as there may be: what is measured is what comes with a photo, whatever its quality. */
const QUICK = ['--provider', 'cpu', '--quality', 'fast', '--steps', '3', '--mesh-resolution', '64', '--format', 'ply']

/** Side of photos whose heads nobody looks at. */
const SMALL = 400

type Part = (recorder: Recorder, folder: string, asked: Asked) => Promise<void>
interface Asked {
  readonly photos: number
  readonly people: number
  readonly quality: string | undefined
}
const PARTS: Readonly<Record<string, Part>> = { cost, quality, memory, queue, workers }

export default async function batch(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      only: { type: 'string', default: Object.keys(PARTS).join() },
      quality: { type: 'string' },
      photos: { type: 'string', default: '60' },
      people: { type: 'string', default: '10000' },
    },
  })
  buildCommand()
  await buildStubs()
  const folder = mkdtempSync(join(tmpdir(), 'halfturn-batch-'))
  process.env.HALFTURN_DATA = join(folder, 'data')
  const asked = { photos: Number(values.photos), people: Number(values.people), quality: values.quality }
  try {
    for (const part of values.only.split(',')) await PARTS[part](recorder, folder, asked)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Exit codes of a command that did all it could: everybody has a head, or who has none is said. */
const DONE = [0, 3]

/** Runs the command. @returns what it took, its processes together */
async function run(args: readonly string[], look?: (resident: number) => void): Promise<Family> {
  const child = spawn(process.execPath, [builtCommand, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  const family = new Family(child, look)
  const code = await family.ended
  if (code === null || !DONE.includes(code)) throw new Error(`halfturn ${args.join(' ')} ended with ${code}`)
  return family
}

/** Portraits that differ in their light. @param side pixels at most @returns their folder */
async function putPhotos(folder: string, name: string, count: number, side = 4096): Promise<string> {
  const photos = join(folder, name)
  mkdirSync(photos)
  for (let i = 0; i < count; i++) {
    const brightness = 0.8 + (0.4 * i) / count
    const photo = sharp(samplePath).resize(side, side, { fit: 'inside', withoutEnlargement: true })
    await photo
      .modulate({ brightness })
      .jpeg({ quality: 90 })
      .toFile(join(photos, `p${i}.jpg`))
  }
  return photos
}

const figures = ({ cpu, wall, peak }: Family, heads: number) => ({
  ...{ heads, cpu, wall, cpu_a_head: cpu / heads, heads_a_minute: (60 * heads) / wall, peak_rss: Math.round(peak) },
})

async function cost(recorder: Recorder, folder: string, { photos: count }: Asked): Promise<void> {
  const photos = await putPhotos(folder, 'cost', count)
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

async function quality(recorder: Recorder, folder: string, { photos: count, quality: only }: Asked): Promise<void> {
  const photos = await putPhotos(folder, 'quality', count)
  for (const name of only ? [only] : qualities) {
    const args = ['--provider', 'cpu', '--quality', name]
    recorder.add({
      what: `quality ${name}`,
      ...figures(await run(['batch', photos, '-o', join(folder, name), ...args]), count),
    })
  }
}

/** What is resident in one process that makes head after head: the median over the time of each; and how that grows. */
async function memory(recorder: Recorder, folder: string, { photos: count }: Asked): Promise<void> {
  const photos = await putPhotos(folder, 'memory', count)
  const output = join(folder, 'many')
  const looks = new Map<number, number[]>()
  const { cpu, wall, peak } = await run(['batch', photos, '-o', output, ...QUICK], (resident) => {
    const made = headsIn(output)
    looks.set(made, [...(looks.get(made) ?? []), resident])
  })
  for (const [made, values] of looks) {
    if (made % 5 === 1) recorder.add({ what: `after ${made} heads in one process`, rss: Math.round(median(values)) })
  }
  const grown = (made: number) => median(looks.get(made) ?? [Number.NaN])
  const last = Math.max(...looks.keys())
  const growth = grown(last - 1) / grown(5) - 1
  recorder.add({
    what: `${count} heads in one process`,
    cpu,
    wall,
    peak_rss: Math.round(peak),
    growth_after_fifth: growth,
  })
}

const filesIn = (folder: string, ending: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending))
    : []

/** Of heads that are there with their records. */
const headsIn = (folder: string): number => filesIn(folder, '.result.json').length

/** Files of heads that are not the same bytes in two batches' results. */
function compare(a: string, b: string): string[] {
  return filesIn(a, '.ply').filter(
    (file) => !existsSync(join(b, file)) || !readFileSync(join(a, file)).equals(readFileSync(join(b, file))),
  )
}

async function queue(recorder: Recorder, folder: string, { people }: Asked): Promise<void> {
  const photo = join(folder, 'photo.jpg')
  writeFileSync(photo, stubPhoto('one for all'))
  const rows = Array.from({ length: people }, (_, i) => `person ${i},${photo}`)
  writeFileSync(join(folder, 'people.csv'), `person,photo\n${rows.join('\n')}\n`)
  const generator = putGenerator(folder)
  const mesh = { resolution: 64, triangles: 1000 }
  const making: Making = {
    ...{ version: VERSION, generator: sha256Of(readFileSync(generator)), mesh, formats: ['stl'] },
    settings: inversionSettings.parse({}),
    choices: fileChoices.parse({}),
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
    const make = await makeThere(server.url, await openStorage(root), making, 'bench', silent)
    await make(found, ({ name }) => told.push(name), new AbortController().signal)
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
async function workers(recorder: Recorder, folder: string, { photos: count }: Asked): Promise<void> {
  const photos = await putPhotos(folder, 'workers', count - 1, SMALL)
  writeFileSync(join(photos, 'poison.jpg'), stubPhoto('no photo at all'))
  const generator = ['--generator', putGenerator(folder)]
  const one = await run(['batch', photos, '-o', join(folder, 'one'), ...generator, ...QUICK])
  recorder.add({ what: `${count} photos on one machine, one of them no photo`, cpu: one.cpu, wall: one.wall })

  const server = await RedisServer.start()
  const start = () =>
    spawn(process.execPath, [builtCommand, 'worker', '--queue', server.url, '--provider', 'cpu', ...generator], {
      stdio: 'ignore',
    })
  const hands = Array.from({ length: 3 }, start)
  try {
    const output = join(folder, 'three')
    const args = ['batch', photos, '-o', output, '--queue', server.url, ...generator, ...QUICK]
    const running = spawn(process.execPath, [builtCommand, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(running, 'close')
    const several = async (share: number) => {
      while (running.exitCode === null && headsIn(output) < share * count) await sleep(100)
    }
    await several(1 / 6)
    hands[0].kill('SIGKILL')
    await several(1 / 3)
    await server.restart()
    const [code] = await ended
    recorder.add({
      what: 'the same over 3 workers, one killed, and the server killed and started again',
      ...{ exit: code, heads: filesIn(output, '.ply').length, differing: compare(join(folder, 'one'), output).length },
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
