/** Evidence as a picture on the surface. */
import { evidenceColour } from '../evidence-colour.ts'
import type { Surface } from '../mesh.ts'
import type { Atlas } from './atlas.ts'
import { spread, texelsOf } from './texels.ts'

/**
 * @param evidence the surface's, a vertex each
 * @returns [size * size, 3] sRGB, 8 bits, rows from the top
 */
export function bakeEvidence(surface: Surface, evidence: Float32Array, atlas: Atlas, size: number): Uint8Array {
  const texels = texelsOf(surface, atlas, size)
  const pixels = new Uint8Array(3 * size ** 2)
  texels.places.forEach((place, n) => {
    const [a, b, c] = surface.triangles.subarray(texels.triangles[n], texels.triangles[n] + 3)
    const [wb, wc] = [texels.weights[2 * n], texels.weights[2 * n + 1]]
    pixels.set(evidenceColour((1 - wb - wc) * evidence[a] + wb * evidence[b] + wc * evidence[c]), 3 * place)
  })
  spread(pixels, texels)
  return pixels
}
