/** Names for files that every file system takes and no reader of an OBJ stumbles over, and when two names are one. */
import { createHash } from 'node:crypto'

/** Bytes of UTF-8 a name may have on nearly every file system. */
const LONGEST_NAME = 255
/** For the number of a set that is not the first of its name. */
const NUMBER_BYTES = 6
const DIGEST_DIGITS = 8

/**
 * A name without what some system or reader takes for something else: white space parts the words of an OBJ and its
 * MTL, a dash in front begins an option there, `#` a comment; Windows refuses the rest.
 */
export function portableName(name: string): string {
  const plain = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a name may hold them, and a line of an OBJ must not.
    .replace(/[\s\u0000-\u001f\u007f<>:"/\\|?*#]+/g, '_')
    .replace(/^-/, '_')
    .replace(/\.$/, '_')
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain) ? `_${plain}` : plain
}

/**
 * Shortens `stem` so that it fits with any of `endings` and a number; a digest of the whole keeps long names apart.
 * @param most bytes a name may have
 */
export function shortened(stem: string, endings: readonly string[], most = LONGEST_NAME): string {
  const room = most - NUMBER_BYTES - Math.max(...endings.map((ending) => Buffer.byteLength(ending) + 1))
  if (Buffer.byteLength(stem) <= room) return stem
  const digest = createHash('sha256').update(stem).digest('hex').slice(0, DIGEST_DIGITS)
  let start = ''
  // By characters: half of one is no name.
  for (const { segment } of new Intl.Segmenter().segment(stem)) {
    if (Buffer.byteLength(start + segment) > room - DIGEST_DIGITS - 1) break
    start += segment
  }
  return `${start}-${digest}`
}

/** `stem` of the n-th set of that name, from 1. */
export const numbered = (stem: string, n: number): string => (n === 1 ? stem : `${stem}-${n}`)

/**
 * The same for names that some file system takes for one: case and the ways to write an accent do not count. Where the
 * disk at hand tells them apart, that costs no more than a number.
 */
export const nameKey = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
