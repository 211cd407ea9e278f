/**
 * What each direction of a generator moves, and what it leaves alone: made-up people before and after an edit, read by
 * networks that know faces and by simple measures of pictures. Figures are means of the change a standard deviation makes,
 * from edits up and down.
 *
 * `npm run bench -- edits [--heads 3] [--first 1] [--strength 2] [--generator FILE] [--pictures DIR]`
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
import type { Landmarker } from '../src-main/engine/networks/mediapipe.ts'
import { type FacePicture, identityDistance } from '../src-main/engine/quality/identity.ts'
import { cosine } from '../src-main/engine/quality/likeness.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { type Kit, prepareKit } from './support/judge.ts'
import { peakMemory, type Recorder, startClock } from './support/recorder.ts'

const DIRECTION = 'direction.'
const TRUNCATION = 0.7
/** Samples a ray: half the generator's own. */
const LOOKING = { coarse: 24, fine: 24, keep: false }
/** Side of a picture in a strip. */
const CELL = 160
/** Of MediaPipe's face mesh. */
const POINTS = { eyes: [33, 263], corners: [61, 291], lips: [13, 14], sides: [234, 454], ends: [10, 152] }
const CHEEKS = [50, 280, 205, 425]

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
      heads: { type: 'string', default: '3' },
      first: { type: 'string', default: '1' },
      strength: { type: 'string', default: '2' },
      generator: { type: 'string' },
      pictures: { type: 'string' },
    },
  })
  const clock = startClock()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const kit = await prepareKit(runtime, values.generator)
  const { generator } = kit.context
  const read = reader(kit)
  const strength = Number(values.strength)
  const people: { head: Head; before: Reading }[] = []
  for (let i = 0; i < Number(values.heads); i++) {
    const head = await makeUp(generator, Number(values.first) + i, TRUNCATION)
    people.push({ head, before: await read(head) })
  }
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
      length: Math.hypot(...direction),
      ...Object.fromEntries(means),
    })
    if (values.pictures) {
      await saveStrip(
        rows.map(({ pictures }) => pictures),
        join(values.pictures, `${trait}.png`),
      )
    }
  }
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

/**
 * What landmarks tell, NaN where no face is found. Of the mouth, in distances of the eyes' outer corners: how far its
 * corners lie above its middle, and how wide it is; how wide the face is for its length; and the cheeks' brightness, levels.
 */
function readFace(landmarker: Landmarker, { size, rgb }: FacePicture) {
  const [face] = landmarker.detect({ rgb, width: size, height: size })
  if (!face) return { lift: Number.NaN, mouth: Number.NaN, width: Number.NaN, brightness: Number.NaN }
  const at = (i: number) => [face.points[3 * i], face.points[3 * i + 1]]
  const apart = ([a, b]: readonly number[]) => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1])
  const height = ([a, b]: readonly number[]) => (at(a)[1] + at(b)[1]) / 2
  const eyes = apart(POINTS.eyes)
  const brightness = CHEEKS.map((i) => {
    const pixel = 3 * (Math.round(at(i)[1]) * size + Math.round(at(i)[0]))
    return (rgb[pixel] + rgb[pixel + 1] + rgb[pixel + 2]) / 3
  })
  return {
    lift: (height(POINTS.lips) - height(POINTS.corners)) / eyes,
    mouth: apart(POINTS.corners) / eyes,
    width: apart(POINTS.sides) / apart(POINTS.ends),
    brightness: brightness.reduce((sum, value) => sum + value) / CHEEKS.length,
  }
}

/** A row for each person: down, as they are, up. */
async function saveStrip(rows: readonly FacePicture[][], path: string): Promise<void> {
  const cells = rows.flatMap((pictures, row) =>
    pictures.map(async ({ size, rgb }, column) => ({
      input: await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .resize(CELL, CELL)
        .png()
        .toBuffer(),
      left: column * CELL,
      top: row * CELL,
    })),
  )
  const [width, height] = [rows[0].length * CELL, rows.length * CELL]
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(await Promise.all(cells))
    .toFile(path)
}
