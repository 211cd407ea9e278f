/**
 * How rough a surface is, by what it is of: eyes are wet and lips moist, hair and cloth duller than skin. Eyes and lips lie
 * where a photo's landmarks are, or else the template's; skin is what has the colour of the cheeks.
 */
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import type { Frame } from '../../face/template.ts'
import type { Surface } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'
import type { Atlas } from './atlas.ts'
import { Reader } from './reader.ts'
import { Cheeks, type Place, SeenLandmarks, unlikeness } from './skin.ts'
import { spread, texelsOf } from './texels.ts'

/** As renderers have it: 0 is a mirror. A photo has its own highlights already, so no more than a little is added. */
export const ROUGHNESS = { eyes: 0.2, lips: 0.45, skin: 0.6, other: 0.8 }

/** Landmarks around eyes and lips, those that the template has too. */
const EYES = [
  [33, 160, 158, 133, 153, 144],
  [263, 387, 385, 362, 380, 373],
]
const LIPS = [61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91]
/** How unlike skin is what is as dull as hair: not below, wholly above, see `unlikeness`. */
const UNLIKE: readonly [number, number] = [1.5, 3]

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
  const landmarks = new SeenLandmarks(photos, frame)
  const [eyes, lips] = [EYES.map((eye) => new Outline(landmarks.of(eye))), new Outline(landmarks.of(LIPS))]
  const cheeks = new Cheeks(landmarks)
  const count = texels.places.length
  const parts = new Uint8Array(count)
  const skin = [0, 0, 0]
  let cheek = 0
  const at = middles(colours, size)
  const here = new Reader(surface, texels, [surface.positions, 3], [surface.normals, 3])
  for (let n = 0; n < count; n++) {
    here.move(n)
    const place = landmarks.see(here.at(0), here.at(1), here.at(2), here.at(3), here.at(4), here.at(5))
    if (!place) continue
    const [u, v] = place
    if (eyes.some((eye) => eye.holds(u, v))) parts[n] = 1
    else if (lips.holds(u, v)) parts[n] = 2
    else if (cheeks.hold(place)) {
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

/** Where in `colours` the middle is of what a texel of a smaller picture covers. */
function middles(colours: Uint8Array, size: number): (place: number) => number {
  const side = Math.sqrt(colours.length / 3)
  const step = side / size
  const middle = (at: number) => Math.floor((at + 0.5) * step)
  return (place) => 3 * (middle(Math.trunc(place / size)) * side + middle(place % size))
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
