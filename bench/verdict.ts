/**
 * Whether the verdict's words tell how true a head is: held-out heads of the procedural head model, reconstructed in few
 * steps, and the same spoiled in known ways, judged as the product judges and measured against the truth. Limits were
 * chosen on heads of even seeds; those of odd ones check them.
 *
 * `npm run bench -- verdict [--heads 6] [--first 900100] [--part 0] [--parts 1]`; of several parts each takes its heads
 * alone. What is measured of a head is kept in ~/.cache/halfturn-bench/SEED, and judged anew by the next run.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import type { MattedPortrait } from '../src-main/engine/face/matted-portrait.ts'
import { alone, Finish } from '../src-main/engine/finish.ts'
import { DEGREE, orbitCamera, zoom } from '../src-main/engine/generator/camera.ts'
import { type Head, paintHead } from '../src-main/engine/head/head.ts'
import { readHead, writeHead } from '../src-main/engine/head/head-file.ts'
import { makeUp } from '../src-main/engine/head/made-up.ts'
import { headView } from '../src-main/engine/head/views.ts'
import { toRgb } from '../src-main/engine/images/pictures.ts'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { TRUNCATION } from '../src-main/engine/limits.ts'
import { drawClay, drawColours } from '../src-main/engine/quality/draw.ts'
import { paintedView, SURROUNDINGS, type TurnaroundView } from '../src-main/engine/quality/turnaround.ts'
import { assess, type Figures, type Finished, judge, measureShape } from '../src-main/engine/quality/verdict.ts'
import { verdicts } from '../src-main/engine/quality/verdicts.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { MILLIMETRES_PER_UNIT } from '../src-main/engine/surface/formats/units.ts'
import type { Surface } from '../src-main/engine/surface/mesh.ts'
import { rasterize } from '../src-main/engine/surface/rasterize.ts'
import { alignSurface, facePairs, type Kit, prepareKit, type Taken, takeShot } from './support/judge.ts'
import { type Recorder, startClock } from './support/recorder.ts'
import { faceBehind, helmet, mask, noisy, noseless } from './support/spoil.ts'
import { headOptions, seedsOf, type TrueHead, trueHeads } from './support/truth.ts'

const SETTINGS = inversionSettings.parse({ quality: 'fast', steps: 48 })
const SURFACE = { resolution: 192, triangles: 60_000 }
/** How far the camera is off, degrees. */
const OFF = 15
/** Side of the picture by which the spoiled face is compared with the true one. */
const COMPARED = 128

const KINDS = ['none', 'noseless', 'mask', 'noise', 'helmet', 'behind', 'stranger', 'camera', 'garbage'] as const
type Kind = (typeof KINDS)[number]

/** How far a face is from the true one, laid on it as its unspoiled self is, millimetres. */
interface Truth {
  /** Median over what the photo shows of the face, from its true place. */
  readonly face: number
  /** The worst twentieth of the same: nose and chin are in it. */
  readonly features: number
}

interface Sample {
  readonly kind: Kind
  readonly figures: Figures
  readonly truth: Truth
  /** CPU seconds of what is measured of the shape. */
  readonly cost: number
}

export default async function verdict(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      ...headOptions(6),
      part: { type: 'string', default: '0' },
      parts: { type: 'string', default: '1' },
    },
  })
  const seeds = seedsOf(values)
  const heads = await trueHeads(seeds.filter((_, i) => i % Number(values.parts) === Number(values.part)))
  const runtime = await Runtime.create({ provider: 'cpu', ...(values.parts !== '1' && { threads: 1 }) })
  const kit = await prepareKit(runtime)
  const samples: (Sample & { seed: number })[] = []
  for (const head of heads) {
    for (const sample of await samplesOf(kit, head)) {
      samples.push({ seed: head.seed, ...sample })
      tell(recorder, head.seed, sample)
    }
  }
  summarise(recorder, samples)
  kit.landmarker.close()
  await runtime.dispose()
}

