/**
 * How good a generator is: held-out synthetic heads fitted in W+ from one front view and looked at from the side, what
 * the reader saves, how far random heads are from rendered ones, how many have a face that is found, and what a step
 * costs. `npm run bench -- generator --data DIR [--generator FILE] [--heads N] [--fitted N] [--steps N] [--means N]
 * [--samples N] [--codes N] [--threads N] [--pictures DIR [--trained DIR]]`; the data's DIR holds records of seeds from
 * 900000 on (front, +-45, +-90 and 180 degrees, in this order).
 *
 * heads: whose code is read off; fitted: of these, how many are fitted; means: of these, how many are fitted from the mean
 * latent too; samples: random heads compared with as many renders, at most three a record; codes: random
 * heads looked at for a face, in colour and as clay, from the front and from behind. 0 leaves a part out.
 * pictures: where sheets of heads from all round go, random ones and, of records in trained, ones that were trained on.
 */

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { toPixels } from '../models/training/charts.ts'
import { areaError, depthErrors, mean, psnr } from '../models/training/compare.ts'
import { colourOnWhite, type RecordedHead, type RecordedView, readRecords } from '../models/training/records.ts'
import { FITTED_BLOCKS, pictureSide } from '../src-main/engine/checkpoint/config.ts'
import { readGeneratorFile } from '../src-main/engine/checkpoint/generator-file.ts'
import type { MattedPortrait } from '../src-main/engine/face/matted-portrait.ts'
import { writeFileAtomic } from '../src-main/engine/files/atomic.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator, type View, type Weights } from '../src-main/engine/generator/generator.ts'
import { castRays } from '../src-main/engine/generator/rays.ts'
import { shrink } from '../src-main/engine/generator/resample.ts'
import { withoutFrame } from '../src-main/engine/head/views.ts'
import { startingCode } from '../src-main/engine/inversion/encoder.ts'
import { LatentStage, LatentState, rampedRate } from '../src-main/engine/inversion/latent.ts'
import {
  type AddOfCode,
  beginCodeTerms,
  type Judgement,
  type Objective,
} from '../src-main/engine/inversion/terms/term.ts'
import { DEFAULT_TERMS } from '../src-main/engine/inversion/terms/terms.ts'
import { TRUNCATION } from '../src-main/engine/limits.ts'
import { readFaceRes } from '../src-main/engine/networks/faceres.ts'
import { createLandmarker } from '../src-main/engine/networks/mediapipe.ts'
import { cosine, createRecognition, type Recognition } from '../src-main/engine/quality/likeness.ts'
import { normalArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { cross, dot, minus, type Vector3 } from '../src-main/engine/vectors.ts'
import { allRound } from './support/all-round.ts'
import { clayPicture } from './support/clay.ts'
import { frechetDistance } from './support/frechet.ts'
import { type Cost, median, type Recorder, startClock } from './support/recorder.ts'

/** Side of the pictures that are compared: the same for every generator. */
const COMPARED = 128
/** What a fitting step renders, as the latent stage does without super-resolution. */
const FITTING = { resolution: 64, coarse: 16, fine: 16, plain: true }
const LOOKING = { resolution: COMPARED, coarse: 24, fine: 24 }
const RATE = 0.03
/** Of a portrait's rows and columns: from brows to mouth, and the head without its neck. */
const FACE_SPAN = [0.3, 0.7] as const
const HEAD_SPAN = [0.2, 0.7] as const
/** Pixels between the depths that a normal is read from: about 6 mm, more than the samples' noise. */
const NORMAL_REACH = 2
/** A jump of depth between them that is no surface, world units. */
const JUMP = 0.04
const VIEWS = ['front', '+45', '-45', '+90', '-90', 'back']

export default async function generatorQuality(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      data: { type: 'string' },
      generator: { type: 'string', default: 'models/default/generator.safetensors' },
      heads: { type: 'string', default: '100' },
      fitted: { type: 'string', default: '100' },
      steps: { type: 'string', default: '150' },
      means: { type: 'string', default: '20' },
      samples: { type: 'string', default: '2000' },
      codes: { type: 'string', default: '200' },
      threads: { type: 'string' },
      trained: { type: 'string' },
      pictures: { type: 'string' },
    },
  })
  const counts = { heads: 0, fitted: 0, steps: 0, means: 0, samples: 0, codes: 0 }
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] = Number(values[key])
  const name = basename(values.generator)
  const { config, weights, extras } = readGeneratorFile(await readFile(values.generator), name)
  const runtime = await Runtime.create({
    provider: 'cpu',
    ...(values.threads && { threads: Number(values.threads) }),
  })
  const generator = new Generator(runtime, config, weights)
  const { faceRes: faces } = await createRecognition(runtime, await readFaceRes())
  const terms = await beginCodeTerms(DEFAULT_TERMS.code, generator)
  const bench = { recorder, generator, name, faces, terms }
  if (values.data) {
    const records = await readRecords(values.data, { heldOut: true })
    await fitHeads(bench, extras, records.slice(0, counts.heads), counts)
    if (counts.samples > 0) await compareSamples(bench, records, counts.samples)
  }
  if (counts.codes > 0) await countFaces(bench, counts.codes)
  if (values.pictures) await drawSheets(bench, extras, values.pictures, values.trained)
  await runtime.dispose()
}

