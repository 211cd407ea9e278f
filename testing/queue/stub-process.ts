/** The process of a crew, with heads that cost nothing. */
import { readFileSync } from 'node:fs'
import { serveCrew } from '../../src-main/cli/batch/serve-crew.ts'
import { sha256Of } from '../../src-main/engine/checkpoint/import.ts'
import { message } from '../../src-main/engine/errors.ts'
import { stubMaker } from './stub-maker.ts'

const { STUB_LOG: log, STUB_PAUSE: pause, STUB_BARE: bare } = process.env
await serveCrew(async ({ generator = '' }) => ({
  maker: await stubMaker(sha256Of(readFileSync(generator)), {
    log,
    pause: Number(pause ?? 0),
    bare: bare !== undefined,
  }),
  reason: message('cpu'),
}))
