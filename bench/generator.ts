/**
 * How good a generator is: held-out synthetic heads fitted in W+ from one front view and looked at from the side, how
 * many random heads have a face that is found, and what a step costs. `npm run bench -- generator --data DIR
 * [--generator FILE] [--heads N] [--steps N] [--codes N]`; DIR holds records of seeds from 900000 on (front, +-45, +-90
 * and 180 degrees, in this order).
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { toPixels } from '../models/training/charts.ts'
import { colourOnWhite, type HeadRecord, type RecordedView, readRecords } from '../models/training/records.ts'
import { readGeneratorFile } from '../src-main/engine/checkpoint/generator-file.ts'
import { decodeFloat16 } from '../src-main/engine/checkpoint/safetensors.ts'
import { createLandmarker } from '../src-main/engine/face/mediapipe.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator, type View } from '../src-main/engine/generator/generator.ts'
import { LatentStage, LatentState, rampedRate } from '../src-main/engine/inversion/latent.ts'
import { type Judgement, type Objective, type PortraitTarget, shrink } from '../src-main/engine/inversion/objective.ts'
import { normalArray } from '../src-main/engine/inversion/random.ts'
import { startingCode } from '../src-main/engine/inversion/starter.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { type Recorder, startClock } from './support/recorder.ts'

/** Side of the pictures that are compared: the same for every generator. */
const COMPARED = 128
/** What a fitting step renders. */
const FITTING = { resolution: 64, coarse: 16, fine: 16 }
const LOOKING = { resolution: COMPARED, coarse: 24, fine: 24 }
const RATE = 0.03
const TRUNCATION = 0.7
const VIEWS = ['front', '+45', '-45', '+90', '-90', 'back']

export default async function generatorQuality(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      data: { type: 'string' },
      generator: { type: 'string', default: 'models/default/generator.safetensors' },
      heads: { type: 'string', default: '100' },
      steps: { type: 'string', default: '150' },
      codes: { type: 'string', default: '200' },
    },
  })
  const name = basename(values.generator)
  const { config, weights, extras } = readGeneratorFile(await readFile(values.generator), name)
  const runtime = await Runtime.create({ provider: 'cpu' })
  const generator = new Generator(runtime, config, weights)
  if (values.data) {
    const records = await readRecords(values.data, { limit: Number(values.heads), heldOut: true })
    const read = new Map<string, number[]>()
    const fitted = new Map<string, number[]>()
    let cost = { cpu: 0, wall: 0 }
    for (const record of records) {
      const state = new LatentState(
        await startingCode(generator, extras, portraitOf(record.views[0]), record.views[0].label),
      )
      await look(generator, state.ws, record, read)
      cost = await fitFront(generator, state, record.views[0], Number(values.steps))
      await look(generator, state.ws, record, fitted)
      console.log(`${record.seed}: front ${fitted.get('front')!.at(-1)!.toFixed(2)} dB`)
    }
    const summary = (figures: Map<string, number[]>) =>
      Object.fromEntries([...figures].map(([key, all]) => [key, all.reduce((a, b) => a + b, 0) / all.length]))
    recorder.add({ what: `${name}: code read off (PSNR, dB)`, heads: records.length, ...summary(read) })
    recorder.add({ what: `${name}: fitted in W+ (PSNR, dB)`, steps: Number(values.steps), ...summary(fitted) })
    recorder.add({ what: `${name}: a fitting step`, ...cost })
  }
  if (Number(values.codes) > 0) await countFaces(recorder, generator, name, Number(values.codes))
  await runtime.dispose()
}

/** Adam in W+ on the front view alone, as the latent stage does it, without camera and prior. */
async function fitFront(generator: Generator, state: LatentState, view: RecordedView, steps: number) {
  const anchor = generator.meanLatent
  const stage = new LatentStage(generator, [view.label], state, { prior: 0.002, anchor, spread: 1, camera: null })
  state.shared = false
  const objective = new Likeness(view, FITTING.resolution)
  let cost = { cpu: 0, wall: 0 }
  for (let step = 0; step < steps; step++) {
    const clock = startClock()
    await stage.step([{ objective, rendering: FITTING, weight: 1 }], rampedRate(RATE, (step + 1) / steps))
    cost = clock()
  }
  return cost
}

/** Charbonnier distance to the recorded view, and the opacity against its mask. */
class Likeness implements Objective {
  private readonly view: RecordedView
  private readonly mask: Float32Array
  private target: Float32Array | undefined

  constructor(view: RecordedView, resolution: number) {
    this.view = view
    this.mask = shrink(
      Float32Array.from(view.mask, (value) => value / 255),
      view.size,
      resolution,
    )
  }

