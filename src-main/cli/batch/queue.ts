/**
 * Batches over machines: BullMQ's queue on Redis or Valkey, where only addresses and options go; photos and results lie
 * in a shared folder or a bucket. The queue is named after version and generator, so that a worker never sees what it
 * would make otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Job, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { inEnglish, type Message, message, UserError } from '../../engine/errors.ts'
import { VERSION } from '../../engine/version.ts'
import { isMessage } from '../../words/message.ts'
import { type GeneratorChoice, generatorDigest } from '../chosen-generator.ts'
import type { Reporter } from '../reporter.ts'
import { Crew, type Made, type Make } from './crew.ts'
import type { Task } from './make-one.ts'
import type { Person } from './people.ts'
import { findDone, type HeadRecord, type Making, recordOf, shortDigest } from './record.ts'
import type { Storage } from './storage/storage.ts'
import { tell } from './tell.ts'

/** What is no fault of the photo is tried so often, the first time again after so many milliseconds, then twice as many. */
const ATTEMPTS = 3
const BACKOFF = 5000
/** Milliseconds a worker may be silent, and between two looks for such: then its head goes to another. */
const LOCK = 20_000
const STALLED = 10_000
/** How often a head may be left by its worker. */
const MOST_STALLED = 5
/** Jobs put on the queue, or looked at, at a time. */
const BULK = 500
/** Milliseconds between two looks at the queue at least, and how many times as long as a look takes. */
const REST = 500
const REST_FACTOR = 20
/** Seconds that what failed stays in the queue's list of failed jobs. */
const FAILED_STAY = 30 * 24 * 3600

const queueName = (generator: string) => `halfturn-${VERSION}-${shortDigest(generator)}`

/**
 * Has workers elsewhere make heads.
 * @param id of the batch: the same person is put on the queue once
 * @throws UserError where nobody answers there
 */
export async function makeThere(
  url: string,
  storage: Storage,
  making: Making,
  id: string,
  report: Reporter,
): Promise<Make> {
  const connection = await connect(url)
  return async (people, told, asked) => {
    const queue = new Queue<Task, HeadRecord>(queueName(making.generator), {
      connection,
      defaultJobOptions: {
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: BACKOFF },
        removeOnFail: { age: FAILED_STAY },
      },
    })
    warnOfOutages(queue, url, report)
    const open = new Map(people.map((person) => [`${id}-${person.name}`, person]))
    try {
      await forgetFailed(queue, [...open.keys()])
      const put = async (jobs: readonly Waiting[]) => {
        for (const some of inBulks(jobs)) {
          await queue.addBulk(
            some.map(([jobId, person]) => ({
              ...{ name: person.name, data: { root: storage.address, person, making }, opts: { jobId } },
            })),
          )
        }
      }
      await put([...open])
      if ((await queue.getWorkersCount()) === 0) {
        report.warn(message('queue-waits', { version: VERSION, generator: shortDigest(making.generator) }))
      }
      while (open.size > 0 && !asked.aborted) {
        const began = performance.now()
        const underWay = new Set(await queue.getRanges(['wait', 'active', 'delayed', 'prioritized'], 0, -1))
        const vanished: Waiting[] = []
        for (const some of inBulks([...open].filter(([jobId]) => !underWay.has(jobId)))) {
          const outcomes = await Promise.all(
            some.map(([jobId, person]) => outcomeOf(queue, jobId, storage, making, person)),
          )
          for (const [i, made] of outcomes.entries()) {
            const [jobId, person] = some[i]
            if (made === 'vanished') vanished.push([jobId, person])
            else if (made !== 'open') {
              open.delete(jobId)
              told(person, made)
            }
          }
        }
        // A server that was started without its data does not know of them any more.
        await put(vanished)
        if (open.size === 0) break
        const rest = Math.max(REST, REST_FACTOR * (performance.now() - began))
        await sleep(rest, undefined, { signal: asked }).catch(() => {})
      }
      // What nobody has begun is not begun any more; what is under way is done, and found by the next run.
      if (asked.aborted) for (const jobId of open.keys()) await queue.remove(jobId).catch(() => {})
    } finally {
      await queue.close()
    }
  }
}

type Waiting = readonly [jobId: string, person: Person]

const inBulks = (jobs: readonly Waiting[]): Waiting[][] =>
  Array.from({ length: Math.ceil(jobs.length / BULK) }, (_, i) => jobs.slice(i * BULK, (i + 1) * BULK))

