/**
 * Steps on a GPU, or on whatever provider there is: the forward pass, a step of a code for each layer (W+) and one of all
 * weights; seconds, CPU seconds of this process, and what crosses between main memory and the GPU's, in MB a step. A
 * software adapter is for correctness alone and gets the smallest generator; sizes may be named.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { initialWeights } from '../models/training/network.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator, type View } from '../src-main/engine/generator/generator.ts'
import { normalArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { tinyConfig } from '../testing/generator.ts'
import { fullSize, smallSize } from './support/random-generators.ts'
import { Recorder, type Row } from './support/recorder.ts'

const SIZES = {
  tiny: { config: tinyConfig(), rays: { resolution: 8, coarse: 8, fine: 8 }, times: 3 },
  small: { config: smallSize, rays: { resolution: 64, coarse: 24, fine: 24 }, times: 7 },
  full: { config: fullSize, rays: {}, times: 5 },
}
type Size = keyof typeof SIZES

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
  const sizes = options.length > 0 ? options : isGpu ? ['small', 'full'] : ['tiny']
  for (const size of sizes) {
    // A process of its own, so that its peak of memory is its own too.
    const child = fork(import.meta.filename, [size, name], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const [rows] = (await once(child, 'message')) as [Row[]]
    for (const row of rows) recorder.add(row)
  }
}

async function measure(size: Size, provider: Runtime['provider']['name']): Promise<Row[]> {
  const { config, rays, times } = SIZES[size]
  const recorder = new Recorder()
  const runtime = await Runtime.create({ provider, allowSoftware: true })
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
  await runtime.dispose()
  return recorder.rows
}

/** The size of a mean's gradient. */
function cotangentOf({ image }: View) {
  return { image: new Float32Array(image.length).fill(1 / image.length) }
}

if (process.send) {
  const [size, provider] = process.argv.slice(2)
  process.send(await measure(size as Size, provider as Runtime['provider']['name']))
  process.disconnect()
}
