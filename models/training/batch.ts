/** Draws what one training step looks at: heads, views, rays or patches, and where along each ray samples lie. */

import { decodeFloat16 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { LABEL } from '../../src-main/engine/generator/camera.ts'
import { castRays, type Rays } from '../../src-main/engine/generator/rays.ts'
import { boxBounds } from '../../src-main/engine/generator/sampling.ts'
import { colourOnWhite, type RecordedHead, type RecordedView, thumbnail } from './records.ts'

export interface BatchShape {
  readonly heads: number
  /** Views of each head. */
  readonly views: number
  /** Single rays of each view, or one square patch of this side. */
  readonly rays: number | { readonly patch: number }
  /** Beside single rays, one square patch of each head's face, of this side; 0 for none. */
  readonly face: number
  /** Points of each head's box where nothing is. */
  readonly empty: number
  /** Points close to each head's recorded surface, two and two close to each other: an even number. */
  readonly near: number
}

/** Rays of one head. */
export function raysOfHead({ views, rays, face }: BatchShape): number {
  return views * (typeof rays === 'number' ? rays : rays.patch ** 2) + face ** 2
}

/** Samples a ray: over the whole way to the surface, and close around it. */
const COARSE = 8
const FINE = 10
export const SAMPLES = COARSE + FINE

/** All arrays run over heads, views of a head, rays of a view; a head's last rays are those of its face. */
export interface Batch {
  /** Indices into the records. */
  readonly heads: readonly number[]
  /** [rays * SAMPLES] ascending on each ray, world units along the unit ray. */
  readonly depths: Float32Array
  /** [rays * 3] world; directions of length 1. */
  readonly origins: Float32Array
  readonly directions: Float32Array
  /** [heads * empty * 3] world. */
  readonly empty: Float32Array
  /** [heads * near * 3] world, and how far each lies outside the recorded surface, [heads * near] world units. */
  readonly near: Float32Array
  readonly outside: Float32Array
  /** [rays * 3] in -1..1 on white. */
  readonly colour: Float32Array
  /** [rays] how much of the pixel is the head, 0..1; 1 where that is all of it; distance along the ray. */
  readonly mask: Float32Array
  readonly covered: Float32Array
  readonly distance: Float32Array
  /** Patches only: [views, 3, 2n, 2n] in -1..1, the recorded pixels at twice the rays' resolution. */
  readonly picture?: Float32Array
  /**
   * Patches only: [views, 2n, 2n], 0 in a margin where the patch lacks surroundings that the picture has, otherwise 1. At
   * the picture's own border nothing is lacking: what is beyond it the network has to do without.
   */
  readonly inner?: Float32Array
  /** Patches only: [views * 25] the views' labels, with the patch's middle in the picture in the principal point's place. */
  readonly label?: Float32Array
}

/** Pixels of the final picture at a patch's border that its surroundings would have changed. */
const MARGIN = 6

/**
 * How far from the recorded surface its density is taught, along the normal and across it: little more than a texel of
 * the planes, so that the surface is flat enough, and less than an ear is thick. World units.
 */
const NEAR_SURFACE = 0.01
/** How much more outside than inside of it that is, world units: see LEVEL in objective.ts. */
const NEAR_OUTWARD = 0.005

/** As a share of the picture's side: how close to the head a ray passes it that misses it. */
const AROUND_HEAD = 1 / 32
/** How much likelier than others to be looked at a pixel on the features of a face is: eyes, nose and mouth, an ellipse of portraits (middle, radii). */
const FEATURES_SHARE = 2
const FEATURES = { row: 0.55, column: 0.5, height: 0.26, width: 0.2 }
/** The front view is drawn at least this often. */
const FRONT_SHARE = 0.3
/** So far before and behind a surface samples are close to each other, and where a ray passes the head; world units. */
const CLOSE = [0.04, 0.06] as const
const PASSING = [0.04, 0.14] as const
/** Rays whose samples ignore the known surface, so that empty space is learned too. */
const BLIND_SHARE = 0.15
/** A face is looked at from a portrait camera at most this cosine off the front, its patch this share of it off the middle. */
const FACE_COSINE = 0.5
const FACE_SHIFT = 0.25
/** Portraits whose features are looked at more, and that the reader is shown, are at most this cosine off the front. */
const PORTRAIT_COSINE = 0.8
/** Of the portraits the reader is shown so many are the front itself. */
const READ_FRONT = 0.5
/** How far one may be off its place, as a share of its side. */
const READ_SHIFT = 0.015
/**
 * Where no head of the procedural model reaches, world units in a box of side 1: above `crown`, before `nose`, and
 * beside `ears` at heights over `shoulders`.
 */
const REACH = { crown: 0.44, nose: 0.32, ears: 0.36, shoulders: -0.25 }

/**
 * @param box side of the cube that rays are looked at in
 * @param random uniform numbers in [0, 1)
 */
export function drawBatch(
  records: readonly RecordedHead[],
  shape: BatchShape,
  box: number,
  random: () => number,
): Batch {
  const side = typeof shape.rays === 'number' ? undefined : shape.rays.patch
  const perView = side === undefined ? (shape.rays as number) : side * side
  const perHead = raysOfHead(shape)
  const total = shape.heads * perHead
  const batch = {
    heads: Array.from({ length: shape.heads }, () => Math.floor(random() * records.length)),
    depths: new Float32Array(total * SAMPLES),
    origins: new Float32Array(total * 3),
    directions: new Float32Array(total * 3),
    empty: emptyPoints(shape.heads * shape.empty, box, random),
    near: new Float32Array(shape.heads * shape.near * 3),
    outside: new Float32Array(shape.heads * shape.near),
    colour: new Float32Array(total * 3),
    mask: new Float32Array(total),
    covered: new Float32Array(total),
    distance: new Float32Array(total),
    ...(side !== undefined && {
      picture: new Float32Array(shape.heads * shape.views * 3 * 4 * side * side),
      inner: new Float32Array(shape.heads * shape.views * 4 * side * side),
      label: new Float32Array(shape.heads * shape.views * LABEL),
    }),
  }
  batch.heads.forEach((head, h) => {
    const { views } = records[head]
    for (let v = 0; v < shape.views; v++) {
      const view = drawView(views, v, random)
      const first = h * perHead + v * perView
      if (side === undefined)
        drawRays(view, isPortrait(view, views[0], PORTRAIT_COSINE), perView, first, batch, random, box)
      else {
        const pixels = 3 * 4 * side * side
        const at = h * shape.views + v
        const picture = (batch.picture as Float32Array).subarray(at * pixels, (at + 1) * pixels)
        const corner = somewhereOnHead(view, side, random)
        drawPatch(view, side, corner, first, batch, random, box, picture)
        batch.inner!.set(innerPart(view, side, corner), (at * pixels) / 3)
        batch.label!.set(patchLabel(view, side, corner), at * LABEL)
      }
    }
    for (let v = 0; v < shape.views; v++) {
      const [first, end] = [v, v + 1].map((part) => 2 * Math.round(((h + part / shape.views) * shape.near) / 2))
      const view = views[Math.floor(random() * views.length)]
      drawNear(view, batch.near.subarray(first * 3, end * 3), batch.outside.subarray(first, end), random)
    }
    if (shape.face > 0) {
      const faces = views.filter((view) => isPortrait(view, views[0], FACE_COSINE))
      const view = faces[Math.floor(random() * faces.length)]
      const first = (h + 1) * perHead - shape.face ** 2
      drawPatch(view, shape.face, nearMiddle(view, shape.face, random), first, batch, random, box)
    }
  })
  return batch
}

/** The part of an array that belongs to one of so many heads. */
export function ofHead(array: Float32Array, head: number, heads: number): Float32Array {
  return array.subarray((head * array.length) / heads, ((head + 1) * array.length) / heads)
}

/**
 * What the reader is shown of a head: the front or a portrait near it, a little off its place as landmarks leave photos.
 * @returns [3 * side * side] in -1..1 on white
 */
export function drawPortrait({ views }: RecordedHead, side: number, random: () => number): Float32Array {
  const [front] = views
  const near = views.filter((view) => isPortrait(view, front, PORTRAIT_COSINE))
  const view = random() < READ_FRONT ? front : near[Math.floor(random() * near.length)]
  const shift = () => Math.round((2 * random() - 1) * READ_SHIFT * view.size)
  return thumbnail(view, side, [shift(), shift()]).map((value) => 2 * value - 1)
}

/** @param v which of the views of a step it is to be */
function drawView(views: readonly RecordedView[], v: number, random: () => number) {
  return v === 0 && random() < FRONT_SHARE ? views[0] : views[Math.floor(random() * views.length)]
}

/** Points of the box outside REACH, [count * 3]. */
function emptyPoints(count: number, box: number, random: () => number): Float32Array {
  const points = new Float32Array(count * 3)
  for (let at = 0; at < points.length; ) {
    const [x, y, z] = [random(), random(), random()].map((value) => (value - 0.5) * box)
    if (y <= REACH.crown && z <= REACH.nose && (y <= REACH.shoulders || Math.abs(x) <= REACH.ears)) continue
    points.set([x, y, z], at)
    at += 3
  }
  return points
}

/** Whether a view is a portrait like the front one, at most this cosine off it. */
function isPortrait(view: RecordedView, front: RecordedView, most: number): boolean {
  return view.label[16] === front.label[16] && cosine(view, front) > most
}

/** Of the angle between two cameras' axes. */
function cosine({ label: a }: RecordedView, { label: b }: RecordedView): number {
  return a[2] * b[2] + a[6] * b[6] + a[10] * b[10]
}

/** Left upper corner of a patch of the face, in a picture of half the view's resolution. */
function nearMiddle({ size }: RecordedView, side: number, random: () => number): Corner {
  const start = (size / 2 - side) / 2
  const shift = () => Math.round(start + (2 * random() - 1) * FACE_SHIFT * side)
  return [clampCorner(shift(), size, side), clampCorner(shift(), size, side)]
}

/** Row and column. */
type Corner = readonly [number, number]

const clampCorner = (value: number, size: number, side: number) => Math.min(size / 2 - side, Math.max(0, value))

/**
 * Single pixels of a view, more where there is contrast, and in a portrait on the face's features. The head itself is looked at
 * no more than what is beside it: where it may have an outline, or a ponytail, what is looked at more would always be there.
 */
function drawRays(
  view: RecordedView,
  portrait: boolean,
  count: number,
  first: number,
  batch: Batch,
  random: () => number,
  box: number,
) {
  const most = 4 * (portrait ? FEATURES_SHARE : 1)
  const share = (pixel: number) =>
    (1 + contrast(view, pixel)) * (portrait && isFeature(pixel, view.size) ? FEATURES_SHARE : 1)
  const pixels = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    let pixel: number
    do pixel = Math.floor(random() * view.mask.length)
    while (random() * most > share(pixel))
    pixels[i] = pixel
    const at = first + i
    colourOnWhite(view, pixel, batch.colour, at * 3)
    batch.mask[at] = view.mask[pixel] / 255
    batch.distance[at] = halves[view.depth[pixel]]
  }
  const around = Float32Array.from(pixels, (pixel) => depthAround(view, pixel))
  placeSamples(castRays(view.label, view.size, pixels), view.label, around, first, batch, random, box)
}

