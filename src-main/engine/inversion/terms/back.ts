/**
 * The back of the head, which no photo from the front shows: codes of people with a bun explain a photo as well as others
 * do. Seen from both sides nothing stands out there further than from the average head, but for as much as the photo shows
 * more hair above the eyes; and where hair hangs beside the jaw, it may hang behind the neck too.
 */

import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { orbitCamera, project, WIDE, zoom } from '../../generator/camera.ts'
import type { Generator, View } from '../../generator/generator.ts'
import type { Planes } from '../../generator/plane-layout.ts'
import { castRays } from '../../generator/rays.ts'
import { shrink } from '../../generator/resample.ts'
import type { Judgement, Objective, ViewTerm } from './term.ts'

/** Keeps its draws apart from those for the photos. */
const STREAM = 1 << 21
/** Beside the jaw, world units, from above: hair that hangs down is seen there. */
const BESIDE = { across: 0.21, heights: [-0.08, -0.12, -0.16] }
/** More of the person there than this is hair. */
const HAIR = 0.3
/** The back, world units: above the shoulders, and behind the ears; hair that does not hang down is between them and the nape. */
const BACK = { low: -0.36, nape: -0.16, ears: 0, before: -0.06 }
/** Above this, world units, the photo's outline is hair's: the eyes are below. */
const EYES = 0.05
/** The part of the pixels that a step looks at, others in each: Adam remembers the last ones. */
const SHARES = 4
/** An opacity that is nothing. */
const TRACE = 0.01
/** How far the average head reaches in a rendering: from here on a pixel shows it. */
const SHOWN = 0.1
/** How the average head is looked at: evenly, for its outline alone. */
const GLANCE = { coarse: 48, fine: 0, wanted: 'shape' as const }
const SIDES = [Math.PI / 2, -Math.PI / 2]

/**
 * @param weights of the mean square of what opacity there is where nothing should be, while the code is found and while its
 * shape is bent: a photo says so little against it that more than a little spoils the code (bench/results/back-tried.json)
 */
export const back = (weights: { readonly head: number; readonly outline: number }): ViewTerm => ({
  async begin({ generator, aim, photos, resolution, rendering }) {
    if (aim === 'colour') return null
    const { config, renderer, weights: network } = generator
    const average = await generator.planes(generator.repeat(generator.meanLatent))
    const low = photos.some(hasHairBesideJaw) ? BACK.ears : BACK.low
    const more = Math.max(
      ...(await Promise.all(photos.map((photo) => moreHair(generator, average, photo, resolution)))),
    )
    const views: { label: Float32Array; pixels: Uint32Array; objective: EmptyObjective }[][] = []
    for (const yaw of SIDES) {
      const label = zoom(orbitCamera(config.rendering_kwargs, yaw), 1 / WIDE)
      const { opacity } = await renderer.render(network, average, label, { resolution, ...GLANCE })
      const all = behind(label, opacity, resolution, low, more)
      const shares = Array.from({ length: SHARES }, (_, share) => all.filter((_, i) => i % SHARES === share))
      views.push(shares.map((pixels) => ({ label, pixels, objective: new EmptyObjective(pixels) })))
    }
    return (step) =>
      views.map((shares, side) => {
        const { label, pixels, objective } = shares[step % SHARES]
        const look = { ...rendering(step, side, STREAM, pixels), wanted: 'shape' as const }
        return { label, objective, weight: weights[aim], rendering: look }
      })
  },
})

/** Hair hangs down from above: what is only lower is a shoulder. */
function hasHairBesideJaw({ portrait, label }: PosedPortrait): boolean {
  const { matte, size } = portrait
  const shares = [-BESIDE.across, BESIDE.across].flatMap((x) => {
    let above = 1
    return BESIDE.heights.map((y) => {
      const [u, v] = project(label, x, y, 0)
      const here = u < 0 || v < 0 || u >= 1 || v >= 1 ? 0 : matte[Math.floor(v * size) * size + Math.floor(u * size)]
      above = Math.min(above, here)
      return above
    })
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length > HAIR
}

/** How far the person's outline above the eyes lies outside the average head's, in the mean, world units. */
async function moreHair(
  { renderer, weights }: Generator,
  average: Planes,
  { portrait, label }: PosedPortrait,
  side: number,
): Promise<number> {
  const { matte, valid, size } = portrait.wide ?? portrait
  const camera = portrait.wide ? zoom(label, 1 / WIDE) : label
  const { opacity } = await renderer.render(weights, average, camera, { resolution: side, ...GLANCE })
  const shown = shrink(Float32Array.from(valid), size, side)
  const person = shrink(matte, size, side)
  const [, eyes, far] = project(camera, 0, EYES, 0)
  let [more, outline] = [0, 0]
  for (let pixel = 0; pixel < Math.floor(eyes * side) * side; pixel++) {
    if (shown[pixel] < 1) continue
    const isInside = opacity[pixel] >= 0.5
    more += Math.max(0, person[pixel] - opacity[pixel])
    if (isInside && [pixel - 1, pixel + 1, pixel - side].some((next) => opacity[next] < 0.5)) outline++
  }
  return outline === 0 ? 0 : ((more / outline) * far) / camera[16] / side
}

/**
 * Pixels whose rays pass the middle plane behind the average head with some room around it: a pixel, and so much more, which
 * ends at the nape.
 */
function behind(label: Float32Array, opacity: Float32Array, side: number, low: number, more: number): Uint32Array {
  const { origins, directions } = castRays(label, side)
  const pixelsPerUnit = (label[16] * side) / Math.hypot(label[3], label[7], label[11])
  const isOpen = (pixel: number, room: number) => {
    for (let row = -Math.ceil(room); row <= room; row++) {
      for (let column = -Math.ceil(room); column <= room; column++) {
        if (Math.hypot(row, column) < room + 0.5 && opacity[pixel + row * side + column] > SHOWN) return false
      }
    }
    return true
  }
  const pixels: number[] = []
  for (let pixel = 0; pixel < side * side; pixel++) {
    const far = -origins[3 * pixel] / directions[3 * pixel]
    const [y, z] = [1, 2].map((axis) => origins[3 * pixel + axis] + far * directions[3 * pixel + axis])
    const share = Math.min(1, Math.max(0, (y - BACK.nape) / (BACK.ears - BACK.nape)))
    if (y > low && z < BACK.before && isOpen(pixel, 1 + more * share * pixelsPerUnit)) pixels.push(pixel)
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
      const much = Math.max(0, opacity[pixel] - TRACE)
      loss += much ** 2 / pixels.length
      gradient[pixel] = (2 * much) / pixels.length
    }
    return Promise.resolve({ loss, terms: { back: loss }, gradient: { opacity: gradient } })
  }
}
