/** The one error class that is meant for the person in front of the screen. */

/**
 * Something the user gave cannot be used, or something they can change went wrong. The message says what was met and
 * where; `cure` says what to do. Front doors print both and exit with code 2; every other error is a defect of ours.
 */
export class UserError extends Error {
  readonly cure: string

  constructor(message: string, cure: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'UserError'
    this.cure = cure
  }
}
