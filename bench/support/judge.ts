/** Compares a head with the true one: seen from its photo's camera and from all sides, and where its surface lies. */

import { loadavg } from 'node:os'
import { basename, dirname, join } from 'node:path'
import sharp from 'sharp'
import { UserError } from '../../src-main/engine/errors.ts'
import {
  createPortraitNetworks,
  type MattedPortrait,
  mattePortrait,
} from '../../src-main/engine/face/matted-portrait.ts'
import { adjustPortrait, makePortrait } from '../../src-main/engine/face/portrait.ts'
import type { Window } from '../../src-main/engine/face/pose.ts'
import type { PosedPortrait } from '../../src-main/engine/face/posed-portrait.ts'
import type { Generator, View, Weights } from '../../src-main/engine/generator/generator.ts'
import type { Planes } from '../../src-main/engine/generator/plane-layout.ts'
import { castRays } from '../../src-main/engine/generator/rays.ts'
import { type Head, paintHead } from '../../src-main/engine/head/head.ts'
import { headField } from '../../src-main/engine/head/head-field.ts'
import { headView } from '../../src-main/engine/head/views.ts'
import { decodePixels } from '../../src-main/engine/images/photo.ts'
import { toRgb } from '../../src-main/engine/images/pictures.ts'
import type { InversionContext } from '../../src-main/engine/inversion/inversion-context.ts'
import { readFaceRes } from '../../src-main/engine/networks/faceres.ts'
import { createLandmarker, type Landmarker } from '../../src-main/engine/networks/mediapipe.ts'
import { identityDistance } from '../../src-main/engine/quality/identity.ts'
import { cosine, createRecognition, psnr, type Recognition } from '../../src-main/engine/quality/likeness.ts'
import { drawSurface } from '../../src-main/engine/quality/textured.ts'
import type { Painted } from '../../src-main/engine/quality/turnaround.ts'
import type { Assessment } from '../../src-main/engine/quality/verdict.ts'
import { verdicts } from '../../src-main/engine/quality/verdicts.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { MILLIMETRES_PER_UNIT } from '../../src-main/engine/surface/formats/units.ts'
import type { Surface } from '../../src-main/engine/surface/mesh.ts'
import { rasterize } from '../../src-main/engine/surface/rasterize.ts'
import { extractSurface } from '../../src-main/engine/surface/surface.ts'
import { bendToPhotos } from '../../src-main/engine/surface/to-photos.ts'
import { EMBEDDED, Library } from '../../src-main/session/library.ts'
import { type Cost, median, peakMemory, type Recorder } from './recorder.ts'
import { type Alignment, align, type TrueHead, type TrueView } from './truth.ts'

/** Side in rays and pixels of all pictures compared. */
export const SIDE = 128
const SURFACE = { resolution: 192 }
/** 3 degrees and 5 %. */
const DISTURBANCE = { dx: 0, dy: 0, scale: 1.05, roll: 0, yaw: (3 * Math.PI) / 180, pitch: 0 }

/** Of one picture of one head. */
interface Scores {
  psnr: number
  /** 1 - cosine of FaceRes' descriptors. */
  faceres: number
  /** Distance of dlib's descriptors. */
  dlib: number
  /** Root mean square, after alignment; NaN for the input view, whose truth is a photo. */
  depth_mm: number
}

/** What was found by one method for one head. */
export interface Measured {
  readonly method: string
  readonly cost: Cost
  readonly views: ReadonlyMap<string, Scores>
  readonly surface: Alignment | null
  /** What the product says of it, where it was asked. */
  readonly assessment?: Assessment
}

export interface Kit {
  readonly context: InversionContext
  readonly recognition: Recognition
  readonly landmarker: Landmarker
  /** The generator's, as its file has them. */
  readonly weights: Weights
  /** Of that file. */
  readonly sha256: string
}

/**
 * A generator and everything that judges.
 * @param source a generator's file; default the embedded one
 */
export async function prepareKit(runtime: Runtime, source?: string): Promise<Kit> {
  const { generator, file, sha256 } =
    source === undefined
      ? await new Library(runtime, '').load(EMBEDDED)
      : await new Library(runtime, dirname(source)).load(basename(source))
  const faceRes = await readFaceRes()
  return {
    context: { generator, extras: file.extras, faceRes },
    recognition: await createRecognition(runtime, faceRes),
    landmarker: await createLandmarker(),
    weights: file.weights,
    sha256,
  }
}

