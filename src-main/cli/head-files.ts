/** The names of a head's files, and by what they are told from others. */
import { closeSync, openSync, readSync } from 'node:fs'

/** What the files of a head end in. */
export const HEAD_ENDINGS = ['sheet.png', 'glb', 'png', 'mtl', 'obj']

/** How far into a file it says what made it. */
const MARKED_WITHIN = 1 << 16

/** Whether a file was made by Halfturn: nothing else may be replaced by what it makes. A texture says so in its MTL. */
export function isHeadFile(path: string): boolean {
  const companion = path.replace(/\.png$/i, '.mtl')
  return isMarked(path) || (companion !== path && isMarked(companion))
}

function isMarked(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r')
    try {
      const start = Buffer.alloc(MARKED_WITHIN)
      return start.subarray(0, readSync(descriptor, start)).includes('Halfturn')
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return false
  }
}