/**
 * Points around what a view shows of the surface, taken for its tangent plane there; two around each place.
 * @param points takes [n * 3], world
 * @param outside takes [n], world units
 */
function drawNear(view: RecordedView, points: Float32Array, outside: Float32Array, random: () => number) {
  let pixel = 0
  const pixels = Uint32Array.from(outside, (_, i) => {
    if (i % 2 === 1) return pixel
    do pixel = Math.floor(random() * view.mask.length)
    while (view.mask[pixel] < 255 || view.depth[pixel] === 0)
    return pixel
  })
  const { origins, directions } = castRays(view.label, view.size, pixels)
  pixels.forEach((pixel, i) => {
    const normal = view.normal.subarray(pixel * 3, pixel * 3 + 3)
    const length = Math.hypot(...normal) || 1
    const along = alongAxis(directions, i, view.label)
    for (let axis = 0; axis < 3; axis++) {
      const offset = (2 * random() - 1) * NEAR_SURFACE + (NEAR_OUTWARD * normal[axis]) / length
      outside[i] += (offset * normal[axis]) / length
      points[i * 3 + axis] =
        origins[i * 3 + axis] + (directions[i * 3 + axis] * halves[view.depth[pixel]]) / along + offset
    }
  })
}

/** Depth of the head at a pixel or, where it is not there, close by; along the camera's axis, 0 where no head is near. */
function depthAround({ depth, size }: RecordedView, pixel: number): number {
  if (depth[pixel] > 0) return halves[depth[pixel]]
  const reach = Math.round(AROUND_HEAD * size)
  const [row, column] = [Math.floor(pixel / size), pixel % size]
  for (const y of [row, Math.max(0, row - reach), Math.min(size - 1, row + reach)]) {
    for (const x of [column, Math.max(0, column - reach), Math.min(size - 1, column + reach)]) {
      const there = depth[y * size + x]
      if (there > 0) return halves[there]
    }
  }
  return 0
}

