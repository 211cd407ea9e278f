/** Faces where no face belongs: on the back of a head, and on its top. */
import { DEGREE, orbitCamera, zoom } from '../generator/camera.ts'
import type { Landmarker } from '../networks/mediapipe.ts'
import type { Surface } from '../surface/mesh.ts'
import { rasterize } from '../surface/rasterize.ts'
import { atOnce } from '../turns.ts'
import { drawClay, drawColours } from './draw.ts'
import { SURROUNDINGS } from './turnaround.ts'

/** Yaw and pitch of the cameras that must see none, degrees. */
const DIRECTIONS = [
  [180, 0],
  [150, 0],
  [-150, 0],
  [180, 40],
  [0, 80],
] as const
const SIDE = 224

/** How many pictures of a surface, from behind and above, show a face, in colour and in clay; of five each. */
export interface SecondFaces {
  readonly colour: number
  readonly clay: number
}

/** @param turn for each direction */
export async function secondFaces(
  surface: Surface,
  orbit: Parameters<typeof orbitCamera>[0],
  landmarker: Pick<Landmarker, 'detect'>,
  turn = atOnce,
): Promise<SecondFaces> {
  const shows = (rgb: Uint8Array) => landmarker.detect({ width: SIDE, height: SIDE, rgb }).length > 0
  const found = { colour: 0, clay: 0 }
  for (const [yaw, pitch] of DIRECTIONS) {
    await turn(async () => {
      const label = zoom(orbitCamera(orbit, yaw * DEGREE, pitch * DEGREE), SURROUNDINGS)
      const sight = rasterize(surface, label, SIDE)
      if (shows(drawColours(surface, sight))) found.colour++
      if (shows(drawClay(surface, sight, label))) found.clay++
    })
  }
  return found
}
