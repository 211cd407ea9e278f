/**
 * Saves one project over and over, each time as another generation, and now and then makes and forgets a second one:
 * `endless-saver.ts FOLDER FIRST-GENERATION`. Says `ready`, then the number of every generation that was saved.
 */
import type { ProjectRecord } from '../../src-main/session/project-record.ts'
import { type SavedParts, Store } from '../../src-main/session/store.ts'

export const PROJECT = '0123456789abcdef'
export const PASSING = 'fedcba9876543210'
/** Bytes of each part: about what a small head, its checkpoint and its photos have. */
const SIZES = { photo: 500_000, photo2: 300_000, head: 1_000_000, checkpoint: 4_000_000, thumbnail: 5000 }
export const savedParts = ['photo', 'photo2', 'head', 'checkpoint', 'thumbnail'] as const
/** Every so many generations other photos, and a project that comes and goes. */
const PHOTO_EVERY = 4
const PASSING_EVERY = 3

const correction = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const generationRecord = (generation: number): ProjectRecord => ({
  format: 'halfturn-project',
  version: 2,
  name: String(generation),
  generator: { id: 'default', sha256: 'a'.repeat(64) },
  photos: ['a', 'b'].map((name) => ({ name, face: 0, correction })),
  settings: { quality: 'fast', steps: 60, learningRate: 0.02, seed: 0 },
  job: { state: 'running', step: 1, steps: 60 },
  likeness: [],
})

/** What the parts of a generation are filled with. */
export const fillOf = (generation: number) => ({
  photo: Math.floor(generation / PHOTO_EVERY) % 251,
  photo2: Math.floor(generation / PHOTO_EVERY) % 241,
  head: generation % 251,
  checkpoint: generation % 241,
  thumbnail: generation % 239,
})

function partsOf(generation: number): SavedParts {
  const fill = fillOf(generation)
  return Object.fromEntries(
    Object.entries(SIZES).map(([part, size]) => [part, new Uint8Array(size).fill(fill[part as keyof typeof fill])]),
  )
}

if (process.argv[1] === import.meta.filename) {
  const [folder, first] = process.argv.slice(2)
  const store = new Store(folder)
  if (await store.has(PROJECT)) await store.read(PROJECT, [])
  console.log('ready')
  for (let generation = Number(first); ; generation++) {
    await store.save(PROJECT, generationRecord(generation), partsOf(generation))
    console.log(generation)
    if (generation % PASSING_EVERY > 0) continue
    await store.save(PASSING, generationRecord(0), partsOf(0))
    await store.remove(PASSING)
  }
}
