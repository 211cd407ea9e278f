/** A sheet of heads: each in colour and as clay, from all round, after the picture it was read off where there is one. */
import sharp from 'sharp'
import { onWhite, toPixels } from '../../models/training/charts.ts'
import type { RecordedPicture } from '../../models/training/records.ts'
import { DEGREE, orbitCamera, zoom } from '../../src-main/engine/generator/camera.ts'
import type { Generator } from '../../src-main/engine/generator/generator.ts'
import { withoutFrame } from '../../src-main/engine/head/views.ts'
import { clayPicture } from './clay.ts'

/** Cameras, degrees around the head: first in colour, then as clay. */
const YAWS = [0, 45, 90, 180, -90]
/** Side of a picture, pixels. */
const CELL = 128
/** A portrait's frame is around the face, and cuts backs and sides. */
const [PIVOT, ZOOM] = [[0, 0, 0] as const, 0.8]
const LOOKING = { coarse: 48, fine: 48, keep: false }

interface Row {
  readonly ws: Float32Array
  readonly recorded?: RecordedPicture
}

/** @returns a JPEG */
export async function allRound(generator: Generator, rows: readonly Row[]): Promise<Buffer> {
  const orbit = { ...generator.config.rendering_kwargs, avg_camera_pivot: PIVOT }
  const first = rows.some(({ recorded }) => recorded) ? 1 : 0
  const tiles: { input: Buffer; left: number; top: number }[] = []
  const place = async (rgb: Uint8Array, side: number, column: number, row: number) => {
    const tile = sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
      .resize(CELL, CELL)
      .png()
    tiles.push({ input: await tile.toBuffer(), left: column * CELL, top: row * CELL })
  }
  for (const [row, { ws, recorded }] of rows.entries()) {
    if (recorded) await place(onWhite(recorded), recorded.size, 0, row)
    const planes = await generator.planes(ws)
    for (const [column, yaw] of YAWS.entries()) {
      const label = zoom(orbitCamera(orbit, yaw * DEGREE), ZOOM)
      const view = await generator.view(ws, label, { ...LOOKING, planes })
      const image = withoutFrame(view)
      const side = Math.sqrt(image.length / 3)
      await place(toPixels(image, side), side, first + column, row)
      const rendered = Math.sqrt(view.rendering.depth.length)
      await place(clayPicture(view.rendering, label, rendered), rendered, first + YAWS.length + column, row)
    }
  }
  const [width, height] = [(first + 2 * YAWS.length) * CELL, rows.length * CELL]
  const sheet = sharp({ create: { width, height, channels: 3, background: '#fff' } })
  return sheet.composite(tiles).jpeg({ quality: 88 }).toBuffer()
}
