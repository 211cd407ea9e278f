/** halfturn generate: a person who does not exist. */
import { resolve } from 'node:path'
import { FileSet } from '../engine/files/file-set.ts'
import { orbitCamera } from '../engine/generator/camera.ts'
import { normalArray } from '../engine/inversion/random.ts'
import { positiveNumber, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import type { Command } from './commands.ts'
import { HEAD_ENDINGS, isHeadFile } from './head-files.ts'
import { Interruption } from './interruption.ts'
import { createReporter } from './reporter.ts'

const HELP = `Makes up a person: picture, depth and a 3D head.

usage: halfturn generate [options]

  --seed N               default 0
  --truncation X         above 0, up to 1.5: smaller is more ordinary (default 0.7)
  -o, --output DIR       where the files go (default: ./person-<seed>)
  --overwrite            replace what is there of that name (default: it is kept, and this is numbered)
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
  overwrite: { type: 'boolean' },
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
    const [{ openWorkbench }, { finishHead }] = await Promise.all([import('./workbench.ts'), import('./output.ts')])
    const loaded = await openWorkbench(values, report)
    const { generator } = loaded
    const label = orbitCamera(generator.config.rendering_kwargs, 0)
    const z = normalArray(generator.config.z_dim, seed)
    const ws = generator.repeat(await generator.map(z, label, truncation))
    const filesOf = await finishHead(
      { loaded, planes: await generator.planes(ws), ws, label, shots: [], settings: { seed, truncation } },
      { meshResolution, triangles },
      report,
    )
    const files = await set.commit(filesOf)
    report.say(`Wrote ${files.join(', ')}`, { files })
    return 0
  },
}
