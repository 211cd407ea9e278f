/**
 * The process that makes the heads of a batch, one after the other, with networks and generator loaded once: see crew.ts.
 * It ends with whoever started it.
 */
import '../../engine/runtime/privacy.ts'
import { message } from '../../engine/errors.ts'
import type { Reporter } from '../reporter.ts'
import { openStudio } from '../studio.ts'
import type { Answer, Request, StudioOptions } from './crew.ts'
import { failureOf, makeOne } from './make-one.ts'

const tell = (answer: Answer, sent = () => {}) => process.send?.(answer, sent)
const silent: Reporter = { say: () => {}, warn: () => {}, progress: () => {} }

let stopped = false
process.on('disconnect', () => process.exit())
// Ctrl-C reaches all processes of a terminal; whoever started this one says what it means.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})

try {
  const studio = await openStudio(JSON.parse(process.argv[2]) as StudioOptions, silent)
  process.on('message', async (request: Request) => {
    if (request === 'stop') {
      stopped = true
      return
    }
    const { name } = request.person
    const report: Reporter = {
      ...silent,
      warn: (what, data) => tell({ warning: message('of-photo', { photo: name, what }), data }),
    }
    tell({ outcome: await makeOne(studio, request, () => !stopped, report) })
  })
  tell({ ready: studio.generator.runtime.provider.reason })
} catch (problem) {
  tell({ refusal: failureOf(problem) }, () => process.exit(1))
}
