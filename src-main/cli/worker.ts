/** halfturn worker: makes the heads of batches that others have put on a queue. */
import { UserError } from '../engine/errors.ts'
import { LIMITS } from '../engine/limits.ts'
import { words } from '../words/terminal.ts'
import { runtimeOptions, wholeNumber } from './arguments.ts'
import { command } from './command.ts'
import { Interruption } from './interruption.ts'
import { createReporter } from './reporter.ts'

const options = { ...runtimeOptions, queue: { type: 'string' }, jobs: { type: 'string' } } as const

export const worker = command({
  name: 'worker',
  options,
  help: () => words.cli.helps.worker,
  async run({ values }) {
    if (values.queue === undefined) throw new UserError('queue-missing')
    const jobs = wholeNumber('jobs', values.jobs, LIMITS.jobs) ?? 1
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const { work } = await import('./batch/queue.ts')
    await interruption.gently(() => work(values.queue!, values, jobs, interruption.asked, report))
    return interruption.code ?? 0
  },
})
