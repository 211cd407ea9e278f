/** One person of a batch: looks whether there is a head already, goes on with one that was interrupted, or makes it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Message, message, messageOf, UserError } from '../../engine/errors.ts'
import { FileSet } from '../../engine/files/file-set.ts'
import { alone, Finish } from '../../engine/finish.ts'
import { LIMITS } from '../../engine/limits.ts'
import { VERSION } from '../../engine/version.ts'
import { HEAD_ENDINGS, isHeadFile, writeHeadFiles } from '../head-files.ts'
import type { Reporter } from '../reporter.ts'
import { beginHead, formHead, type HeadOrder, type Studio } from '../studio.ts'
import { findUnfinished, originOf, UNFINISHED } from '../unfinished.ts'
import type { Person } from './people.ts'
import {
  digestsOf,
  findRecord,
  type HeadRecord,
  isOf,
  type Making,
  RECORD,
  readPhotos,
  recordOf,
  shortDigest,
  writeRecord,
} from './record.ts'
import { openStorage } from './storage/address.ts'
import type { Storage } from './storage/storage.ts'

export interface Task {
  /** Address of the batch's results. */
  readonly root: string
  readonly person: Person
  readonly making: Making
}

export type Outcome =
  /** `isFinal`: another try of the same photos would end the same. */
  | { readonly record: HeadRecord; readonly isFinal: boolean }
  /** Not done, and gone on with by the next who takes it. */
  | 'stopped'
  /** What keeps every other person from being made as well. */
  | { readonly ends: Message }

/** Milliseconds between two looks at what somebody else makes. */
const LOOK = 1000
/** What a system says of a disk that takes nothing any more. */
const DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])
/** What is the machine's fault. */
const MACHINE = new Set<string>(['provider-failed', 'photo-too-costly', 'bucket-failed'])
const ENDINGS = [...HEAD_ENDINGS, RECORD, UNFINISHED]

/** What makes a head where its photos, its names and the time have been found right. */
export interface Maker {
  /** Digest of the generator's file. */
  readonly sha256: string
  /**
   * Makes the head and commits the set, with the record of what is to be thought of it among its files.
   * @param goesOn asked between two steps; a head whose files are being written comes to its end
   * @returns the record; nothing where it was stopped, and what there is was kept
   */
  make(order: HeadOrder, place: Place, goesOn: () => boolean, report: Reporter): Promise<HeadRecord | undefined>
}

interface Place {
  readonly set: FileSet
  readonly making: Making
  recordNow(quality: HeadRecord['quality']): HeadRecord
}

/** Makes heads with a generator and its networks. */
export const studioMaker = (studio: Studio): Maker => ({
  sha256: studio.sha256,
  async make(order, { set, making, recordNow }, goesOn, report) {
    const inversion = await beginHead(studio, order, report)
    await formHead(studio, inversion, order, set, goesOn, report)
    if (!inversion.progress.done || !goesOn()) return undefined
    const { generator, sha256 } = studio
    const { head } = inversion
    const finish = new Finish({ generator, sha256, head, photos: inversion.photos }, alone(studio.landmarker))
    let record: HeadRecord | undefined
    await writeHeadFiles(finish, making, inversion.choices, set, report, {
      obsolete: [UNFINISHED],
      more: (quality) => {
        record = recordNow(quality as HeadRecord['quality'])
        return [[RECORD, writeRecord(record)]]
      },
    })
    return record
  },
})

