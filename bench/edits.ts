/**
 * What each direction of a generator moves, and what it leaves alone: made-up people before and after an edit, read by
 * networks that know faces and by simple measures of pictures. Figures are means of the change a standard deviation makes,
 * from edits up and down.
 *
 * `npm run bench -- edits [--heads 4] [--first 1] [--strength 2] [--generator FILE] [--sheet FILE.png]`
 */
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { readTfjsWeights } from '../scripts/tfjs.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { type Head, paintHead } from '../src-main/engine/head/head.ts'
import { makeUp } from '../src-main/engine/head/made-up.ts'
import { OPAQUE, withoutFrame } from '../src-main/engine/head/views.ts'
import { toRgb } from '../src-main/engine/images/pictures.ts'
import { TRUNCATION } from '../src-main/engine/limits.ts'
import type { Landmarker } from '../src-main/engine/networks/mediapipe.ts'
import { type FacePicture, identityDistance } from '../src-main/engine/quality/identity.ts'
import { cosine } from '../src-main/engine/quality/likeness.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { type Kit, prepareKit } from './support/judge.ts'
import { peakMemory, type Recorder, startClock } from './support/recorder.ts'

const DIRECTION = 'direction.'
/** Samples a ray: half the generator's own. */
const LOOKING = { coarse: 24, fine: 24, keep: false }
/** Side of a picture in the sheet, and how wide what stands before a row is. */
const CELL = 112
const LABEL = 90
/** Of MediaPipe's face mesh: pairs that distances are taken between, right one first. */
const POINTS = {
  eyes: [33, 263],
  corners: [61, 291],
  lips: [13, 14],
  sides: [234, 454],
  ends: [10, 152],
  jaws: [172, 397],
}
/** Upper and lower lid in the middle, both corners; and the brow above. */
const EYES = [
  { lids: [159, 145], corners: [33, 133], brow: 105 },
  { lids: [386, 374], corners: [362, 263], brow: 334 },
]
/** Where skin is looked at: cheeks, and where a beard grows. */
const CHEEKS = [50, 280, 205, 425]
const BEARD = [199, 200, 169, 394]
/** The top of the forehead; hair is looked at above it, so many distances of the eyes. */
const FOREHEAD = { point: 10, above: 0.3 }

/** One head as it is read. */
interface Reading {
  readonly picture: FacePicture
  readonly identity: Float32Array
  readonly faceRes: Float32Array
  readonly figures: Readonly<Record<string, number>>
}

export default async function edits(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      heads: { type: 'string', default: '4' },
      first: { type: 'string', default: '1' },
      strength: { type: 'string', default: '2' },
      generator: { type: 'string' },
      sheet: { type: 'string' },
    },
  })
  const clock = startClock()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const kit = await prepareKit(runtime, values.generator)
  const { generator } = kit.context
  const { w_dim } = generator.config
  const read = reader(kit)
  const strength = Number(values.strength)
  const people: { head: Head; before: Reading }[] = []
  for (let i = 0; i < Number(values.heads); i++) {
    const head = await makeUp(generator, Number(values.first) + i, TRUNCATION)
    people.push({ head, before: await read(head) })
  }
  const sheet: { trait: string; pictures: FacePicture[] }[] = []
  for (const [name, { data: direction }] of kit.context.extras) {
    if (!name.startsWith(DIRECTION)) continue
    const trait = name.slice(DIRECTION.length)
    const rows: { figures: Record<string, number>; pictures: FacePicture[] }[] = []
    for (const { head, before } of people) {
      const [down, up] = [await read(moved(head, direction, -strength)), await read(moved(head, direction, strength))]
      const changes = Object.keys(before.figures).map((name) => {
        return [name, (up.figures[name] - down.figures[name]) / (2 * strength)] as const
      })
      const away = (other: Reading) => identityDistance(before.identity, other.identity)
      const awayToFaceRes = (other: Reading) => 1 - cosine(before.faceRes, other.faceRes)
      rows.push({
        figures: {
          ...Object.fromEntries(changes),
          dlib: (away(up) + away(down)) / 2,
          faceres: (awayToFaceRes(up) + awayToFaceRes(down)) / 2,
        },
        pictures: [down, before, up].map(({ picture }) => picture),
      })
    }
    const means = Object.keys(rows[0].figures).map((name) => {
      const found = rows.map(({ figures }) => figures[name]).filter((value) => !Number.isNaN(value))
      return [name, found.reduce((sum, value) => sum + value, 0) / found.length] as const
    })
    recorder.add({
      what: trait,
      heads: rows.length,
      strength,
      length: Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0) / (direction.length / w_dim)),
      ...Object.fromEntries(means),
    })
    sheet.push({ trait, pictures: rows.flatMap(({ pictures }) => pictures) })
  }
  if (values.sheet) await saveSheet(sheet, values.sheet)
  const generatorName = basename(values.generator ?? 'default')
  recorder.add({ what: 'cost', ...clock(), mib: peakMemory(), generator: generatorName, sha256: kit.sha256 })
  kit.landmarker.close()
  await runtime.dispose()
}

/** An edit of the head, also along directions that are not offered. */
const moved = (head: Head, direction: Float32Array, strength: number): Head => ({
  ...head,
  ws: head.ws.map((value, i) => value + strength * direction[i % direction.length]),
})

