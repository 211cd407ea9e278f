/** Every word the window says, in the language that was chosen, or else the system's. */
import { languageOf, languages } from '../src-main/words/languages.ts'
import { type Message, type Said, say } from '../src-main/words/message.ts'

const LANGUAGE = 'language'

export const language = languageOf(localStorage.getItem(LANGUAGE) ?? navigator.language)
const words = languages[language]
export const strings = words.window

/** What the engine or the window has to say, in words. */
export const inWords = (message: Message): Said => say(words, message, 'window')
