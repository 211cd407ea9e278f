/** Why a value cannot be used, as a message: zod and JavaScript give their reasons in English alone. */
import type { z } from 'zod'
import { type Message, message, type Text } from '../errors.ts'
import { quote } from './quote.ts'

/** What a custom check says of itself. */
interface Check {
  readonly fault?: Message
  readonly least?: number
  readonly most?: number
  readonly orAuto?: boolean
}

/** @param whole in which the issue was found */
export function valueFault(issue: z.core.$ZodIssue, whole: unknown): Message {
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], whole)
  if (issue.code === 'unrecognized_keys') return message('keys-unknown', { keys: issue.keys.map(quote) })
  const { fault, least, most, orAuto } = checkOf(issue)
  if (fault) return fault
  if (value === undefined) return message('value-missing')
  const met = inShort(value)
  if (least !== undefined && most !== undefined) {
    return orAuto && typeof value !== 'number'
      ? message('neither-auto-nor', { least, most })
      : message('value-outside', { met, least, most })
  }
  if (issue.code === 'invalid_value') return message('value-not-among', { met, possible: issue.values.map(String) })
  if (issue.code === 'too_small') {
    const least = Number(issue.minimum)
    return typeof value === 'number' ? message('value-below', { met, least }) : message('value-too-short', { least })
  }
  if (issue.code === 'too_big') {
    const most = Number(issue.maximum)
    return typeof value === 'number' ? message('value-above', { met, most }) : message('value-too-long', { most })
  }
  return message('value-unfit', { met })
}

const checkOf = (issue: z.core.$ZodIssue): Check => (issue.code === 'custom' && (issue.params as Check)) || {}

function inShort(value: unknown): Text {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? message('a-list') : message('an-object')
  return typeof value === 'string' ? quote(value) : String(value)
}

/** @param error what decoding and parsing a text as JSON has thrown */
export function jsonFault(error: unknown): Message {
  // The decoder's.
  if (error instanceof TypeError) return message('not-utf-8')
  const said = (error as Error).message
  if (/end of JSON|Unterminated/.test(said)) return message('json-cut-off')
  const [, position] = /position (\d+)/.exec(said) ?? []
  if (position !== undefined) return message('json-broken-at', { position: Number(position) })
  const [, token] = /^Unexpected token '(.+?)'/.exec(said) ?? []
  return token === undefined ? message('json-broken') : message('json-unexpected', { token: quote(token) })
}