/** Of a portrait's pixels. */
function isFeature(pixel: number, size: number): boolean {
  const { row, column, height, width } = FEATURES
  return Math.hypot((Math.floor(pixel / size) / size - row) / height, ((pixel % size) / size - column) / width) < 1
}

/** Of a unit ray, how far it goes along the camera's axis. */
function alongAxis(directions: Float32Array, ray: number, label: Float32Array): number {
  return directions[ray * 3] * label[2] + directions[ray * 3 + 1] * label[6] + directions[ray * 3 + 2] * label[10]
}

/** Differences to the neighbours in a row and a column, 0..3. */
function contrast({ rgb, size }: RecordedView, pixel: number): number {
  const next = pixel % size < size - 1 ? 1 : -1
  const below = pixel < size * (size - 1) ? size : -size
  let sum = 0
  for (let channel = 0; channel < 3; channel++) {
    const value = rgb[pixel * 3 + channel]
    sum += Math.abs(value - rgb[(pixel + next) * 3 + channel]) + Math.abs(value - rgb[(pixel + below) * 3 + channel])
  }
  return Math.min(3, sum / 40)
}

/** Left upper corner of a patch whose middle is on the head, mostly, in a picture of half the view's resolution. */
function somewhereOnHead({ mask, size }: RecordedView, side: number, random: () => number): Corner {
  let middle: number
  do middle = Math.floor(random() * mask.length)
  while (mask[middle] === 0 && random() < 0.9)
  const corner = (value: number) => clampCorner(Math.round(value / 2 - side / 2), size, side)
  return [corner(Math.floor(middle / size)), corner(middle % size)]
}

