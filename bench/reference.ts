/**
 * The official size (planes 256^2, rays 128^2 x (48 + 48) samples, picture 512^2, 31 million random weights) on the CPU,
 * beside PyTorch on the same machine, which computes the same with the same weights (`support/reference.py`): the forward
 * pass, a step of a code for each layer (W+), one of all weights and the camera. Each has a process of its own, one after
 * another and in turns, and the results are compared. Needs PyTorch: Debian's python3-torch.
 *
 * `npm run bench -- reference [--threads 1,2] [--times 3] [--python /usr/bin/python3]`
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { initialWeights } from '../models/training/network.ts'
import {
  readSafetensors,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../src-main/engine/checkpoint/safetensors.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator } from '../src-main/engine/generator/generator.ts'
import { normalArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { fullSize } from './support/random-generators.ts'
import { Recorder } from './support/recorder.ts'

const WORKS = ['forward', 'W+ step', 'all weights'] as const
type Work = (typeof WORKS)[number]

/** Medians of some runs after one that does not count; what the process ever had resident, MiB. */
interface Figures {
  readonly cpu: number
  readonly wall: number
  readonly peak_rss: number
}

/** What a side computed is left here: the picture of a forward pass, else the gradient of the code. */
const OURS = 'ours.f32'
const THEIRS = 'torch.f32'

export default async function reference(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      threads: { type: 'string', default: `${availableParallelism()}` },
      times: { type: 'string', default: '3' },
      python: { type: 'string', default: '/usr/bin/python3' },
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'halfturn-reference-'))
  try {
    writeCase(folder)
    recorder.add({ what: 'load average before', minute: loadavg()[0], five_minutes: loadavg()[1] })
    for (const threads of values.threads.split(',')) {
      for (const work of WORKS) {
        const told = [folder, work, threads, values.times]
        const what = `${work}, ${threads} thread${threads === '1' ? '' : 's'}`
        const ours = await runOurs(told)
        recorder.add({ what: `${what}: Halfturn`, ...ours })
        const { version, ...theirs } = runTheirs(values.python, told)
        recorder.add({ what: `${what}: PyTorch ${version}`, ...theirs })
        const ratio = (of: keyof Figures) => ours[of] / theirs[of]
        recorder.add({
          ...{ what: `${what}: Halfturn / PyTorch`, cpu: ratio('cpu'), wall: ratio('wall'), memory: ratio('peak_rss') },
          results_differ: differenceOf(valuesIn(join(folder, OURS)), valuesIn(join(folder, THEIRS))),
        })
      }
    }
    recorder.add({ what: 'load average after', minute: loadavg()[0], five_minutes: loadavg()[1] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Weights, code and camera, for both sides. */
function writeCase(folder: string): void {
  const { num_ws, w_dim, rendering_kwargs } = fullSize
  const tensors = new Map(
    [...initialWeights(fullSize, new Map(), 1)].map(([name, { shape, data }]) => [name, storeFloat32(data, shape)]),
  )
  tensors.set('ws', storeFloat32(normalArray(num_ws * w_dim, 2), [num_ws, w_dim]))
  tensors.set('label', storeFloat32(orbitCamera(rendering_kwargs, 0), [25]))
  writeFileSync(join(folder, 'case.safetensors'), Buffer.concat(writeSafetensors(tensors, {})))
}

async function runOurs(told: readonly string[]): Promise<Figures> {
  const child = fork(import.meta.filename, told, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [figures] = (await once(child, 'message')) as [Figures]
  return figures
}

function runTheirs(python: string, told: readonly string[]): Figures & { readonly version: string } {
  // Where it is set, it is for the safety of others, and slows PyTorch several times.
  const { OPENBLAS_CORETYPE, ...env } = process.env
  const script = join(import.meta.dirname, 'support', 'reference.py')
  return JSON.parse(execFileSync(python, [script, ...told], { env, encoding: 'utf8' }))
}

async function measure(folder: string, work: Work, threads: number, times: number): Promise<Figures> {
  const file = readFileSync(join(folder, 'case.safetensors'))
  const weights = new Map(
    [...readSafetensors(file).tensors].map(([name, tensor]) => [
      name,
      { shape: tensor.shape, data: toFloat32(tensor) },
    ]),
  )
  const [ws, label] = ['ws', 'label'].map((name) => weights.get(name)!.data)
  const runtime = await Runtime.create({ provider: 'cpu', threads })
  const generator = new Generator(runtime, fullSize, weights)
  const recorder = new Recorder()
  const all = work === 'all weights'
  let result = ws
  await recorder.time(work, times, async () => {
    const view = await generator.view(ws, label, { keep: work !== 'forward' })
    result = view.image
    if (work === 'forward') return
    // Those of the sum of both pictures' means.
    const [image, raw] = [view.image, view.raw].map(({ length }) => new Float32Array(length).fill(1 / length))
    result = (await generator.backward(view, { image, raw }, { label: all, weights: all })).ws
  })
  writeFileSync(join(folder, OURS), result)
  await runtime.dispose()
  const [{ cpu, wall, peak_rss }] = recorder.rows
  return { cpu, wall, peak_rss } as Figures
}

const valuesIn = (path: string) => new Float32Array(new Uint8Array(readFileSync(path)).buffer)

/** As a share of the second: Euclidean lengths. */
function differenceOf(a: Float32Array, b: Float32Array): number {
  const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0)
  return Math.sqrt(squares(a.map((value, i) => value - b[i])) / squares(b))
}

if (process.send) {
  const [folder, work, threads, times] = process.argv.slice(2)
  process.send(await measure(folder, work as Work, Number(threads), Number(times)))
  process.disconnect()
}
