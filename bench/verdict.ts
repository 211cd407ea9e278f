/**
 * Whether the verdict's words tell how true a head is: held-out heads of the procedural head model, reconstructed in few
 * steps, and the same spoiled in known ways, judged as the product judges and measured against the truth. Limits were
 * chosen on heads of even seeds; those of odd ones check them.
 *
 * `npm run bench -- verdict [--heads 6] [--first 900100] [--part 0] [--parts 1]`; of several parts each measures its heads
 * alone. What was measured is kept in ~/.cache/halfturn-bench/SEED/verdict and judged anew.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { DEGREE, orbitCamera, zoom } from '../src-main/engine/generator/camera.ts'
import { Generator } from '../src-main/engine/generator/generator.ts'
import type { Planes } from '../src-main/engine/generator/plane-layout.ts'
import { type Head, paintHead } from '../src-main/engine/head/head.ts'
import { readHead, writeHead } from '../src-main/engine/head/head-file.ts'
import { headField } from '../src-main/engine/head/head-field.ts'
import { makeUp } from '../src-main/engine/head/made-up.ts'
import { headView } from '../src-main/engine/head/views.ts'
import { toRgb } from '../src-main/engine/images/pictures.ts'
import { Inversion, inversionSettings } from '../src-main/engine/inversion/inversion.ts'
import type { PortraitTarget } from '../src-main/engine/inversion/objective.ts'
import type { PosedPortrait } from '../src-main/engine/inversion/posed-portrait.ts'
import { drawClay, drawColours } from '../src-main/engine/quality/draw.ts'
import { rasterize } from '../src-main/engine/quality/rasterize.ts'
import { SURROUNDINGS, type TurnaroundView } from '../src-main/engine/quality/turnaround.ts'
import { assess, type Figures, judge, measureShape, type Verdict, verdicts } from '../src-main/engine/quality/verdict.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { METRES_PER_UNIT } from '../src-main/engine/surface/formats/units.ts'
import { extractSurface, type Surface } from '../src-main/engine/surface/surface.ts'
import { alignSurface, facePairs, type Kit, prepareKit, type Taken, takeShot } from './support/judge.ts'
import { type Recorder, startClock } from './support/recorder.ts'
import { faceBehind, helmet, noise, noseless, outwards, type Spoil, spoilBoth } from './support/spoil.ts'
import { type TrueHead, trueHeads } from './support/truth.ts'

const MILLIMETRES = 1000 * METRES_PER_UNIT
const SETTINGS = inversionSettings.parse({ quality: 'fast', steps: 48 })
const SURFACE = { resolution: 192, triangles: 60_000 }
/** A mask is that much of its depth. */
const FLAT = 0.35
/** How far the camera is off, degrees. */
const OFF = 15

const KINDS = ['none', 'noseless', 'helmet', 'noise', 'behind', 'stranger', 'mask', 'camera', 'garbage'] as const
type Kind = (typeof KINDS)[number]
/** Which heads are spoiled how, over and over: pairs, so that even and odd ones have the same. */
const TURNS: readonly (readonly Kind[])[] = [
  ['noseless', 'helmet', 'noise', 'behind'],
  ['noseless', 'helmet', 'noise', 'behind'],
  ['stranger', 'mask', 'camera', 'garbage'],
  ['stranger', 'mask', 'camera', 'garbage'],
  ['noseless', 'helmet', 'mask', 'behind'],
  ['noseless', 'helmet', 'mask', 'behind'],
]

/** How far a head is from the true one, millimetres. */
interface Truth {
  /** Median distance of the face. */
  readonly face: number
  /** Of what the photo shows of the face, from its true place: the worst twentieth; nose and chin are in it. */
  readonly features: number
  /** Median angle between normals of the face, degrees. */
  readonly normals: number
  /** High-passed normals, 1 where they are as rough as the true ones. */
  readonly rough: number
  /** Mean distance of the head, hair included. */
  readonly whole: number
}

