/** The sheet: one picture that shows a head at a glance: photo, front, both sides, depth, evidence. */
import sharp from 'sharp'
import { orbitCamera } from './generator/camera.ts'
import type { Generator } from './generator/generator.ts'
import type { Planes } from './generator/planes.ts'
import { png, toRgb } from './pictures.ts'
import { drawEvidence } from './quality/evidence.ts'
import type { Surface } from './surface/surface.ts'
import { depthPicture, headView } from './views.ts'

const CELL = 256
const DEGREE = Math.PI / 180
const ANGLES = [0, -30, 30, -60, 60]
const EVIDENCE_ANGLES = [-45, 45]

/** The photo a head was made from. */
export interface SheetPhoto {
  /** The portrait's crop, RGB, 8 bits. */
  readonly crop: { readonly size: number; readonly rgb: Uint8Array }
  /** Its camera as refined, 25 numbers. */
  readonly label: Float32Array
  /** The head's surface, with its evidence. */
  readonly surface: Surface
}

/**
 * @param photo absent for a person nobody has photographed
 * @param made what made it, for the file's description
 * @returns a PNG: the crop and the head from the photo's camera, then front, -30, 30, -60, 60 degrees, depth, and what
 * the photo showed (orange) and did not (blue) from -45 and 45 degrees
 */
export async function drawSheet(
  generator: Generator,
  planes: Planes,
  ws: Float32Array,
  photo: SheetPhoto | null,
  made: string,
): Promise<Uint8Array> {
  const cells: Buffer[] = []
  const add = async (rgb: Uint8Array, size: number) => {
    cells.push(
      await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .resize(CELL, CELL)
        .png()
        .toBuffer(),
    )
  }
  const addPicture = (image: Float32Array) => add(toRgb(image), Math.sqrt(image.length / 3))
  const see = (label: Float32Array) => headView(generator, planes, ws, label, CELL)

  if (photo) {
    await add(photo.crop.rgb, photo.crop.size)
    await addPicture((await see(photo.label)).image)
  }
  const orbit = generator.config.rendering_kwargs
  for (const angle of ANGLES) {
    const view = await see(orbitCamera(orbit, angle * DEGREE))
    await addPicture(view.image)
    if (angle === 0) cells.push(await depthCell(view.rendering.depth, view.rendering.opacity))
  }
  // Depth comes after the pictures.
  const depth = cells.splice(photo ? 3 : 1, 1)[0]
  cells.push(depth)
  const evidence = photo?.surface.evidence
  if (photo && evidence) {
    for (const angle of EVIDENCE_ANGLES) {
      await add(drawEvidence(photo.surface, evidence, orbitCamera(orbit, angle * DEGREE), CELL), CELL)
    }
  }
  const { data, info } = await sharp({
    create: { width: CELL * cells.length, height: CELL, channels: 3, background: '#ffffff' },
  })
    .composite(cells.map((input, i) => ({ input, left: i * CELL, top: 0 })))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return png({ rgb: new Uint8Array(data), width: info.width, height: info.height }, made)

  async function depthCell(values: Float32Array, opacity: Float32Array): Promise<Buffer> {
    const size = Math.sqrt(values.length)
    const rgb = toRgb(depthPicture(values, opacity))
    return sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
      .resize(CELL, CELL)
      .png()
      .toBuffer()
  }
}
