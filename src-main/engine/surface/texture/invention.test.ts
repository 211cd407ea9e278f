/** Colours where no photo saw: the generator's own, as photos changed those like them. */
import { describe, expect, it } from 'vitest'
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { orbitCamera } from '../../generator/camera.ts'
import type { Field } from '../field.ts'
import { likelyTones, mixedColours, sharesOfDetail } from './invention.ts'

const photo = (yaw: number) =>
  ({ label: orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, yaw) }) as PosedPortrait

const plain = (value: number) => (points: Float32Array) => Promise.resolve(points.map(() => value))
const field: Field = { side: 1, sigma: plain(0), colour: plain(1), bare: plain(0.5) }
const { bare: _, ...untouched } = field

describe('what photos added', () => {
  const towards =
    (...normal: number[]) =>
    (photos: PosedPortrait[]) =>
      sharesOfDetail(field, new Float32Array(3), Float32Array.from(normal), photos)[0]

  it('counts where a photo or its mirror image looks at the surface, and not behind', () => {
    expect(towards(0, 0, 1)([photo(0)])).toBe(1)
    expect(towards(0, 0, -1)([photo(0)])).toBe(0)
    expect(towards(1, 0, 0)([photo(0)])).toBe(0)
    expect(towards(1, 0, 0)([photo(0.7)])).toBe(1)
    expect(towards(-1, 0, 0)([photo(0.7)])).toBe(1)
  })

  it('is the head where there is no photo, or nothing was added', () => {
    expect(towards(0, 0, -1)([])).toBe(1)
    const behind = Float32Array.of(0, 0, -1)
    expect(sharesOfDetail(untouched, new Float32Array(3), behind, [photo(0)])[0]).toBe(1)
  })

  it('is mixed with what the generator says', async () => {
    const places = new Float32Array(9)
    const shares = Float32Array.of(0, 0.5, 1)
    const found = await mixedColours(field, places, places, 0.01, shares)
    expect([found[0], found[3], found[6]]).toEqual([0.5, 0.75, 1])
  })
})

describe('a likely tone', () => {
  const COUNT = 1000
  const [HAIR, SKIN] = [
    [0.1, 0.08, 0.07],
    [0.8, 0.6, 0.5],
  ]
  const isHair = (i: number) => i % 2 === 0
  /** Every other vertex is hair; photos saw the first half, and of the skin a fifth under a white collar. */
  const positions = new Float32Array(3 * COUNT)
  const bare = Float32Array.from({ length: 3 * COUNT }, (_, i) => (isHair(Math.trunc(i / 3)) ? HAIR : SKIN)[i % 3])
  const trust = Float32Array.from({ length: COUNT }, (_, i) => (i < COUNT / 2 ? 1 : 0))
  const made = Float32Array.from({ length: 3 * COUNT }, (_, i) => {
    const vertex = Math.trunc(i / 3)
    if (isHair(vertex)) return 0.1
    return vertex % 5 === 0 ? 0.5 : -0.2
  })

  it('of hair is what photos made of hair, of skin what they made of most of the skin', () => {
    const tones = likelyTones({ positions }, bare, made, trust)
    for (let i = COUNT / 2; i < COUNT; i++) {
      expect(Math.abs(tones[3 * i] - (isHair(i) ? 0.1 : -0.2))).toBeLessThan(0.05)
    }
  })

  it('is nothing where nothing was seen', () => {
    const tones = likelyTones({ positions }, bare, made, new Float32Array(COUNT))
    expect(tones.every((tone) => tone === 0)).toBe(true)
  })
})
