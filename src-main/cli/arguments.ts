/** Reading a command's arguments, with errors that say which one and what it takes. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { message, type Text, UserError } from '../engine/errors.ts'
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

/** Values by option, and what stands beside options. */
export type Given<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>

export function readArguments<T extends Options>(command: string, argv: readonly string[], options: T): Given<T> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    throw new UserError('arguments-unfit', { command, reason: faultOf(cause as NodeJS.ErrnoException) }, { cause })
  }
}

/** A whole number in a range, or undefined where the option was not given. */
export function wholeNumber(name: string, text: string | undefined, { least, most }: Range): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new UserError('not-a-whole-number', { option: name, text, least, most })
}

export function realNumber(name: string, text: string | undefined, { least, most }: Range): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new UserError('not-a-number', { option: name, text, least, most })
}

export function oneOf<T extends string>(name: string, text: string | undefined, values: readonly T[]): T | undefined {
  if (text === undefined || values.includes(text as T)) return text as T | undefined
  throw new UserError('not-one-of', { option: name, text, known: values })
}

/** What Node says of the arguments, which it does in English alone. */
function faultOf({ code, message: said }: NodeJS.ErrnoException): Text {
  const option = /'(?:-\w, )?(-[^ ']*)/.exec(said)?.[1]
  if (option !== undefined) {
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return message('unknown-option', { option })
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      const isMissing = /argument missing|is ambiguous/.test(said)
      return message(isMissing ? 'option-without-value' : 'option-with-value', { option })
    }
  }
  return said.split('. ')[0]
}
