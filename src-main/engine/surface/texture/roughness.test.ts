import { expect, it } from 'vitest'
import { headLike, solid } from '../../../../testing/solids.ts'
import { TEMPLATE } from '../../face/template.ts'
import { extractSurface } from '../surface.ts'
import { unwrap } from './atlas.ts'
import { bakeRoughness, ROUGHNESS } from './roughness.ts'
import { texelsOf } from './texels.ts'

const SIDE = 256

it('tells eyes, lips, skin and hair apart', async () => {
  const surface = await extractSurface(solid(headLike()), { resolution: 64 })
  const atlas = unwrap(surface, SIDE)
  const texels = texelsOf(surface, atlas, SIDE)
  const points = Array.from(texels.places, (_, n) => {
    const t = texels.triangles[n]
    const [wb, wc] = texels.weights.subarray(2 * n, 2 * n + 2)
    const corner = (c: number, k: number) => surface.positions[3 * surface.triangles[t + c] + k]
    return [0, 1, 2].map((k) => (1 - wb - wc) * corner(0, k) + wb * corner(1, k) + wc * corner(2, k))
  })
  // Skin before, dark hair behind.
  const colours = new Uint8Array(3 * SIDE ** 2)
  for (const [n, [, , z]] of points.entries()) {
    colours.set(z > 0 ? [224, 172, 148] : [60, 40, 30], 3 * texels.places[n])
  }
  const rough = bakeRoughness(surface, atlas, colours, [], 'own', SIDE)
  /** In front or behind, nearest to a place. */
  const at = (x: number, y: number, side: number) => {
    const far = points.map(([px, py, pz]) => (Math.sign(pz) === side ? Math.hypot(px - x, py - y) : 9))
    return rough[texels.places[far.indexOf(Math.min(...far))]] / 255
  }
  const middle = (...landmarks: number[]) => {
    const found = TEMPLATE.own.filter(({ landmark }) => landmarks.includes(landmark))
    return [0, 1].map((k) => found.reduce((sum, { position }) => sum + position[k], 0) / found.length) as [
      number,
      number,
    ]
  }
  expect(at(...middle(33, 133), 1)).toBeCloseTo(ROUGHNESS.eyes, 2)
  expect(at(...middle(263, 362), 1)).toBeCloseTo(ROUGHNESS.eyes, 2)
  expect(at(...middle(33, 61), 1)).toBeCloseTo(ROUGHNESS.skin, 2)
  expect(at(...middle(33, 133), -1)).toBeCloseTo(ROUGHNESS.other, 2)
})
