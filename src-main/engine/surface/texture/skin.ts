/**
 * What is skin: what has the colour of the cheeks. They lie where a photo's landmarks are, or else the template's.
 */
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { RELIEF_WIDTH } from '../../face/relief.ts'
import { type Frame, TEMPLATE } from '../../face/template.ts'
import { project } from '../../generator/camera.ts'
import type { Surface } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'

/** Of each cheek an outer corner of the eye and the corner of the mouth, between which it lies; its radius in their distance. */
const CHEEKS = [
  [33, 61],
  [263, 291],
]
const CHEEK = 0.2
/** Cosine between the surface and the way to the camera: what looks away is another part of the head. */
const FACING = 0.2
/** How unlike the cheeks' skin is, in light (logarithm) and in shares of the channels; and standard deviations of what is. */
const LIGHT = 0.5
const HUE = 0.03
/** From 2.7 world units before the head. */
const BEFORE = Float32Array.from([1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 2.7, 0, 0, 0, 1, 4, 0, 0.5, 0, 4, 0.5, 0, 0, 1])

export type Place = readonly [u: number, v: number]

/** Where a camera sees the landmarks. */
export class SeenLandmarks {
  readonly label: Float32Array
  private readonly places: ReadonlyMap<number, Place>

  constructor(photos: readonly PosedPortrait[], frame: Frame) {
    const photo = photos.find(({ portrait }) => portrait.relief)
    const { relief } = photo?.portrait ?? {}
    this.label = photo?.label ?? photos[0]?.label ?? BEFORE
    this.places = new Map(
      relief
        ? Array.from({ length: relief.length / RELIEF_WIDTH }, (_, i): [number, Place] => [
            i,
            [relief[RELIEF_WIDTH * i], relief[RELIEF_WIDTH * i + 1]],
          ])
        : TEMPLATE[frame].map(({ landmark, position }): [number, Place] => {
            const [u, v] = project(this.label, ...position)
            return [landmark, [u, v]]
          }),
    )
  }

  /** Those that are known. */
  of(landmarks: readonly number[]): Place[] {
    return landmarks.flatMap((landmark) => {
      const place = this.places.get(landmark)
      return place ? [place] : []
    })
  }

  /** Where the camera sees a point of a surface. @returns nothing where the surface looks away from it */
  see(x: number, y: number, z: number, nx: number, ny: number, nz: number): Place | undefined {
    const { label } = this
    const [dx, dy, dz] = [label[3] - x, label[7] - y, label[11] - z]
    const towards = dx * nx + dy * ny + dz * nz
    if (towards < FACING * Math.sqrt(dx * dx + dy * dy + dz * dz)) return undefined
    const [u, v] = project(label, x, y, z)
    return [u, v]
  }
}

/** Where in a photo the cheeks are. */
export class Cheeks {
  private readonly ends: readonly (readonly Place[])[]

  constructor(landmarks: SeenLandmarks) {
    this.ends = CHEEKS.map((cheek) => landmarks.of(cheek)).filter(({ length }) => length === 2)
  }

  hold([u, v]: Place): boolean {
    return this.ends.some(
      ([[eu, ev], [mu, mv]]) => Math.hypot(u - (eu + mu) / 2, v - (ev + mv) / 2) < CHEEK * Math.hypot(eu - mu, ev - mv),
    )
  }
}

/** The vertices of a surface that lie on the cheeks. */
export function onCheeks(
  { positions, normals }: Pick<Surface, 'positions' | 'normals'>,
  landmarks: SeenLandmarks,
): number[] {
  const cheeks = new Cheeks(landmarks)
  const found: number[] = []
  for (let i = 0; i < positions.length; i += 3) {
    const place = landmarks.see(...three(positions, i), ...three(normals, i))
    if (place && cheeks.hold(place)) found.push(i / 3)
  }
  return found
}

/**
 * How much colours are skin's, 0..1.
 * @param colours [n, 3] 0..1
 * @param cheeks which of them are the cheeks'; none: nothing is known to be skin
 * @param unlike how far from their mean skin ends, see {@link unlikeness}: it is below, it is not above
 */
export function skinLike(
  colours: Float32Array,
  cheeks: readonly number[],
  unlike: readonly [number, number],
): Float32Array {
  const level = (i: number, k: number) => 255 * colours[3 * i + k]
  const mean = [0, 1, 2].map((k) => cheeks.reduce((sum, i) => sum + level(i, k), 0) / cheeks.length)
  const away = unlikeness(mean)
  return new Float32Array(colours.length / 3).map((_, i) =>
    cheeks.length > 0 ? 1 - smoothstep(away(level(i, 0), level(i, 1), level(i, 2)), unlike) : 0,
  )
}

const three = (values: Float32Array, at: number): [number, number, number] => [
  values[at],
  values[at + 1],
  values[at + 2],
]

/**
 * How unlike skin colours are, in standard deviations of what is skin.
 * @param skin its mean colour, 0..255 like theirs
 */
export function unlikeness(skin: readonly number[]): (red: number, green: number, blue: number) => number {
  const sumOf = (red: number, green: number, blue: number) => red + green + blue + 3
  const whole = sumOf(skin[0], skin[1], skin[2])
  const [light, ...shares] = [Math.log(whole), ...skin.map((value) => value / whole)]
  return (red, green, blue) => {
    const sum = sumOf(red, green, blue)
    const own = (Math.log(sum) - light) / LIGHT
    const r = (red / sum - shares[0]) / HUE
    const g = (green / sum - shares[1]) / HUE
    const b = (blue / sum - shares[2]) / HUE
    return Math.sqrt(own * own + r * r + g * g + b * b)
  }
}
