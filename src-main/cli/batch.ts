/** halfturn batch: many photos to heads, on this machine or, over a queue, on many. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type Message, message, UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { inversionSettings } from '../engine/inversion/inversion-settings.ts'
import { qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { VERSION } from '../engine/version.ts'
import { words } from '../words/terminal.ts'
import { number, oneOf, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import { type Made, type Make, makeHere } from './batch/crew.ts'
import { findPeople, type Person, TABLE_STEM, TABLES } from './batch/people.ts'
import { differencesOf, findDone, type HeadRecord, type Making, makingSchema, recordOf } from './batch/record.ts'
import { drawTable, type Result, type Standing, standingOf } from './batch/table.ts'
import { tell } from './batch/tell.ts'
import type { Command } from './commands.ts'
import { headFileHelp, headFileOptions, readHeadFileOptions } from './head-files.ts'
import { Interruption } from './interruption.ts'
import { quoted } from './reconstruct.ts'
import { createReporter, duration, type Reporter } from './reporter.ts'

/** Exit code where somebody has no head. */
const INCOMPLETE = 3
const PLAN = 'plan.json'

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
  quality: { type: 'string' },
  steps: { type: 'string' },
  'learning-rate': { type: 'string' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  queue: { type: 'string' },
  resume: { type: 'boolean' },
} as const

export const batch: Command = {
  async run(argv) {
    const { values, positionals } = readArguments('batch', argv, options)
    if (values.help) {
      process.stdout.write(words.cli.helps.batch(LIMITS.photos.most, headFileHelp))
      return 0
    }
    if (positionals.length === 0 || values.output === undefined) throw new UserError('batch-arguments')
    const settings = inversionSettings.parse({
      quality: oneOf('quality', values.quality, qualities),
      steps: wholeNumber('steps', values.steps, LIMITS.steps),
      seed: wholeNumber('seed', values.seed, LIMITS.seed),
      learningRate: number('learning-rate', values['learning-rate'], LIMITS.learningRate),
    })
    const choice = readHeadFileOptions(values)
    const jobs = wholeNumber('jobs', values.jobs, LIMITS.jobs) ?? 1
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const root = resolve(values.output)

    const earlier = readPlan(root)
    if (earlier && !values.resume) throw new UserError('batch-there', { folder: root })
    const people = await findPeople(positionals, root, earlier?.people)
    const { generatorDigest } = await import('./chosen-generator.ts')
    const generator = await generatorDigest(values.generator)
    const making: Making = { version: VERSION, generator, settings, ...choice, formats: [...choice.formats] }
    const differences = earlier ? differencesOf(earlier.making, making) : []
    if (differences.length > 0) throw new UserError('batch-begun-otherwise', { folder: root, differences })

    // Its names are taken as long as the batch runs: of two in one folder, the second is refused.
    const set = FileSet.claim({
      ...{ folder: root, stem: TABLE_STEM, endings: TABLES, inputs: positionals, exact: true },
      mayReplace: () => earlier !== undefined,
    })
    try {
      for (const note of set.notes) report.warn(note)
      const plan: Plan = { made_by: 'Halfturn', id: earlier?.id ?? randomUUID(), making, people }
      await set.write(PLAN, `${JSON.stringify(plan, null, 2)}\n`)
      const make = values.queue
        ? (await import('./batch/queue.ts')).makeThere(values.queue, root, making, plan.id, report)
        : makeHere(values, jobs, root, making, report)
      const done = await interruption.gently(() => makeAll(plan, root, make, interruption.asked, report))
      if (interruption.code !== undefined) {
        const words = ['halfturn', 'batch', ...argv.filter((word) => word !== '--resume'), '--resume']
        const again = words.map(quoted).join(' ')
        report.say(message('batch-stopped', { done: done.length, total: people.length, again }), { stopped: true })
        return interruption.code
      }
      const { drawPage, drawPicture } = await import('./batch/contact-sheet.ts')
      const files = await set.commit(async () => [
        ['csv', drawTable(done)],
        ['html', drawPage(done)],
        ['png', await drawPicture(root, done)],
      ])
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
    }
  },
}

/** The plan of an earlier run in the folder, if there was one. */
function readPlan(root: string): Plan | undefined {
  try {
    return planSchema.parse(JSON.parse(readFileSync(join(root, `${TABLE_STEM}.${PLAN}`), 'utf8')))
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
  root: string,
  make: Make,
  asked: AbortSignal,
  report: Reporter,
): Promise<Result[]> {
  const records = new Map<Person, HeadRecord>()
  const open: Person[] = []
  for (const person of people) {
    const record = await findDone(root, making, person)
    if (record) records.set(person, record)
    else open.push(person)
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
