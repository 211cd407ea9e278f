/**
 * Finding all faces of a photo. MediaPipe's detector sees the whole photo at low resolution and misses faces whose eyes
 * are closer than about 0.05 of its long side; those are looked for in overlapping tiles (facts: pose.md A8).
 */
import type { Box, Face, Landmarker, RgbImage } from './mediapipe.ts'

/** Tiles are this part of the photo's sides, and overlap by half. */
const TILE_SCALES = [1 / 2, 1 / 4]
/** A hit in a tile may be half a face: it is looked at again in a window this many times its size. */
const SECOND_LOOK = 2.5
const SAME_FACE = 0.3

/** The faces of the photo, largest bounding box first; none where nothing is found even in tiles of a quarter. */
export function findFaces(landmarker: Landmarker, photo: RgbImage): Face[] {
  let faces = landmarker.detect(photo)
  for (const scale of TILE_SCALES) {
    if (faces.length > 0) break
    faces = distinct(tiles(photo, scale).flatMap((tile) => detectInTile(landmarker, photo, tile)))
  }
  return faces.sort((a, b) => area(b.box) - area(a.box))
}

function tiles(photo: RgbImage, scale: number): Box[] {
  const width = Math.ceil(photo.width * scale)
  const height = Math.ceil(photo.height * scale)
  const steps = 2 / scale - 1
  const tiles: Box[] = []
  for (let row = 0; row < steps; row++) {
    for (let column = 0; column < steps; column++) {
      const x = Math.round(((photo.width - width) * column) / (steps - 1))
      const y = Math.round(((photo.height - height) * row) / (steps - 1))
      tiles.push({ x, y, width, height })
    }
  }
  return tiles
}

/** Looks at a tile, and again at a window centred on every hit; keeps the faces that lie wholly inside that window. */
function detectInTile(landmarker: Landmarker, photo: RgbImage, tile: Box): Face[] {
  return detectInWindow(landmarker, photo, tile).flatMap((hit) => {
    const window = windowAround(hit.box, photo)
    if (window === undefined) return []
    return detectInWindow(landmarker, photo, window).filter((face) => inside(face.box, window))
  })
}

function windowAround(box: Box, photo: RgbImage): Box | undefined {
  const half = (Math.max(box.width, box.height) * SECOND_LOOK) / 2
  const x = Math.max(0, Math.round(box.x + box.width / 2 - half))
  const y = Math.max(0, Math.round(box.y + box.height / 2 - half))
  const width = Math.min(photo.width, Math.round(box.x + box.width / 2 + half)) - x
  const height = Math.min(photo.height, Math.round(box.y + box.height / 2 + half)) - y
  return width > 0 && height > 0 ? { x, y, width, height } : undefined
}

/** Detects in a cut-out and gives the faces in the photo's pixels. */
function detectInWindow(landmarker: Landmarker, photo: RgbImage, window: Box): Face[] {
  return landmarker.detect(cutOut(photo, window)).map(({ points, box }) => ({
    points: points.map((value, i) => value + (i % 3 === 0 ? window.x : i % 3 === 1 ? window.y : 0)),
    box: { ...box, x: box.x + window.x, y: box.y + window.y },
  }))
}

function cutOut(photo: RgbImage, { x, y, width, height }: Box): RgbImage {
  const rgb = new Uint8Array(3 * width * height)
  for (let row = 0; row < height; row++) {
    const from = 3 * ((y + row) * photo.width + x)
    rgb.set(photo.rgb.subarray(from, from + 3 * width), 3 * width * row)
  }
  return { width, height, rgb }
}

/** Overlapping tiles find the same face more than once: the first of each group stays. */
function distinct(faces: Face[]): Face[] {
  const kept: Face[] = []
  for (const face of faces) {
    if (kept.every((other) => overlap(face.box, other.box) < SAME_FACE)) kept.push(face)
  }
  return kept
}

const area = ({ width, height }: Box) => width * height

const inside = (a: Box, b: Box) =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height

/** Area of the intersection over area of the union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (width <= 0 || height <= 0) return 0
  return (width * height) / (area(a) + area(b) - width * height)
}
