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
  const [eyes, lips] = [EYES.map(outline), outline(LIPS)]
  const cheeks = CHEEKS.map(outline).filter(({ length }) => length === 2)
  const count = texels.places.length
  const parts = new Uint8Array(count)
  const skin = [0, 0, 0, 0]
  const colour = colourAt(colours, size)
  const { positions, normals, triangles } = surface
  const [point, normal] = [new Float64Array(3), new Float64Array(3)]
  for (let n = 0; n < count; n++) {
    const t = texels.triangles[n]
    const [wb, wc] = [texels.weights[2 * n], texels.weights[2 * n + 1]]
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]]
    for (let k = 0; k < 3; k++) {
      point[k] = (1 - wb - wc) * positions[a + k] + wb * positions[b + k] + wc * positions[c + k]
      normal[k] = (1 - wb - wc) * normals[a + k] + wb * normals[b + k] + wc * normals[c + k]
    }
    const way = [label[3] - point[0], label[7] - point[1], label[11] - point[2]]
    const cosine = (way[0] * normal[0] + way[1] * normal[1] + way[2] * normal[2]) / Math.hypot(...way)
    if (cosine < FACING) continue
    const [u, v] = project(label, point[0], point[1], point[2])
    if (eyes.some((eye) => isWithin(eye, u, v))) parts[n] = 1
    else if (isWithin(lips, u, v)) parts[n] = 2
    else if (cheeks.some((cheek) => isOnCheek(cheek, u, v))) {
      const [red, green, blue] = colour(texels.places[n])
      for (const [k, value] of [red, green, blue, 1].entries()) skin[k] += value
    }
  }
  const unlike = unlikeness(skin.map((sum) => sum / Math.max(1, skin[3])))
  const pixels = new Uint8Array(size ** 2)
  for (let n = 0; n < count; n++) {
    const place = texels.places[n]
    const bare = skin[3] > 0 ? ROUGHNESS.skin : ROUGHNESS.other
    const dull = smoothstep(unlike(colour(place)), UNLIKE)
    const rough = [bare + dull * (ROUGHNESS.other - bare), ROUGHNESS.eyes, ROUGHNESS.lips][parts[n]]
    pixels[place] = Math.round(255 * rough)
  }
  spread(pixels, texels)
  return pixels
}

const isPlace = (place: Place | readonly never[]): place is Place => place.length === 2

/** The colour in the middle of what a texel of a smaller picture covers. */
function colourAt(colours: Uint8Array, size: number): (place: number) => Uint8Array {
  const side = Math.sqrt(colours.length / 3)
  const step = side / size
  const middle = (at: number) => Math.floor((at + 0.5) * step)
  return (place) => {
    const at = 3 * (middle(Math.trunc(place / size)) * side + middle(place % size))
    return colours.subarray(at, at + 3)
  }
}

/** @param skin its mean colour */
function unlikeness([red, green, blue]: readonly number[]): (colour: Uint8Array) => number {
  const shares = (values: readonly number[]) => {
    const sum = values[0] + values[1] + values[2] + 3
    return [Math.log(sum), values[0] / sum, values[1] / sum, values[2] / sum]
  }
  const own = shares([red, green, blue])
  return (colour) => {
    const [light, ...hue] = shares([...colour])
    return Math.hypot((light - own[0]) / LIGHT, ...hue.map((share, k) => (share - own[k + 1]) / HUE))
  }
}

function isOnCheek([[eu, ev], [mu, mv]]: readonly Place[], u: number, v: number): boolean {
  return Math.hypot(u - (eu + mu) / 2, v - (ev + mv) / 2) < CHEEK * Math.hypot(eu - mu, ev - mv)
}

/** Whether an even number of edges lies to the right of it, or an odd one. */
function isWithin(outline: readonly Place[], u: number, v: number): boolean {
  let inside = false
  for (const [n, [au, av]] of outline.entries()) {
    const [bu, bv] = outline[(n + 1) % outline.length]
    if (av > v !== bv > v && u < au + ((v - av) / (bv - av)) * (bu - au)) inside = !inside
  }
  return inside
}
