/** halfturn generate: a person who does not exist. */
import { resolve } from 'node:path'
import { message } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { orbitCamera } from '../engine/generator/camera.ts'
import { normalArray } from '../engine/inversion/random.ts'
import { positiveNumber, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import type { Command } from './commands.ts'
import { HEAD_ENDINGS, isHeadFile } from './head-files.ts'
import { Interruption } from './interruption.ts'
import { words } from './language.ts'
import { createReporter } from './reporter.ts'

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
      process.stdout.write(words.cli.helps.generate)
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
    report.say(message('wrote', { files }), { files })
    return 0
  },
}
