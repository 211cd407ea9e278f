/** halfturn generate: a person who does not exist. */
import { resolve } from 'node:path'
import { FileSet } from '../engine/files/file-set.ts'
import { LIMITS, TRUNCATION } from '../engine/limits.ts'
import { words } from '../words/terminal.ts'
import { realNumber, runtimeOptions, wholeNumber } from './arguments.ts'
import { command } from './command.ts'
import { editOption, readEdit } from './edit-option.ts'
import {
  HEAD_ENDINGS,
  headFileHelp,
  headFileOptions,
  isHeadFile,
  readHeadFileOptions,
  writeHeadFiles,
} from './head-files.ts'
import { Interruption } from './interruption.ts'
import { createReporter } from './reporter.ts'

const options = {
  ...runtimeOptions,
  ...headFileOptions,
  ...editOption,
  seed: { type: 'string' },
  truncation: { type: 'string' },
} as const

export const generate = command({
  name: 'generate',
  options,
  help: () => words.cli.helps.generate(LIMITS.truncation, headFileHelp, LIMITS.edit),
  async run({ values }) {
    const seed = wholeNumber('seed', values.seed, LIMITS.seed) ?? 0
    const truncation = realNumber('truncation', values.truncation, LIMITS.truncation) ?? TRUNCATION
    const edit = readEdit(values.edit)
    const choice = readHeadFileOptions(values)
    const report = createReporter(values.json ?? false)
    const folder = resolve(values.output ?? `person-${seed}`)
    new Interruption()
    const set = FileSet.claim({
      folder,
      stem: `person-${seed}`,
      endings: HEAD_ENDINGS,
      inputs: values.generator === undefined ? [] : [values.generator],
      mayReplace: (path) => values.overwrite === true && isHeadFile(path),
    })
    for (const note of set.notes) report.warn(note)
    // The libraries are loaded when there is work for them.
    const [{ openGenerator }, { Finish }, { makeUp }] = await Promise.all([
      import('./chosen-generator.ts'),
      import('../engine/finish.ts'),
      import('../engine/head/made-up.ts'),
    ])
    const { generator, sha256 } = await openGenerator(values, report)
    const head = await makeUp(generator, seed, truncation)
    const finish = new Finish({ generator, sha256, head, photos: [] }).edited(edit)
    await writeHeadFiles(finish, choice, { seed, truncation }, set, report)
    return 0
  },
})
