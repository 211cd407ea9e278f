/** Why a value of a config cannot be used, as a message: zod's own reasons are English. */
import type { z } from 'zod'
import { type Message, message, type Text } from '../errors.ts'
import { quote } from './quote.ts'

/** What a custom check of the config says of itself. */
interface Check {
  readonly fault?: Message
  readonly least?: number
  readonly most?: number
  readonly orAuto?: boolean
}

/** @param config in which the issue was found */
export function faultOf(issue: z.core.$ZodIssue, config: unknown): Message {
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], config)
  const met = inShort(value)
  if (issue.code === 'custom') {
    const { fault, least = 0, most = 0, orAuto } = (issue.params ?? {}) as Check
    if (fault) return fault
    if (value === undefined) return message('value-missing')
    if (orAuto && typeof value !== 'number') return message('neither-auto-nor', { least, most })
    return message('value-outside', { met, least, most })
  }
  if (issue.code === 'unrecognized_keys') return message('keys-unknown', { keys: issue.keys.map(quote) })
  if (issue.code === 'invalid_value') return message('value-not-among', { met, possible: issue.values.map(String) })
  if (value === undefined) return message('value-missing')
  return message('value-unfit', { met })
}

function inShort(value: unknown): Text {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? message('a-list') : message('an-object')
  return typeof value === 'string' ? quote(value) : String(value)
}
