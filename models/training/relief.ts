/**
 * Fits the map from a face's landmarks and its descriptor to its relief (src-main/engine/face/relief.ts): `npx tsx
 * models/training/relief.ts DIR` looks at the records' pictures of faces, and at the depth that was rendered where their
 * landmarks lie. Every fifth head is left out first, to say how good the map is; the one that is written knows all of them.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import {
  decodeFloat16,
  storeFloat16,
  storeFloat32,
  writeSafetensors,
} from '../../src-main/engine/checkpoint/safetensors.ts'
import { cutCrop } from '../../src-main/engine/face/crop.ts'
import { fitPose } from '../../src-main/engine/face/pose.ts'
import {
  FACE_FEATURES,
  type FaceComponents,
  FEATURES,
  PLACE_FEATURES,
  POSE_FEATURES,
  placeLandmarks,
  type SeenFace,
} from '../../src-main/engine/face/relief.ts'
import { TEMPLATE } from '../../src-main/engine/face/template.ts'
import { DEGREE, PORTRAIT_FOCAL } from '../../src-main/engine/generator/camera.ts'
import { createDescriptor, DESCRIPTOR, readFaceRes } from '../../src-main/engine/networks/faceres.ts'
import { createLandmarker, LANDMARKS } from '../../src-main/engine/networks/mediapipe.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { MILLIMETRES_PER_UNIT } from '../../src-main/engine/surface/formats/units.ts'
import { dot, withoutTilt } from '../../src-main/engine/vectors.ts'
import { principalComponents } from './components.ts'
import { FIRST_HELD_OUT_SEED, type RecordedView, readRecord } from './records.ts'
import { centredRows, matrixOf, means, solve } from './regression.ts'

/** Photos of faces that are turned further are refused or warned of. */
const MOST_YAW = 45 * DEGREE
/** Side of the pictures that the landmarker sees, and of the crops that are described. */
const SIDE = 512
const CROP = 256
/** What across four pixels differs by more than this, in world units, is an edge and has no depth. */
const EDGE = 0.03
/** What is to be added to MediaPipe's depths is less than this, world units, or of no face. */
const MOST = 0.075
/** Landmarks further from the middle, in world units, lie on the outline. */
const INNER = 0.135
/** Strength of the ridge, in examples that say nothing; the pose's own terms are hardly held. */
const RIDGE = { pose: 1e-3, place: 3, face: 30 }
/** Depths further from the map than this, in deviations, are of hair, glasses or hands. */
const OUTLIER = 3.5
const ROUNDS = 2
/** What even the surest landmark is in doubt by, millimetres. */
const DOUBT = 1

/** A picture of a face, before its descriptor's components are known. */
interface Seen extends SeenFace {
  readonly seed: number
  /** [landmarks]: how deep it was rendered there, world units; NaN where there is nothing, or an edge. */
  readonly recorded: Float64Array
}

interface Example {
  readonly seed: number
  /** [FEATURES] */
  readonly features: Float64Array
  /** [landmarks], world units, of any origin: what is to be added to MediaPipe's depths; NaN where there is none. */
  readonly wanted: Float64Array
  /** [landmarks] across the face, as it is seen. */
  readonly places: Float64Array
}

interface Fitted {
  /** [FEATURES][landmarks] */
  readonly weights: Float64Array
  /** [landmarks], world units. */
  readonly deviations: Float64Array
}

