/**
 * A batch over three workers with a real Redis: a worker killed, the server killed, a photo that ends its process; then
 * one whose photos and results lie in a bucket.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Queue } from 'bullmq'
import Papa from 'papaparse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/cli/batch/crew.ts'
import { makeOne } from '../../src-main/cli/batch/make-one.ts'
import { findPeople } from '../../src-main/cli/batch/people.ts'
import { type Making, RECORD } from '../../src-main/cli/batch/record.ts'
import { writeGeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import { sha256Of } from '../../src-main/engine/checkpoint/import.ts'
import { inversionSettings } from '../../src-main/engine/inversion/inversion-settings.ts'
import { fileChoices } from '../../src-main/engine/surface/formats/options.ts'
import { VERSION } from '../../src-main/engine/version.ts'
import { tinyConfig, tinyWeights } from '../../testing/generator.ts'
import { buildStubs, stubWorker } from '../../testing/queue/build.ts'
import { ObjectStore } from '../../testing/queue/object-store.ts'
import { hasRedis, RedisServer } from '../../testing/queue/redis.ts'
import { stubMaker, stubPhoto } from '../../testing/queue/stub-maker.ts'
import { expectRefusal, type FinishedRun, Workplace } from './command.ts'

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
  let store: ObjectStore
  let run: FinishedRun

  const made = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  /** Until so many are made, or no more will be. */
  const several = async (count: number, running: Promise<FinishedRun>) => {
    let over = false
    running.finally(() => {
      over = true
    })
    while (made().length < count && !over) await sleep(20)
  }
  const worker = (generator: string) => {
    const env = {
      ...process.env,
      ...store.environment,
      HALFTURN_DATA: place.path('data'),
      STUB_LOG: log,
      STUB_PAUSE: '100',
    }
    workers.push(spawn(process.execPath, [stubWorker, redis.url, generator, '1'], { env, stdio: 'inherit' }))
  }

  beforeAll(async () => {
    await buildStubs()
    redis = await RedisServer.start()
    store = await ObjectStore.start('portraits')
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
    const running = place.run([...args, '--format', 'stl', '--json'])
    await several(10, running)
    workers[0].kill('SIGKILL')
    await several(25, running)
    await redis.restart()
    run = await running
  })
  afterAll(async () => {
    for (const process of workers) process.kill('SIGKILL')
    await redis?.remove()
    await store?.remove()
  })

  it('gives 59 heads, and says who has none and why', () => {
    expect(run.stderr).toBe('')
    expect(run.code).toBe(3)
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

  let alone: readonly string[]
  /** Makes everybody's head here. @returns the paths of all their files */
  const makeAlone = async () => {
    const sha256 = sha256Of(readFileSync(generators[0]))
    const maker = await stubMaker(sha256)
    const mesh = { resolution: 256, triangles: 60_000 }
    const making: Making = {
      ...{
        version: VERSION,
        generator: sha256,
        choices: fileChoices.parse({}),
        settings: inversionSettings.parse({}),
        formats: ['stl'],
        mesh,
      },
    }
    for (const person of await findPeople([place.path('photos')], root)) {
      if (person.name === POISON) continue
      await makeOne(maker, { root: place.path('alone'), person, making }, () => true, silent)
    }
    return place.files('alone')
  }
  const expectSame = (file: string, there: Uint8Array) => {
    const here = readFileSync(place.path('alone', file))
    // A record says how long it took; all else is the same.
    if (!file.endsWith(RECORD)) return expect(here.equals(there), file).toBe(true)
    const [a, b] = [here, there].map((bytes) => ({
      ...JSON.parse(new TextDecoder().decode(bytes)),
      ...{ seconds: 0, cpu_seconds: 0 },
    }))
    expect(b).toEqual(a)
  }

  it('gives the same bytes as one machine', async () => {
    alone = await makeAlone()
    expect(place.files('out').filter((file) => file.includes('/'))).toEqual(alone)
    for (const file of alone) expectSame(file, readFileSync(join(root, file)))
  })

  it('gives them in a bucket too, when its photos lie there', async () => {
    const client = new S3Client({
      ...{ endpoint: store.environment.AWS_ENDPOINT_URL_S3, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    })
    const Bucket = 'portraits'
    const names = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5']
    for (const name of names) {
      const Body = readFileSync(place.path('photos', `${name}.jpg`))
      await client.send(new PutObjectCommand({ Bucket, Key: `in/${name}.jpg`, Body }))
    }
    await client.send(new PutObjectCommand({ Bucket, Key: 'in/none.jpg', Body: '%PDF-1.4' }))
    const args = ['batch', `s3://${Bucket}/in`, '-o', `s3://${Bucket}/out`, '--queue', redis.url]
    const options = ['--generator', generators[0], '--format', 'stl', '--json']
    const { code, stderr } = await place.run([...args, ...options], { env: store.environment })
    expect(stderr).toBe('')
    expect(code).toBe(3)

    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'out/' }))
    const wanted = alone.filter((file) => names.includes(file.split('/')[0]))
    const tables = ['results.csv', 'results.html', 'results.plan.json', 'results.png']
    expect(Contents.map(({ Key = '' }) => Key.slice('out/'.length)).sort()).toEqual([...wanted, ...tables])
    for (const file of wanted) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `out/${file}` }))
      expectSame(file, await Body!.transformToByteArray())
    }
  })

  it('leaves what failed in the list of failed jobs, tried again where that might help, and nothing else on the queue', async () => {
    const name = `halfturn-${VERSION}-${sha256Of(readFileSync(generators[0])).slice(0, 12)}`
    const queue = new Queue(name, { connection: { url: redis.url } })
    const counts = await queue.getJobCounts()
    expect(counts).toMatchObject({ failed: 2, completed: 0, waiting: 0, active: 0, delayed: 0 })
    const tries = (await queue.getFailed()).map(({ name, attemptsMade }) => [name, attemptsMade])
    expect(Object.fromEntries(tries)).toEqual({ [POISON]: 3, none: 1 })
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
