/**
 * A process that writes one generation of files after the other until it is killed: `endless-writer.ts KIND FOLDER N`,
 * N the first generation's number. It says the number of a generation when it is there, and `ready` before the first.
 */
import { FileSet, type SetFile } from '../../src-main/engine/files/file-set.ts'

export const STEM = 'head'
export const CHECKPOINT = 'unfinished'
/** Of a set, and how many bytes a quick head's file has. */
const sizes: Readonly<Record<string, number>> = {
  'sheet.png': 730_000,
  glb: 63_000,
  png: 540_000,
  mtl: 1_000,
  obj: 166_000,
}
export const ENDINGS = Object.keys(sizes)
const CHECKPOINT_SIZE = 200_000

/** A file that says at its start and its end which generation it is of. */
function fileOf(generation: number, ending: string, small: boolean): Buffer {
  const mark = Buffer.from(`${generation}\n`)
  return Buffer.concat([mark, Buffer.alloc(small ? 0 : (sizes[ending] ?? CHECKPOINT_SIZE), 'x'), mark])
}

/** @returns the generation; NaN where the file is not whole */
export function generationOf(file: Buffer, ending: string, small: boolean): number {
  const generation = Number.parseInt(file.subarray(0, 12).toString('latin1'), 10)
  return file.equals(fileOf(generation, ending, small)) ? generation : Number.NaN
}

/** What a reconstruction does with the disk: names, checkpoint, set. */
async function writeSet(folder: string, generation: number, small: boolean): Promise<void> {
  const endings = [...ENDINGS, CHECKPOINT]
  const set = FileSet.claim({ folder, stem: STEM, endings, inputs: [], mayReplace: () => true })
  await set.write(CHECKPOINT, fileOf(generation, CHECKPOINT, small))
  const files = ENDINGS.map((ending): SetFile => [ending, fileOf(generation, ending, small)])
  await set.commit(async () => files, [CHECKPOINT])
}

/** One generation of each kind; another thing that is saved as a whole becomes another kind. */
const kinds: Readonly<Record<string, (folder: string, generation: number) => Promise<unknown>>> = {
  set: (folder, generation) => writeSet(folder, generation, false),
  /** Of files so small that most of the time goes into names and renames. */
  'small-set': (folder, generation) => writeSet(folder, generation, true),
}

if (process.argv[1] === import.meta.filename) {
  const [kind, folder, first] = process.argv.slice(2)
  process.stdout.write('ready\n')
  for (let generation = Number(first); ; generation++) {
    await kinds[kind](folder, generation)
    process.stdout.write(`${generation}\n`)
  }
}
