/**
 * From landmarks to the camera and the crop, in one fit. The camera looks at a fixed point without roll; it knows yaw,
 * pitch and how near it stands, its focal length growing with the distance so that the point keeps its size. Where the
 * face is in the photo, how large and how tilted goes into the crop, so crop and camera agree by construction.
 *
 * Generators are trained with one distance, but a face seen from arm's length is another picture: its nose is larger, its
 * ears are hidden. A head fitted from too far grows deep instead, and its sides are wrong (bench/results/fidelity-nominal.json).
 *
 * Image coordinates are continuous, y down: the centre of the first pixel is (0.5, 0.5). Angles are in radians.
 */
import { orbitAxes, PORTRAIT_FOCAL } from '../generator/camera.ts'
import { dot, minus, type Vector3 } from '../vectors.ts'
import { type Frame, TEMPLATE } from './template.ts'

/** Nominal distance of the camera from the world's origin, in world units. */
const RADIUS = 2.7
/** The fit works in pixels of a crop of this size, whatever size is cut out in the end. */
export const FIT_SIZE = 512
const K = FIT_SIZE * PORTRAIT_FOCAL

/** What the camera looks at. */
export const LOOK_AT: Record<Frame, Vector3> = { own: [0, 0, 0.2], eg3d: [0, 0.006, 0.161] }

const STEPS = 12
const STEP_LIMIT = 0.3
const CONVERGED = 1e-5
const DIFFERENCE = 1e-4
/** How much the landmarks' depth counts against their place in the picture. */
const DEPTH_WEIGHT = 0.05
/** Residuals beyond this many pixels (three times as many for depth) lose weight. */
const ROBUST = 8

/** Focal lengths in crop sides, from half an arm's length to across the street. */
const FOCALS: readonly [number, number] = [1.2, 12]
/** How portraits' focal lengths spread around the nominal one: the standard deviation of their logarithm. */
const SPREAD = 0.5
/** As how many independent measurements the landmarks count: what a face has of its own moves many of them at once. */
const EVIDENCE = 10
/** Misfit in pixels that is noise and tells no focal length from another. */
const NOISE = 0.5
const CANDIDATES = 12
/** A known focal length this far from what the landmarks say, as a logarithm, was that of a photo before it was cut. */
const CONTRADICTION = 0.6

/** The square of the photo that becomes the crop: in photo pixels, turned by `roll` (clockwise as seen). */
export interface Window {
  centre: [x: number, y: number]
  side: number
  roll: number
}

/** The head's pose: the crop's window in the photo and the camera that sees the crop. */
export interface Pose extends Window {
  /** Of the camera: positive moves it to the viewer's right (+x). */
  yaw: number
  /** Of the camera: positive lifts it. */
  pitch: number
  /** Focal length in crop sides: how near the camera stands. */
  focal: number
  /** Misfit of the landmarks in pixels of a 512-pixel crop; above 10 the fit is doubtful. */
  rms: number
}

/** Photo to crop: m = [a -b; b a] x + t. */
interface Similarity {
  a: number
  b: number
  t: [number, number]
}

/** The fit's data: template points seen in the photo. Flat arrays, one entry (or three) a point. */
interface Observation {
  frame: Frame
  /** x, y, z in photo pixels. */
  seen: Float64Array
  base: Float64Array
  /** Focal length in crop sides. */
  focal: number
}

/**
 * Fits camera and crop window to one face.
 *
 * @param points x, y, z in photo pixels of all 478 landmarks (depth in the same unit, smaller is nearer)
 * @param focal the photo's focal length in photo pixels where it is known; where not, or where the landmarks belie it, it
 *   is read off them
 */
export function fitPose(points: Float64Array, frame: Frame, focal?: number): Pose {
  const template = TEMPLATE[frame]
  const seen = new Float64Array(3 * template.length)
  for (const [i, { landmark }] of template.entries()) {
    seen.set(points.subarray(3 * landmark, 3 * landmark + 3), 3 * i)
  }
  const base = Float64Array.from(template, ({ weight }) => weight)
  const at = (focal: number) => solve({ frame, seen, base, focal })
  const read = likeliestFocal(at)
  let pose = at(read)
  if (focal === undefined || Math.abs(Math.log(focal / pose.side / read)) > CONTRADICTION) return pose
  // The window's side sets the focal length in crop sides, which changes the side a little: a few rounds settle it.
  for (let i = 0; i < 6; i++) pose = at(clampFocal(focal / pose.side))
  return pose
}

