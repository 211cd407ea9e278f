/** halfturn import: an official checkpoint to a generator file, read as data, never executed. */
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { writeGeneratorFile } from '../engine/checkpoint/generator-file.ts'
import { readGeneratorInput } from '../engine/checkpoint/generator-input.ts'
import { importCheckpoint, importedName, sha256Of } from '../engine/checkpoint/import.ts'
import { message, UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import type { Wanted } from '../engine/files/plan.ts'
import { words } from '../words/terminal.ts'
import { generatorFolder } from './chosen-generator.ts'
import { command } from './command.ts'
import { Interruption } from './interruption.ts'
import { createReporter } from './reporter.ts'

const options = {
  output: { type: 'string', short: 'o' },
  overwrite: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const ENDING = 'safetensors'

export const importGenerator = command({
  name: 'import',
  options,
  help: () => words.cli.helps.import,
  async run({ values, positionals }) {
    const report = createReporter(false)
    const [path, ...others] = positionals
    if (path === undefined || others.length > 0) {
      throw new UserError('import-one-file')
    }
    const bytes = await readGeneratorInput(path)
    const sha256 = sha256Of(bytes)
    const kept = join(generatorFolder, importedName(sha256))
    // It may be there but for the last rename of a run that was killed.
    FileSet.cleanUp(generatorFolder)
    if (!values.output && existsSync(kept)) {
      report.say(message('imported-before', { path, kept }))
      return 0
    }
    new Interruption()
    const place = placeOf(values.output ? resolve(values.output) : kept)
    const [ending] = place.endings
    const set = FileSet.claim({
      ...place,
      // A generator that is known by its digest has one name.
      exact: !values.output,
      inputs: [path],
      mayReplace: () => values.overwrite === true,
    })
    for (const note of set.notes) report.warn(note)
    const { config, weights, notes } = importCheckpoint(bytes, path, sha256)
    const [target] = await set.commit(async () => [[ending, ...writeGeneratorFile(config, weights)]])
    report.say(message('imported', { name: config.name, file: target, licence: config.licence }))
    for (const note of notes) report.warn(note)
    return 0
  },
})

/** @param path of a file to write; without an extension it gets that of generator files */
function placeOf(path: string): Pick<Wanted, 'folder' | 'stem' | 'endings'> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError('import-to-folder', { path, file: join(path, `generator.${ENDING}`) })
  }
  const extension = extname(path)
  return {
    folder: dirname(path),
    stem: basename(path, extension),
    endings: [extension.length > 1 ? extension.slice(1) : ENDING],
  }
}