/** A head's samples, one of each kind. */
async function samplesOf(kit: Kit, head: TrueHead): Promise<Sample[]> {
  const folder = folderOf(kit, head)
  await mkdir(folder, { recursive: true })
  const fileOf = (kind: Kind) => join(folder, `${kind}.json`)
  if (KINDS.some((kind) => !existsSync(fileOf(kind)))) {
    const base = await reconstructed(kit, head)
    for (const kind of KINDS) {
      if (!existsSync(fileOf(kind))) await writeFile(fileOf(kind), JSON.stringify(await measure(kit, head, base, kind)))
    }
  }
  return Promise.all(KINDS.map(async (kind) => JSON.parse(await readFile(fileOf(kind), 'utf8'))))
}

const folderOf = ({ sha256 }: Kit, { folder }: TrueHead) => join(folder, `verdict-${sha256.slice(0, 8)}`)

interface Base {
  readonly taken: Taken
  readonly head: Head
  readonly finished: Finished
  /** Lays it on the true head. */
  readonly matrix: readonly number[]
}

async function reconstructed(kit: Kit, truth: TrueHead): Promise<Base> {
  const { generator } = kit.context
  const taken = await takeShot(kit, truth.photos[0], false)
  const file = join(truth.folder, `judged-${kit.sha256.slice(0, 8)}.head`)
  if (!existsSync(file)) {
    const inversion = await Inversion.start(kit.context, [taken], SETTINGS)
    while (!inversion.progress.done) await inversion.step()
    await writeFile(file, Buffer.concat(writeHead(inversion.head, generator, [])))
  }
  const { head } = readHead(new Uint8Array(await readFile(file)), generator)
  const finished = await finish(kit, head, taken.portrait)
  const pairs = pairsOf(truth, taken, finished)
  return { taken, head, finished, matrix: (await alignSurface(truth, finished.surface, pairs)).matrix }
}

async function finish(kit: Kit, head: Head, portrait: MattedPortrait): Promise<Finished> {
  const { context, sha256, landmarker } = kit
  const { generator } = context
  const source = { generator, sha256, head, photos: [{ portrait, label: head.label }] }
  const made = new Finish(
    source,
    alone(async () => landmarker),
  )
  const surface = await made.surface(SURFACE)
  const painted = { surface, texture: await made.texture(SURFACE) }
  const front = paintedView(painted, zoom(orbitCamera(generator.config.rendering_kwargs, 0), SURROUNDINGS))
  const input = await see(kit, head, head.label)
  return { around: { input, sides: new Map([[0, front]]) }, label: head.label, portrait, surface }
}

async function see({ context }: Kit, head: Head, label: Float32Array): Promise<TurnaroundView> {
  const { generator } = context
  const { image, rendering } = await headView(generator, await paintHead(generator, head), head, label)
  const { depth, opacity } = rendering
  return { size: Math.sqrt(image.length / 3), rgb: toRgb(image), depth, opacity }
}

async function measure(kit: Kit, truth: TrueHead, base: Base, kind: Kind): Promise<Sample> {
  const { config } = kit.context.generator
  const finished = await spoiled(kit, truth, base, kind)
  await look(finished.surface, config.rendering_kwargs, join(folderOf(kit, truth), `${kind}.png`))
  const clock = startClock()
  const shape = await measureShape(config, finished, kit.landmarker)
  const cost = clock().cpu
  const { figures } = await assess(config, finished, shape, kit.recognition)
  return { kind, figures, truth: truthOf(pairsOf(truth, base.taken, finished), base.matrix), cost }
}

async function spoiled(kit: Kit, truth: TrueHead, { head, finished }: Base, kind: Kind): Promise<Finished> {
  const { surface, portrait, around } = finished
  switch (kind) {
    case 'none':
      return finished
    case 'noseless':
      return { ...finished, surface: noseless(surface) }
    case 'mask':
      return { ...finished, surface: mask(surface) }
    case 'noise':
      return { ...finished, surface: noisy(surface, truth.seed) }
    case 'helmet':
      return { ...finished, surface: helmet(surface) }
    case 'behind':
      return { ...finished, surface: faceBehind(surface) }
    case 'camera': {
      const label = turnedBy(head.label, OFF * DEGREE)
      return { ...finished, label, around: { ...around, input: await see(kit, head, label) } }
    }
    case 'stranger': {
      const { ws } = await makeUp(kit.context.generator, truth.seed, TRUNCATION)
      return finish(kit, { ws, label: head.label }, portrait)
    }
    case 'garbage': {
      // A crop that was turned over, and a head whose every picture is as like it as can be.
      const front = around.sides.get(0)!
      const input = { ...around.input!, ...turnedOver(portrait) }
      const seen = { ...front, rgb: turnedOver({ ...portrait, ...front }).rgb }
      return { ...finished, portrait: turnedOver(portrait), around: { input, sides: new Map([[0, seen]]) } }
    }
  }
}