/**
 * A square of rays at half the view's resolution.
 * @param picture takes the recorded pixels at twice the rays' resolution, [3, 2 * side, 2 * side] in -1..1
 */
function drawPatch(
  view: RecordedView,
  side: number,
  [top, left]: Corner,
  first: number,
  batch: Batch,
  random: () => number,
  box: number,
  picture?: Float32Array,
) {
  const half = view.size / 2
  const pixels = new Uint32Array(side * side)
  const around = new Float32Array(side * side)
  const colour = new Float32Array(3)
  for (let i = 0; i < side * side; i++) {
    const [row, column] = [Math.floor(i / side), i % side]
    pixels[i] = (top + row) * half + left + column
    const at = first + i
    let distance = 0
    let hits = 0
    for (let k = 0; k < 4; k++) {
      const [y, x] = [2 * row + (k >> 1), 2 * column + (k & 1)]
      const pixel = (2 * top + y) * view.size + 2 * left + x
      colourOnWhite(view, pixel, colour, 0)
      for (let channel = 0; channel < 3; channel++) {
        batch.colour[at * 3 + channel] += colour[channel] / 4
        if (picture) picture[(channel * 2 * side + y) * 2 * side + x] = colour[channel] * 2 - 1
      }
      batch.mask[at] += view.mask[pixel] / 1020
      const depth = halves[view.depth[pixel]]
      if (depth > 0) {
        distance += depth
        hits++
      }
    }
    batch.distance[at] = hits > 0 ? distance / hits : 0
    around[i] = depthAround(view, 2 * (top + row) * view.size + 2 * (left + column))
  }
  placeSamples(castRays(view.label, half, pixels), view.label, around, first, batch, random, box)
}