/** A photo, and where in it the crop lies. */
export interface Taken extends PosedPortrait {
  readonly window: Window
}

/** @param disturb turns the camera and widens the crop, as a mistaken landmark would */
export async function takeShot({ context, landmarker }: Kit, file: Uint8Array, disturb: boolean): Promise<Taken> {
  const { config, runtime } = context.generator
  const photo = await decodePixels(file)
  const found = await makePortrait(photo, { frame: config.frame, landmarker })
  const portrait = disturb ? adjustPortrait(photo, found, DISTURBANCE) : found
  const target = await mattePortrait(portrait, await createPortraitNetworks(runtime, portrait.crop.size))
  return { portrait: target, label: portrait.camera, window: portrait.pose }
}

/** What a camera sees of a head: SIDE pixels, and rays of the same number. */
interface Seen extends Pick<View['rendering'], 'depth' | 'opacity'> {
  readonly rgb: Uint8Array
}

/** A head as it is looked at: rendered, or its surface with the photos on it. */
function eyeFor({ context: { generator } }: Kit, planes: Planes, head: Head, painted?: Painted) {
  return async (label: Float32Array): Promise<Seen> => {
    if (!painted) {
      const { image, rendering } = await headView(generator, planes, head, label, { side: SIDE })
      return { rgb: await pixelsOf(image), depth: rendering.depth, opacity: rendering.opacity }
    }
    const { depth } = rasterize(painted.surface, label, SIDE)
    const { directions } = castRays(label, SIDE)
    const along = (i: number) => [2, 6, 10].reduce((sum, at, k) => sum + label[at] * directions[3 * i + k], 0)
    return {
      rgb: drawSurface(painted.surface, label, SIDE, painted.texture),
      depth: depth.map((far, i) => (Number.isFinite(far) ? far / along(i) : 0)),
      opacity: depth.map((far) => (Number.isFinite(far) ? 1 : 0)),
    }
  }
}

/**
 * @param photo the first photo, whose camera the head's is
 * @param name of the file that shows truth and head side by side
 * @param painted what is to be looked at instead of the rendering
 */
export async function judgeHead(
  kit: Kit,
  head: TrueHead,
  { portrait, window }: Taken,
  found: Head,
  name: string,
  painted?: Painted,
): Promise<Pick<Measured, 'views' | 'surface'>> {
  const { generator } = kit.context
  const planes = await paintHead(generator, found)
  const views = new Map<string, Scores>()
  const photo = await photoOnWhite(portrait)
  const look = eyeFor(kit, planes, found, painted)
  const { rgb: seen } = await look(found.label)
  const { rendering } = await headView(generator, planes, found, found.label, { side: SIDE })
  const pictures = [photo.rgb, seen]
  views.set('input', await compare(kit, seen, photo.rgb, photo.weight, Number.NaN))
  const shot = { portrait, label: found.label }
  const surface = await surfaceOf(generator, planes, head, facePairs(head, window, found.label, rendering), [shot])
  if (surface) {
    for (const full of head.views) {
      const truth = await shrinkView(full)
      const { rgb, figures } = await compareView(kit, look, truth, surface.matrix)
      views.set(`${truth.degrees}`, figures)
      pictures.push(truth.rgb, rgb)
    }
  }
  await savePictures(pictures, join(head.folder, `${name}.png`))
  return { views, surface }
}

/** Where a head's surface lies against the true one; null where it has none. */
export async function alignmentOf(
  { context: { generator } }: Kit,
  head: TrueHead,
  window: Window,
  found: Head,
): Promise<Alignment | null> {
  const planes = await paintHead(generator, found)
  const { rendering } = await headView(generator, planes, found, found.label, { side: SIDE })
  return surfaceOf(generator, planes, head, facePairs(head, window, found.label, rendering))
}

/** Pairs of truth and reconstruction, one above the other: figures alone do not show what is wrong. */
async function savePictures(pictures: readonly Uint8Array[], path: string): Promise<void> {
  const cells = pictures.map((rgb, i) => ({
    input: Buffer.from(rgb),
    raw: { width: SIDE, height: SIDE, channels: 3 as const },
    left: (i >> 1) * SIDE,
    top: (i % 2) * SIDE,
  }))
  const [width, height] = [(pictures.length / 2) * SIDE, 2 * SIDE]
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(cells)
    .toFile(path)
}