async function main(): Promise<void> {
  const [folder] = process.argv.slice(2)
  if (!folder) throw new Error('the folder of the records is needed')
  const runtime = await Runtime.create({ provider: 'cpu' })
  const seen = await lookAt(runtime, folder)
  const components = await componentsOf(
    runtime,
    seen.map(({ face }) => face),
  )
  const examples = seen.map((one) => exampleOf(one, components))
  const isInner = innerOf(examples)
  centre(examples, isInner)
  const [known, left] = [false, true].map((held) => examples.filter(({ seed }) => (seed % 5 === 0) === held))
  const trial = fitMap(known)
  const error = (map: Pick<Fitted, 'weights'>) =>
    MILLIMETRES_PER_UNIT * median(left.flatMap((example) => misfit(example, map, isInner)))
  const nothing = { weights: new Float64Array(FEATURES * LANDMARKS) }
  const figures = {
    heads: new Set(examples.map(({ seed }) => seed)).size,
    pictures: examples.length,
    left_out: left.length,
    mediapipe_mm: error(nothing),
    mean_relief_mm: error(fitMap(known.map((example) => only(example, POSE_FEATURES)))),
    landmarks_mm: error(fitMap(known.map((example) => only(example, POSE_FEATURES + PLACE_FEATURES)))),
    map_mm: error(trial),
  }
  console.log(figures)

  const { weights, deviations } = fitMap(examples)
  const counts = Float32Array.from(deviations, (deviation, i) =>
    isInner[i] ? 1 / (deviation ** 2 + (DOUBT / MILLIMETRES_PER_UNIT) ** 2) : 0,
  )
  const sum = counts.reduce((total, count) => total + count, 0)
  const inner = isInner.filter(Boolean).length
  const out = join(import.meta.dirname, '..', 'relief')
  await mkdir(out, { recursive: true })
  const tensors = new Map([
    ['weights', storeFloat16(Float32Array.from(weights), [FEATURES, LANDMARKS])],
    ['face.mean', storeFloat16(components.mean, [DESCRIPTOR])],
    ['face.basis', storeFloat16(components.basis, [DESCRIPTOR, FACE_FEATURES])],
    [
      'counts',
      storeFloat32(
        counts.map((count) => (inner * count) / sum),
        [LANDMARKS],
      ),
    ],
  ])
  const file = writeSafetensors(tensors, { figures: JSON.stringify(figures) })
  await writeFile(join(out, 'relief.safetensors'), Buffer.concat(file))
  await runtime.dispose()
}

async function componentsOf(runtime: Runtime, faces: readonly Float32Array[]): Promise<FaceComponents> {
  const rows = matrixOf(faces)
  const mean = means(rows)
  return { mean, basis: await principalComponents(runtime, centredRows(rows, mean), FACE_FEATURES) }
}

async function lookAt(runtime: Runtime, folder: string): Promise<Seen[]> {
  const landmarker = await createLandmarker()
  const describe = createDescriptor(runtime, await readFaceRes())
  const examples: Seen[] = []
  const files = (await readdir(folder)).filter((name) => /^\d+\.npz$/.test(name)).sort()
  for (const [n, file] of files.entries()) {
    const { seed, views } = readRecord(await readFile(join(folder, file)), file)
    if (seed >= FIRST_HELD_OUT_SEED)
      throw new Error(`${file}: seeds from ${FIRST_HELD_OUT_SEED} on are for evaluation only`)
    for (const view of views) {
      const yaw = Math.atan2(view.label[3], view.label[11])
      // Other focal lengths are those of shoulders and of whole busts.
      if (Math.abs(yaw) > MOST_YAW || Math.abs(view.label[16] / PORTRAIT_FOCAL - 1) > 0.01) continue
      const { size } = view
      const picture = sharp(view.rgb, { raw: { width: size, height: size, channels: 3 } }).resize(SIDE, SIDE)
      const image = { width: SIDE, height: SIDE, rgb: new Uint8Array(await picture.raw().toBuffer()) }
      const faces = landmarker.detect(image)
      if (faces.length !== 1) continue
      const [{ points }] = faces
      const pose = fitPose(points, 'own')
      const face = await describe(cutCrop(image, pose, CROP))
      const recorded = Float64Array.from({ length: LANDMARKS }, (_, i) =>
        depthAt(view, points[3 * i], points[3 * i + 1]),
      )
      examples.push({ seed, points, pose, frame: 'own', face, recorded })
    }
    if (n % 100 === 99) console.log(`${n + 1} of ${files.length} heads, ${examples.length} pictures`)
  }
  landmarker.close()
  return examples
}

function exampleOf(seen: Seen, components: FaceComponents): Example {
  const { seed, points, pose, recorded } = seen
  const { depths, features } = placeLandmarks(seen, components)
  // The fitted camera sees a face of another size where its window is another one than the picture.
  const scale = SIDE / pose.side
  const wanted = Float64Array.from(depths, (depth, i) => scale * recorded[i] - depth)
  const places = Float64Array.from({ length: 2 * LANDMARKS }, (_, i) => points[3 * (i >> 1) + (i % 2)] / SIDE - 0.5)
  return { seed, features, wanted, places }
}

/** Between four pixels; NaN where one of them shows nothing, or something else. */
function depthAt({ size, depth }: RecordedView, x: number, y: number): number {
  const [u, v] = [x, y].map((at) => (at * size) / SIDE - 0.5)
  const [column, row] = [Math.floor(u), Math.floor(v)]
  if (column < 0 || row < 0 || column > size - 2 || row > size - 2) return Number.NaN
  const at = row * size + column
  const four = decodeFloat16(Uint16Array.of(depth[at], depth[at + 1], depth[at + size], depth[at + size + 1]))
  if (Math.min(...four) <= 0 || Math.max(...four) - Math.min(...four) > EDGE) return Number.NaN
  const [a, b] = [u - column, v - row]
  return (1 - b) * ((1 - a) * four[0] + a * four[1]) + b * ((1 - a) * four[2] + a * four[3])
}

