/** Colours where no photo saw: the photos' own, as far as the generator knows no edge. */
import { describe, expect, it } from 'vitest'
import type { Field } from '../field.ts'
import type { Mesh } from '../mesh.ts'
import { believed, mixedColours, sharesOfDetail, spreadColours } from './invention.ts'

const plain = (value: number) => (points: Float32Array) => Promise.resolve(points.map(() => value))
const field: Field = { side: 1, sigma: plain(0), colour: plain(1), bare: plain(0.5) }
const { bare: _, ...untouched } = field

describe('what photos added', () => {
  it('counts where a photo or its mirror image sees the surface, and not behind', () => {
    const [own, mirrored] = [Float32Array.of(1, 0, 0, 0.4), Float32Array.of(0, 1, 0, 0.4)]
    expect([...sharesOfDetail(field, 4, [own, mirrored])]).toEqual([1, 1, 0, 0])
  })

  it('is the head where there is no photo, or nothing was added', () => {
    expect(sharesOfDetail(field, 1, [])[0]).toBe(1)
    expect(sharesOfDetail(untouched, 1, [new Float32Array(1)])[0]).toBe(1)
  })

  it('is mixed with what the generator says', async () => {
    const places = new Float32Array(9)
    const shares = Float32Array.of(0, 0.5, 1)
    const found = await mixedColours(field, places, places, 0.01, shares)
    expect([found[0], found[3], found[6]]).toEqual([0.5, 0.75, 1])
  })
})

describe('colours that are spread', () => {
  const SIDE = 40
  /** A sheet of a unit's side. The left half is hair, which the generator has darker towards the top, and a patch in it. */
  const positions = new Float32Array(3 * SIDE ** 2)
  const bare = new Float32Array(3 * SIDE ** 2)
  const shown = new Float32Array(3 * SIDE ** 2)
  const trust = new Float32Array(SIDE ** 2)
  const triangles: number[] = []
  const [HAIR, SKIN] = [
    [0.5, 0.4, 0.2],
    [0.9, 0.7, 0.6],
  ]
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const i = y * SIDE + x
      const isHair = x < SIDE / 2
      const inPatch = Math.hypot(x - 10, y - 20) < 4
      positions.set([x / SIDE, y / SIDE, 0], 3 * i)
      bare.set(isHair ? [0.3 - y / 200 + (inPatch ? 0.2 : 0), 0.2 - y / 200, 0.1] : [0.8, 0.5, 0.5], 3 * i)
      trust[i] = y < 4 ? 1 : 0
      shown.set(trust[i] === 0 ? [1, 0, 1] : isHair ? HAIR : SKIN, 3 * i)
      if (x + 1 < SIDE && y + 1 < SIDE) triangles.push(i, i + 1, i + SIDE, i + 1, i + SIDE + 1, i + SIDE)
    }
  }
  const mesh: Mesh = { positions, triangles: Uint32Array.from(triangles) }

  it("are the photo's of hair on all of the hair, of skin on all of the skin", () => {
    const { colours: found } = spreadColours(mesh, bare, shown, trust)
    let worst = 0
    for (let i = 0; i < SIDE ** 2; i++) {
      const x = i % SIDE
      if (Math.abs(x - SIDE / 2) < 3) continue
      const wanted = x < SIDE / 2 ? HAIR : SKIN
      for (let k = 0; k < 3; k++) worst = Math.max(worst, Math.abs(found[3 * i + k] - wanted[k]))
    }
    expect(worst).toBeLessThan(0.08)
  })

  it('tell what a photo shows near an edge that is of another thing', () => {
    const seen = new Float32Array(SIDE ** 2).fill(1)
    const photo = Float32Array.from(bare, (_, n) => (Math.trunc(n / 3) % SIDE < SIDE / 2 ? HAIR : SKIN)[n % 3])
    const near = Float32Array.from(seen, (_, i) => (i % SIDE >= 30 ? 1 : 0))
    const strand = 20 * SIDE + 35
    for (const i of [strand, strand + 1, strand + SIDE, strand + SIDE + 1]) photo.set(HAIR, 3 * i)
    const belief = believed(mesh, bare, photo, seen, near)
    expect(belief[strand]).toBeLessThan(0.1)
    expect(belief[10 * SIDE + 35]).toBe(1)
    expect(belief[20 * SIDE + 10]).toBe(1)
  })

  it('end where a part of a person ends, also where the generator hardly tells the two apart', () => {
    const faint = Float32Array.from(bare, (value) => 0.5 + 0.05 * (value - 0.5))
    const parts = Float32Array.from({ length: SIDE ** 2 }, (_, i) => (i % SIDE < SIDE / 2 ? 0 : 2))
    const at = (x: number) => 3 * (20 * SIDE + SIDE / 2 + x)
    const apart = (colours: Float32Array) => Math.abs(colours[at(3)] - colours[at(-3)])
    const [without, with_] = [{}, { parts }].map((more) => spreadColours(mesh, faint, shown, trust, more).colours)
    expect(apart(with_)).toBeGreaterThan(2 * apart(without))
  })

  it("are the generator's where nothing was seen", () => {
    expect(spreadColours(mesh, bare, shown, new Float32Array(SIDE ** 2)).colours).toEqual(bare)
  })
})