/**
 * Null where the head has no surface at all.
 * @param photos whose outlines it is to have
 */
async function surfaceOf(
  generator: Generator,
  planes: Planes,
  head: TrueHead,
  pairs: Float32Array,
  photos: readonly PosedPortrait[] = [],
): Promise<Alignment | null> {
  const straight = headField(generator, planes)
  const field = (await bendToPhotos(straight, photos))(straight)
  const found = await extractSurface(field, SURFACE).catch(() => null)
  return found && alignSurface(head, found, pairs)
}

/** @param pairs see {@link facePairs} */
export function alignSurface(
  head: TrueHead,
  { positions, normals }: Pick<Surface, 'positions' | 'normals'>,
  pairs: Float32Array,
): Promise<Alignment> {
  const rows = Float32Array.from({ length: 2 * positions.length }, (_, i) =>
    i % 6 < 3 ? positions[3 * Math.floor(i / 6) + (i % 6)] : normals[3 * Math.floor(i / 6) + (i % 6) - 3],
  )
  return align(head, rows, pairs)
}

/** Of the face, what the photo and the head seen from its camera show in the same place: [n, 6], the head's point and the true one. */
export function facePairs(
  head: TrueHead,
  window: Window,
  label: Float32Array,
  { depth, opacity }: Pick<View['rendering'], 'depth' | 'opacity'>,
) {
  const side = Math.sqrt(depth.length)
  const { origins, directions } = castRays(label, side)
  const [cos, sin] = [Math.cos(window.roll), Math.sin(window.roll)]
  const { photoPoints, photoWidth } = head
  const pairs: number[] = []
  for (let i = 0; i < side * side; i++) {
    if (opacity[i] < 0.9) continue
    const [u, v] = [i % side, Math.floor(i / side)].map((at) => window.side * ((at + 0.5) / side - 0.5))
    const x = Math.floor(window.centre[0] + cos * u - sin * v)
    const y = Math.floor(window.centre[1] + sin * u + cos * v)
    const at = 3 * (y * photoWidth + x)
    if (x < 0 || x >= photoWidth || Number.isNaN(photoPoints[at] ?? Number.NaN)) continue
    for (let k = 0; k < 3; k++) pairs.push(origins[3 * i + k] + depth[i] * directions[3 * i + k])
    pairs.push(...photoPoints.subarray(at, at + 3))
  }
  return Float32Array.from(pairs)
}

async function compareView(
  kit: Kit,
  look: (label: Float32Array) => Promise<Seen>,
  truth: TrueView,
  matrix: readonly number[],
): Promise<{ rgb: Uint8Array; figures: Scores }> {
  const { rgb, ...seen } = await look(intoReconstruction(truth.label, matrix))
  const weight = truth.depth.map((depth, i) => Math.max(depth > 0 ? 1 : 0, seen.opacity[i]))
  const scale = scaleOf(matrix)
  const { directions } = castRays(truth.label, SIDE)
  const forward = [truth.label[2], truth.label[6], truth.label[10]]
  let [sum, count] = [0, 0]
  truth.depth.forEach((depth, i) => {
    if (depth === 0 || seen.opacity[i] < 0.5) return
    const along = forward.reduce((dot, value, axis) => dot + value * directions[3 * i + axis], 0)
    sum += (scale * seen.depth[i] * along - depth) ** 2
    count++
  })
  return { rgb, figures: await compare(kit, rgb, truth.rgb, weight, MILLIMETRES_PER_UNIT * Math.sqrt(sum / count)) }
}

export async function compare(
  { recognition }: Kit,
  a: Uint8Array,
  b: Uint8Array,
  weight: ArrayLike<number>,
  depth_mm: number,
): Promise<Scores> {
  const [pictureA, pictureB] = [a, b].map((rgb) => ({ size: SIDE, rgb }))
  const { identity, faceRes } = recognition
  return {
    psnr: psnr(a, b, weight),
    faceres: 1 - cosine(await faceRes(pictureA), await faceRes(pictureB)),
    dlib: identityDistance(await identity(pictureA), await identity(pictureB)),
    depth_mm,
  }
}

