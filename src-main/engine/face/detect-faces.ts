/**
 * Finding all faces of a photo, whichever way up they are. The detector looks at the photo, and where it sees nothing at
 * square tiles of it, in all four orientations; every place it names is then judged in windows of its own, and the
 * landmarks are read in a window that shows the face upright and fills it.
 *
 * Which way is up is decided by the detector's score alone and never by the fitted pose: landmarks are read off an
 * upside-down face as if it were upright, and a head fits them. One score is no proof, for an upside-down face may get
 * 0.87 and an upright one 0.76, but the mean of three windows put the true orientation first for all of 49 portraits, as
 * they were taken, dark, and blurred; `npm run bench -- robustness portraits` tries what came of it. Neither the misfit of
 * the landmarks nor the length of dlib's descriptor tells the orientations apart.
 */

import type { RgbImage } from '../images/rgb-image.ts'
import { type Box, boundingBox, type Face, type Landmarker, type Spot } from '../networks/mediapipe.ts'
import { type Pyramid, pyramidOf, sampleWindow, toPhoto, turnedByQuarter } from './look.ts'
import type { Window } from './pose.ts'

/** Pixels a side that detector and landmarks get to see. */
const GLANCE = 256
const CLOSE = 512
/** Tiles are halved, and overlap by half, until there would be more than this many of them. */
const MOST_TILES = 120
const TILINGS = 3
/** A face this wide, in sides of the window, is not near the limit of what can be seen: there others are not overlooked. */
const EASILY_SEEN = 1 / 7
/** What is looked at for landmarks: this many times the face's size. */
const SECOND_LOOK = 2.5
/** The detector's square is smaller than the box of the landmarks. */
const FACE_OF_SPOT = 1.2
/** The windows in which an orientation is judged, in sizes of the detector's square. */
const JUDGED = [2.1, 3, 4.2]
/**
 * The mean score below which no orientation is believed: upright portraits have 0.85 and more, faces turned aside by 60
 * degrees 0.75, and patterns taken for a face in one of many windows 0.42 to 0.68.
 */
const LEAST_SCORE = 0.7
/** A face found in the middle of a window lies no further from it, in sizes. */
const OFF_CENTRE = 0.6
/** Landmarks turned by more against the window that should show them upright are none. */
const MOST_TURN = Math.PI / 4
const SAME_FACE = 0.3
const QUARTERS = [0, 1, 2, 3].map((quarter) => (quarter * Math.PI) / 2)
const EYES = [33, 133, 362, 263]
const MOUTH = [13, 14, 61, 291]

/** The faces of the photo, largest bounding box first; none where nothing is found even in small tiles. */
export function findFaces(landmarker: Landmarker, photo: RgbImage): Face[] {
  const pyramid = pyramidOf(photo)
  let found: Face[] = []
  for (const tiles of tilings(photo)) {
    const spots = apart(tiles.flatMap((tile) => glance(landmarker, pyramid, tile)).sort((a, b) => b.score - a.score))
    const faces = spots.flatMap((spot) => {
      const upright = wayUp(landmarker, pyramid, spot)
      return (upright && lookClosely(landmarker, pyramid, upright)) ?? []
    })
    found = distinct([...found, ...faces].sort((a, b) => area(b.box) - area(a.box)))
    if (found.length > 0 && found[0].box.width > EASILY_SEEN * tiles[0].side) break
  }
  return found
}

/**
 * The windows to look at: the photo as a whole, then squares as wide as the photo is narrow (half its long side at most),
 * then half as large.
 */
function tilings({ width, height }: RgbImage): Window[][] {
  const [long, short] = [Math.max(width, height), Math.min(width, height)]
  const whole: Window = { centre: [width / 2, height / 2], side: long, roll: 0 }
  const all = [[whole]]
  for (let side = Math.min(short, long / 2); all.length < TILINGS; side /= 2) {
    const [columns, rows] = [width, height].map((length) => Math.ceil((2 * (length - side)) / side) + 1)
    if (columns * rows > MOST_TILES) break
    const place = (index: number, count: number, length: number) =>
      count === 1 ? length / 2 : side / 2 + ((length - side) * index) / (count - 1)
    all.push(
      Array.from({ length: columns * rows }, (_, i) => ({
        centre: [place(i % columns, columns, width), place(Math.floor(i / columns), rows, height)],
        side,
        roll: 0,
      })),
    )
  }
  return all
}

/** What the detector sees in the window in all four orientations, in the photo's pixels. */
function glance(landmarker: Landmarker, pyramid: Pyramid, window: Window): Spot[] {
  return spotsByQuarter(landmarker, pyramid, window).flat()
}