interface Sample {
  readonly kind: Kind
  readonly figures: Figures
  readonly truth: Truth
  /** CPU seconds of what only the verdict needs. */
  readonly cost: { readonly shape: number; readonly likeness: number }
}

export default async function verdict(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      heads: { type: 'string', default: '6' },
      first: { type: 'string', default: '900100' },
      part: { type: 'string', default: '0' },
      parts: { type: 'string', default: '1' },
    },
  })
  const seeds = Array.from({ length: Number(values.heads) }, (_, i) => Number(values.first) + i)
  const heads = await trueHeads(seeds.filter((_, i) => i % Number(values.parts) === Number(values.part)))
  const runtime = await Runtime.create({ provider: 'cpu', ...(values.parts !== '1' && { threads: 1 }) })
  const kit = await prepareKit(runtime)
  const samples: (Sample & { seed: number })[] = []
  for (const head of heads) {
    const kinds: Kind[] = ['none', ...TURNS[(head.seed - Number(values.first)) % TURNS.length]]
    for (const sample of await measured(kit, head, kinds)) {
      samples.push({ seed: head.seed, ...sample })
      tell(recorder, head.seed, sample)
    }
  }
  summarise(recorder, samples)
  kit.landmarker.close()
  await runtime.dispose()
}

/** A head's samples, from the cache where they are there. */
async function measured(kit: Kit, head: TrueHead, kinds: readonly Kind[]): Promise<Sample[]> {
  const folder = join(head.folder, 'verdict')
  await mkdir(folder, { recursive: true })
  const samples: Sample[] = []
  let base: Base | undefined
  for (const kind of kinds) {
    const file = join(folder, `${kind}.json`)
    if (!existsSync(file)) {
      base ??= await reconstructed(kit, head)
      await writeFile(file, JSON.stringify(await measure(kit, head, base, kind)))
    }
    samples.push(JSON.parse(await readFile(file, 'utf8')))
  }
  return samples
}

interface Base {
  readonly taken: Taken
  readonly head: Head
  readonly planes: Planes
  /** See `outwards`. */
  readonly out: Float32Array
}

async function reconstructed(kit: Kit, truth: TrueHead): Promise<Base> {
  const { generator } = kit.context
  const taken = await takeShot(kit, truth.photos[0], false)
  const head = await inverted(kit, [taken], join(truth.folder, `judged-${kit.sha256.slice(0, 8)}.head`))
  const planes = await paintHead(generator, head)
  const surface = await extractSurface(headField(generator, planes), { resolution: 96 })
  return { taken, head, planes, out: await outwards(generator, planes, surface) }
}

/** Reconstructed once, then read. */
async function inverted({ context }: Kit, photos: readonly PosedPortrait[], file: string): Promise<Head> {
  const { generator } = context
  if (!existsSync(file)) {
    const inversion = await Inversion.start(context, photos, SETTINGS)
    while (!inversion.progress.done) await inversion.step()
    await writeFile(file, Buffer.concat(writeHead(inversion.head, generator)))
  }
  return readHead(new Uint8Array(await readFile(file)), generator).head
}

async function measure(kit: Kit, truth: TrueHead, base: Base, kind: Kind): Promise<Sample> {
  const { generator, head, planes, portrait } = await spoiled(kit, truth, base, kind)
  const see = async (label: Float32Array): Promise<TurnaroundView> => {
    const { image, rendering } = await headView(generator, planes, head.ws, label)
    const { depth, opacity } = rendering
    return { size: Math.sqrt(image.length / 3), rgb: toRgb(image), depth, opacity }
  }
  const orbit = generator.config.rendering_kwargs
  const sides = new Map<number, TurnaroundView>()
  for (const degrees of [0, 60]) {
    sides.set(degrees, await see(zoom(orbitCamera(orbit, degrees * DEGREE), SURROUNDINGS)))
  }
  const input = await see(head.label)
  const surface = await extractSurface(headField(generator, planes), SURFACE)
  const finished = { around: { input, sides }, label: head.label, portrait, surface }
  await look(surface, orbit, join(truth.folder, 'verdict', `${kind}.png`))
  const clock = startClock()
  const shape = measureShape(generator.config, finished, kit.landmarker)
  const shapeCost = clock().cpu
  const { figures } = await assess(generator.config, finished, shape, kit.recognition)
  const pairs = facePairs(truth, base.taken.window, head.label, input)
  const found = await alignSurface(truth, surface, pairs)
  return {
    kind,
    figures,
    truth: {
      face: MILLIMETRES * found.face_median,
      features: MILLIMETRES * worstTwentieth(pairs, found.matrix),
      normals: found.face_degrees,
      rough: found.face_roughness,
      whole: MILLIMETRES * found.mean,
    },
    cost: { shape: shapeCost, likeness: clock().cpu - shapeCost },
  }
}

