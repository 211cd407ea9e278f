/**
 * Heads of real portraits, to be looked at: each goes through the whole product and is drawn from all round, with its texture
 * and as clay, beside its photo. Figures had called heads good that nobody had seen.
 *
 * `npm run bench -- portraits PHOTO... [--quality balanced]`; the sheets go to `bench/results/portraits`.
 */
import { readFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { inEnglish } from '../src-main/engine/errors.ts'
import { Finish } from '../src-main/engine/finish.ts'
import { DEGREE, orbitCamera, zoom } from '../src-main/engine/generator/camera.ts'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { drawClay } from '../src-main/engine/quality/draw.ts'
import { drawSurface } from '../src-main/engine/quality/textured.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { rasterize } from '../src-main/engine/surface/rasterize.ts'
import type { Vector3 } from '../src-main/engine/vectors.ts'
import { type Kit, prepareKit, takeShot } from './support/judge.ts'
import { type Recorder, startClock } from './support/recorder.ts'

const SIDE = 256
const MESH = { resolution: 256, triangles: 60_000 }
/** Of the camera round the head, degrees. */
const VIEWS = [
  { yaw: 0, pitch: 0 },
  { yaw: 30, pitch: 0 },
  { yaw: 60, pitch: 0 },
  { yaw: 90, pitch: 0 },
  { yaw: -60, pitch: 0 },
  { yaw: 180, pitch: 0 },
  { yaw: 0, pitch: 80 },
]
/** Focal length in portraits', and what is looked at: head and bust are to be seen. */
const FOCAL = 0.75
const MIDDLE: Vector3 = [0, -0.04, 0]

export default async function portraits(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...options],
    allowPositionals: true,
    options: { quality: { type: 'string', default: 'balanced' } },
  })
  const settings = inversionSettings.parse({ quality: values.quality })
  const kit = await prepareKit(await Runtime.create({ provider: 'cpu' }))
  for (const path of positionals) await portray(recorder, kit, path, settings)
  kit.landmarker.close()
}

async function portray(recorder: Recorder, kit: Kit, path: string, settings: Inversion['settings']): Promise<void> {
  const { generator } = kit.context
  const clock = startClock()
  const shot = await takeShot(kit, await readFile(path), false)
  const inversion = await Inversion.start(kit.context, [shot], settings)
  while (!inversion.progress.done) await inversion.step()
  const { head, photos } = inversion
  const finish = new Finish({ generator, sha256: kit.sha256, head, photos })
  const quality = await finish.quality(MESH)
  const surface = await finish.surface(MESH)
  const texture = await finish.texture(MESH)
  const { cpu, wall } = clock()

  const cells: Cell[] = [{ rgb: shot.portrait.rgb, size: shot.portrait.size }]
  const clays: Cell[] = [{ rgb: new Uint8Array(3 * SIDE ** 2).fill(255), size: SIDE }]
  const orbit = { ...generator.config.rendering_kwargs, avg_camera_pivot: MIDDLE }
  for (const { yaw, pitch } of VIEWS) {
    const label = zoom(orbitCamera(orbit, yaw * DEGREE, pitch * DEGREE), FOCAL)
    cells.push({ rgb: drawSurface(surface, label, SIDE, texture), size: SIDE })
    clays.push({ rgb: drawClay(surface, rasterize(surface, label, SIDE), label), size: SIDE })
  }
  const name = basename(path, extname(path))
  await save([cells, clays], join(import.meta.dirname, 'results', 'portraits', `${name}.jpg`))
  recorder.add({
    what: name,
    ...(quality && {
      verdict: inEnglish(quality.reason),
      psnr: quality.figures.input.psnr,
      second_faces: `${quality.figures.secondFaces.colour} in colour, ${quality.figures.secondFaces.clay} in clay`,
    }),
    ...{ cpu, wall },
  })
}

interface Cell {
  readonly rgb: Uint8Array
  readonly size: number
}

async function save(rows: readonly (readonly Cell[])[], path: string): Promise<void> {
  const cells = await Promise.all(
    rows.flatMap((row, y) =>
      row.map(async ({ rgb, size }, x) => ({
        input: await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
          .resize(SIDE, SIDE)
          .png()
          .toBuffer(),
        ...{ left: x * SIDE, top: y * SIDE },
      })),
    ),
  )
  const [width, height] = [rows[0].length * SIDE, rows.length * SIDE]
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(cells)
    .jpeg({ quality: 88 })
    .toFile(path)
}
