/**
 * The relief of a face: how deep each of its landmarks lies, read off where all of them are and off what recognises the
 * face. MediaPipe's own depths are those of one smooth mask; a linear map, fitted to rendered heads whose depth is known
 * (models/relief), puts them right. Faces that are recognised as alike have noses, brows and chins alike.
 */
import { readFile } from 'node:fs/promises'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { PORTRAIT_FOCAL } from '../generator/camera.ts'
import { LANDMARKS } from '../networks/mediapipe.ts'
import { productFile } from '../product-file.ts'
import { cameraLabel, LOOK_AT, type Pose, type Window } from './pose.ts'
import { type Frame, TEMPLATE } from './template.ts'

/** A constant and six of the pose come first, */
export const POSE_FEATURES = 7
/** then how far the template's landmarks lie from where the average head has them, */
export const PLACE_FEATURES = 3 * TEMPLATE.own.length
/** then the main components of FaceRes' descriptor. */
export const FACE_FEATURES = 32
export const FEATURES = POSE_FEATURES + PLACE_FEATURES + FACE_FEATURES
/** World units that count as one in a feature: the face's own differences are of that size. */
const UNIT = 0.02

/**
 * [landmarks * 4]: place in the crop, 0..1 from its upper left corner; length of the ray that ends there, world units,
 * all of them off by the same; how much it counts, 0 where a landmark lies on the outline and is no place.
 */
export type Relief = Float32Array
export const RELIEF_WIDTH = 4

/** What is known of a face before its relief. */
export interface SeenFace {
  /** x, y, z of all landmarks in photo pixels. */
  readonly points: Float64Array
  /** As it was fitted to them: it and the landmarks say how deep they lie. */
  readonly pose: Pose
  readonly frame: Frame
  /** [DESCRIPTOR] of the portrait crop. */
  readonly face: Float32Array
}

interface ReliefMap extends FaceComponents {
  /** [features][landmarks]: what to add to MediaPipe's depths, world units of the `own` frame. */
  readonly weights: Float32Array
  /** [landmarks]: how much what it says of a landmark counts; their mean is about 1. */
  readonly counts: Float32Array
}

/** The main components of descriptors, each of deviation 1 over the heads they were found on. */
export interface FaceComponents {
  /** [DESCRIPTOR] */
  readonly mean: Float32Array
  /** [DESCRIPTOR][FACE_FEATURES] */
  readonly basis: Float32Array
}

/** Components are taken to be at most this: the map has seen no others. Real portraits have up to 3.5. */
const MOST_COMPONENT = 4

let map: Promise<ReliefMap> | undefined

/** The map that the product brings along, read once. */
export function reliefMap(): Promise<ReliefMap> {
  map ??= readReliefMap()
  return map
}

async function readReliefMap(): Promise<ReliefMap> {
  const path = productFile('models', 'relief', 'relief.safetensors')
  const { tensors } = readSafetensors(await readFile(path), path)
  const of = (name: string) => toFloat32(tensors.get(name)!)
  return { weights: of('weights'), counts: of('counts'), mean: of('face.mean'), basis: of('face.basis') }
}

/** @param window of the crop, where that was corrected by hand */
export function reliefOf(seen: SeenFace, map: ReliefMap, window: Window = seen.pose): Relief {
  const { points, pose, frame } = seen
  const { weights, counts } = map
  const { depths, features, distance } = placeLandmarks(seen, map)
  const relief = new Float32Array(LANDMARKS * RELIEF_WIDTH)
  for (let i = 0; i < LANDMARKS; i++) {
    let added = 0
    for (let k = 0; k < FEATURES; k++) added += features[k] * weights[k * LANDMARKS + i]
    const far = distance + depths[i] + added / OWN_SCALE[frame]
    const [u, v] = placeIn(pose, points[3 * i], points[3 * i + 1])
    relief.set(placeIn(window, points[3 * i], points[3 * i + 1]), RELIEF_WIDTH * i)
    relief[RELIEF_WIDTH * i + 2] = far * Math.hypot(1, (u - 0.5) / pose.focal, (v - 0.5) / pose.focal)
    relief[RELIEF_WIDTH * i + 3] = counts[i]
  }
  return relief
}

/** Landmarks before anything is known of the face's relief. */
interface PlacedLandmarks {
  /** [landmarks]: behind the middle of all, along the camera's axis, world units, as MediaPipe has them. */
  readonly depths: Float64Array
  /** [FEATURES] */
  readonly features: Float64Array
  /** From the camera to what it looks at, world units. */
  readonly distance: number
}

export function placeLandmarks({ points, pose, frame, face }: SeenFace, components: FaceComponents): PlacedLandmarks {
  const label = cameraLabel(frame, pose.yaw, pose.pitch, pose.focal)
  const target = LOOK_AT[frame]
  const distance = Math.hypot(...target.map((value, axis) => value - label[4 * axis + 3]))
  // A crop's side at that distance, in world units, by one in the photo.
  const unit = distance / pose.focal / pose.side
  let middle = 0
  for (let i = 0; i < LANDMARKS; i++) middle += points[3 * i + 2] / LANDMARKS
  const depths = Float64Array.from({ length: LANDMARKS }, (_, i) => unit * (points[3 * i + 2] - middle))

  const { yaw, pitch } = pose
  const features = new Float64Array(FEATURES)
  features.set([1, yaw, pitch, Math.log(pose.focal / PORTRAIT_FOCAL), yaw * yaw, pitch * pitch, yaw * pitch])
  for (const [n, { landmark, position }] of TEMPLATE[frame].entries()) {
    const place = placeIn(pose, points[3 * landmark], points[3 * landmark + 1])
    const far = distance + depths[landmark]
    const seen = [...place.map((share) => ((share - 0.5) * far) / pose.focal), depths[landmark]]
    for (let axis = 0; axis < 3; axis++) {
      const world = seen.reduce((sum, value, k) => sum + label[4 * axis + k] * value, target[axis])
      features[POSE_FEATURES + 3 * n + axis] = (OWN_SCALE[frame] * (world - position[axis])) / UNIT
    }
  }
  features.set(faceFeatures(face, components), POSE_FEATURES + PLACE_FEATURES)
  return { depths, features, distance }
}

function faceFeatures(face: Float32Array, { mean, basis }: FaceComponents): Float64Array {
  const features = new Float64Array(FACE_FEATURES)
  for (let i = 0; i < face.length; i++) {
    for (let k = 0; k < FACE_FEATURES; k++) features[k] += (face[i] - mean[i]) * basis[i * FACE_FEATURES + k]
  }
  return features.map((value) => Math.min(Math.max(value, -MOST_COMPONENT), MOST_COMPONENT))
}

/** A place of the photo in the window, 0..1. */
function placeIn({ centre, side, roll }: Window, x: number, y: number): [u: number, v: number] {
  const [dx, dy] = [x - centre[0], y - centre[1]]
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)]
  return [0.5 + (cos * dx + sin * dy) / side, 0.5 + (cos * dy - sin * dx) / side]
}

/** How wide the average head of the `own` frame is, by that of each frame. */
const OWN_SCALE: Readonly<Record<Frame, number>> = { own: 1, eg3d: width('own') / width('eg3d') }

function width(frame: Frame): number {
  const xs = TEMPLATE[frame].map(({ position }) => position[0])
  return Math.max(...xs) - Math.min(...xs)
}
