/**
 * A GPU, or whatever provider there is: `npm run bench -- gpu [WHAT ...]`, docs/gpu.md. Of generators' sizes (tiny, small,
 * full) the forward pass, a step of a code for each layer (W+) and one of all weights; of qualities (fast, balanced, which is
 * the default, full-job) a job on the sample portrait, its steps by phase and, on a real GPU, the command line as a whole.
 *
 * Seconds, CPU seconds of the process, what crosses between main memory and the GPU's in MB, and `in_runs`: the share of a
 * step's time that was spent inside the provider's runs, in which the GPU is given work or waited for; for the rest of it
 * nobody gives it any. `gpu_busy` is what the card itself says, where it says something. A software adapter is for
 * correctness alone: it gets the smallest generator, and a job that is asked for makes one step of each phase.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialWeights } from '../models/training/network.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator, type View } from '../src-main/engine/generator/generator.ts'
import { type Quality, qualities } from '../src-main/engine/inversion/schedule.ts'
import { normalArray } from '../src-main/engine/random.ts'
import type { Provider } from '../src-main/engine/runtime/provider.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { tinyConfig } from '../testing/generator.ts'
import { watch } from './support/command.ts'
import { measureJob, SAMPLE } from './support/gpu-job.ts'
import { fullSize, smallSize } from './support/random-generators.ts'
import { Recorder, type Row } from './support/recorder.ts'

const SIZES = {
  tiny: { config: tinyConfig(), rays: { resolution: 8, coarse: 8, fine: 8 }, times: 3 },
  small: { config: smallSize, rays: { resolution: 64, coarse: 24, fine: 24 }, times: 7 },
  full: { config: fullSize, rays: {}, times: 5 },
}
type Size = keyof typeof SIZES
const isSize = (what: string): what is Size => what in SIZES

/** One of each phase. */
const FEWEST_STEPS = 4

/** A software adapter's name says what it is (runtime/provider.ts); it counts only where nothing else is there. */
async function anyRuntime(): Promise<{ runtime: Runtime; isGpu: boolean }> {
  const best = await Runtime.create()
  if (best.provider.name !== 'cpu') return { runtime: best, isGpu: true }
  const software = await Runtime.create({ provider: 'webgpu', allowSoftware: true }).catch(() => undefined)
  if (!software) return { runtime: best, isGpu: false }
  await best.dispose()
  return { runtime: software, isGpu: false }
}

export default async function gpu(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { runtime, isGpu } = await anyRuntime()
  const { name, adapter } = runtime.provider
  await runtime.dispose()
  recorder.add({ what: 'provider', name, adapter })
  const wanted = options.length > 0 ? options : isGpu ? ['small', 'full', 'balanced', 'full-job'] : ['tiny']
  for (const what of wanted) {
    // A process of its own, so that its peak of memory is its own too.
    const steps = isGpu ? [] : [String(FEWEST_STEPS)]
    const child = fork(import.meta.filename, [what, name, ...steps], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    child.on('message', (row) => recorder.add(row as Row))
    const [[code]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
    if (code !== 0) recorder.add({ what: `${what}: ended before its end`, code: code ?? 'killed' })
    else if (isGpu && !isSize(what)) await timeCommand(recorder, qualityOf(what), name)
  }
}

/** `full` is a size: the quality of that name is asked for as `full-job`. */
function qualityOf(what: string): Quality {
  const quality = qualities.find((name) => name === what.replace(/-job$/, ''))
  if (!quality) throw new Error(`bench gpu: '${what}' is no size (${Object.keys(SIZES)}) and no quality (${qualities})`)
  return quality
}

/** The job as the user has it: from the photo to the files. */
async function timeCommand(recorder: Recorder, quality: Quality, provider: Provider['name']): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'halfturn-gpu-'))
  const { total, peak } = await watch('reconstruct', SAMPLE, '--provider', provider, '--quality', quality, '-o', folder)
  recorder.add({ what: `${quality}: the command, photo to files`, ...total, peak_rss: peak })
  await rm(folder, { recursive: true })
}

async function measure(recorder: Recorder, what: string, name: Provider['name'], steps: string | undefined) {
  const runtime = await Runtime.create({ provider: name, allowSoftware: true })
  if (isSize(what)) await measureSize(recorder, runtime, what)
  else await measureJob(recorder, runtime, qualityOf(what), steps === undefined ? undefined : Number(steps))
  await runtime.dispose()
}

async function measureSize(recorder: Recorder, runtime: Runtime, size: Size): Promise<void> {
  const { config, rays, times } = SIZES[size]
  const generator = new Generator(runtime, config, initialWeights(config, new Map(), 1))
  const ws = normalArray(config.num_ws * config.w_dim, 2)
  const front = orbitCamera(config.rendering_kwargs, 0)
  const works = {
    forward: async () => {
      const planes = await generator.paint(ws)
      await generator.view(ws, front, { ...rays, planes, keep: false })
    },
    'W+ step': async () => {
      const trace = {}
      const planes = await generator.paint(ws, trace)
      const view = await generator.view(ws, front, { ...rays, planes })
      const sum = generator.renderer.planesSum(planes)
      await generator.backwardInto(sum, 1, view, cotangentOf(view), { label: true })
      await generator.planesBackward(ws, sum.values, {}, trace)
    },
    'all weights': async () => {
      const view = await generator.view(ws, front, rays)
      await generator.backward(view, cotangentOf(view), { label: true, weights: true })
    },
  }
  for (const [what, work] of Object.entries(works)) {
    // What stays on the GPU is brought there once.
    await work()
    const before = runtime.traffic
    await recorder.time(`${size}: ${what}`, times, work, () => {
      const { up, down } = runtime.traffic
      return { up_mb: (up - before.up) / (times + 1) / 1e6, down_mb: (down - before.down) / (times + 1) / 1e6 }
    })
  }
}

/** The size of a mean's gradient. */
function cotangentOf({ image }: View) {
  return { image: new Float32Array(image.length).fill(1 / image.length) }
}

/** Tells each row as it is made. */
class Teller extends Recorder {
  override add(row: Row): void {
    process.send!(row)
  }
}

if (process.send) {
  const [what, provider, steps] = process.argv.slice(2)
  await measure(new Teller(), what, provider as Provider['name'], steps)
  process.disconnect()
}
