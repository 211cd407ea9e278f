/**
 * What Halfturn has to say, apart from the language it is said in: a code with its values. Messages of this form are
 * thrown, sent and stored; doors turn them into sentences with {@link say}.
 */
import type { Door, SettingNames } from './door.ts'
import type { en } from './en.ts'

/** Everything that is said in one language; `en.ts` sets the form. */
export type Words = typeof en
type Code = keyof Words['messages']

/** What may stand where a sentence takes a text. */
export type Text = string | Message

type Sentence<C extends Code> = Words['messages'][C]
/**
 * Where a sentence takes a text, a message may stand: it is said in the same language. As the value `cure` it stands for
 * its cure.
 */
type Open<V> = V extends string ? Text : V extends readonly string[] ? readonly Text[] : V
// biome-ignore lint/complexity/noBannedTypes: a sentence without values takes an empty object
type Given<C extends Code> = Parameters<Sentence<C>> extends [infer V, ...unknown[]] ? V : {}

/** The values a code's sentence takes. */
export type Values<C extends Code> = { readonly [K in keyof Given<C>]: Open<Given<C>[K]> }
/** Those codes whose sentence comes with a cure: errors. */
export type ErrorCode = { [C in Code]: ReturnType<Sentence<C>> extends string ? never : C }[Code]

type Plain = string | number | boolean
export type Value = Plain | Message | readonly (Plain | Message)[] | undefined

export interface Message<C extends string = string> {
  /** One of {@link Code}, or what a newer version has written into a file. */
  readonly code: C
  readonly values: Readonly<Record<string, Value>>
}

/** The values of `C` as arguments: none where its sentence takes none. */
export type Arguments<C extends Code> =
  Record<never, never> extends Values<C> ? [values?: Values<C>] : [values: Values<C>]

export function message<C extends Code>(code: C, ...[values = {} as Values<C>]: Arguments<C>): Message<C> {
  return { code, values: values as Message['values'] }
}

/** A message in words. */
export interface Said {
  readonly text: string
  /** What to do, where there is something to be done. */
  readonly cure?: string
}

type Speak = (values: unknown, settings: SettingNames) => string | readonly [text: string, cure: string]

/** Says a message in a language, with settings called what that door calls them. Never throws. */
export function say(words: Words, { code, values }: Message, door: Door): Said {
  const sentences = words.messages as unknown as Record<string, Speak>
  const inWords = (value: Value, key: string): unknown => {
    if (Array.isArray(value)) return value.map((part) => inWords(part, key))
    if (!isMessage(value)) return value
    const { text, cure = text } = say(words, value, door)
    return key === 'cure' ? cure : text
  }
  const unknown = () => words.messages['unknown-message']({ code })
  let sentence: ReturnType<Speak>
  try {
    const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, inWords(value, key)]))
    sentence = Object.hasOwn(sentences, code) ? sentences[code](given, words.settings[door]) : unknown()
  } catch {
    // Another version may have stored the code with other values.
    sentence = unknown()
  }
  return typeof sentence === 'string' ? { text: sentence } : { text: sentence[0], cure: sentence[1] }
}

export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'code' in value

/** Characters of a text, and parts of a list, that a message takes along: a file must not make it longer. */
const MOST_CHARACTERS = 300
const MOST_PARTS = 20

/** The message with its values cut to what fits a sentence, whatever a file has put in. */
export function bounded<C extends string>({ code, values }: Message<C>): Message<C> {
  const cut = (value: Value): Value => {
    if (typeof value === 'string') return clipText(value, MOST_CHARACTERS)
    if (Array.isArray(value)) return value.slice(0, MOST_PARTS).map(cut) as Value
    return isMessage(value) ? bounded(value) : value
  }
  return { code, values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, cut(value)])) }
}

/** What would move the cursor, end the line or turn the writing direction, and halves of characters. */
const CONTROLS = /[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** Foreign text made fit for a message: without control characters, its middle left out beyond `most` characters. */
export function clipText(text: string, most = 120): string {
  return cutMiddle(text, most).replace(CONTROLS, ' ')
}

export function cutMiddle(text: string, most: number): string {
  const half = (most - 3) >> 1
  return text.length > most ? `${text.slice(0, most - 3 - half)}...${text.slice(-half)}` : text
}