/** What the photo shows of the face, and the surface in the same place. */
function pairsOf(truth: TrueHead, { window }: Taken, { surface, label }: Finished): Float32Array {
  const { depth } = rasterize(surface, label, COMPARED)
  const along = depth.map((far, i) => {
    const [u, v] = [i % COMPARED, Math.floor(i / COMPARED)].map((at) => ((at + 0.5) / COMPARED - 0.5) / label[16])
    return far * Math.hypot(u, v, 1)
  })
  const opacity = depth.map((far) => (Number.isFinite(far) ? 1 : 0))
  return facePairs(truth, window, label, { depth: along, opacity })
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

function turnedOver({ size, rgb, matte, valid }: MattedPortrait): MattedPortrait {
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
function truthOf(pairs: Float32Array, m: readonly number[]): Truth {
  const distances: number[] = []
  for (let i = 0; i < pairs.length; i += 6) {
    const [x, y, z, ...aim] = pairs.subarray(i, i + 6)
    const at = (row: number) => m[4 * row] * x + m[4 * row + 1] * y + m[4 * row + 2] * z + m[4 * row + 3]
    distances.push(MILLIMETRES_PER_UNIT * Math.hypot(...aim.map((value, row) => at(row) - value)))
  }
  distances.sort((a, b) => a - b)
  const of = (share: number) => distances[Math.floor(share * (distances.length - 1))] ?? Number.NaN
  return { face: of(0.5), features: of(0.95) }
}

/** What is true of a head, the gravest first. */
const ERRORS = ['another person or none', 'wrong face', 'rough', 'wrong around', 'none of these'] as const
type ErrorClass = (typeof ERRORS)[number]
/** Of the worst twentieth of a face, millimetres: reconstructions of so few steps have 10 to 11. */
const WRONG = 13

function errorOf({ kind, truth }: Sample): ErrorClass {
  if (kind === 'stranger' || kind === 'garbage') return 'another person or none'
  if (truth.features > WRONG) return 'wrong face'
  if (kind === 'noise') return 'rough'
  return kind === 'behind' || kind === 'helmet' ? 'wrong around' : 'none of these'
}

function tell(recorder: Recorder, seed: number, sample: Sample): void {
  const { kind, figures, truth, cost } = sample
  const { verdict, reason } = judge(figures)
  const { face, secondFaces, input } = figures
  recorder.add({
    what: `${seed} ${kind}`,
    error: errorOf(sample),
    verdict,
    reason: reason.code,
    true_face: truth.face,
    true_features: truth.features,
    ...(face ? { ...face } : { face: 'none' }),
    grain: figures.grain,
    steps: figures.steps,
    back: figures.back,
    through: figures.through,
    faces_behind: `${secondFaces.colour} + ${secondFaces.clay}`,
    outline: figures.outline,
    psnr: input.psnr,
    identity: input.identity,
    relief: figures.relief,
    roughness: figures.roughness,
    spikes: figures.spikes,
    holes: figures.holes,
    cpu: cost,
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
      const said = some.map(({ figures }) => judge(figures).verdict)
      const counts = Object.fromEntries(verdicts.map((word) => [word, said.filter((other) => other === word).length]))
      recorder.add({ what: `${half}: ${what}`, heads: some.length, ...counts })
      return `| ${what} | ${verdicts.map((word) => counts[word]).join(' | ')} |`
    }
    const errors = ERRORS.map((error) => [error, mine.filter((sample) => errorOf(sample) === error)] as const)
    const kinds = KINDS.map((kind) => [`spoiled: ${kind}`, mine.filter((sample) => sample.kind === kind)] as const)
    console.log([...errors, ...kinds].map(([what, some]) => line(what, some)).join('\n'))
  }
}
