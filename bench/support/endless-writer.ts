/**
 * A process that writes one generation of files after the other until it is killed: `endless-writer.ts KIND FOLDER N`,
 * N the first generation's number. It says the number of a generation when it is there, and `ready` before the first.
 */
import { FileSet, type SetFile } from '../../src-main/engine/output/file-set.ts'

/** Sizes of a quick head's files, bytes. */
const SIZES: Readonly<Record<string, number>> = {
  'sheet.png': 730_000,
  glb: 63_000,
  png: 540_000,
  mtl: 1_000,
  obj: 166_000,
}
export const CHECKPOINT = 'unfinished'
export const STEM = 'head'
export const ENDINGS = Object.keys(SIZES)

/** A file that says at its start and its end which generation it is of. */
export function fileOf(generation: number, size: number): Buffer {
  const mark = Buffer.from(`${generation}\n`)
  return Buffer.concat([mark, Buffer.alloc(size, 'x'), mark])
}

/** @returns the generation; NaN where the file is not whole */
export function generationOf(file: Buffer, size: number): number {
  const generation = Number.parseInt(file.subarray(0, 12).toString('latin1'), 10)
  return file.equals(fileOf(generation, size)) ? generation : Number.NaN
}

export const sizeOf = (ending: string): number => SIZES[ending] ?? 200_000

/** One generation of each kind. */
const kinds: Readonly<Record<string, (folder: string, generation: number) => Promise<unknown>>> = {
  /** What a reconstruction does with the disk: names, checkpoint, set. */
  async set(folder, generation) {
    const set = FileSet.claim({
      folder,
      stem: STEM,
      endings: [...ENDINGS, CHECKPOINT],
      inputs: [],
      mayReplace: () => true,
    })
    await set.write(CHECKPOINT, fileOf(generation, sizeOf(CHECKPOINT)))
    const files = ENDINGS.map((ending): SetFile => [ending, fileOf(generation, sizeOf(ending))])
    await set.commit(async () => files, [CHECKPOINT])
  },
}

if (process.argv[1] === import.meta.filename) {
  const [kind, folder, first] = process.argv.slice(2)
  process.stdout.write('ready\n')
  for (let generation = Number(first); ; generation++) {
    await kinds[kind](folder, generation)
    process.stdout.write(`${generation}\n`)
  }
}