/** The surface from the front, aside and behind, in colour and as clay: figures alone do not show what is wrong. */
async function look(surface: Surface, orbit: Parameters<typeof orbitCamera>[0], path: string): Promise<void> {
  const size = 192
  const cells = [0, 45, 90, 180].flatMap((degrees, column) => {
    const label = zoom(orbitCamera(orbit, degrees * DEGREE), SURROUNDINGS)
    const sight = rasterize(surface, label, size)
    return [drawColours(surface, sight), drawClay(surface, sight, label)].map((rgb, row) => ({
      input: Buffer.from(rgb),
      raw: { width: size, height: size, channels: 3 as const },
      left: column * size,
      top: row * size,
    }))
  })
  await sharp({ create: { width: 4 * size, height: 2 * size, channels: 3, background: '#ffffff' } })
    .composite(cells)
    .toFile(path)
}

interface Spoiled {
  readonly generator: Generator
  readonly head: Head
  readonly planes: Planes
  readonly portrait: PortraitTarget
}

async function spoiled(kit: Kit, truth: TrueHead, { taken, head, planes, out }: Base, kind: Kind): Promise<Spoiled> {
  const { generator } = kit.context
  const same = { generator, head, planes, portrait: taken.portrait }
  const bent = (spoil: Spoil) => ({ ...same, planes: spoilBoth(planes, spoil) })
  switch (kind) {
    case 'none':
      return same
    case 'noseless':
      return bent(noseless(out))
    case 'helmet':
      return bent(helmet(out))
    case 'noise':
      return bent(noise(out, truth.seed))
    case 'behind':
      return bent(faceBehind)
    case 'camera':
      return { ...same, head: { ...head, label: turnedBy(head.label, OFF * DEGREE) } }
    case 'mask':
      return { ...same, generator: flattened(kit, FLAT) }
    case 'stranger': {
      const stranger = { ...(await makeUp(generator, truth.seed, 0.7)), label: head.label }
      return { ...same, head: stranger, planes: await paintHead(generator, stranger) }
    }
    case 'garbage': {
      // A crop that was turned over: the mouth is where the eyes should be.
      const portrait = turnedOver(taken.portrait)
      const file = join(truth.folder, `garbage-${kit.sha256.slice(0, 8)}.head`)
      const garbage = await inverted(kit, [{ portrait, label: taken.label }], file)
      return { ...same, portrait, head: garbage, planes: await paintHead(generator, garbage) }
    }
  }
}

/** The same generator in a world that is `share` as deep. */
function flattened({ weights, context }: Kit, share: number): Generator {
  const { runtime, config } = context.generator
  const plane_axes = config.plane_axes.map((axes) => axes.map(([x, y, z]) => [x, y, z * share])) as unknown
  return new Generator(runtime, { ...config, plane_axes: plane_axes as typeof config.plane_axes }, weights)
}

function turnedOver({ size, rgb, matte, valid }: PortraitTarget): PortraitTarget {
  const area = size * size
  return {
    size,
    rgb: rgb.map((_, i) => rgb[3 * (area - 1 - Math.floor(i / 3)) + (i % 3)]),
    matte: matte.toReversed(),
    valid: valid.toReversed(),
  }
}

