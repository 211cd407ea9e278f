/** halfturn info: what this machine offers, and what a file is. */
import type { GeneratorConfig } from '../engine/checkpoint/config.ts'
import { readGeneratorFile } from '../engine/checkpoint/generator-file.ts'
import { isCheckpoint, readGeneratorInput } from '../engine/checkpoint/generator-input.ts'
import { importCheckpoint, sha256Of } from '../engine/checkpoint/import.ts'
import { describeProviders } from '../engine/runtime/provider.ts'
import { Runtime } from '../engine/runtime/runtime.ts'
import { VERSION } from '../engine/version.ts'
import { Library } from '../session/library.ts'
import { readArguments } from './arguments.ts'
import type { Command } from './commands.ts'
import { generatorFolder } from './workbench.ts'

const HELP = `Says which providers, adapters and generators there are, or what a generator file or EG3D checkpoint is.

usage: halfturn info [FILE]

  --json                 as JSON
  -h, --help
`

const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

export const info: Command = {
  async run(argv) {
    const { values, positionals } = readArguments('info', argv, options)
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const [path] = positionals
    const facts = path === undefined ? await machineFacts() : await fileFacts(path)
    process.stdout.write(values.json ? `${JSON.stringify(facts, null, 2)}\n` : facts.text)
    return 0
  },
}

async function machineFacts() {
  const providers = await describeProviders()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const generators = await new Library(runtime, generatorFolder).list()
  const text = [
    `Halfturn ${VERSION}`,
    '',
    'Providers, the best first:',
    ...providers.map(({ name, available, adapter, problem }) =>
      available ? `  ${name.padEnd(8)} ${adapter}` : `  ${name.padEnd(8)} not available: ${problem}`,
    ),
    '',
    'Generators:',
    ...generators.map(({ id, name, resolution }) => `  ${id}  (${name}, pictures of ${resolution}²)`),
    '',
  ].join('\n')
  return { version: VERSION, providers, generators, text }
}

async function fileFacts(path: string) {
  const bytes = await readGeneratorInput(path)
  const sha256 = sha256Of(bytes)
  const checkpoint = isCheckpoint(bytes)
  const { config } = checkpoint ? importCheckpoint(bytes, path, sha256) : readGeneratorFile(bytes, path)
  return {
    kind: checkpoint ? 'EG3D checkpoint' : 'generator',
    sha256,
    config,
    text: describe(path, checkpoint, config),
  }
}

function describe(path: string, checkpoint: boolean, config: GeneratorConfig): string {
  const { rendering_kwargs: r, super_resolution: sr } = config
  return `${path}: ${checkpoint ? 'an EG3D checkpoint' : 'a generator'}
  name               ${config.name}
  codes              z ${config.z_dim}, w ${config.w_dim}, ${config.num_ws} layers
  planes             3 x ${config.plane_channels} channels at ${config.plane_resolution}², ${config.plane_layers.join(', ')} layers
  rendering          ${config.neural_rendering_resolution}² rays, ${r.depth_resolution} + ${r.depth_resolution_importance} samples
  super-resolution   ${sr ? `${sr.class}, to ${config.image_resolution}²` : 'none'}
  source             ${config.provenance.source}
  licence            ${config.licence}
`
}
