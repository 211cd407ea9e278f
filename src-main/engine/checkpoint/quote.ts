/** What comes from a file, made fit for a message: names quoted, shapes in brackets, both cut. */
import { clipText } from '../errors.ts'

const MOST_DIMENSIONS = 8

export function quote(name: unknown): string {
  return JSON.stringify(clipText(String(name)))
}

export function quoteShape(shape: readonly unknown[]): string {
  const sizes = shape.slice(0, MOST_DIMENSIONS).map((size) => clipText(String(size), 24))
  return `[${sizes.join(',')}${shape.length > MOST_DIMENSIONS ? `, ... (${shape.length})` : ''}]`
}
