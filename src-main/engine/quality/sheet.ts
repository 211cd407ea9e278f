/** The sheet: one picture that shows a head at a glance: photo, front, both sides, depth, evidence. */
import sharp from 'sharp'
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { DEGREE, orbitCamera, zoom } from '../generator/camera.ts'
import { depthPicture } from '../head/views.ts'
import { png, toRgb } from '../images/pictures.ts'
import type { Surface } from '../surface/mesh.ts'
import { drawEvidence } from './evidence.ts'
import type { FacePicture } from './identity.ts'
import { SURROUNDINGS, type Turnaround } from './turnaround.ts'

const CELL = 256
const COLUMNS = 5
const EVIDENCE_ANGLES = [-45, 45]

/** The photos a head was made from. */
interface SheetPhotos {
  /** The portraits' crops, RGB, 8 bits. */
  readonly crops: readonly FacePicture[]
  /** The head's surface, with its evidence. */
  readonly surface: Surface
}

/**
 * @param photos absent for a person nobody has photographed
 * @param made what made it, for the file's description
 * @returns a PNG: the crops and the head from the first one's camera, then front, -30, 30, -60, 60 degrees, depth, and what
 * the photo showed (orange) and did not (blue) from -45 and 45 degrees
 */
export async function drawSheet(
  { rendering_kwargs: orbit }: GeneratorConfig,
  { input, sides }: Turnaround,
  photos: SheetPhotos | null,
  made: string,
): Promise<Uint8Array> {
  const cells: Buffer[] = []
  const add = async ({ rgb, size }: FacePicture) => {
    cells.push(
      await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .resize(CELL, CELL)
        .png()
        .toBuffer(),
    )
  }
  for (const crop of photos?.crops ?? []) await add(crop)
  if (input) await add(input)
  for (const seen of sides.values()) await add(seen)
  const front = sides.get(0)
  if (front) {
    const rgb = toRgb(depthPicture(front.depth, front.opacity))
    await add({ rgb, size: Math.sqrt(front.depth.length) })
  }
  const evidence = photos?.surface.evidence
  if (photos && evidence) {
    for (const angle of EVIDENCE_ANGLES) {
      const rgb = drawEvidence(photos.surface, evidence, zoom(orbitCamera(orbit, angle * DEGREE), SURROUNDINGS), CELL)
      await add({ rgb, size: CELL })
    }
  }
  const { data, info } = await sharp({
    create: {
      width: CELL * Math.min(cells.length, COLUMNS),
      height: CELL * Math.ceil(cells.length / COLUMNS),
      channels: 3,
      background: '#ffffff',
    },
  })
    .composite(cells.map((input, i) => ({ input, left: (i % COLUMNS) * CELL, top: Math.floor(i / COLUMNS) * CELL })))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return png({ rgb: new Uint8Array(data), width: info.width, height: info.height }, made)
}
