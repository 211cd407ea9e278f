/** halfturn worker: makes the heads of batches that others have put on a queue. */
import { UserError } from '../engine/errors.ts'
import { LIMITS } from '../engine/limits.ts'
import { words } from '../words/terminal.ts'
import { readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import type { Command } from './command.ts'
import { Interruption } from './interruption.ts'
import { createReporter } from './reporter.ts'

const options = { ...runtimeOptions, queue: { type: 'string' }, jobs: { type: 'string' } } as const

export const worker: Command = {
  async run(argv) {
    const { values } = readArguments('worker', argv, options)
    if (values.help) {
      process.stdout.write(words.cli.helps.worker)
      return 0
    }
    if (values.queue === undefined) throw new UserError('queue-missing')
    const jobs = wholeNumber('jobs', values.jobs, LIMITS.jobs) ?? 1
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const { work } = await import('./batch/queue.ts')
    await interruption.gently(() => work(values.queue!, values, jobs, interruption.asked, report))
    return interruption.code ?? 0
  },
}
