/**
 * The portrait: one face of a photo, cut out so that the generator's camera sees it, with all that may be wrong with
 * it.
 */
import { type Message, message, UserError } from '../errors.ts'
import { DEGREE } from '../generator/camera.ts'
import type { Note, Photo } from '../images/photo.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { Box, Face, Landmarker } from '../networks/mediapipe.ts'
import { eyeBlur } from './blur.ts'
import { type Crop, cutCrop } from './crop.ts'
import { findFaces } from './detect-faces.ts'
import { lightOn } from './light.ts'
import { cameraLabel, clampFocal, fitPose, type Pose } from './pose.ts'
import type { Frame } from './template.ts'

export interface Portrait {
  frame: Frame
  /** The photo it is cut from. */
  photo: RgbImage
  crop: Crop
  /** Camera label of the crop, see {@link cameraLabel}. */
  camera: Float32Array
  pose: Pose
  /** x, y, z in photo pixels, and the pose they gave before any correction. */
  landmarks: { readonly points: Float64Array; readonly pose: Pose }
  /** All faces of the photo, largest first, in photo pixels. */
  faces: Box[]
  /** Which of `faces` this portrait shows, from 0. */
  face: number
  /** Distance between the eyes in photo pixels, as if seen from the front. */
  interocular: number
  /** Standard deviation of the photo's blur as a part of `interocular`. */
  blur: number
  warnings: Warning[]
}

/** Something the user should know about a portrait that can be used all the same. */
type Warning = Message<WarningCode>

type WarningCode =
  | Note['code']
  | 'several-faces'
  | 'not-upright'
  | 'small'
  | 'blurred'
  | 'dark'
  | 'overexposed'
  | 'flat'
  | 'turned'
  | 'tilted'
  | 'strongly-tilted'
  | 'doubtful'
  | 'outside'

interface PortraitOptions {
  frame: Frame
  landmarker: Landmarker
  /** Which face to take, 1 being the largest, as users count; the largest where it is not given. */
  face?: number
  /** Pixels a side of the crop; 512 where it is not given. */
  size?: number
}

/** A correction by hand, on top of what was found. */
interface Correction {
  /** Moves the window right and down along its own sides, in window sides. */
  dx: number
  dy: number
  /** Multiplies the window's side. */
  scale: number
  /** Added to the pose, in radians. */
  roll: number
  yaw: number
  pitch: number
}

const YAW_WARN = 45 * DEGREE
const YAW_REFUSE = 50 * DEGREE
const PITCH_WARN = 12 * DEGREE
const PITCH_WARN_STRONGLY = 20 * DEGREE
const MISFIT_WARN = 10
/** Below this the crop is the photo enlarged more than threefold, as a thumbnail of 200 pixels is. */
const INTEROCULAR_WARN = 40
const INTEROCULAR_REFUSE = 12
/** A photo turned by more than this was not meant so. */
const ROLL_WARN = 50 * DEGREE
/** Of 49 portraits, light and dark skin, all lie between 95 and 204; half the light leaves the darkest at 48. */
const DARK_WARN = 45
/** The same portraits have 75 and more. */
const CONTRAST_WARN = 40
/** None of them has 0.01. */
const BURNT_WARN = 0.15
const BLUR_WARN = 0.05
const BLUR_REFUSE = 0.1
const OUTSIDE_WARN = 0.15

/** What a correction by hand may reach. */
const YAW_BY_HAND = 90 * DEGREE
const PITCH_BY_HAND = 60 * DEGREE
const LEAST_SIDE_BY_HAND = 16
const MOST_SIDE_BY_HAND = 4

const LEFT_EYE = [33, 160, 158, 133, 153, 144]
const RIGHT_EYE = [362, 385, 387, 263, 373, 380]
/** The diagonal of 35 mm film in millimetres, which equivalent focal lengths refer to. */
const FILM_DIAGONAL = 43.27

/**
 * Finds the face, fits the camera and cuts the crop. Uses the focal length the photo carries, where it does.
 *
 * @throws UserError where there is no face, no face of that number, or it is too small, blurred or turned away.
 */
export async function makePortrait(photo: Photo, options: PortraitOptions): Promise<Portrait> {
  const { frame, landmarker, face: number, size } = options
  const faces = findFaces(landmarker, photo)
  const chosen = chooseFace(faces, number)
  const { points } = faces[chosen]

  const pose = fitPose(points, frame, focalLength(photo))
  const eyes: [number[], number[]] = [middle(points, LEFT_EYE), middle(points, RIGHT_EYE)]
  const frontal = Math.cos(pose.yaw)
  const interocular = Math.hypot(eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]) / frontal
  refuseSmall(interocular)
  const blur = eyeBlur(photo, eyes) * frontal
  refuseBlurred(blur)
  refuseTurned(pose)

  return complete({
    frame,
    photo,
    crop: cutCrop(photo, pose, size),
    pose,
    landmarks: { points, pose },
    faces: faces.map(({ box }) => box),
    face: chosen,
    interocular,
    blur,
    warnings: [
      ...photo.notes,
      ...(number === undefined && faces.length > 1 ? [message('several-faces', { count: faces.length })] : []),
    ],
  })
}

/**
 * The same portrait corrected by hand: crop and camera made anew, warnings too. Nothing is refused any more; the
 * window's centre stays inside the photo, its side between 16 pixels and 4 times the photo's long side, yaw within 90
 * and pitch within 60 degrees.
 */
