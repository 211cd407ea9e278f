/** Reading a command's arguments, with errors that say which one and what it takes. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UserError } from '../engine/errors.ts'
import type { Range } from '../engine/limits.ts'

export type Options = NonNullable<ParseArgsConfig['options']>

/** Options that every command which runs a network takes. */
export const runtimeOptions = {
  provider: { type: 'string' },
  'allow-software': { type: 'boolean' },
  generator: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options

export function readArguments<T extends Options>(command: string, argv: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    const message = (cause as Error).message.split('. ')[0]
    throw new UserError(`${command}: ${message}.`, `See halfturn ${command} --help.`, { cause })
  }
}

/** A whole number in a range, or undefined where the option was not given. */
export function wholeNumber(name: string, text: string | undefined, { least, most }: Range): number | undefined {
  const value = number(name, text, { least, most })
  if (value === undefined || Number.isInteger(value)) return value
  throw new UserError(`--${name} is '${text}'.`, `Give a whole number from ${least} to ${most}.`)
}

export function number(name: string, text: string | undefined, { least, most }: Range): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new UserError(`--${name} is '${text}'.`, `Give a number from ${least} to ${most}.`)
}

export function oneOf<T extends string>(name: string, text: string | undefined, values: readonly T[]): T | undefined {
  if (text === undefined || values.includes(text as T)) return text as T | undefined
  throw new UserError(`--${name} is '${text}'.`, `Give one of ${values.join(', ')}.`)
}
