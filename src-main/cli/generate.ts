/** halfturn generate: a person who does not exist. */
import { resolve } from 'node:path'
import { orbitCamera } from '../engine/generator/camera.ts'
import { normalArray } from '../engine/inversion/random.ts'
import { positiveNumber, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import type { Command } from './commands.ts'
import { ensureWritable, writeHead } from './output.ts'
import { createReporter } from './reporter.ts'
import { openWorkbench } from './workbench.ts'

const HELP = `Makes up a person: picture, depth and a 3D head.

usage: halfturn generate [options]

  --seed N               default 0
  --truncation X         above 0, up to 1.5: smaller is more ordinary (default 0.7)
  -o, --output DIR       where the files go (default: ./person-<seed>)
  --mesh-resolution N    density samples along a side, 64 to 512 (default 256)
  --triangles N          of the mesh (default 60000)
  --generator FILE       a generator file or an EG3D checkpoint (default: the embedded one)
  --provider NAME        cuda, dml, coreml, webgpu or cpu (default: the best that works)
  --allow-software       let a software adapter count as a GPU
  --json                 progress as JSON lines
  -h, --help
`

const options = {
  ...runtimeOptions,
  seed: { type: 'string' },
  truncation: { type: 'string' },
  output: { type: 'string', short: 'o' },
  'mesh-resolution': { type: 'string' },
  triangles: { type: 'string' },
} as const

export const generate: Command = {
  async run(argv) {
    const { values } = readArguments('generate', argv, options)
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const seed = wholeNumber('seed', values.seed, 0, 2 ** 31 - 1) ?? 0
    const truncation = positiveNumber('truncation', values.truncation, 1.5) ?? 0.7
    const meshResolution = wholeNumber('mesh-resolution', values['mesh-resolution'], 64, 512) ?? 256
    const triangles = wholeNumber('triangles', values.triangles, 100, 10_000_000) ?? 60_000
    const report = createReporter(values.json ?? false)
    const folder = resolve(values.output ?? `person-${seed}`)
    const loaded = await openWorkbench(values, report)
    await ensureWritable(folder)
    const { generator } = loaded
    const label = orbitCamera(generator.config.rendering_kwargs, 0)
    const z = normalArray(generator.config.z_dim, seed)
    const ws = generator.repeat(await generator.map(z, label, truncation))
    const files = await writeHead(
      { loaded, planes: await generator.planes(ws), ws, label, shots: [], settings: { seed, truncation } },
      { folder, name: `person-${seed}`, meshResolution, triangles },
      report,
    )
    report.say(`Wrote ${files.join(', ')}`, { files })
    return 0
  },
}