/** What is measured, and with what. */
interface Bench {
  readonly recorder: Recorder
  readonly generator: Generator
  /** Of the generator, in the rows. */
  readonly name: string
  readonly faces: Recognition['faceRes']
  readonly terms: Readonly<Record<string, AddOfCode>>
}

/** Figures of each head, by what they are. */
type Figures = Map<string, number[]>

/** Codes read off the front views, then fitted to them; some from the mean latent too, to see what the reader saves. */
async function fitHeads(
  bench: Bench,
  extras: Weights,
  records: readonly RecordedHead[],
  { fitted: wanted, steps, means }: { fitted: number; steps: number; means: number },
) {
  const { recorder, generator, name } = bench
  const count = steps === 0 ? 0 : Math.min(wanted, records.length)
  const [read, fitted]: Figures[] = [new Map(), new Map()]
  const curves: { read: number[]; mean: number[] }[] = []
  const costs: Cost[] = []
  for (const [i, record] of records.entries()) {
    const front = record.views[0]
    const state = new LatentState(await startingCode(generator, extras, portraitOf(front)))
    await look(bench, state.ws, record, read)
    if (i >= count) continue
    const fromCode = await fitFront(bench, state, front, steps)
    costs.push(...fromCode.costs)
    await look(bench, state.ws, record, fitted)
    if (curves.length < means) {
      const fromMean = new LatentState(generator.repeat(generator.meanLatent))
      curves.push({ read: fromCode.losses, mean: (await fitFront(bench, fromMean, front, steps)).losses })
    }
    console.log(`${record.seed}: front ${fitted.get('front')!.at(-1)!.toFixed(2)} dB`)
  }
  if (records.length === 0) return
  const summary = (figures: Figures) => Object.fromEntries([...figures].map(([key, all]) => [key, mean(all)]))
  recorder.add({ what: `${name}: code read off (PSNR, dB)`, heads: records.length, ...summary(read) })
  if (count === 0) return
  recorder.add({ what: `${name}: fitted in W+ (PSNR, dB)`, heads: count, steps, ...summary(fitted) })
  const [cpu, wall] = [median(costs.map((cost) => cost.cpu)), median(costs.map((cost) => cost.wall))]
  recorder.add({ what: `${name}: a fitting step`, cpu, wall })
  if (curves.length > 0) tellWhatReaderSaves(bench, curves, steps)
}

/** The loss against steps from the mean latent and from the code read off, and the steps between them. */
function tellWhatReaderSaves(
  { recorder, name }: Bench,
  curves: readonly { readonly read: readonly number[]; readonly mean: readonly number[] }[],
  steps: number,
) {
  const shown = [0, 5, 10, 20, 40, 80, 150].filter((step) => step < steps)
  for (const start of ['mean', 'read'] as const) {
    const losses = shown.map((step) => [`${step}`, mean(curves.map((curve) => curve[start][step]))])
    recorder.add({ what: `${name}: loss after steps from the ${start}`, ...Object.fromEntries(losses) })
  }
  // Where the mean does not get there at all, it counts as all the steps.
  const stepsToReach = (aim: (read: readonly number[]) => number) =>
    median(curves.map(({ read, mean }) => [...mean, -1].findIndex((loss) => loss <= aim(read))))
  recorder.add({
    what: `${name}: steps the reader saves (median)`,
    heads: curves.length,
    until_where_it_starts: stepsToReach((read) => read[0]),
    until_where_it_is_after_10: stepsToReach((read) => read[Math.min(10, steps - 1)]),
    of: steps,
  })
}