/** A camera moved round the vertical axis. */
function turnedBy(label: Float32Array, angle: number): Float32Array {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const result = label.slice()
  for (let column = 0; column < 4; column++) {
    const [x, z] = [label[column], label[8 + column]]
    result[column] = cos * x + sin * z
    result[8 + column] = cos * z - sin * x
  }
  return result
}

/** @param pairs [n, 6]: points of the head and the true ones, @param m row-major, lays those on these */
function worstTwentieth(pairs: Float32Array, m: readonly number[]): number {
  const distances: number[] = []
  for (let i = 0; i < pairs.length; i += 6) {
    const [x, y, z, ...aim] = pairs.subarray(i, i + 6)
    const at = (row: number) => m[4 * row] * x + m[4 * row + 1] * y + m[4 * row + 2] * z + m[4 * row + 3]
    distances.push(Math.hypot(...aim.map((value, row) => at(row) - value)))
  }
  return distances.sort((a, b) => a - b)[Math.floor(0.95 * (distances.length - 1))] ?? Number.NaN
}

/** What is true of a head, the gravest first. */
const ERRORS = ['another or no person', 'wrong shape', 'wrong behind', 'none of these'] as const
type ErrorClass = (typeof ERRORS)[number]
/** Millimetres, and times as rough; a reconstruction of few steps that went well stays below all of them. */
const WRONG = { face: 2.5, features: 10, rough: 1.5, whole: 12 }

function errorOf({ kind, truth }: Sample): ErrorClass {
  if (kind === 'stranger' || kind === 'garbage') return 'another or no person'
  if (truth.face > WRONG.face || truth.features > WRONG.features || truth.rough > WRONG.rough) return 'wrong shape'
  return kind === 'behind' || truth.whole > WRONG.whole ? 'wrong behind' : 'none of these'
}

function tell(recorder: Recorder, seed: number, sample: Sample): void {
  const { kind, figures, truth, cost } = sample
  const { verdict, reason } = judge(figures)
  const { face, secondFaces, input, views } = figures
  recorder.add({
    what: `${seed} ${kind}`,
    error: errorOf(sample),
    verdict,
    reason: reason.code,
    true_face: truth.face,
    true_features: truth.features,
    true_normals: truth.normals,
    true_rough: truth.rough,
    true_whole: truth.whole,
    ...(face ? { ...face } : { face: 'none' }),
    grain: figures.grain,
    steps: figures.steps,
    back: figures.back,
    through: figures.through,
    faces_behind: `${secondFaces.colour} + ${secondFaces.clay}`,
    outline: figures.outline,
    psnr: input.psnr,
    identity: input.identity,
    side: views[0].identity,
    relief: figures.relief,
    roughness: figures.roughness,
    spikes: figures.spikes,
    cpu_shape: cost.shape,
    cpu_likeness: cost.likeness,
  })
}

/** How often each word was said of each kind of error, of the heads the limits were chosen on and of the others. */
function summarise(recorder: Recorder, samples: readonly (Sample & { seed: number })[]): void {
  for (const [half, odd] of [
    ['chosen on', 0],
    ['checked on', 1],
  ] as const) {
    const mine = samples.filter(({ seed }) => seed % 2 === odd)
    console.log(`\n| ${half} | ${verdicts.join(' | ')} |\n| --- |${' --- |'.repeat(verdicts.length)}`)
    const line = (what: string, some: readonly Sample[]) => {
      const said = some.map(({ figures }): Verdict => judge(figures).verdict)
      const counts = Object.fromEntries(verdicts.map((word) => [word, said.filter((other) => other === word).length]))
      recorder.add({ what: `${half}: ${what}`, heads: some.length, ...counts })
      return `| ${what} | ${verdicts.map((word) => counts[word]).join(' | ')} |`
    }
    const errors = ERRORS.map((error) => [error, mine.filter((sample) => errorOf(sample) === error)] as const)
    const kinds = KINDS.map((kind) => [`spoiled: ${kind}`, mine.filter((sample) => sample.kind === kind)] as const)
    console.log([...errors, ...kinds].map(([what, some]) => line(what, some)).join('\n'))
  }
}
