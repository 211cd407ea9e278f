/** The language to speak in a terminal: HALFTURN_LANGUAGE, or else what the system's locale asks for. */
import { languageOf, languages } from './languages.ts'

const { HALFTURN_LANGUAGE, LC_ALL, LC_MESSAGES, LANG } = process.env
export const spoken = languageOf(HALFTURN_LANGUAGE || LC_ALL || LC_MESSAGES || LANG)
export const words = languages[spoken]