/** `Batch.inner` of one patch. */
function innerPart({ size }: RecordedView, side: number, [top, left]: Corner): Float32Array {
  const isInner = (at: number, corner: number) =>
    (corner === 0 || at >= MARGIN) && (corner + side === size / 2 || at < 2 * side - MARGIN)
  return Float32Array.from({ length: 4 * side * side }, (_, i) =>
    isInner(Math.floor(i / (2 * side)), top) && isInner(i % (2 * side), left) ? 1 : 0,
  )
}

/** `Batch.label` of one patch. */
function patchLabel({ label, size }: RecordedView, side: number, [top, left]: Corner): Float32Array {
  const result = label.slice()
  result[18] = (left + side / 2) / (size / 2)
  result[21] = (top + side / 2) / (size / 2)
  return result
}

/**
 * From depths along the axis to distances, from colours in 0..1 to -1..1, and the samples of every ray: around the surface
 * that it meets, or where it passes the head close by, which few samples all along the ray would not tell from emptiness.
 * @param around of each ray `depthAround`
 */
function placeSamples(
  rays: Rays,
  label: Float32Array,
  around: Float32Array,
  first: number,
  batch: Batch,
  random: () => number,
  box: number,
) {
  const { origins, directions } = rays
  const bounds = boxBounds(rays, box)
  batch.origins.set(origins, first * 3)
  batch.directions.set(directions, first * 3)
  const row = new Float32Array(SAMPLES)
  for (let i = 0; i < origins.length / 3; i++) {
    const ray = first + i
    for (let k = ray * 3; k < ray * 3 + 3; k++) batch.colour[k] = batch.colour[k] * 2 - 1
    const along = alongAxis(directions, i, label)
    batch.distance[ray] /= along
    const hit = batch.mask[ray] > 0.5 && batch.distance[ray] > 0
    batch.covered[ray] = batch.mask[ray] > 0.98 && hit ? 1 : 0
    const [near, far] = [bounds.near[i], bounds.far[i]]
    const place = hit ? batch.distance[ray] : around[i] / along
    const isClose = place > 0 && random() > BLIND_SHARE
    const [before, behind] = hit ? CLOSE : PASSING
    const low = isClose ? Math.max(near, place - before) : near
    const high = isClose ? Math.min(far, place + behind) : far
    // Behind a surface nothing can be seen.
    const reach = isClose && hit ? Math.max(low - near, 0.02) : far - near
    for (let k = 0; k < COARSE; k++) row[k] = near + (reach * (k + random())) / COARSE
    for (let k = 0; k < FINE; k++) row[COARSE + k] = low + ((high - low) * (k + random())) / FINE
    row.sort()
    batch.depths.set(row, ray * SAMPLES)
  }
}

const halves = decodeFloat16(Uint16Array.from({ length: 65536 }, (_, i) => i))