/** Reads a head from the front. */
function reader({ context: { generator }, landmarker, recognition }: Kit) {
  const front = orbitCamera(generator.config.rendering_kwargs, 0)
  const readAge = ageReader()
  return async (head: Head): Promise<Reading> => {
    const planes = await paintHead(generator, head)
    const view = await generator.view(head.ws, front, { planes, ...LOOKING })
    const image = withoutFrame(view)
    const picture = { size: Math.sqrt(image.length / 3), rgb: toRgb(image) }
    const { opacity } = view.rendering
    const [identity, faceRes] = [await recognition.identity(picture), await recognition.faceRes(picture)]
    const outline = opacity.reduce((count, value) => count + (value >= OPAQUE ? 1 : 0), 0) / opacity.length
    return { picture, identity, faceRes, figures: { ...readAge(faceRes), ...readFace(landmarker, picture), outline } }
  }
}

/**
 * FaceRes' other two answers, from the same descriptor: years, and how male a face looks to it, 0 to 1. Their layers are in
 * the npm package alone, the product has no use for them.
 */
function ageReader() {
  const weights = readTfjsWeights(join(import.meta.dirname, '../node_modules/@vladmandic/human/models/faceres.json'))
  const layer = (name: string, x: Float32Array): Float32Array => {
    const [kernel, bias] = [weights.get(`${name}/kernel`)!, weights.get(`${name}/bias`)!]
    return bias.data.map((start, k) => {
      return x.reduce((sum, value, i) => sum + value * kernel.data[i * bias.data.length + k], start)
    })
  }
  return (descriptor: Float32Array) => {
    const features = layer('feats', descriptor).map((value) => Math.max(value, 0))
    const likely = layer('age_pred', features).map(Math.exp)
    const all = likely.reduce((sum, value) => sum + value)
    const [male] = layer('gender_pred', features)
    return {
      years: likely.reduce((sum, value, year) => sum + (value / all) * year, 0),
      male: 1 / (1 + Math.exp(-male)),
    }
  }
}

/** What is read off a face; the order is the result's. */
const NO_FACE = {
  ...{ lift: Number.NaN, mouth: Number.NaN, gap: Number.NaN, lids: Number.NaN, brows: Number.NaN, width: Number.NaN },
  ...{ jaws: Number.NaN, cheeks: Number.NaN, beard: Number.NaN, hair: Number.NaN },
}

/**
 * What landmarks tell, NaN where no face is found. In distances of the eyes' outer corners: how far the mouth's corners lie
 * above its middle, how wide it is and how far open, how high brows are above the eyes, how wide the jaw is; how open eyes
 * are for their width; how wide the face is for its length. In levels: how bright cheeks are and hair is, and how much
 * brighter than cheeks it is where beards grow.
 */
function readFace(landmarker: Landmarker, { size, rgb }: FacePicture): typeof NO_FACE {
  const [face] = landmarker.detect({ rgb, width: size, height: size })
  if (!face) return NO_FACE
  const at = (i: number) => [face.points[3 * i], face.points[3 * i + 1]]
  const apart = ([a, b]: readonly number[]) => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1])
  const height = ([a, b]: readonly number[]) => (at(a)[1] + at(b)[1]) / 2
  const eyes = apart(POINTS.eyes)
  const brightness = (x: number, y: number) => {
    const pixel = 3 * (Math.min(Math.max(Math.round(y), 0), size - 1) * size + Math.round(x))
    return (rgb[pixel] + rgb[pixel + 1] + rgb[pixel + 2]) / 3
  }
  const brightnessOf = (points: readonly number[]) => mean(points.map((i) => brightness(at(i)[0], at(i)[1])))
  const cheeks = brightnessOf(CHEEKS)
  const [x, y] = at(FOREHEAD.point)
  return {
    lift: (height(POINTS.lips) - height(POINTS.corners)) / eyes,
    mouth: apart(POINTS.corners) / eyes,
    gap: apart(POINTS.lips) / eyes,
    lids: mean(EYES.map(({ lids, corners }) => apart(lids) / apart(corners))),
    brows: mean(EYES.map(({ corners, brow }) => height(corners) - at(brow)[1])) / eyes,
    width: apart(POINTS.sides) / apart(POINTS.ends),
    jaws: apart(POINTS.jaws) / eyes,
    cheeks,
    beard: brightnessOf(BEARD) - cheeks,
    hair: brightness(x, y - FOREHEAD.above * eyes),
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** A row for each trait, of each person three pictures: down, as they are, up. */
async function saveSheet(rows: readonly { trait: string; pictures: FacePicture[] }[], path: string): Promise<void> {
  const cells = rows.flatMap(({ pictures }, row) =>
    pictures.map(async ({ size, rgb }, column) => ({
      input: await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .resize(CELL, CELL)
        .png()
        .toBuffer(),
      left: LABEL + column * CELL,
      top: row * CELL,
    })),
  )
  const labels = rows.map(({ trait }, row) => ({
    input: Buffer.from(
      `<svg width="${LABEL}" height="${CELL}"><text x="6" y="${CELL / 2}" font-family="sans-serif" font-size="13">${trait}</text></svg>`,
    ),
    left: 0,
    top: row * CELL,
  }))
  const [width, height] = [LABEL + rows[0].pictures.length * CELL, rows.length * CELL]
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite([...labels, ...(await Promise.all(cells))])
    .png({ palette: true, quality: 90 })
    .toFile(path)
}
