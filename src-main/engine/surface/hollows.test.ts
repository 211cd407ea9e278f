import { describe, expect, it } from 'vitest'
import { assertClosed, euler, type Point, sharp, signedVolume, solid } from '../../../testing/solids.ts'
import { largestComponent } from './clean.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'

const mainPart = async (density: Point, n = 65) => {
  const mesh = largestComponent(isosurface(await sampleNearLevel(solid(density), 10, n)))
  assertClosed(mesh)
  return mesh
}

/** Half the extent of the world that is left inside the outermost samples. */
const reach = (n: number) => 0.5 - 0.5 / (n - 1)

describe('hollow bodies that leave the box', () => {
  it('become solid where they leave by one face', async () => {
    const n = 65
    const bust: Point = (x, y, z) => {
      const r = y > 0 ? Math.hypot(x, y, z) : Math.hypot(x, z)
      return sharp(Math.min(0.3 - r, r - 0.2))
    }
    const mesh = await mainPart(bust, n)
    expect(euler(mesh)).toBe(2)
    const volume = (2 / 3) * Math.PI * 0.3 ** 3 + Math.PI * 0.3 ** 2 * reach(n)
    expect(signedVolume(mesh) / volume).toBeCloseTo(1, 1)
  })

  it('become solid where their hollow leaves by two faces at once', async () => {
    const n = 65
    // Shoulders wider than the box: in the bottom face their hollow reaches from one edge of the box to the other.
    const shoulders: Point = (_, y, z) => {
      const r = Math.hypot(y + 0.5, z)
      return sharp(Math.min(0.3 - r, r - 0.2))
    }
    const mesh = await mainPart(shoulders, n)
    expect(euler(mesh)).toBe(2)
    expect(signedVolume(mesh) / (Math.PI * 0.3 ** 2 * reach(n))).toBeCloseTo(1, 1)
  })

  it('stay open where the hollow is open to the outside in the box', async () => {
    const n = 65
    // A gutter along x: closed below, open above.
    const gutter: Point = (_, y, z) => {
      const r = Math.hypot(y, z)
      return sharp(Math.min(0.3 - r, r - 0.2, -y))
    }
    const mesh = await mainPart(gutter, n)
    const volume = (Math.PI / 2) * (0.3 ** 2 - 0.2 ** 2) * 2 * reach(n)
    expect(signedVolume(mesh) / volume).toBeCloseTo(1, 1)
  })

  it('cost nothing where nothing leaves the box', async () => {
    const field = solid((x, y, z) => sharp(0.3 - Math.hypot(x, y, z)))
    const { lattice } = await sampleNearLevel(field, 10, 129)
    expect(lattice.evaluated).toBeLessThan(250_000)
  })
})
