/**
 * How rough a surface is, by what it is of: eyes are wet and lips moist, hair and cloth duller than skin. Eyes and lips lie
 * where a photo's landmarks are, or else the template's; skin is what has the colour of the cheeks.
 */
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { RELIEF_WIDTH } from '../../face/relief.ts'
import { type Frame, TEMPLATE } from '../../face/template.ts'
import { project } from '../../generator/camera.ts'
import type { Surface } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'
import type { Atlas } from './atlas.ts'
import { Reader } from './reader.ts'
import { spread, texelsOf } from './texels.ts'

/** As renderers have it: 0 is a mirror. A photo has its own highlights already, so no more than a little is added. */
export const ROUGHNESS = { eyes: 0.2, lips: 0.45, skin: 0.6, other: 0.8 }

/** Landmarks around eyes and lips, those that the template has too. */
const EYES = [
  [33, 160, 158, 133, 153, 144],
  [263, 387, 385, 362, 380, 373],
]
const LIPS = [61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91]
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
const UNLIKE: readonly [number, number] = [1.5, 3]

type Place = readonly [u: number, v: number]

/** Where a camera sees the landmarks. */
interface Landmarks {
  readonly label: Float32Array
  readonly of: ReadonlyMap<number, Place>
}

/** From 2.7 world units before the head. */
const BEFORE = Float32Array.from([1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 2.7, 0, 0, 0, 1, 4, 0, 0.5, 0, 4, 0.5, 0, 0, 1])

function landmarksOf(photos: readonly PosedPortrait[], frame: Frame): Landmarks {
  const photo = photos.find(({ portrait }) => portrait.relief)
  if (photo?.portrait.relief) {
    const { relief } = photo.portrait
    const places = Array.from({ length: relief.length / RELIEF_WIDTH }, (_, i): [number, Place] => [
      i,
      [relief[RELIEF_WIDTH * i], relief[RELIEF_WIDTH * i + 1]],
    ])
    return { label: photo.label, of: new Map(places) }
  }
  const label = photos[0]?.label ?? BEFORE
  const places = TEMPLATE[frame].map(({ landmark, position }): [number, Place] => {
    const [u, v] = project(label, ...position)
    return [landmark, [u, v]]
  })
  return { label, of: new Map(places) }
}

/**
 * @param colours the texture's, [n * n, 3]
 * @param size side of the result, pixels
 * @returns [size * size] 0..255, rows from the top; the space between charts filled
 */
export function bakeRoughness(
  surface: Surface,
  atlas: Atlas,
  colours: Uint8Array,
  photos: readonly PosedPortrait[],
  frame: Frame,
  size: number,
): Uint8Array {
  const texels = texelsOf(surface, atlas, size)
  const { label, of } = landmarksOf(photos, frame)
  const outline = (landmarks: readonly number[]) =>
    landmarks.flatMap((landmark) => [of.get(landmark) ?? []].filter(isPlace))
  const [eyes, lips] = [EYES.map((eye) => new Outline(outline(eye))), new Outline(outline(LIPS))]
  const cheeks = CHEEKS.map(outline).filter(({ length }) => length === 2)
  const count = texels.places.length
  const parts = new Uint8Array(count)
  const skin = [0, 0, 0]
  let cheek = 0
  const at = middles(colours, size)
  const here = new Reader(surface, texels, [surface.positions, 3], [surface.normals, 3])
  for (let n = 0; n < count; n++) {
    here.move(n)
    const [x, y, z] = [here.at(0), here.at(1), here.at(2)]
    const [dx, dy, dz] = [label[3] - x, label[7] - y, label[11] - z]
    const towards = dx * here.at(3) + dy * here.at(4) + dz * here.at(5)
    if (towards < FACING * Math.sqrt(dx * dx + dy * dy + dz * dz)) continue
    const [u, v] = project(label, x, y, z)
    if (eyes.some((eye) => eye.holds(u, v))) parts[n] = 1
    else if (lips.holds(u, v)) parts[n] = 2
    else if (cheeks.some((ends) => isOnCheek(ends, u, v))) {
      const pixel = at(texels.places[n])
      for (let k = 0; k < 3; k++) skin[k] += colours[pixel + k]
      cheek++
    }
  }
  const unlike = unlikeness(skin.map((sum) => sum / Math.max(1, cheek)))
  const bare = cheek > 0 ? ROUGHNESS.skin : ROUGHNESS.other
  const pixels = new Uint8Array(size ** 2)
  for (let n = 0; n < count; n++) {
    const place = texels.places[n]
    const pixel = at(place)
    const dull = smoothstep(unlike(colours[pixel], colours[pixel + 1], colours[pixel + 2]), UNLIKE)
    const rough = [bare + dull * (ROUGHNESS.other - bare), ROUGHNESS.eyes, ROUGHNESS.lips][parts[n]]
    pixels[place] = Math.round(255 * rough)
  }
  spread(pixels, texels)
  return pixels
}

const isPlace = (place: Place | readonly never[]): place is Place => place.length === 2

/** Where in `colours` the middle is of what a texel of a smaller picture covers. */
function middles(colours: Uint8Array, size: number): (place: number) => number {
  const side = Math.sqrt(colours.length / 3)
  const step = side / size
  const middle = (at: number) => Math.floor((at + 0.5) * step)
  return (place) => 3 * (middle(Math.trunc(place / size)) * side + middle(place % size))
}

/** @param skin its mean colour */
function unlikeness(skin: readonly number[]): (red: number, green: number, blue: number) => number {
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

function isOnCheek([[eu, ev], [mu, mv]]: readonly Place[], u: number, v: number): boolean {
  return Math.hypot(u - (eu + mu) / 2, v - (ev + mv) / 2) < CHEEK * Math.hypot(eu - mu, ev - mv)
}

/** What lies within a ring of places. */
class Outline {
  private readonly places: readonly Place[]
  private readonly low: number[]
  private readonly high: number[]

  constructor(places: readonly Place[]) {
    this.places = places
    this.low = [0, 1].map((k) => Math.min(...places.map((place) => place[k])))
    this.high = [0, 1].map((k) => Math.max(...places.map((place) => place[k])))
  }

  /** Whether an odd number of edges lies to the right of it. */
  holds(u: number, v: number): boolean {
    const { places, low, high } = this
    if (u < low[0] || u > high[0] || v < low[1] || v > high[1]) return false
    let inside = false
    for (const [n, [au, av]] of places.entries()) {
      const [bu, bv] = places[(n + 1) % places.length]
      if (av > v !== bv > v && u < au + ((v - av) / (bv - av)) * (bu - au)) inside = !inside
    }
    return inside
  }
}
