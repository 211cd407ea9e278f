/** A batch over three workers with a real Redis: a worker killed, the server killed, a photo that ends its process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import Papa from 'papaparse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/cli/batch/crew.ts'
import { makeOne } from '../../src-main/cli/batch/make-one.ts'
import { findPeople } from '../../src-main/cli/batch/people.ts'
import { type Making, RECORD } from '../../src-main/cli/batch/record.ts'
import { writeGeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import { sha256Of } from '../../src-main/engine/checkpoint/import.ts'
import { inversionSettings } from '../../src-main/engine/inversion/inversion.ts'
import { VERSION } from '../../src-main/engine/version.ts'
import { tinyConfig, tinyWeights } from '../../testing/generator.ts'
import { buildStubs, stubWorker } from '../../testing/queue/build.ts'
import { hasRedis, RedisServer } from '../../testing/queue/redis.ts'
import { stubMaker, stubPhoto } from '../../testing/queue/stub-maker.ts'
import { expectRefusal, type Finished, Workplace } from './command.ts'

if (!hasRedis) console.warn('Left out: the queue, there is no redis-server on this machine.')

const PEOPLE = 60
const POISON = 'p17'

const place = new Workplace()
afterAll(() => place.remove())

describe.skipIf(!hasRedis)('60 photos over three workers', () => {
  const log = place.path('made.log')
  const root = place.path('out')
  const generators: string[] = []
  const workers: ChildProcess[] = []
  let redis: RedisServer
  let run: Finished | undefined

  const made = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  /** Until so many are made, or no more will be. */
  const several = async (count: number) => {
    while (made().length < count && !run) await sleep(20)
  }
  const worker = (generator: string) => {
    const env = { ...process.env, HALFTURN_DATA: place.path('data'), STUB_LOG: log, STUB_PAUSE: '100' }
    workers.push(spawn(process.execPath, [stubWorker, redis.url, generator, '1'], { env, stdio: 'inherit' }))
  }

  beforeAll(async () => {
    await buildStubs()
    redis = await RedisServer.start()
    for (const name of ['tiny', 'another']) {
      const config = tinyConfig({ name })
      generators.push(
        place.write(`${name}.safetensors`, Buffer.concat(writeGeneratorFile(config, tinyWeights(config)))),
      )
    }
    mkdirSync(place.path('photos'))
    for (let i = 0; i < PEOPLE; i++) {
      const text = `p${i}` === POISON ? 'ends' : `photo ${i}`
      writeFileSync(place.path('photos', `p${i}.jpg`), stubPhoto(text))
    }
    for (let i = 0; i < 3; i++) worker(generators[0])
    worker(generators[1])
    const args = ['batch', place.path('photos'), '-o', root, '--queue', redis.url, '--generator', generators[0]]
    const running = place.run([...args, '--format', 'stl', '--json']).then((finished) => {
      run = finished
    })
    await several(10)
    workers[0].kill('SIGKILL')
    await several(25)
    await redis.restart()
    await running
  })
  afterAll(async () => {
    for (const process of workers) process.kill('SIGKILL')
    await redis?.remove()
  })

  it('gives 59 heads, and says who has none and why', () => {
    expect(run?.stderr).toBe('')
    expect(run?.code).toBe(3)
    const table = readFileSync(join(root, 'results.csv'), 'utf8')
    const { data } = Papa.parse<Record<string, string>>(table, { header: true, skipEmptyLines: true })
    expect(data).toHaveLength(PEOPLE)
    const without = data.filter(({ verdict }) => verdict !== 'good')
    expect(without.map(({ person, error }) => [person, error])).toEqual([[POISON, 'head-process-ended']])
  })

  it('makes each of them once, by workers of the same generator alone', () => {
    const lines = made()
    expect(new Set(lines).size).toBe(PEOPLE - 1)
    expect(lines).toHaveLength(PEOPLE - 1)
    const mark = sha256Of(readFileSync(generators[0])).slice(0, 8)
    for (const line of lines) expect(line.startsWith(mark), line).toBe(true)
  })

  it('gives the same bytes as one machine: every sixth is looked at', async () => {
    const sha256 = sha256Of(readFileSync(generators[0]))
    const maker = await stubMaker(sha256)
    const mesh = { resolution: 256, triangles: 60_000 }
    const making: Making = {
      ...{ version: VERSION, generator: sha256, settings: inversionSettings.parse({}), formats: ['stl'], mesh },
    }
    const people = await findPeople([place.path('photos')], root)
    for (const person of people.filter(({ name }, i) => name !== POISON && i % 6 === 0)) {
      await makeOne(maker, { root: place.path('alone'), person, making }, () => true, silent)
      const files = place.files('alone', person.name)
      expect(place.files('out', person.name)).toEqual(files)
      for (const file of files) {
        const [here, there] = ['alone', 'out'].map((folder) => readFileSync(place.path(folder, person.name, file)))
        // A record says how long it took; all else is the same.
        if (file.endsWith(RECORD)) {
          const [a, b] = [here, there].map((bytes) => ({ ...JSON.parse(bytes.toString()), seconds: 0, cpu_seconds: 0 }))
          expect(b).toEqual(a)
        } else expect(there.equals(here), file).toBe(true)
      }
    }
  })

  it('leaves the poisonous photo in the list of failed jobs, and nothing else on the queue', async () => {
    const name = `halfturn-${VERSION}-${sha256Of(readFileSync(generators[0])).slice(0, 12)}`
    const queue = new Queue(name, { connection: { url: redis.url } })
    const counts = await queue.getJobCounts()
    expect(counts).toMatchObject({ failed: 1, completed: 0, waiting: 0, active: 0, delayed: 0 })
    const [job] = await queue.getFailed()
    expect([job.name, job.attemptsMade]).toEqual([POISON, 3])
    await queue.close()
  })
})

describe('a queue that cannot be used', () => {
  it.each([['http://localhost'], ['localhost:6379']])('is refused: %s', async (url) => {
    expectRefusal(await place.run(['worker', '--queue', url]), /--queue is no address/)
  })

  it('is told of where nobody answers', async () => {
    expectRefusal(await place.run(['worker', '--queue', 'redis://127.0.0.1:1']), /127\.0\.0\.1:1 does not answer/)
    expectRefusal(await place.run(['worker']), /worker needs a queue/)
  })
})
