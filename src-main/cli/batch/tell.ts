/** Says what became of a person. */
import { message } from '../../engine/errors.ts'
import type { Reporter } from '../reporter.ts'
import type { HeadRecord } from './record.ts'

export function tell(person: string, { quality, error, seconds }: HeadRecord, report: Reporter): void {
  const data = { person, seconds }
  if (error) report.warn(message('person-failed', { person, what: error, cure: error }), { ...data, error })
  if (!quality) return
  const { verdict, reason } = quality
  report.say(message('person-made', { person, title: message(verdict), what: reason }), { ...data, verdict })
}
