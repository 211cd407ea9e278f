/**
 * Evidence and invention: how well the photo saw each point of a head's surface. A point is seen where nothing lies
 * before it, where it faces the camera, inside the person's outline, as far as the photo is sharp.
 */

import { eyeBlur } from '../face/blur.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { type Frame, TEMPLATE } from '../face/template.ts'
import { project } from '../generator/camera.ts'
import { evidenceColour } from '../surface/evidence-colour.ts'
import type { Surface } from '../surface/mesh.ts'
import { rasterize } from '../surface/rasterize.ts'
import { smoothstep, weighVertices } from '../surface/seen-vertices.ts'

/** Side of the depth buffer: a pixel is half a millimetre of a head. */
const BUFFER = 512
/** A point this far behind what the camera sees there is half hidden, world units (3 mm). */
const HIDDEN = 0.008
/** Cosines between the surface and the way to the camera: nothing is seen below, everything above. */
const FACING: readonly [number, number] = [0.1, 0.8]
/** Blur at the eyes in interocular distances: as sharp as any photo below, nothing to be seen above. */
const BLUR: readonly [number, number] = [0.02, 0.1]
const LEFT_EYE = [33, 133]
const RIGHT_EYE = [263, 362]

/**
 * @param portraits the photos, with their cameras as refined
 * @returns a number for each vertex, 0 invented to 1 seen: by the photo that saw it best
 */
export function evidenceOf(surface: Surface, portraits: readonly PosedPortrait[], frame: Frame): Float32Array {
  const seen = portraits.map((portrait) => seenBy(surface, portrait, frame))
  return seen[0].map((_, vertex) => Math.max(...seen.map((evidence) => evidence[vertex])))
}

function seenBy(surface: Surface, { label, portrait }: PosedPortrait, frame: Frame): Float32Array {
  const { matte, valid } = portrait
  const sharp = sharpness(portrait, label, frame)
  const { depth } = rasterize(surface, label, BUFFER)
  return weighVertices(surface, { label, portrait }, depth, ({ cosine, behind, pixel }) => {
    const inside = matte[pixel] * valid[pixel]
    return smoothstep(cosine, FACING) * (1 - smoothstep(behind, [HIDDEN / 2, 1.5 * HIDDEN])) * inside * sharp
  })
}

/** 1 for a sharp photo, 0 for one too blurred to see anything; judged at the eyes, where the average head has them. */
function sharpness({ size, rgb }: MattedPortrait, label: Float32Array, frame: Frame): number {
  const eye = (landmarks: readonly number[]) => {
    const corners = TEMPLATE[frame].filter(({ landmark }) => landmarks.includes(landmark))
    const seen = corners.map(({ position: [x, y, z] }) => project(label, x, y, z))
    return [0, 1].map((axis) => (size * seen.reduce((sum, at) => sum + at[axis], 0)) / seen.length)
  }
  const turned = Math.hypot(label[0], label[4])
  return 1 - smoothstep(eyeBlur({ width: size, height: size, rgb }, [eye(LEFT_EYE), eye(RIGHT_EYE)]) * turned, BLUR)
}

/**
 * The surface in the colours of its evidence, shaded, on white.
 * @param evidence [n] a number for each vertex
 * @returns RGB, 8 bits, `size * size` pixels
 */
export function drawEvidence(surface: Surface, evidence: Float32Array, label: Float32Array, size: number): Uint8Array {
  const { triangles, normals } = surface
  const sight = rasterize(surface, label, size)
  const rgb = new Uint8Array(3 * size * size).fill(255)
  for (let pixel = 0; pixel < size * size; pixel++) {
    const t = sight.triangle[pixel]
    if (t < 0) continue
    const [wb, wc] = sight.weights.subarray(2 * pixel, 2 * pixel + 2)
    const at = (values: Float32Array, width: number, k: number) =>
      (1 - wb - wc) * values[triangles[t] * width + k] +
      wb * values[triangles[t + 1] * width + k] +
      wc * values[triangles[t + 2] * width + k]
    // The light stands beside the camera.
    const cosine = [0, 1, 2].reduce((sum, k) => sum - at(normals, 3, k) * label[4 * k + 2], 0)
    const light = 0.45 + 0.55 * Math.max(0, cosine)
    const colour = evidenceColour(at(evidence, 1, 0))
    for (let k = 0; k < 3; k++) rgb[3 * pixel + k] = Math.round(light * colour[k])
  }
  return rgb
}
