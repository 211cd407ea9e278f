/** results.csv: a line for every person, with verdict, figures, seconds and what went wrong. */
import Papa from 'papaparse'
import type { Message } from '../../engine/errors.ts'
import type { Verdict } from '../../engine/quality/verdict.ts'
import { say } from '../../words/message.ts'
import { words } from '../../words/terminal.ts'
import type { Person } from './people.ts'
import type { HeadRecord } from './record.ts'

export interface Result {
  readonly person: Person
  readonly record: HeadRecord
}

/** What is to be thought of a person's head, or that there is none. */
export type Standing = Verdict | 'error'
export const standings: readonly Standing[] = ['error', 'failed', 'uncertain', 'front', 'good']

export const standingOf = ({ record }: Result): Standing => record.quality?.verdict ?? 'error'

export function drawTable(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { person, record } = result
    const { quality, error } = record
    return {
      person: person.name,
      verdict: standingOf(result),
      error: error ? codeOf(error) : '',
      message: error || quality ? say(words, error ?? quality!.reason, 'cli').text : '',
      photos: person.photos.length,
      seconds: record.seconds,
      cpu_seconds: record.cpu_seconds,
      ...(quality && flattened(quality.figures)),
      source: person.source,
    }
  })
  // The columns of all rows: a head that was not made has no figures.
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== 'source')
  // A spreadsheet must not take a photo's name for a formula.
  return `${Papa.unparse(rows, { columns: [...columns, 'source'], escapeFormulae: true, newline: '\n' })}\n`
}

/** Of a photo among several: what is wrong with it. */
const codeOf = ({ code, values: { what } }: Message): string =>
  code === 'photo-refused' && typeof what === 'object' && 'code' in what ? what.code : code

/** { input: { psnr: 1 }, views: [{ degrees: 30, identity: 2 }] } to { input_psnr: 1, 'identity_30': 2 }. */
function flattened(figures: Readonly<Record<string, unknown>>, prefix = ''): Record<string, number> {
  const flat: Record<string, number> = {}
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === 'number') flat[prefix + name] = Number(value.toPrecision(6))
    else if (Array.isArray(value)) {
      for (const { degrees, identity } of value as { degrees: number; identity: number }[]) {
        flat[`identity_${degrees}`] = Number(identity.toPrecision(6))
      }
    } else if (value && typeof value === 'object') {
      Object.assign(flat, flattened(value as Record<string, unknown>, `${prefix}${name}_`))
    }
  }
  return flat
}
