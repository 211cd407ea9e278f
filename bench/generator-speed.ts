/**
 * The generator's passes on the CPU provider, stage by stage: a full-size generator with random weights (planes 256^2,
 * rays 128^2 x (48 + 48) samples, picture 512^2) and one of the embedded generator's size (rays 64^2 x (24 + 24)). Each
 * work has a process of its own, so that its peak of memory is its own too.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { initialWeights } from '../models/training/network.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator, type View, type ViewGradient } from '../src-main/engine/generator/generator.ts'
import { normalArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { fullSize, smallSize } from './support/random-generators.ts'
import { type Cost, Recorder, type Row } from './support/recorder.ts'
import { Stages } from './support/stages.ts'

const SIZES = {
  full: { config: fullSize, rays: {}, times: 2 },
  small: { config: smallSize, rays: { resolution: 64, coarse: 24, fine: 24 }, times: 7 },
}
type Size = keyof typeof SIZES

const BACKWARD = {
  'forward + backward to ws': {},
  'forward + backward to ws, camera and all weights': { label: true, weights: true },
}
const WORKS = ['forward', ...Object.keys(BACKWARD), 'density']

/** Points along each axis of the grid whose density is asked for. */
const GRID = 128

export default async function generatorSpeed(recorder: Recorder, options: readonly string[]): Promise<void> {
  const sizes = options.length > 0 ? options : Object.keys(SIZES)
  for (const size of sizes) {
    for (const work of WORKS) {
      const child = fork(import.meta.filename, [size, work], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      const [rows] = (await once(child, 'message')) as [Row[]]
      for (const row of rows) recorder.add(row)
    }
  }
}

async function measure(size: Size, what: string): Promise<Row[]> {
  const { config, rays, times } = SIZES[size]
  const recorder = new Recorder()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const stages = new Stages(runtime)
  const generator = new Generator(runtime, config, initialWeights(config, new Map(), 1))
  const ws = normalArray(config.num_ws * config.w_dim, 2)
  const front = orbitCamera(config.rendering_kwargs, 0)
  if (what === 'density') {
    const planes = await generator.planes(ws)
    const grid = gridPoints()
    const density = () => generator.renderer.query(generator.weights, planes, grid, 'sigma')
    const rate = ({ cpu }: Cost) => ({ points_per_cpu_s: grid.length / 3 / cpu })
    await recorder.time(`${size}: density`, times, density, rate)
  } else {
    const want = BACKWARD[what as keyof typeof BACKWARD]
    const work = async () => {
      const view = await generator.view(ws, front, { ...rays, keep: want !== undefined })
      return want && generator.backward(view, cotangentOf(view), want)
    }
    await recorder.time(`${size}: ${what}`, times, work)
    await stages.record(recorder, `${size}: ${what}`, work)
  }
  return recorder.rows
}

/** The size of a mean's gradient. */
function cotangentOf({ image, raw }: View): ViewGradient {
  return {
    image: new Float32Array(image.length).fill(1 / image.length),
    raw: new Float32Array(raw.length).fill(1 / raw.length),
  }
}

/** The points of a cube around the head, [GRID^3 * 3], x fastest: as surfaces ask for the density. */
function gridPoints(): Float32Array {
  const along = (index: number) => (index + 0.5) / GRID - 0.5
  const points = new Float32Array(3 * GRID ** 3)
  for (let i = 0; i < GRID ** 3; i++) {
    points.set([along(i % GRID), along(Math.floor(i / GRID) % GRID), along(Math.floor(i / GRID ** 2))], 3 * i)
  }
  return points
}

if (process.send) {
  const [size, work] = process.argv.slice(2)
  process.send(await measure(size as Size, work))
  process.disconnect()
}
