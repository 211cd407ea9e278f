/** The process of a crew, with heads that cost nothing. */
import { readFileSync } from 'node:fs'
import type { Task } from '../../src-main/cli/batch/make-one.ts'
import { recordOf } from '../../src-main/cli/batch/record.ts'
import { serveCrew } from '../../src-main/cli/batch/serve-crew.ts'
import { sha256Of } from '../../src-main/engine/checkpoint/import.ts'
import { message } from '../../src-main/engine/errors.ts'
import { stubMaker } from './stub-maker.ts'

const { STUB_LOG: log, STUB_PAUSE: pause, STUB_BARE: bare } = process.env
const reason = message('cpu')
if (bare === undefined) {
  await serveCrew(async ({ generator = '' }) => ({
    maker: await stubMaker(sha256Of(readFileSync(generator)), { log, pause: Number(pause ?? 0) }),
    reason,
  }))
} else {
  // Without a look at the disk: what is measured is the queue.
  process.on('disconnect', () => process.exit())
  process.on('message', ({ making }: Task) =>
    process.send?.({ outcome: { record: recordOf(making, [], {}), isFinal: true } }),
  )
  process.send?.({ ready: reason })
}