export const clampFocal = (focal: number) => Math.min(Math.max(focal, FOCALS[0]), FOCALS[1])

/** The focal length that makes landmarks and prior likeliest together: the best of a grid, and between its neighbours. */
function likeliestFocal(solved: (focal: number) => Pose): number {
  const [first, last] = FOCALS.map(Math.log)
  const step = (last - first) / (CANDIDATES - 1)
  const costs = Array.from({ length: CANDIDATES }, (_, i) => {
    const away = (first + i * step - Math.log(PORTRAIT_FOCAL)) / SPREAD
    return (EVIDENCE * Math.log(solved(Math.exp(first + i * step)).rms ** 2 + NOISE ** 2) + away * away) / 2
  })
  const best = Math.min(Math.max(costs.indexOf(Math.min(...costs)), 1), CANDIDATES - 2)
  const [before, at, after] = costs.slice(best - 1, best + 2)
  const shift = (before - after) / (2 * (before - 2 * at + after))
  return clampFocal(Math.exp(first + (best + Math.min(Math.max(shift, -1), 1)) * step))
}

/**
 * The generator's camera label: cam2world (4 x 4, rows) and intrinsics (3 x 3, rows, normalised by the picture's side).
 * Camera axes are right, down, forward.
 * @param focal in crop sides; the camera stands where the target keeps its size
 */
export function cameraLabel(frame: Frame, yaw: number, pitch: number, focal = PORTRAIT_FOCAL): Float32Array {
  const { right, down, forward, distance } = axes(frame, yaw, pitch)
  const target = LOOK_AT[frame]
  const row = (i: 0 | 1 | 2) => [
    right[i],
    down[i],
    forward[i],
    target[i] - ((distance * focal) / PORTRAIT_FOCAL) * forward[i],
  ]
  return Float32Array.from([...row(0), ...row(1), ...row(2), 0, 0, 0, 1, focal, 0, 0.5, 0, focal, 0.5, 0, 0, 1])
}

/**
 * The template as a 512-pixel crop shows it: pixel coordinates (2 a point) and depth behind the target in pixels.
 *
 * @param focal in crop sides; the camera stands where the target keeps its size
 */
export function projectTemplate(frame: Frame, yaw: number, pitch: number, focal = PORTRAIT_FOCAL) {
  const { right, down, forward, distance: nominal } = axes(frame, yaw, pitch)
  const template = TEMPLATE[frame]
  const target = LOOK_AT[frame]
  const distance = (nominal * focal) / PORTRAIT_FOCAL
  const image = new Float64Array(2 * template.length)
  const depth = new Float64Array(template.length)
  for (const [i, { position }] of template.entries()) {
    const x = minus(position, target)
    const z = dot(forward, x) + distance
    const scale = (K * distance) / nominal / z
    image[2 * i] = scale * dot(right, x) + FIT_SIZE / 2
    image[2 * i + 1] = scale * dot(down, x) + FIT_SIZE / 2
    depth[i] = (K * (z - distance)) / nominal
  }
  return { image, depth }
}

/** The camera's axes and its distance from the target, for a camera at distance 2.7 from the origin. */
function axes(frame: Frame, yaw: number, pitch: number) {
  const target = LOOK_AT[frame]
  const { centre, ...directions } = orbitAxes({ avg_camera_radius: RADIUS, avg_camera_pivot: target }, yaw, pitch)
  return { ...directions, distance: Math.hypot(...minus(target, centre)) }
}

