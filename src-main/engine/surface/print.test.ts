import { beforeAll, describe, expect, it } from 'vitest'
import { assertClosed, headLike, signedVolume, solid } from '../../../testing/solids.ts'
import type { Mesh } from './mesh.ts'
import { manifold, printable } from './print.ts'
import { closedMesh } from './surface.ts'

let head: Mesh
let solidVolume: number
beforeAll(async () => {
  head = (await closedMesh(solid(headLike()), { resolution: 64 })).mesh
})

/** Least and greatest coordinates. */
const box = ({ positions }: Mesh) =>
  [0, 1, 2].map((k) => {
    const values = positions.filter((_, i) => i % 3 === k)
    return [Math.min(...values), Math.max(...values)]
  })
const heightOf = (mesh: Mesh) => box(mesh)[2]

/** What the library that knows no other bodies says of it: how many, and how many holes go through. */
async function bodies({ positions, triangles }: Mesh) {
  const { Manifold, Mesh } = await manifold()
  const body = new Manifold(new Mesh({ numProp: 3, vertProperties: positions, triVerts: triangles }))
  return { parts: body.decompose().length, holes: body.genus() }
}

describe('printable', () => {
  it('stands on a flat base, so high as was asked for', async () => {
    const print = await printable(head, { height: 80, base: 'flat', hollow: false, wall: 2 })
    assertClosed(print)
    solidVolume = signedVolume(print)
    const [low, high] = heightOf(print)
    expect([low, high]).toEqual([expect.closeTo(0, 3), expect.closeTo(80, 3)])
    expect(solidVolume).toBeGreaterThan(0)
    // Many triangles lie flat on the floor.
    const onFloor = print.positions.filter((z, i) => i % 3 === 2 && z < 1e-3).length
    expect(onFloor).toBeGreaterThan(20)
    expect(await bodies(print)).toEqual({ parts: 1, holes: 0 })
  })

  it('keeps the whole shape where no base is wanted, with z up and the face looking along -y', async () => {
    const print = await printable(head, { height: 100, base: 'none', hollow: false, wall: 2 })
    const [, [bottom, top], [back, front]] = box(head)
    const scale = 100 / (top - bottom)
    expect(signedVolume(print) / (signedVolume(head) * scale ** 3)).toBeCloseTo(1, 3)
    const middle = (values: Float32Array, axis: number) =>
      values.reduce((sum, p, i) => sum + (i % 3 === axis ? p : 0), 0) / (values.length / 3)
    expect(-middle(print.positions, 1) / scale).toBeCloseTo(middle(head.positions, 2) - (front + back) / 2, 2)
  })

  it('stands on a stand that is wider than its neck and belongs to it', async () => {
    const print = await printable(head, { height: 100, base: 'stand', hollow: false, wall: 2 })
    assertClosed(print)
    expect(heightOf(print)).toEqual([expect.closeTo(0, 3), expect.closeTo(100, 3)])
    expect(await bodies(print)).toEqual({ parts: 1, holes: 0 })
  })

  it('is hollow with walls as thick as asked for, and open below', async () => {
    const wall = 3
    const shell = await printable(head, { height: 80, base: 'flat', hollow: true, wall })
    assertClosed(shell)
    expect(signedVolume(shell)).toBeLessThan(0.75 * solidVolume)
    // One body: what is inside reaches the outside through the hole.
    expect(await bodies(shell)).toEqual({ parts: 1, holes: 0 })
    expect(shell.thinnest).toBeGreaterThan(0.8 * wall)
    expect(shell.thinnest).toBeLessThan(1.5 * wall)
  })

  it('says so where there is no inside', async () => {
    await expect(printable(head, { height: 20, base: 'flat', hollow: true, wall: 20 })).rejects.toThrow(
      'nothing to be empty inside',
    )
  })
})
