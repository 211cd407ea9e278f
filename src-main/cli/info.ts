/** halfturn info: what this machine offers, and what a file is. */
import type { GeneratorConfig } from '../engine/checkpoint/config.ts'
import { directionsOf, type GeneratorFile, readGeneratorFile } from '../engine/checkpoint/generator-file.ts'
import { isCheckpoint, readGeneratorInput } from '../engine/checkpoint/generator-input.ts'
import { importCheckpoint, sha256Of } from '../engine/checkpoint/import.ts'
import { describeProviders } from '../engine/runtime/provider.ts'
import { Runtime } from '../engine/runtime/runtime.ts'
import { VERSION } from '../engine/version.ts'
import { Library } from '../session/library.ts'
import { type Message, say } from '../words/message.ts'
import { words } from '../words/terminal.ts'
import { generatorFolder } from './chosen-generator.ts'
import { command } from './command.ts'

const text = words.cli.info
const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

export const info = command({
  name: 'info',
  options,
  help: () => words.cli.helps.info,
  async run({ values, positionals }) {
    const [path] = positionals
    const facts = path === undefined ? await machineFacts() : await fileFacts(path)
    process.stdout.write(values.json ? `${JSON.stringify(facts, null, 2)}\n` : facts.text)
    return 0
  },
})

async function machineFacts() {
  const providers = await describeProviders()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const generators = await new Library(runtime, generatorFolder).list()
  const lines = [
    `Halfturn ${VERSION}`,
    '',
    text.providers,
    ...providers.map(({ name, adapter, problem }) => {
      const said = problem ? text.unavailable(say(words, problem, 'cli').text) : adapter
      return `  ${name.padEnd(8)} ${said}`
    }),
    '',
    text.generators,
    ...generators.map(({ id, name, resolution, traits }) => `  ${id}  (${text.generator(name, resolution, traits)})`),
    '',
  ]
  return { version: VERSION, providers, generators, text: lines.join('\n') }
}

async function fileFacts(path: string) {
  const bytes = await readGeneratorInput(path)
  const sha256 = sha256Of(bytes)
  const { origin, config, traits, notes } = isCheckpoint(bytes)
    ? { ...importCheckpoint(bytes, path, sha256), traits: [] }
    : { ...traitsIn(readGeneratorFile(bytes, path)), origin: undefined, notes: [] }
  return {
    kind: origin === undefined ? 'generator' : `${origin} checkpoint`,
    sha256,
    config,
    traits,
    notes,
    text: `${text.file(path, origin)}\n${describe(config, traits)}${notes.map(lineOf).join('')}`,
  }
}

const traitsIn = (file: GeneratorFile) => ({ config: file.config, traits: [...directionsOf(file).keys()] })

const lineOf = (note: Message) => `${words.cli.note(say(words, note, 'cli').text)}\n`

function describe(config: GeneratorConfig, traits: readonly string[]): string {
  const { rendering_kwargs: r, super_resolution: sr } = config
  const rows: Record<keyof typeof text.rows, string> = {
    name: config.name,
    codes: text.codes(config.z_dim, config.w_dim, config.num_ws),
    planes: text.planes(config.plane_channels, config.plane_resolution, config.plane_layers),
    rendering: text.rendering(config.neural_rendering_resolution, r.depth_resolution, r.depth_resolution_importance),
    superResolution: sr ? text.superResolution(sr.class, config.image_resolution) : text.none,
    traits: traits.join(', ') || text.none,
    source: config.provenance.source,
    licence: config.licence,
  }
  const lines = Object.entries(rows).map(([row, said]) => {
    return `  ${text.rows[row as keyof typeof rows].padEnd(18)} ${said}\n`
  })
  return lines.join('')
}
