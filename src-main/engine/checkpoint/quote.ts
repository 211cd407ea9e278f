/** What comes from a file, made fit for a message: names quoted, shapes in brackets, both cut. */
import { clip } from '../errors.ts'

const MOST_DIMENSIONS = 8

export function quote(name: unknown): string {
  return JSON.stringify(clip(String(name)))
}

export function quoteShape(shape: readonly unknown[]): string {
  const sizes = shape.slice(0, MOST_DIMENSIONS).map((size) => clip(String(size), 24))
  return `[${sizes.join(',')}${shape.length > MOST_DIMENSIONS ? `, ... (${shape.length})` : ''}]`
}
