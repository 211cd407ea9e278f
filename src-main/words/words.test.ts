import { describe, expect, test } from 'vitest'
import type { Door } from './door.ts'
import { languageOf, languages } from './languages.ts'
import { message, say, type Words } from './message.ts'

const codes = Object.keys(languages.en.messages)
const doors: Door[] = ['cli', 'window']

/** Stands for a number, a text, a list, or what has such. */
function anyValue(name: string): unknown {
  return new Proxy(() => {}, {
    get: (_, key) => {
      if (key === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? 7 : `<${name}>`)
      if (key === Symbol.iterator) return () => [`<${name}>`][Symbol.iterator]()
      if (key === 'length') return 1
      if (key === 'map') return (each: (part: unknown) => unknown) => [each(anyValue(name))].map(String)
      return anyValue(name)
    },
    apply: () => `<${name}>`,
  })
}

/** Values of every name; what a sentence takes of them is noted. */
const anyValues = (taken: Set<string>): unknown =>
  new Proxy({}, { get: (_, name) => taken.add(String(name)) && anyValue(String(name)) })

type Sentence = (values: unknown, settings: unknown) => string | readonly [string, string]

function read(words: Words, code: string, door: Door) {
  const taken = new Set<string>()
  const sentence = (words.messages as unknown as Record<string, Sentence>)[code]
  const said = [sentence(anyValues(taken), words.settings[door])].flat().map(String)
  return { said, taken: [...taken].sort() }
}

describe.each(Object.entries(languages))('%s', (_, words) => {
  test.each(doors)('has a sentence for every code, with the values that English has, for the %s', (door) => {
    for (const code of codes) {
      const [{ said, taken }, english] = [read(words, code, door), read(languages.en, code, door)]
      expect(taken, code).toEqual(english.taken)
      expect(said.length, code).toBe(english.said.length)
      for (const sentence of said) {
        expect(sentence, code).toMatch(/\S/)
        expect(sentence, code).not.toMatch(/undefined|NaN|\[object/)
      }
    }
  })

  test('calls no setting by an option in the window', () => {
    for (const code of codes.filter((code) => /^head-(?!kept)|likeness|picture|provider|loss/.test(code))) {
      expect(read(words, code, 'window').said.join(' '), code).not.toMatch(/ --/)
    }
  })
})

test('no English is left in German', () => {
  const english = /\b(the|is|are|of|with|cannot|could|choose|open|save|again|photo|head|surface|seed|or|not)\b/
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value]
    if (typeof value === 'function') return [String(value(...Array(4).fill(anyValue('x'))))]
    return Object.values(value as object).flatMap(texts)
  }
  const { messages, cli, start, serve, menu, window } = languages.de
  const { helps, ...rest } = cli
  const said = codes.flatMap((code) => read(languages.de, code, 'window').said)
  expect(said).toHaveLength(codes.flatMap((code) => read(languages.en, code, 'window').said).length)
  expect(Object.keys(messages)).toHaveLength(codes.length)
  for (const text of [...said, ...texts({ rest, start, serve, menu, window })]) {
    // What stands in angles is a value, and options keep their names.
    expect(text.replace(/<[^>]*>|--?[\w-]+/g, '').toLowerCase()).not.toMatch(english)
  }
  for (const help of texts(helps)) expect(help).toMatch(/^Aufruf: /m)
})

test('a message inside a message is said in the same language, and cured by its cure', () => {
  const inner = message('photo-empty')
  const outer = message('photo-refused', { photo: 'a.jpg', what: inner, cure: inner })
  expect(say(languages.en, outer, 'cli')).toEqual({
    text: 'a.jpg: The photo file is empty (0 bytes).',
    cure: 'Copy the file again from where it came, or save it anew from an image editor.',
  })
  expect(say(languages.de, outer, 'cli').text).toBe('a.jpg: Die Fotodatei ist leer (0 Byte).')
})

test.each([
  ['a code of a newer version', { code: 'hair-too-long', values: { length: 3 } }],
  ['a name of every object', { code: 'constructor', values: {} }],
  ['a known code with other values', { code: 'face-too-small', values: { size: 'small' } }],
])('%s is said to be unknown', (_, unknown) => {
  expect(say(languages.de, unknown, 'window')).toEqual({
    text: `Diese Version hat keine Worte für „${unknown.code}“.`,
    cure: 'Halfturn aktualisieren.',
  })
})

test.each([
  ['de_DE.UTF-8', 'de'],
  ['de-AT', 'de'],
  ['DE', 'de'],
  ['en_GB', 'en'],
  ['C', 'en'],
  ['constructor', 'en'],
  ['', 'en'],
  [undefined, 'en'],
])('the locale %s is spoken to in %s', (locale, language) => {
  expect(languageOf(locale)).toBe(language)
})
