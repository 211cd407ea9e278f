/** halfturn batch: many photos to heads, on this machine or, over a queue, on many. */
import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import { z } from 'zod'
import { type Message, message, UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { LIMITS } from '../engine/limits.ts'
import { VERSION } from '../engine/version.ts'
import { words } from '../words/terminal.ts'
import { runtimeOptions, wholeNumber } from './arguments.ts'
import { type Made, type Make, makeHere } from './batch/crew.ts'
import { findPeople, type Person, TABLE_STEM, TABLES } from './batch/people.ts'
import { differencesOf, findDone, type HeadRecord, type Making, makingSchema, recordOf } from './batch/record.ts'
import { addressOf, inBucket, openStorage } from './batch/storage/address.ts'
import type { Storage } from './batch/storage/storage.ts'
import { drawTable, type Result, type Standing, standingOf } from './batch/table.ts'
import { tell } from './batch/tell.ts'
import { command } from './command.ts'
import { headFileHelp, headFileOptions, readHeadFileOptions } from './head-files.ts'
import { Interruption } from './interruption.ts'
import { inversionOptions, readInversionOptions } from './inversion-options.ts'
import { quoted } from './reconstruct.ts'
import { createReporter, duration, type Reporter } from './reporter.ts'

/** Exit code where somebody has no head. */
const INCOMPLETE = 3
const PLAN = 'plan.json'
const PLAN_FILE = `${TABLE_STEM}.${PLAN}`

/** Whose results are looked for at a time. */
const AT_ONCE = 16

/** Who is in a batch and what is to be made of them, kept beside the results. */
const planSchema = z.object({
  made_by: z.literal('Halfturn'),
  /** By which its jobs are known on a queue. */
  id: z.string(),
  making: makingSchema,
  people: z.array(z.object({ name: z.string(), source: z.string(), photos: z.array(z.string()).readonly() })),
})
type Plan = z.infer<typeof planSchema>

const { overwrite: _, ...fileOptions } = headFileOptions
const options = {
  ...runtimeOptions,
  ...fileOptions,
  ...inversionOptions,
  jobs: { type: 'string' },
  queue: { type: 'string' },
  resume: { type: 'boolean' },
} as const

export const batch = command({
  name: 'batch',
  options,
  help: () => words.cli.helps.batch(LIMITS.photos.most, headFileHelp),
  async run({ values, positionals }, argv) {
    if (positionals.length === 0 || values.output === undefined) throw new UserError('batch-arguments')
    const settings = readInversionOptions(values)
    const choice = readHeadFileOptions(values)
    const jobs = wholeNumber('jobs', values.jobs, LIMITS.jobs) ?? 1
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const root = addressOf(values.output)
    const storage = await openStorage(root)

    const earlier = await readPlan(storage)
    if (earlier && !values.resume) throw new UserError('batch-there', { folder: root })
    // Files of a folder are claimed one by one; in a bucket nothing else may lie there.
    if (!earlier && inBucket(root) && (await storage.list('')).length > 0) {
      throw new UserError('bucket-not-empty', { address: root })
    }
    const people = await findPeople(positionals, root, earlier?.people)
    const { generatorDigest } = await import('./chosen-generator.ts')
    const generator = await generatorDigest(values.generator)
    const making: Making = { version: VERSION, generator, settings, ...choice, formats: [...choice.formats] }
    const differences = earlier ? differencesOf(earlier.making, making) : []
    if (differences.length > 0) throw new UserError('batch-begun-otherwise', { folder: root, differences })

    // Its names are taken as long as the batch runs: of two in one folder, the second is refused.
    const set = FileSet.claim({
      ...{ folder: storage.desk(''), stem: TABLE_STEM, endings: TABLES, inputs: positionals, exact: true },
      mayReplace: () => earlier !== undefined,
    })
    try {
      for (const note of set.notes) report.warn(note)
      const plan: Plan = { made_by: 'Halfturn', id: earlier?.id ?? randomUUID(), making, people }
      const make = values.queue
        ? await (await import('./batch/queue.ts')).makeThere(values.queue, storage, making, plan.id, report)
        : makeHere(values, jobs, root, making, report)
      await set.write(PLAN, `${JSON.stringify(plan, null, 2)}\n`)
      if (!(await storage.publish('', [], PLAN_FILE))) throw new UserError('batch-there', { folder: root })
      const done = await interruption.gently(() => makeAll(plan, storage, make, interruption.asked, report))
      if (interruption.code !== undefined) {
        const words = ['halfturn', 'batch', ...argv.filter((word) => word !== '--resume'), '--resume']
        const again = words.map(quoted).join(' ')
        report.say(message('batch-stopped', { done: done.length, total: people.length, again }), { stopped: true })
        return interruption.code
      }
      const { drawPage, drawPicture } = await import('./batch/contact-sheet.ts')
      const written = await set.commit(async () => [
        ['csv', drawTable(done)],
        ['html', drawPage(done)],
        ['png', await drawPicture((path) => storage.read(path), done)],
      ])
      const names = written.map((path) => basename(path))
      await storage.publish('', names)
      const files = names.map((name) => storage.at(name))
      const count = (standing: Standing) => done.filter((result) => standingOf(result) === standing).length
      const counts = {
        good: count('good'),
        front: count('front'),
        uncertain: count('uncertain'),
        failed: count('failed'),
        none: count('error'),
      }
      report.say(message('batch-done', { ...counts, files }), { ...counts, files })
      return counts.none > 0 ? INCOMPLETE : 0
    } finally {
      set.abandon()
      storage.close()
    }
  },
})

/** The plan of an earlier run in the folder, if there was one. */
async function readPlan(storage: Storage): Promise<Plan | undefined> {
  const bytes = await storage.read(PLAN_FILE)
  try {
    return planSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    // None, or not ours: then its name is taken.
    return undefined
  }
}

/**
 * Makes those heads that are not there yet.
 * @returns what became of everybody, in their order; of those only who were done where it was stopped
 * @throws UserError where nothing more can be made: the disk is full, the queue is not to be used
 */
async function makeAll(
  { making, people }: Plan,
  storage: Storage,
  make: Make,
  asked: AbortSignal,
  report: Reporter,
): Promise<Result[]> {
  const records = new Map<Person, HeadRecord>()
  const open: Person[] = []
  for (let i = 0; i < people.length; i += AT_ONCE) {
    const some = people.slice(i, i + AT_ONCE)
    const found = await Promise.all(some.map((person) => findDone(storage, making, person)))
    for (const [at, person] of some.entries()) {
      const record = found[at]
      if (record) records.set(person, record)
      else open.push(person)
    }
  }
  const started = performance.now()
  const before = records.size
  const show = () => {
    const pace = (performance.now() - started) / 1000 / (records.size - before)
    const left = (people.length - records.size) * pace
    const none = [...records.values()].filter(({ error }) => error).length
    const text = words.cli.batchPace(
      records.size,
      people.length,
      none,
      Number.isFinite(left) ? duration(left) : undefined,
    )
    report.progress('heads', records.size, people.length, text, {
      none,
      ...(Number.isFinite(left) && { secondsLeft: left }),
    })
  }
  show()
  let ending: Message | undefined
  const told = (person: Person, made: Made) => {
    if (made === 'stopped') return
    if ('ends' in made) {
      ending = made.ends
      return
    }
    const record = 'crash' in made ? recordOf(making, [], { error: made.crash }) : made.record
    records.set(person, record)
    tell(person.name, record, report)
    show()
  }
  if (open.length > 0) await make(open, told, asked)
  if (ending) throw UserError.of(ending)
  return people.flatMap((person) => {
    const record = records.get(person)
    return record ? [{ person, record }] : []
  })
}
