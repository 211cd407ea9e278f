/** Every word the window says, in the language that was chosen, or else the system's. */
import { type Language, languageOf, languages } from '../src-main/words/languages.ts'
import { type Message, type Said, say } from '../src-main/words/message.ts'

const LANGUAGE = 'language'

export const language = languageOf(localStorage.getItem(LANGUAGE) ?? navigator.language)
document.documentElement.lang = language

/** The page is loaded anew, for everything in it has been said: the engine goes on, and the project is opened again. */
export function speak(chosen: Language): void {
  localStorage.setItem(LANGUAGE, chosen)
  window.location.reload()
}

const words = languages[language]
export const { window: strings, number } = words

/** What the engine or the window has to say, in words. */
export const inWords = (message: Message): Said => say(words, message, 'window')