/** What was given up by an earlier run is tried again. */
async function forgetFailed(queue: Queue<Task, HeadRecord>, ids: readonly string[]): Promise<void> {
  const failed = new Set(await queue.getRanges(['failed'], 0, -1))
  for (const id of ids) if (failed.has(id)) await queue.remove(id)
}

async function outcomeOf(
  queue: Queue<Task, HeadRecord>,
  jobId: string,
  storage: Storage,
  making: Making,
  person: Person,
): Promise<Exclude<Made, string> | 'open' | 'vanished'> {
  const job = await queue.getJob(jobId)
  const state = await job?.getState()
  if (job && state === 'completed') {
    const record = job.returnvalue
    await job.remove()
    return { record, isFinal: true }
  }
  const record = await findDone(storage, making, person)
  if (record) return { record, isFinal: true }
  if (!job) return 'vanished'
  if (state !== 'failed') return 'open'
  const error = isMessage(job.progress) ? job.progress : message('defect', { what: job.failedReason })
  return { record: recordOf(making, [], { error }), isFinal: false }
}

/**
 * Makes heads for whoever has put them on the queue, until it is asked to end.
 * @param script what the processes run; others than the default are for tests
 * @throws UserError where it cannot go on
 */
export async function work(
  url: string,
  options: GeneratorChoice,
  jobs: number,
  asked: AbortSignal,
  report: Reporter,
  script?: URL,
): Promise<void> {
  const generator = await generatorDigest(options.generator)
  const connection = await connect(url)
  const crew = await Crew.open(options, jobs, report, script)
  const { host } = new URL(url)
  let end: (reason?: Message) => void = () => {}
  const ended = new Promise<Message | undefined>((resolve) => {
    end = resolve
  })
  asked.addEventListener('abort', () => end())
  if (asked.aborted) end()
  const makeJob = async (job: Job<Task, HeadRecord>, token: string | undefined): Promise<HeadRecord> => {
    const made = await crew.make(job.data)
    if (made === 'stopped' || 'ends' in made) {
      if (made !== 'stopped') end(made.ends)
      await job.moveToWait(token)
      throw new WaitingError()
    }
    const record = 'crash' in made ? recordOf(job.data.making, [], { error: made.crash }) : made.record
    tell(job.data.person.name, record, report)
    if (!record.error) return record
    // Told to whoever waits for it; the reason of the failure is for who looks at the queue.
    await job.updateProgress(record.error)
    const Failure = 'isFinal' in made && made.isFinal ? UnrecoverableError : Error
    throw new Failure(inEnglish(record.error))
  }
  const worker = new Worker<Task, HeadRecord>(queueName(generator), makeJob, {
    connection,
    concurrency: jobs,
    lockDuration: LOCK,
    stalledInterval: STALLED,
    maxStalledCount: MOST_STALLED,
  })
  warnOfOutages(worker, url, report)
  await worker.waitUntilReady()
  report.say(message('worker-ready', { host, version: VERSION, generator: shortDigest(generator) }))
  const reason = await ended
  crew.stop()
  await worker.close()
  await crew.close()
  if (reason) throw UserError.of(reason)
}

/** How BullMQ is to connect, once it is known that somebody answers. Afterwards it waits for a server that has gone. */
async function connect(url: string) {
  if (!/^rediss?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) throw new UserError('queue-url')
  const trial = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
  let reason = ''
  trial.on('error', (error: Error) => {
    reason = error.message
  })
  try {
    await trial.connect()
    await trial.ping()
  } catch (cause) {
    const what = reason || (cause as Error).message
    throw new UserError('queue-unreachable', { host: new URL(url).host, reason: what }, { cause })
  } finally {
    trial.disconnect()
  }
  return { url, maxRetriesPerRequest: null }
}

/** Says once that the server has gone; BullMQ tries again until it is there. */
function warnOfOutages(
  emitter: Queue<Task, HeadRecord> | Worker<Task, HeadRecord>,
  url: string,
  report: Reporter,
): void {
  let said = ''
  const warn = (error: Error & { code?: string }) => {
    const reason = error.code ?? error.message
    if (reason === said) return
    said = reason
    report.warn(message('queue-lost', { host: new URL(url).host, reason }))
  }
  if (emitter instanceof Worker) emitter.on('error', warn)
  else emitter.on('error', warn)
}
