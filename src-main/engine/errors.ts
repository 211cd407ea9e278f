/** The one error class that is meant for the person in front of the screen. */
import { en } from '../words/en.ts'
import {
  type Arguments,
  bounded,
  clipText,
  cutMiddle,
  type ErrorCode,
  type Message,
  message,
  say,
  type Text,
  type Values,
} from '../words/message.ts'

export { clipText, type Message, message, type Text }

/** Characters of a message or cure in English. */
const MOST_CHARACTERS = 400

type ErrorArguments<C extends ErrorCode> = [...Arguments<C>, options?: { cause?: unknown }]

/**
 * Something the user gave cannot be used, or something they can change went wrong. It is a code with values; doors say
 * it in the person's language, with what to do, and exit with code 2. Every other error is a defect of ours. `message`
 * and `cure` are the same in English, for logs: at most 400 characters each, and the message is one line. What files and
 * other people say goes through {@link clipText} first, so that the words around it are not what is lost.
 */
export class UserError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly values: Message['values']
  readonly cure: string

  constructor(code: C, ...[values = {} as Values<C>, options]: ErrorArguments<C>) {
    const { values: cut } = bounded({ code, values: values as Message['values'] })
    const { text, cure = '' } = say(en, { code, values: cut }, 'cli')
    super(clipText(text, MOST_CHARACTERS), options)
    this.name = 'UserError'
    this.code = code
    this.values = cut
    this.cure = cutMiddle(cure, MOST_CHARACTERS)
  }

  /** The error of a message that was made elsewhere, perhaps in another process. */
  static of({ code, values }: Message, options?: { cause?: unknown }): UserError {
    return new UserError(code as 'tool', values as Values<'tool'>, options)
  }
}

/** A message as logs have it. */
export const inEnglish = (given: Message): string => say(en, given, 'cli').text

/** An error as the message it is, without what cannot be sent or stored. */
export const messageOf = ({ code, values }: UserError): Message => ({ code, values })