export function adjustPortrait(photo: Photo, portrait: Portrait, correction: Correction): Portrait {
  const { dx, dy, scale, roll, yaw, pitch } = correction
  if (![dx, dy, scale, roll, yaw, pitch].every(Number.isFinite)) throw new RangeError('a correction is not a number')
  const { pose } = portrait
  const [cos, sin] = [pose.side * Math.cos(pose.roll), pose.side * Math.sin(pose.roll)]
  const longSide = Math.max(photo.width, photo.height)
  const side = clamp(pose.side * scale, LEAST_SIDE_BY_HAND, MOST_SIDE_BY_HAND * longSide)
  const adjusted: Pose = {
    ...pose,
    centre: [
      clamp(pose.centre[0] + cos * dx - sin * dy, 0, photo.width),
      clamp(pose.centre[1] + sin * dx + cos * dy, 0, photo.height),
    ],
    side,
    // The photo's focal length stays what it is; of a larger crop it is a smaller share.
    focal: clampFocal(pose.focal * (pose.side / side)),
    roll: pose.roll + roll,
    yaw: clamp(pose.yaw + yaw, -YAW_BY_HAND, YAW_BY_HAND),
    pitch: clamp(pose.pitch + pitch, -PITCH_BY_HAND, PITCH_BY_HAND),
  }
  return complete({
    ...portrait,
    crop: cutCrop(photo, adjusted, portrait.crop.size),
    pose: adjusted,
    warnings: portrait.warnings.filter(({ code }) => OF_THE_PHOTO.has(code)),
  })
}

/** Adds what follows from the rest: the camera, and the warnings that can be read off the numbers. */
function complete(portrait: Omit<Portrait, 'camera'>): Portrait {
  const { frame, pose } = portrait
  return {
    ...portrait,
    camera: cameraLabel(frame, pose.yaw, pose.pitch, pose.focal),
    warnings: [...portrait.warnings, ...warningsAbout(portrait)],
  }
}

function warningsAbout({ pose, crop, interocular, blur }: Omit<Portrait, 'camera'>): Warning[] {
  const warnings: Warning[] = []
  const roll = wrap(pose.roll)
  if (Math.abs(roll) > ROLL_WARN) warnings.push(message('not-upright', { degrees: degrees(roll) }))
  if (interocular < INTEROCULAR_WARN) warnings.push(message('small', { distance: Math.round(interocular) }))
  if (blur > BLUR_WARN) warnings.push(message('blurred'))
  const light = lightOn(crop)
  if (light.mean < DARK_WARN) warnings.push(message('dark', { brightness: Math.round(light.mean) }))
  else if (light.contrast < CONTRAST_WARN) warnings.push(message('flat'))
  if (light.burnt > BURNT_WARN) warnings.push(message('overexposed', { percent: percent(light.burnt) }))
  if (Math.abs(pose.yaw) > YAW_WARN) warnings.push(message('turned', { degrees: degrees(pose.yaw) }))
  const pitch = Math.abs(pose.pitch)
  if (pitch > PITCH_WARN) {
    const code = pitch > PITCH_WARN_STRONGLY ? 'strongly-tilted' : 'tilted'
    warnings.push(message(code, { degrees: degrees(pose.pitch) }))
  }
  if (pose.rms > MISFIT_WARN) warnings.push(message('doubtful'))
  const outside = 1 - crop.valid.reduce((sum, pixel) => sum + pixel, 0) / crop.valid.length
  if (outside > OUTSIDE_WARN) warnings.push(message('outside', { percent: percent(outside) }))
  return warnings
}

/** What does not change when the crop is corrected. */
const OF_THE_PHOTO: ReadonlySet<WarningCode> = new Set([
  'several-faces',
  'end-missing',
  'transparent',
  'first-picture',
] satisfies WarningCode[])

function chooseFace(faces: Face[], number: number | undefined): number {
  if (faces.length === 0) {
    throw new UserError('no-face')
  }
  if (number === undefined) return 0
  if (!Number.isInteger(number) || number < 1 || number > faces.length) {
    throw new UserError('no-such-face', { number, count: faces.length })
  }
  return number - 1
}

function refuseSmall(interocular: number) {
  if (interocular < INTEROCULAR_REFUSE)
    throw new UserError('face-too-small', { interocular, least: INTEROCULAR_REFUSE })
}

function refuseBlurred(blur: number) {
  if (blur > BLUR_REFUSE) throw new UserError('face-too-blurred')
}

function refuseTurned({ yaw }: Pose) {
  if (Math.abs(yaw) <= YAW_REFUSE) return
  throw new UserError('face-turned-away', { degrees: Math.abs(degrees(yaw)), most: degrees(YAW_REFUSE) })
}

/** The photo's focal length in its pixels, where its EXIF block tells. */
function focalLength({ width, height, focal35mm }: Photo): number | undefined {
  return focal35mm === undefined ? undefined : (focal35mm / FILM_DIAGONAL) * Math.hypot(width, height)
}

function middle(points: Float64Array, landmarks: readonly number[]): number[] {
  return [0, 1].map((axis) => landmarks.reduce((sum, i) => sum + points[3 * i + axis], 0) / landmarks.length)
}

const wrap = (angle: number) => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))
const degrees = (angle: number) => Math.round(angle / DEGREE)
const percent = (share: number) => Math.round(100 * share)
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value))