/** What the detector sees in the window in each orientation, in the photo's pixels; sampled once and turned. */
function spotsByQuarter(landmarker: Landmarker, pyramid: Pyramid, window: Window): Spot[][] {
  let picture = sampleWindow(pyramid, window, GLANCE)
  return QUARTERS.map((quarter, n) => {
    if (n > 0) picture = turnedByQuarter(picture)
    const turned = { ...window, roll: window.roll + quarter }
    return landmarker.spot(picture).map(({ centre, size, roll, score }) => ({
      centre: toPhoto(turned, GLANCE, centre),
      size: (size * window.side) / GLANCE,
      roll: turned.roll + roll,
      score,
    }))
  })
}

/** The spot as it is seen when the face stands upright, of the four orientations the likeliest. */
function wayUp(landmarker: Landmarker, pyramid: Pyramid, spot: Spot): Spot | undefined {
  const looks = JUDGED.map((times) => spotsByQuarter(landmarker, pyramid, { ...spot, side: times * spot.size }))
  const judged = QUARTERS.map((_, quarter) => {
    const seen = looks.map((look): Spot | undefined => {
      const near = look[quarter].filter(({ centre }) => distance(centre, spot.centre) < OFF_CENTRE * spot.size)
      return near.sort((a, b) => b.score - a.score)[0]
    })
    const score = seen.reduce((sum, found) => sum + (found?.score ?? 0), 0) / seen.length
    return { score, best: seen.filter((found) => found !== undefined).sort((a, b) => b.score - a.score)[0] }
  })
  const { score, best } = judged.sort((a, b) => b.score - a.score)[0]
  return score >= LEAST_SCORE ? { ...best, score } : undefined
}

/** The landmarks, read in a window round the spot and again in one round the face that was found there. */
function lookClosely(landmarker: Landmarker, pyramid: Pyramid, spot: Spot): Face | undefined {
  const first = faceIn(landmarker, pyramid, { ...spot, side: SECOND_LOOK * FACE_OF_SPOT * spot.size })
  return first && faceIn(landmarker, pyramid, windowAround(first))
}

/** The face in the middle of a window, if it lies wholly inside and upright; in the photo's pixels. */
function faceIn(landmarker: Landmarker, pyramid: Pyramid, window: Window): Face | undefined {
  const middle = CLOSE / 2
  const offCentre = ({ box }: Face) =>
    Math.hypot(box.x + box.width / 2 - middle, box.y + box.height / 2 - middle) / Math.max(box.width, box.height)
  const [face] = landmarker
    .detect(sampleWindow(pyramid, window, CLOSE))
    .filter((face) => inside(face.box) && Math.abs(rollOf(face.points)) < MOST_TURN && offCentre(face) < OFF_CENTRE)
    .sort((a, b) => offCentre(a) - offCentre(b))
  if (!face) return undefined
  const points = new Float64Array(face.points.length)
  for (let i = 0; i < points.length; i += 3) {
    points.set(toPhoto(window, CLOSE, [face.points[i], face.points[i + 1]]), i)
    points[i + 2] = (face.points[i + 2] * window.side) / CLOSE
  }
  return { points, box: boundingBox(points) }
}

/** A window that shows the face upright, and its surroundings. */
function windowAround({ points }: Face): Window {
  const roll = rollOf(points)
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)]
  const upright = points.map((_, i) => {
    const [x, y, z] = points.subarray(i - (i % 3), i - (i % 3) + 3)
    return [cos * x + sin * y, cos * y - sin * x, z][i % 3]
  })
  const { x, y, width, height } = boundingBox(upright)
  const [u, v] = [x + width / 2, y + height / 2]
  return {
    centre: [cos * u - sin * v, sin * u + cos * v],
    side: SECOND_LOOK * Math.max(width, height),
    roll,
  }
}

/** How far a face is turned in the picture, clockwise as seen, radians: where the mouth lies as seen from the eyes. */
function rollOf(points: Float64Array): number {
  const mean = (landmarks: number[], axis: number) =>
    landmarks.reduce((sum, i) => sum + points[3 * i + axis], 0) / landmarks.length
  return Math.atan2(mean(EYES, 0) - mean(MOUTH, 0), mean(MOUTH, 1) - mean(EYES, 1))
}

/** The same face is seen in several tiles and orientations: the first of each group stays. */
function apart(spots: Spot[]): Spot[] {
  const kept: Spot[] = []
  for (const spot of spots) {
    const same = (other: Spot) => distance(spot.centre, other.centre) < Math.max(spot.size, other.size) / 2
    if (!kept.some(same)) kept.push(spot)
  }
  return kept
}

function distinct(faces: Face[]): Face[] {
  const kept: Face[] = []
  for (const face of faces) {
    if (kept.every((other) => overlap(face.box, other.box) < SAME_FACE)) kept.push(face)
  }
  return kept
}

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(a[0] - b[0], a[1] - b[1])

const area = ({ width, height }: Box) => width * height

const inside = ({ x, y, width, height }: Box) => x >= 0 && y >= 0 && x + width <= CLOSE && y + height <= CLOSE

/** Area of the intersection over area of the union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (width <= 0 || height <= 0) return 0
  return (width * height) / (area(a) + area(b) - width * height)
}
