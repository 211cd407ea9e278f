/** A project to carry around: a `.halfturn` file, which is a zip of the record and its parts. */
import { unzipSync, zipSync } from 'fflate'
import { readSafetensors } from '../engine/checkpoint/safetensors.ts'
import { message, UserError } from '../engine/errors.ts'
import { checkPart, partName } from './part-name.ts'
import {
  isPhoto,
  nameOfPart,
  type PartNames,
  type ProjectRecord,
  photoParts,
  readProjectRecord,
  writeProjectRecord,
} from './project-record.ts'

/** What of a project is carried around: the rest can be made from it. */
const carried = [...photoParts, 'head', 'checkpoint'] as const
export type CarriedParts = { [P in (typeof carried)[number]]?: Uint8Array }

const RECORD = 'project.json'
/** It is unpacked in memory: what it claims is bounded first. */
const MOST_UNPACKED = 512 * 2 ** 20
const MOST_RECORD = 4 * 2 ** 20
const MOST_ENTRIES = 64
/** Deflate cannot do better: who claims more lies. */
const MOST_RATIO = 1032

export function packProject(record: ProjectRecord, parts: CarriedParts): Uint8Array {
  const names: PartNames = {}
  const files: Record<string, Uint8Array> = {}
  for (const part of carried) {
    const bytes = parts[part]
    if (!bytes) continue
    names[part] = partName(part, bytes)
    files[part] = bytes
  }
  files[RECORD] = new TextEncoder().encode(writeProjectRecord(record, names))
  // Photos and weights hardly shrink: the fastest level is enough.
  return zipSync(files, { level: 1 })
}

/**
 * Reads a `.halfturn` file without writing anything.
 * @param name of the file, for messages
 * @throws UserError where it is not one, is damaged or claims too much
 */
export function unpackProject(bytes: Uint8Array, name: string): { record: ProjectRecord; parts: CarriedParts } {
  const files = unzip(bytes, name)
  const text = files[RECORD]
  if (!text) throw new UserError('not-a-project', { name, record: RECORD })
  const { record, names, isComplete } = readProjectRecord(Buffer.from(text).toString('utf8'), name)
  const parts: CarriedParts = {}
  for (const part of carried) {
    const [wanted, found] = [names[part], files[part]]
    if (!wanted || !found) {
      if (isComplete && wanted) throw new UserError('project-file-lacks', { name, part: nameOfPart(part) })
      continue
    }
    checkPart(part, wanted, found, name)
    if (!isPhoto(part)) readSafetensors(found, message('part-of', { part: nameOfPart(part), whose: name }))
    parts[part] = found
  }
  return { record, parts }
}

function unzip(bytes: Uint8Array, name: string): Record<string, Uint8Array> {
  const known = new Set<string>([RECORD, ...carried])
  const sizes = new Map<string, number>()
  let entries = 0
  let total = 0
  const damaged = (cause?: unknown) => new UserError('project-file-damaged', { name }, { cause })
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter: ({ name: entry, size, originalSize, compression }) => {
        if (++entries > MOST_ENTRIES) throw new UserError('project-file-surplus', { name })
        // Whatever else is in it, and wherever it wants to go, stays there.
        if (!known.has(entry)) return false
        total += originalSize
        if (total > MOST_UNPACKED)
          throw new UserError('project-file-too-large', { name, most: MOST_UNPACKED / 2 ** 20 })
        const most = compression === 0 ? size : MOST_RATIO * size
        const isHonest = size <= bytes.length && originalSize <= most && !sizes.has(entry)
        if (!isHonest || (entry === RECORD && originalSize > MOST_RECORD)) throw damaged()
        sizes.set(entry, originalSize)
        return true
      },
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw damaged(error)
  }
  for (const [entry, size] of sizes) if (files[entry]?.length !== size) throw damaged()
  return files
}
