/** halfturn import: an official EG3D checkpoint to a generator file, read as data, never executed. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeGeneratorFile } from '../engine/checkpoint/generator-file.ts'
import { importCheckpoint, importedName, sha256Of } from '../engine/checkpoint/import.ts'
import { UserError } from '../engine/errors.ts'
import { writeFileAtomic } from '../engine/files.ts'
import { readArguments } from './arguments.ts'
import type { Command } from './commands.ts'
import { generatorFolder } from './workbench.ts'

const HELP = `Takes an official EG3D checkpoint in: reads it as data (the program code inside is never run) and writes a
generator file of this program.

usage: halfturn import FILE.pkl [-o FILE.safetensors]

  -o, --output FILE      default: the folder of imported generators; the same file twice is kept once
  -h, --help
`

const options = { output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const

export const importGenerator: Command = {
  async run(argv) {
    const { values, positionals } = readArguments('import', argv, options)
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const [path, ...others] = positionals
    if (path === undefined || others.length > 0) {
      throw new UserError('import takes one file.', 'For example: halfturn import ffhq512-128.pkl')
    }
    const bytes = await readFile(path).catch((cause) => {
      throw new UserError(`Could not read ${path} (${cause.code}).`, 'Give the path of a .pkl file.', { cause })
    })
    const sha256 = sha256Of(bytes)
    const target = values.output ? resolve(values.output) : join(generatorFolder, importedName(sha256))
    if (!values.output && existsSync(target)) {
      process.stdout.write(`${path} has been imported before: ${target}\n`)
      return 0
    }
    const { config, weights } = importCheckpoint(bytes, path, sha256)
    await writeFileAtomic(target, ...writeGeneratorFile(config, weights))
    process.stdout.write(`Imported ${config.name}: ${target}\n${config.licence}\n`)
    return 0
  },
}