export async function makeOne(maker: Maker, task: Task, goesOn: () => boolean, report: Reporter): Promise<Outcome> {
  const { root, person, making } = task
  const spent = startClock()
  const photos: string[] = []
  const recordNow = (result: Pick<HeadRecord, 'quality' | 'error'>) =>
    recordOf(making, photos, { ...spent(), ...result })
  let storage: Storage | undefined
  let set: FileSet | undefined
  try {
    if (making.version !== VERSION || making.generator !== maker.sha256) {
      const { version, generator } = making
      throw new UserError('made-elsewhere', { version, generator: shortDigest(generator) })
    }
    requireFew(person)
    const files = await readPhotos(person)
    photos.push(...digestsOf(files))
    const there = await openStorage(root)
    storage = there
    const folder = there.desk(person.name)
    FileSet.cleanUp(folder)
    const done = async () => {
      const record = await findRecord(there, person.name, making)
      return isOf(record, photos) ? record : undefined
    }
    const earlier = await done()
    if (earlier) return { record: earlier, isFinal: true }
    const origin = originOf(photos, undefined, making.settings)
    while (!set) {
      try {
        set = claim(folder, person)
      } catch (refusal) {
        // Somebody else has made it just now, or is at it: a process whose batch was killed, or that was given up too early.
        const record = await done()
        if (record) return { record, isFinal: true }
        if (!isTaken(refusal)) throw refusal
        if (!goesOn()) return 'stopped'
        await sleep(LOOK)
      }
    }
    const [unfinished] = await findUnfinished(folder, [person.name], origin)
    const resumed = unfinished?.differences.length === 0 ? unfinished : undefined
    const order = { files, settings: making.settings, origin, resumed }
    const place = { set, making, recordNow: (quality: HeadRecord['quality']) => recordNow({ quality }) }
    const record = await maker.make(order, place, goesOn, report)
    if (!record) return 'stopped'
    const names = readdirSync(folder).filter((name) => HEAD_ENDINGS.some((ending) => name.endsWith(`.${ending}`)))
    if (await there.publish(person.name, names, markOf(person))) return { record, isFinal: true }
    // Where nothing locks, somebody was quicker: one who was given up too early.
    return { record: (await done()) ?? record, isFinal: true }
  } catch (problem) {
    const error = failureOf(problem)
    // What is wrong with a photo is told with the photo's name around it.
    const { cause: inner = problem } = problem as { cause?: unknown }
    const reason = inner instanceof UserError ? inner : problem
    const system = (reason as { cause?: NodeJS.ErrnoException }).cause?.code ?? ''
    if (DISK.has(system) || error.code === 'bucket-refused') return { ends: error }
    const record = recordNow({ error })
    // Not so where the machine or a defect of ours is to blame.
    const isPhotos = reason instanceof UserError && system === '' && !MACHINE.has(reason.code)
    if (!isPhotos) return { record, isFinal: false }
    // A photo that is none is looked at again, which costs nothing.
    return { record, isFinal: !set || !storage || (await keep(record, person, set, storage)) }
  } finally {
    set?.abandon()
    storage?.close()
  }
}

/** @returns whether it is among the results */
async function keep(record: HeadRecord, person: Person, set: FileSet, storage: Storage): Promise<boolean> {
  try {
    await set.write(RECORD, writeRecord(record))
    return await storage.publish(person.name, [], markOf(person))
  } catch {
    return false
  }
}

const markOf = ({ name }: Person) => `${name}.${RECORD}`

function requireFew({ photos }: Person): void {
  const { most } = LIMITS.photos
  if (photos.length > most) throw new UserError('too-many-photos', { count: photos.length, most })
}

/** Names that are not numbered: at most one head a person. Only what is no head may be replaced. */
function claim(folder: string, { name, photos }: Person): FileSet {
  const replaceable = [UNFINISHED, RECORD].map((ending) => join(folder, `${name}.${ending}`))
  return FileSet.claim({
    ...{ folder, stem: name, endings: ENDINGS, inputs: photos, exact: true },
    mayReplace: (path) => replaceable.includes(path) && isHeadFile(path),
  })
}

const isTaken = (refusal: unknown) => refusal instanceof UserError && refusal.code === 'name-claimed'

export function failureOf(problem: unknown): Message {
  if (problem instanceof UserError) return messageOf(problem)
  return message('defect', { what: problem instanceof Error ? problem.message : String(problem) })
}

/** Seconds of the clock and of the processor since. */
function startClock(): () => Pick<HeadRecord, 'seconds' | 'cpu_seconds'> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: rounded((performance.now() - wall) / 1e3), cpu_seconds: rounded((user + system) / 1e6) }
  }
}

const rounded = (seconds: number) => Math.round(100 * seconds) / 100