/** Gauss-Newton over yaw and pitch, the similarity solved inside, robust weights renewed at every step. */
function solve(observation: Observation): Pose {
  const { base } = observation
  let yaw = 0
  let pitch = 0
  let w: Float64Array = base.slice()
  let v: Float64Array = base.slice()
  for (let step = 0; step < STEPS; step++) {
    const now = misfit(observation, yaw, pitch, w, v)
    w = base.map((b, i) => b / Math.sqrt(1 + (Math.hypot(now.image[2 * i], now.image[2 * i + 1]) / ROBUST) ** 2))
    v = base.map((b, i) => b / Math.sqrt(1 + (now.depth[i] / (3 * ROBUST)) ** 2))
    const r0 = residuals(observation, yaw, pitch, w, v)
    const ry = residuals(observation, yaw + DIFFERENCE, pitch, w, v)
    const rp = residuals(observation, yaw, pitch + DIFFERENCE, w, v)
    let [yy, yp, pp, yr, pr] = [0, 0, 0, 0, 0]
    for (let i = 0; i < r0.length; i++) {
      const dy = (ry[i] - r0[i]) / DIFFERENCE
      const dp = (rp[i] - r0[i]) / DIFFERENCE
      yy += dy * dy
      yp += dy * dp
      pp += dp * dp
      yr += dy * r0[i]
      pr += dp * r0[i]
    }
    const determinant = yy * pp - yp * yp
    const stepYaw = limit((yp * pr - pp * yr) / determinant)
    const stepPitch = limit((yp * yr - yy * pr) / determinant)
    yaw += stepYaw
    pitch += stepPitch
    if (Math.hypot(stepYaw, stepPitch) < CONVERGED) break
  }
  const { image, similarity } = misfit(observation, yaw, pitch, w, v)
  const { a, b, t } = similarity
  const k2 = a * a + b * b
  const [cx, cy] = [FIT_SIZE / 2 - t[0], FIT_SIZE / 2 - t[1]]
  return {
    yaw,
    pitch,
    focal: observation.focal,
    roll: -Math.atan2(b, a),
    side: FIT_SIZE / Math.sqrt(k2),
    centre: [(a * cx + b * cy) / k2, (a * cy - b * cx) / k2],
    rms: Math.sqrt(image.reduce((sum, e) => sum + e * e, 0) / base.length),
  }
}

/** All residuals, weighted: two of the image a point, then one of depth a point. */
function residuals(observation: Observation, yaw: number, pitch: number, w: Float64Array, v: Float64Array) {
  const { image, depth } = misfit(observation, yaw, pitch, w, v)
  const all = new Float64Array(3 * w.length)
  for (let i = 0; i < w.length; i++) {
    all[2 * i] = Math.sqrt(w[i]) * image[2 * i]
    all[2 * i + 1] = Math.sqrt(w[i]) * image[2 * i + 1]
    all[2 * w.length + i] = Math.sqrt(DEPTH_WEIGHT * v[i]) * depth[i]
  }
  return all
}

/** Seen minus projected under the best similarity: in the image (2 a point) and in depth, whose offset is free. */
function misfit({ frame, seen, focal }: Observation, yaw: number, pitch: number, w: Float64Array, v: Float64Array) {
  const { image: m, depth: h } = projectTemplate(frame, yaw, pitch, focal)
  const similarity = alignment(seen, m, w)
  const { a, b, t } = similarity
  const k = Math.hypot(a, b)
  const image = new Float64Array(m.length)
  const depth = new Float64Array(h.length)
  let total = 0
  let mean = 0
  for (let i = 0; i < h.length; i++) {
    const [x, y, z] = [seen[3 * i], seen[3 * i + 1], seen[3 * i + 2]]
    image[2 * i] = a * x - b * y + t[0] - m[2 * i]
    image[2 * i + 1] = b * x + a * y + t[1] - m[2 * i + 1]
    depth[i] = k * z - h[i]
    mean += v[i] * depth[i]
    total += v[i]
  }
  mean /= total
  return { image, depth: depth.map((g) => g - mean), similarity }
}

/** The weighted least-squares similarity from the photo to the crop, in closed form. */
function alignment(seen: Float64Array, m: Float64Array, w: Float64Array): Similarity {
  let [total, x, y, u, v] = [0, 0, 0, 0, 0]
  for (let i = 0; i < w.length; i++) {
    total += w[i]
    x += w[i] * seen[3 * i]
    y += w[i] * seen[3 * i + 1]
    u += w[i] * m[2 * i]
    v += w[i] * m[2 * i + 1]
  }
  x /= total
  y /= total
  u /= total
  v /= total
  let [n, a, b] = [0, 0, 0]
  for (let i = 0; i < w.length; i++) {
    const [dx, dy] = [seen[3 * i] - x, seen[3 * i + 1] - y]
    const [du, dv] = [m[2 * i] - u, m[2 * i + 1] - v]
    n += w[i] * (dx * dx + dy * dy)
    a += w[i] * (dx * du + dy * dv)
    b += w[i] * (dx * dv - dy * du)
  }
  a /= n
  b /= n
  return { a, b, t: [u - a * x + b * y, v - b * x - a * y] }
}

const limit = (step: number) => Math.min(STEP_LIMIT, Math.max(-STEP_LIMIT, step))
