/**
 * Heads that cost nothing, for what is tested or measured around them: names, records, queue and processes are real. A
 * photo is JPEG's first bytes and a text: `ends` ends the process that reads it, `faceless` cannot be used.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import type { Maker } from '../../src-main/cli/batch/make-one.ts'
import { RECORD, writeRecord } from '../../src-main/cli/batch/record.ts'
import { SHEET } from '../../src-main/cli/head-files.ts'
import { sha256Of } from '../../src-main/engine/checkpoint/import.ts'
import { message, UserError } from '../../src-main/engine/errors.ts'

export const stubPhoto = (text: string): Buffer => Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), Buffer.from(text)])

interface StubOptions {
  /** Gets a line for every head, once it is committed. */
  readonly log?: string
  /** Milliseconds a head takes. */
  readonly pause?: number
}

export async function stubMaker(sha256: string, { log, pause = 0 }: StubOptions = {}): Promise<Maker> {
  const sheet = await sharp({ create: { width: 50, height: 20, channels: 3, background: '#567' } })
    .png()
    .toBuffer()
  return {
    sha256,
    async make({ files }, { set, recordNow }) {
      const [{ bytes, path }] = files
      const text = Buffer.from(bytes).toString('latin1')
      if (text.endsWith('ends')) process.kill(process.pid, 'SIGKILL')
      if (text.endsWith('faceless')) throw new UserError('no-face')
      if (pause > 0) await sleep(pause)
      const record = recordNow({ verdict: 'good', reason: message('head-good'), figures: {} })
      await set.commit(async () => [
        [SHEET, sheet],
        ['stl', sha256Of(bytes)],
        [RECORD, writeRecord(record)],
      ])
      if (log !== undefined) appendFileSync(log, `${sha256.slice(0, 8)} ${path}\n`)
      return record
    },
  }
}
