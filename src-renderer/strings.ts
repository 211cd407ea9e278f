/** Every word the window says, in the language that was chosen, or else the system's. */
import { type Language, languageOf, languages } from '../src-main/words/languages.ts'
import { type Message, type Said, say } from '../src-main/words/message.ts'

const LANGUAGE = 'language'

export const language = languageOf(localStorage.getItem(LANGUAGE) ?? navigator.language)
document.documentElement.lang = language

/** Speaks another language from now on: the page is loaded anew, and finds engine and project as they were. */
export function choose(chosen: Language): void {
  localStorage.setItem(LANGUAGE, chosen)
  // Navigation is the shell's, where there is one.
  if (window.halfturn) window.halfturn.reload()
  else window.location.reload()
}

const words = languages[language]
/** Those to choose from, by what each is called in itself. */
export const languageNames = Object.entries(languages).map(([id, { name }]) => ({ id: id as Language, name }))
export const { window: strings, number } = words

const whole = new Intl.NumberFormat(language)
export const count = (value: number): string => whole.format(value)
export const megabytes = (bytes: number): string => `${number(bytes / 1e6, 1)} MB`

/** What the engine or the window has to say, in words. */
export const inWords = (message: Message): Said => say(words, message, 'window')
