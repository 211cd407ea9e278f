/**
 * The nape, which no photo from the front shows: codes of people with a ponytail explain a photo as well as others do. Where
 * the photo shows no hair beside the jaw, there is none behind the neck: seen from both sides, nothing stands out there
 * further than from the average head.
 */

import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { orbitCamera, project, WIDE, zoom } from '../../generator/camera.ts'
import type { View } from '../../generator/generator.ts'
import { castRays } from '../../generator/rays.ts'
import type { Judgement, Objective, ViewTerm } from './term.ts'

/** Keeps its draws apart from those for the photos. */
const STREAM = 1 << 21
/** Beside the jaw, world units: hair that hangs down is seen there. */
const BESIDE = { across: 0.21, heights: [-0.08, -0.12, -0.16] }
/** More of the person there than this is hair. */
const HAIR = 0.3
/** The nape, world units: below the skull and above the shoulders, behind the middle of the neck. */
const NAPE = { low: -0.36, high: 0.06, before: -0.06 }
/** How many pixels of room there is around the average head. */
const ROOM = 1
const SIDES = [Math.PI / 2, -Math.PI / 2]

/** @param weight of the mean square of what opacity there is more than the average head's */
export const nape = (weight: number): ViewTerm => ({
  async begin({ generator, phase, photos, resolution, rendering }) {
    if (phase !== 'shape' || photos.some(hasHairBesideJaw)) return null
    const { config, renderer, weights } = generator
    const average = await generator.planes(generator.repeat(generator.meanLatent))
    const views: { label: Float32Array; pixels: Uint32Array; objective: EmptyObjective }[] = []
    for (const yaw of SIDES) {
      const label = zoom(orbitCamera(config.rendering_kwargs, yaw), 1 / WIDE)
      const { opacity } = await renderer.render(weights, average, label, { resolution })
      const pixels = napeOf(label, opacity, resolution)
      views.push({ label, pixels, objective: new EmptyObjective(pixels) })
    }
    return (step) =>
      views.map(({ label, pixels, objective }, side) => ({
        label,
        objective,
        weight,
        rendering: rendering(step, side, STREAM, pixels),
      }))
  },
})

function hasHairBesideJaw({ portrait, label }: PosedPortrait): boolean {
  const { matte, size } = portrait
  const shares = [-BESIDE.across, BESIDE.across].flatMap((x) =>
    BESIDE.heights.map((y) => {
      const [u, v] = project(label, x, y, 0)
      return u < 0 || v < 0 || u >= 1 || v >= 1 ? 0 : matte[Math.floor(v * size) * size + Math.floor(u * size)]
    }),
  )
  return shares.reduce((sum, share) => sum + share, 0) / shares.length > HAIR
}

/** Pixels whose rays pass the middle plane behind the neck, and the average head with some room. */
function napeOf(label: Float32Array, opacity: Float32Array, side: number): Uint32Array {
  const { origins, directions } = castRays(label, side)
  const isOpen = (pixel: number) => {
    for (let row = -ROOM; row <= ROOM; row++) {
      for (let column = -ROOM; column <= ROOM; column++) if (opacity[pixel + row * side + column] > 0.1) return false
    }
    return true
  }
  const pixels: number[] = []
  for (let pixel = 0; pixel < side * side; pixel++) {
    const far = -origins[3 * pixel] / directions[3 * pixel]
    const [y, z] = [1, 2].map((axis) => origins[3 * pixel + axis] + far * directions[3 * pixel + axis])
    if (y > NAPE.low && y < NAPE.high && z < NAPE.before && isOpen(pixel)) pixels.push(pixel)
  }
  return Uint32Array.from(pixels)
}

/** Asks that there is nothing. */
class EmptyObjective implements Objective {
  private readonly pixels: Uint32Array

  constructor(pixels: Uint32Array) {
    this.pixels = pixels
  }

  judge({ rendering: { opacity } }: View): Promise<Judgement> {
    const { pixels } = this
    const gradient = new Float32Array(opacity.length)
    let loss = 0
    for (const pixel of pixels) {
      loss += opacity[pixel] ** 2 / pixels.length
      gradient[pixel] = (2 * opacity[pixel]) / pixels.length
    }
    return Promise.resolve({ loss, terms: { nape: loss }, gradient: { opacity: gradient } })
  }
}
