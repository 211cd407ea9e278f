/** The one error class that is meant for the person in front of the screen. */

/** Characters of a message or cure: a file must not make it longer, whatever it holds. */
const MOST_CHARACTERS = 400
/** What would move the cursor, end the line or turn the writing direction, and halves of characters. */
const CONTROLS = /[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/**
 * Something the user gave cannot be used, or something they can change went wrong. The message says what was met and
 * where; `cure` says what to do. Front doors print both and exit with code 2; every other error is a defect of ours.
 * Both are at most 400 characters long, and the message is one line: what files and other people say goes through
 * {@link clip} first, so that the words around it are not what is lost.
 */
export class UserError extends Error {
  readonly cure: string

  constructor(message: string, cure: string, options?: { cause?: unknown }) {
    super(clip(message, MOST_CHARACTERS), options)
    this.name = 'UserError'
    this.cure = cutMiddle(cure, MOST_CHARACTERS)
  }
}

/** Foreign text made fit for a message: without control characters, its middle left out beyond `most` characters. */
export function clip(text: string, most = 120): string {
  return cutMiddle(text, most).replace(CONTROLS, ' ')
}

function cutMiddle(text: string, most: number): string {
  const half = (most - 3) >> 1
  return text.length > most ? `${text.slice(0, most - 3 - half)}...${text.slice(-half)}` : text
}