  judge({ image, rendering }: View): Promise<Judgement> {
    const side = Math.sqrt(image.length / 3)
    this.target ??= picture(this.view, side).map((value) => value * 2 - 1)
    const { target, mask } = this
    let pixels = 0
    const gradient = image.map((value, i) => {
      const difference = value - target[i]
      const size = Math.sqrt(difference * difference + 1e-4)
      pixels += size / image.length
      return difference / size / image.length
    })
    let matte = 0
    const opacity = rendering.opacity.map((value, i) => {
      matte += (value - mask[i]) ** 2 / mask.length
      return (2 * (value - mask[i])) / mask.length
    })
    return Promise.resolve({ loss: pixels + matte, terms: { pixels, matte }, gradient: { image: gradient, opacity } })
  }
}

/** PSNR of every recorded view and the depth's mean error in the front one, appended to `figures`. */
async function look(generator: Generator, ws: Float32Array, record: HeadRecord, figures: Map<string, number[]>) {
  const put = (key: string, value: number) => figures.set(key, [...(figures.get(key) ?? []), value])
  const planes = await generator.planes(ws.slice())
  for (const [i, view] of record.views.entries()) {
    const { image, rendering } = await generator.view(ws.slice(), view.label, { ...LOOKING, planes })
    const made = shrink(image, Math.sqrt(image.length / 3), COMPARED)
    put(VIEWS[i], psnr(made, picture(view, COMPARED)))
    if (i === 0) put('depth', depthError(rendering.depth, view))
  }
}

/** @param made -1..1, @param truth 0..1 */
function psnr(made: Float32Array, truth: Float32Array): number {
  let sum = 0
  made.forEach((value, i) => {
    sum += (Math.min(1, Math.max(0, (value + 1) / 2)) - truth[i]) ** 2
  })
  return -10 * Math.log10(sum / truth.length)
}

/** Mean difference of the distance along the optical axis, world units, where the head covers the pixel. */
function depthError(depth: Float32Array, view: RecordedView): number {
  const step = view.size / COMPARED
  const truth = decodeFloat16(view.depth)
  let [sum, count] = [0, 0]
  for (let i = 0; i < depth.length; i++) {
    const [row, column] = [Math.floor(i / COMPARED), i % COMPARED]
    const pixel = (row * step + (step >> 1)) * view.size + column * step + (step >> 1)
    if (view.mask[pixel] !== 255) continue
    const focal = view.label[16]
    const cosine = 1 / Math.hypot(1, ((column + 0.5) / COMPARED - 0.5) / focal, ((row + 0.5) / COMPARED - 0.5) / focal)
    sum += Math.abs(depth[i] * cosine - truth[pixel])
    count++
  }
  return sum / count
}

/** Random codes, truncated, seen from the front: how many have a face MediaPipe finds. */
async function countFaces(recorder: Recorder, generator: Generator, name: string, codes: number) {
  const { config } = generator
  const landmarker = await createLandmarker()
  const label = orbitCamera(config.rendering_kwargs, 0)
  let found = 0
  for (let seed = 0; seed < codes; seed++) {
    const w = await generator.map(normalArray(config.z_dim, seed), new Float32Array(config.c_dim), TRUNCATION)
    const { image } = await generator.view(generator.repeat(w), label, LOOKING)
    const side = 256
    const rgb = toPixels(shrink(image, Math.sqrt(image.length / 3), side), side)
    if (landmarker.detect({ width: side, height: side, rgb }).length > 0) found++
  }
  landmarker.close()
  recorder.add({ what: `${name}: random heads with a face`, codes, found, share: found / codes })
}

/** [3 * side * side] in 0..1 on white. */
function picture(view: RecordedView, side: number): Float32Array {
  const area = view.size * view.size
  const colours = new Float32Array(3 * area)
  for (let i = 0; i < area; i++) colourOnWhite(view, i, colours, i * 3)
  return shrink(
    colours.map((_, i) => colours[(i % area) * 3 + Math.floor(i / area)]),
    view.size,
    side,
  )
}

/** A recorded view as the starter is shown photos. */
function portraitOf(view: RecordedView): PortraitTarget {
  const rgb = new Uint8Array(view.rgb.length)
  const colour = new Float32Array(3)
  for (let i = 0; i < view.mask.length; i++) {
    colourOnWhite(view, i, colour, 0)
    rgb.set(
      [...colour].map((value) => Math.round(value * 255)),
      i * 3,
    )
  }
  const matte = Float32Array.from(view.mask, () => 1)
  return { size: view.size, rgb, matte, valid: new Uint8Array(view.mask.length).fill(1) }
}