/** Adam in W+ on the front view alone, as the latent stage does it, without camera. Losses before each step. */
async function fitFront({ generator, terms }: Bench, state: LatentState, view: RecordedView, steps: number) {
  const stage = new LatentStage(generator, [view.label], state, {
    terms,
    camera: null,
  })
  state.shared = false
  const objective = new Likeness(view, FITTING.resolution)
  const losses: number[] = []
  const costs: Cost[] = []
  for (let step = 0; step < steps; step++) {
    const clock = startClock()
    const looks = [{ objective, rendering: FITTING, weight: 1 }]
    const { terms } = await stage.step(looks, rampedRate(RATE, (step + 1) / steps))
    costs.push(clock())
    losses.push(terms.pixels + terms.matte)
  }
  return { losses, costs }
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

/**
 * PSNR of every recorded view, and how much too large the head is in all of them; of the front one also the depth's mean
 * error, FaceRes's distance (0 to 2) and the detail of the face's middle as a share of the recorded one's; how far normals
 * are off, degrees, in the face's middle and on the back of the head. Where the record is as large as what is shown, PSNR
 * and detail at that size too, of what is shown and of the picture that is fitted, enlarged. Appended to `figures`.
 */
async function look({ generator, faces }: Bench, ws: Float32Array, record: RecordedHead, figures: Figures) {
  const put = (key: string, value: number) => figures.set(key, [...(figures.get(key) ?? []), value])
  const { config } = generator
  const planes = await generator.planes(ws.slice())
  for (const [i, view] of record.views.entries()) {
    const { image, rendering, frame } = await generator.view(ws.slice(), view.label, { ...LOOKING, planes })
    const made = shrink(image, Math.sqrt(image.length / 3), COMPARED)
    const truth = picture(view, COMPARED)
    put(VIEWS[i], psnr(made, truth))
    put('area', areaError(rendering.opacity, view))
    if (VIEWS[i] === 'front') put('normals', normalError(rendering.depth, view, FACE_SPAN))
    if (VIEWS[i] === 'back') put('normals_back', normalError(rendering.depth, view, HEAD_SPAN))
    if (i > 0) continue
    put('depth', mean(depthErrors(rendering.depth, view).map(Math.abs)))
    const wanted = truth.map((value) => value * 2 - 1)
    if (view.size >= config.image_resolution && config.image_resolution > pictureSide(config, FITTED_BLOCKS)) {
      const fitted = await generator.enhance(rendering.features, ws.slice(), undefined, FITTED_BLOCKS)
      const recorded = picture(view, config.image_resolution)
      const pictures = { shown: withoutFrame({ image, frame }), enlarged: enlarged(fitted.image, image.length) }
      for (const [what, made] of Object.entries(pictures)) {
        put(`${what}_psnr`, psnr(made, recorded))
        put(`${what}_detail`, detail(made) / (2 * detail(recorded)))
      }
    }
    put('face_distance', 1 - cosine(await describe(faces, made), await describe(faces, wanted)))
    put('detail', detail(made) / detail(wanted))
  }
}

/** A picture as large as one of so many numbers, bilinearly. */
const enlarged = (image: Float32Array, length: number) =>
  shrink(image, Math.sqrt(image.length / 3), Math.sqrt(length / 3))

/** Mean difference of neighbouring pixels over the middle of a portrait: brows to mouth. */
function detail(image: Float32Array): number {
  const side = Math.sqrt(image.length / 3)
  const [from, to] = FACE_SPAN.map((share) => Math.round(share * side))
  let sum = 0
  for (let channel = 0; channel < 3; channel++) {
    for (let row = from; row < to; row++) {
      for (let column = from; column < to; column++) {
        const at = (channel * side + row) * side + column
        sum += Math.abs(image[at + 1] - image[at]) + Math.abs(image[at + side] - image[at])
      }
    }
  }
  return sum
}

/**
 * Mean angle between the normals that a rendered depth tells and the recorded ones, degrees.
 * @param depth along the rays, world units
 * @param span of rows and columns, as shares of the picture
 */
function normalError(depth: Float32Array, view: RecordedView, span: readonly [number, number]): number {
  const { origins, directions } = castRays(view.label, COMPARED)
  const [from, to] = span.map((share) => Math.round(share * COMPARED))
  const step = view.size / COMPARED
  const at = (i: number): Vector3 => {
    const along = (axis: number) => origins[i * 3 + axis] + depth[i] * directions[i * 3 + axis]
    return [along(0), along(1), along(2)]
  }
  const isWhole = (i: number) => {
    const [row, column] = [Math.floor(i / COMPARED), i % COMPARED]
    return view.mask[row * step * view.size + column * step] === 255
  }
  let [sum, count] = [0, 0]
  for (let row = from; row < to; row++) {
    for (let column = from; column < to; column++) {
      const middle = row * COMPARED + column
      const around = [-1, 1, -COMPARED, COMPARED].map((by) => middle + by * NORMAL_REACH)
      if (![middle, ...around].every(isWhole)) continue
      const depths = around.map((i) => depth[i])
      if (Math.max(...depths) - Math.min(...depths) > JUMP) continue
      const [left, right, above, below] = around.map(at)
      const normal = cross(minus(below, above), minus(right, left))
      const pixel = (row * view.size + column) * step
      const recorded = view.normal.subarray(pixel * 3, pixel * 3 + 3)
      const cosine = dot(normal, recorded) / (Math.hypot(...normal) * Math.hypot(...recorded) || 1)
      sum += (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI
      count++
    }
  }
  return sum / count
}

/**
 * The Fréchet distance of FaceRes's descriptors between random heads and renders from the same cameras, front and +-45
 * degrees. The renders' halves against each other are the floor; the random heads are measured against each half, so
 * that all are distances between sets of one size.
 */
async function compareSamples(
  { recorder, generator, name, faces }: Bench,
  records: readonly RecordedHead[],
  count: number,
) {
  const views = records.flatMap((record) => record.views.slice(0, 3)).slice(0, count)
  const [rendered, drawn]: Float32Array[][] = [[], []]
  for (const [seed, view] of views.entries()) {
    rendered.push(
      await describe(
        faces,
        picture(view, COMPARED).map((value) => value * 2 - 1),
      ),
    )
    const { image } = await generator.view(generator.repeat(await randomHead(generator, seed)), view.label, LOOKING)
    drawn.push(await describe(faces, shrink(image, Math.sqrt(image.length / 3), COMPARED)))
  }
  // By heads: a head's views must not be on both sides.
  const isFirst = (_: unknown, i: number) => Math.floor(i / 3) % 2 === 0
  const isSecond = (_: unknown, i: number) => !isFirst(_, i)
  const [first, second] = [rendered.filter(isFirst), rendered.filter(isSecond)]
  recorder.add({
    what: `${name}: Fréchet distance of random heads`,
    pictures: first.length,
    distance: (frechetDistance(drawn.filter(isFirst), second) + frechetDistance(drawn.filter(isSecond), first)) / 2,
    floor: frechetDistance(first, second),
  })
}

/** FaceRes's descriptor of a picture [3 * COMPARED * COMPARED] in -1..1: [1024], of length 1. */
async function describe(faces: Recognition['faceRes'], image: Float32Array): Promise<Float32Array> {
  const descriptor = await faces({ size: COMPARED, rgb: toPixels(image, COMPARED) })
  const length = Math.hypot(...descriptor)
  return descriptor.map((value) => value / length)
}

/** A random code, [w_dim]. */
function randomHead(generator: Generator, seed: number): Promise<Float32Array> {
  const { config } = generator
  return generator.map(normalArray(config.z_dim, seed), new Float32Array(config.c_dim), TRUNCATION)
}

/** Sheets of heads from all round: random ones, not chosen, and the first that were trained on, read off their fronts. */
async function drawSheets({ generator }: Bench, extras: Weights, folder: string, trained: string | undefined) {
  const random: { ws: Float32Array }[] = []
  for (let seed = 0; seed < 8; seed++) random.push({ ws: generator.repeat(await randomHead(generator, seed)) })
  await writeFileAtomic(join(folder, 'all-round.jpg'), await allRound(generator, random))
  if (trained === undefined) return
  const records = await readRecords(trained, { limit: 6 })
  const read = records.map(async ({ views: [recorded] }) => {
    return { ws: await startingCode(generator, extras, portraitOf(recorded)), recorded }
  })
  await writeFileAtomic(join(folder, 'sheet.jpg'), await allRound(generator, await Promise.all(read)))
}

/** Random heads seen from the front: how many have a face MediaPipe finds. */
async function countFaces({ recorder, generator, name }: Bench, codes: number) {
  const landmarker = await createLandmarker()
  const side = 256
  const shows = (rgb: Uint8Array) => landmarker.detect({ width: side, height: side, rgb }).length > 0
  const counts = { found: 0, behind: 0, clay: 0, clay_behind: 0 }
  for (let seed = 0; seed < codes; seed++) {
    const ws = generator.repeat(await randomHead(generator, seed))
    const planes = await generator.planes(ws)
    for (const [colour, clay, yaw] of [
      ['found', 'clay', 0],
      ['behind', 'clay_behind', Math.PI],
    ] as const) {
      const label = orbitCamera(generator.config.rendering_kwargs, yaw)
      const { image, rendering } = await generator.view(ws, label, { ...LOOKING, planes })
      if (shows(toPixels(shrink(image, Math.sqrt(image.length / 3), side), side))) counts[colour]++
      const small = clayPicture(rendering, label, COMPARED)
      const large = sharp(small, { raw: { width: COMPARED, height: COMPARED, channels: 3 } }).resize(side, side)
      if (shows(new Uint8Array(await large.raw().toBuffer()))) counts[clay]++
    }
  }
  landmarker.close()
  recorder.add({ what: `${name}: random heads with a face`, codes, ...counts, share: counts.found / codes })
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

/** A recorded view as the reader is shown photos. */
function portraitOf(view: RecordedView): MattedPortrait {
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
