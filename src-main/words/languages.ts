/** The languages there are: one file each. */
import { de } from './de.ts'
import { en } from './en.ts'
import type { Words } from './message.ts'

export const languages = { en, de } satisfies Record<string, Words>
export type Language = keyof typeof languages

/**
 * The language of a locale, English where it is another or none.
 * @param locale as systems and browsers write it: 'de_DE.UTF-8', 'de-AT', 'C'
 */
export function languageOf(locale: string | undefined): Language {
  const [language] = (locale ?? '').toLowerCase().split(/[^a-z]/)
  return Object.hasOwn(languages, language) ? (language as Language) : 'en'
}