/** The portrait's person on white, and how much each pixel counts. */
async function photoOnWhite({ size, rgb, matte, valid }: MattedPortrait) {
  const white = rgb.map((value, i) => {
    const alpha = matte[Math.floor(i / 3)]
    return Math.round(alpha * value + (1 - alpha) * 255)
  })
  const weight = Uint8Array.from(matte, (alpha, i) => Math.round(255 * alpha * valid[i]))
  return { rgb: await shrink(white, size, 3), weight: await shrink(weight, size, 1) }
}

export async function shrinkView(view: TrueView): Promise<TrueView> {
  const step = view.size / SIDE
  const depth = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const at = Math.floor(i / SIDE) * step * view.size + (i % SIDE) * step
    const four = [0, 1, view.size, view.size + 1].map((offset) => view.depth[at + offset])
    // A pixel across an edge has no one depth.
    return four.every((value) => value > 0) ? four.reduce((a, b) => a + b) / 4 : 0
  })
  return { ...view, size: SIDE, rgb: await shrink(view.rgb, view.size, 3), depth }
}

const shrink = async (data: Uint8Array, size: number, channels: 1 | 3): Promise<Uint8Array> =>
  new Uint8Array(
    await sharp(data, { raw: { width: size, height: size, channels } })
      .resize(SIDE, SIDE, { kernel: 'mitchell' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer(),
  )

/** A view's picture in SIDE pixels: a super-resolution gives more. */
const pixelsOf = (image: Float32Array) => shrink(toRgb(image), Math.sqrt(image.length / 3), 3)

const scaleOf = (m: readonly number[]) => Math.hypot(m[0], m[4], m[8])

/** The camera that sees the reconstruction as `label` sees the true head. */
export function intoReconstruction(label: Float32Array, m: readonly number[]): Float32Array {
  const scale = scaleOf(m)
  const result = Float32Array.from(label)
  // The inverse of x -> scale R x + t: x -> R^T (x - t) / scale. A camera's axes are turned, not scaled.
  const back = (x: readonly number[], divisor: number) =>
    [0, 1, 2].map((k) => (m[k] * x[0] + m[4 + k] * x[1] + m[8 + k] * x[2]) / scale / divisor)
  for (let column = 0; column < 3; column++) {
    const axis = back([label[column], label[4 + column], label[8 + column]], 1)
    for (let row = 0; row < 3; row++) result[row * 4 + column] = axis[row]
  }
  const centre = back([label[3] - m[3], label[7] - m[7], label[11] - m[11]], scale)
  for (let row = 0; row < 3; row++) result[row * 4 + 3] = centre[row]
  return result
}

/** What a comparison of heads takes beside its methods. */
interface Comparison {
  readonly heads: readonly TrueHead[]
  /** In the table's title. */
  readonly quality: string
  readonly threads?: string
  /** A generator's file; default: the embedded one. */
  readonly generator?: string
}

/** Measures one head after another, each as `measure` does, into the record, and prints the table of all. */
export async function compareHeads(
  recorder: Recorder,
  { heads, quality, threads, generator }: Comparison,
  measure: (kit: Kit, head: TrueHead) => Promise<Measured[]>,
): Promise<void> {
  recorder.add({ what: 'load average before', minute: loadavg()[0], five_minutes: loadavg()[1] })
  const runtime = await Runtime.create({ provider: 'cpu', ...(threads && { threads: Number(threads) }) })
  const kit = await prepareKit(runtime, generator)
  const all: Measured[] = []
  for (const head of heads) {
    const measurements = await measure(kit, head).catch((error) => {
      if (!(error instanceof UserError)) throw error
      recorder.add({ what: `${head.seed} refused`, message: error.message })
      return []
    })
    for (const measured of measurements) {
      all.push(measured)
      record(recorder, head, measured)
    }
  }
  recorder.add({ what: 'peak memory', mib: peakMemory(), generator: kit.sha256 })
  console.log(`\n${table(all, `${heads.length} heads, ${quality}`)}`)
  if (all.some(({ assessment }) => assessment)) console.log(verdictTable(all))
  kit.landmarker.close()
  await runtime.dispose()
}

/** All figures of one head, into the record. */
function record(recorder: Recorder, { seed }: TrueHead, measured: Measured): void {
  for (const [view, figures] of measured.views) recorder.add({ what: `${seed} ${measured.method} ${view}`, ...figures })
  const { assessment } = measured
  recorder.add({
    what: `${seed} ${measured.method} surface`,
    ...surfaceFigures(measured),
    ...(assessment && said(assessment)),
  })
}

function said({ verdict, reason, figures }: Assessment) {
  const { face, secondFaces, input, ...shape } = figures
  const { grain, steps, roughness, spikes, back, through, outline } = shape
  return {
    ...{
      verdict,
      reason: reason.code,
      identity: input.identity,
      grain,
      steps,
      roughness,
      spikes,
      back,
      through,
      outline,
    },
    faces_behind: `${secondFaces.colour} + ${secondFaces.clay}`,
    ...(face && { depth: face.depth, nose: face.nose, chin: face.chin, brow: face.brow }),
  }
}

const surfaceFigures = ({ surface, cost }: Measured) => ({
  mean_mm: MILLIMETRES_PER_UNIT * (surface?.mean ?? Number.NaN),
  p90_mm: MILLIMETRES_PER_UNIT * (surface?.p90 ?? Number.NaN),
  face_mm: MILLIMETRES_PER_UNIT * (surface?.face ?? Number.NaN),
  face_median_mm: MILLIMETRES_PER_UNIT * (surface?.face_median ?? Number.NaN),
  face_degrees: surface?.face_degrees ?? Number.NaN,
  face_roughness: surface?.face_roughness ?? Number.NaN,
  cpu: cost.cpu,
  wall: cost.wall,
})

/** Medians over heads, both sides of an angle together, as a Markdown table. */
function table(all: readonly Measured[], title: string): string {
  const methods = [...new Set(all.map(({ method }) => method))]
  const columns: [string, string[]][] = [
    ['input', ['input']],
    ['0°', ['0']],
    ['±30°', ['-30', '30']],
    ['±60°', ['-60', '60']],
    ['±90°', ['-90', '90']],
  ]
  const rows = methods.map((method) => {
    const mine = all.filter((measured) => measured.method === method)
    const cells = columns.map(([, names]) => {
      const figures = mine.flatMap(({ views }) => names.flatMap((name) => views.get(name) ?? []))
      const of = (key: keyof Scores, digits: number) => median(figures.map((f) => f[key])).toFixed(digits)
      const depth = names[0] === 'input' ? [] : [of('depth_mm', 1)]
      return [of('psnr', 1), of('faceres', 3), of('dlib', 2), ...depth].join(' / ')
    })
    const surfaces = mine.map(surfaceFigures)
    const of = (key: keyof (typeof surfaces)[0], digits: number) => median(surfaces.map((s) => s[key])).toFixed(digits)
    return [
      method,
      ...cells,
      `${of('mean_mm', 2)} / ${of('p90_mm', 2)} / ${of('face_mm', 2)}`,
      `${of('face_median_mm', 2)} / ${of('face_degrees', 1)} / ${of('face_roughness', 2)}`,
      `${of('cpu', 0)} / ${of('wall', 0)}`,
    ]
  })
  return [
    `${title}; medians of PSNR dB / FaceRes distance / dlib distance / depth RMSE mm:`,
    '',
    line([
      '',
      ...columns.map(([name]) => name),
      'surface: mean / p90 / front, mm',
      'face: mm / degrees / roughness',
      'seconds: CPU / wall',
    ]),
    line(Array(columns.length + 4).fill('---')),
    ...rows.map(line),
    '',
  ].join('\n')
}

/** How true the heads are of which each word was said: medians over them, and the worst of their faces. */
function verdictTable(all: readonly Measured[]): string {
  const rows = verdicts.map((word) => {
    const mine = all.filter(({ assessment }) => assessment?.verdict === word)
    const surfaces = mine.map(surfaceFigures)
    const sides = mine.flatMap(({ views }) => ['-60', '60'].flatMap((name) => views.get(name)?.faceres ?? []))
    const of = (key: keyof (typeof surfaces)[0], digits: number) => median(surfaces.map((s) => s[key])).toFixed(digits)
    const worst = Math.max(...surfaces.map(({ face_median_mm }) => face_median_mm))
    return mine.length === 0
      ? line([word, '0', '', '', '', ''])
      : line([
          word,
          String(mine.length),
          `${of('face_median_mm', 2)}, ${worst.toFixed(2)}`,
          of('face_degrees', 1),
          of('mean_mm', 2),
          median(sides).toFixed(3),
        ])
  })
  return [
    line(['said', 'heads', 'face mm: median, worst', 'degrees', 'whole mm', '±60° FaceRes']),
    line(Array(6).fill('---')),
    ...rows,
    '',
  ].join('\n')
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
