/** What commands share: the runtime that was asked for and the generator to use with it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readGeneratorInput } from '../engine/checkpoint/generator-input.ts'
import { message, UserError } from '../engine/errors.ts'
import { providerNames } from '../engine/runtime/provider.ts'
import { Runtime } from '../engine/runtime/runtime.ts'
import { dataFolder } from '../session/folders.ts'
import { EMBEDDED, Library, type Loaded } from '../session/library.ts'
import { oneOf } from './arguments.ts'
import type { Reporter } from './reporter.ts'

/** Where imported generators are kept: where the window finds them too. */
export const generatorFolder = join(dataFolder().folder, 'generators')

export interface GeneratorChoice {
  readonly provider?: string
  readonly 'allow-software'?: boolean
  readonly generator?: string
  /** Of the CPU provider; default: one per core. */
  readonly threads?: number
}

/** @throws UserError where the provider or the generator cannot be used */
export async function openGenerator(options: GeneratorChoice, report: Reporter): Promise<Loaded> {
  const provider = oneOf('provider', options.provider, providerNames)
  const { threads } = options
  const runtime = await Runtime.create({ provider, allowSoftware: options['allow-software'], threads })
  const library = new Library(runtime, generatorFolder)
  const loaded = await library.load(await generatorId(library, options.generator))
  const { name, reason } = runtime.provider
  report.say(message('running-on', { provider: reason }), { provider: name })
  return loaded
}

/** Digest of the file of the generator that is asked for. @throws UserError where it cannot be used */
export async function generatorDigest(wanted: string | undefined): Promise<string> {
  const library = new Library(await Runtime.create({ provider: 'cpu' }), generatorFolder)
  return library.digest(await generatorId(library, wanted))
}

/** The id of an embedded or imported generator; a path is taken in first. */
async function generatorId(library: Library, wanted: string | undefined): Promise<string> {
  if (wanted === undefined || wanted === EMBEDDED) return EMBEDDED
  const path = resolve(wanted)
  if (!existsSync(path)) {
    throw new UserError('no-generator-file', { path })
  }
  return (await library.add(await readGeneratorInput(path), wanted)).id
}