/** By where landmarks lie in the pictures from the front. */
function innerOf(examples: readonly Example[]): boolean[] {
  const template = TEMPLATE.own.find(({ landmark }) => landmark === 33)!
  const across = (landmark: number) => median(examples.map(({ places }) => Math.abs(places[2 * landmark])))
  const unit = Math.abs(template.position[0]) / across(template.landmark)
  return Array.from({ length: LANDMARKS }, (_, i) => unit * across(i) < INNER)
}

/** Depths count from the middle of what is known of the face. */
function centre(examples: readonly Example[], isInner: readonly boolean[]): void {
  for (const { wanted } of examples) {
    const known = wanted.filter((value, i) => isInner[i] && !Number.isNaN(value))
    const middle = known.reduce((sum, value) => sum + value, 0) / known.length
    for (let i = 0; i < LANDMARKS; i++) wanted[i] -= middle
  }
}

type Known = Pick<Example, 'features' | 'wanted'>

/** Ridge regression, landmark by landmark, without what turns out to be no face. */
function fitMap(examples: readonly Known[]): Fitted {
  const weights = new Float64Array(FEATURES * LANDMARKS)
  const deviations = new Float64Array(LANDMARKS)
  const all = products(examples)
  for (let landmark = 0; landmark < LANDMARKS; landmark++) {
    let isUsed = (example: Known) => Math.abs(example.wanted[landmark]) < MOST
    let found: Float32Array = new Float32Array(FEATURES)
    for (let round = 0; round < ROUNDS; round++) {
      found = regress(examples, landmark, isUsed, all)
      const left = ({ wanted, features }: Known) => Math.abs(wanted[landmark] - dot(features, found))
      const deviation = 1.48 * median(examples.map(left).filter(Number.isFinite))
      deviations[landmark] = deviation
      isUsed = (example) => left(example) < OUTLIER * deviation
    }
    for (let k = 0; k < FEATURES; k++) weights[k * LANDMARKS + landmark] = found[k]
  }
  return { weights, deviations }
}

/** @param all products of all examples' features: taking away those that are not used is less work than adding the others */
function regress(examples: readonly Known[], landmark: number, isUsed: (example: Known) => boolean, all: Float64Array) {
  const gram = all.slice()
  const right = new Float32Array(FEATURES)
  for (const example of examples) {
    if (!isUsed(example)) addProducts(gram, example.features, -1)
    else for (let k = 0; k < FEATURES; k++) right[k] += example.features[k] * example.wanted[landmark]
  }
  for (let k = 1; k < FEATURES; k++) gram[k * FEATURES + k] += ridgeOf(k)
  return solve(gram, FEATURES, { rows: FEATURES, columns: 1, data: right })
}

const ridgeOf = (feature: number) =>
  feature < POSE_FEATURES ? RIDGE.pose : feature < POSE_FEATURES + PLACE_FEATURES ? RIDGE.place : RIDGE.face

function products(examples: readonly Known[]): Float64Array {
  const gram = new Float64Array(FEATURES * FEATURES)
  for (const { features } of examples) addProducts(gram, features, 1)
  return gram
}

/** The lower triangle, which is what a factorisation reads. */
function addProducts(gram: Float64Array, features: Float64Array, sign: number): void {
  for (let i = 0; i < FEATURES; i++) {
    for (let j = 0; j <= i; j++) gram[i * FEATURES + j] += sign * features[i] * features[j]
  }
}

/** What no plane through the face explains of what is left, world units. */
function misfit(
  { features, wanted, places }: Example,
  { weights }: Pick<Fitted, 'weights'>,
  isInner: readonly boolean[],
): number[] {
  const seen = [...wanted.keys()].filter((i) => isInner[i] && Math.abs(wanted[i]) < MOST)
  const left = seen.map((i) => {
    let said = 0
    for (let k = 0; k < FEATURES; k++) said += features[k] * weights[k * LANDMARKS + i]
    return wanted[i] - said
  })
  const [across, down] = [0, 1].map((axis) => seen.map((i) => places[2 * i + axis]))
  return withoutTilt(left, across, down).map(Math.abs)
}

/** As if no more than the first features were known. */
const only = ({ wanted, features }: Known, known: number): Known => ({
  wanted,
  features: features.map((value, i) => (i < known ? value : 0)),
})

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

await main()
