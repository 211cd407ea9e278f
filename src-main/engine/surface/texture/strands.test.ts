import { describe, expect, it } from 'vitest'
import { MILLIMETRES_PER_UNIT } from '../formats/units.ts'
import { onFace, Strands, strandsShown } from './strands.ts'

const MILLIMETRE = 1 / MILLIMETRES_PER_UNIT
const MIDDLE = 0.05
const RADIUS = 0.25
/** On a round head, by angles from the top and round it. */
const place = (down: number, round: number): [number, number, number] => [
  RADIUS * Math.sin(down) * Math.sin(round),
  RADIUS * Math.cos(down),
  MIDDLE + RADIUS * Math.sin(down) * Math.cos(round),
]

describe('strands of hair', () => {
  const strands = new Strands(MIDDLE)
  /** All over it but the whorl. */
  const places = Array.from({ length: 8000 }, (_, i): [number, number] => [0.8 + 1.6 * ((i * 0.618) % 1), i * 7.9e-4])

  it('neither lighten nor darken hair, and are as uneven as asked', () => {
    const values = places.map(([down, round]) => strands.at(...place(down, round)))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    expect(Math.abs(mean)).toBeLessThan(0.1)
    expect(spread).toBeGreaterThan(0.8)
    expect(spread).toBeLessThan(1.2)
  })

  it('run down the back of a head', () => {
    const step = (1.5 * MILLIMETRE) / RADIUS
    const back = places.map(([down, round]): [number, number] => [1.2 + down / 4, Math.PI + 0.2 * Math.sin(round)])
    const change = (down: number, round: number) =>
      back.reduce(
        (sum, [d, r]) => sum + Math.abs(strands.at(...place(d + down, r + round)) - strands.at(...place(d, r))),
        0,
      )
    expect(change(step, 0)).toBeLessThan(0.4 * change(0, step))
  })

  it('have no edge, neither behind the whorl nor where the angle round it begins anew', () => {
    const step = 0.02 * MILLIMETRE
    for (let i = 0; i < 2000; i++) {
      const [x, y, z] = place(0.05 + i * 1e-3, i * 0.05)
      for (const [dx, dy, dz] of [
        [step, 0, 0],
        [0, step, 0],
        [0, 0, step],
      ]) {
        expect(Math.abs(strands.at(x + dx, y + dy, z + dz) - strands.at(x, y, z))).toBeLessThan(0.2)
      }
    }
  })
})

describe('where strands show', () => {
  /** On two cheeks, on the scalp, and behind, where no photo sees it. */
  const shown = (uneven: number, skin = 0, cheeks = [0, 1]) =>
    strandsShown(
      Float32Array.of(1, 1, skin, skin),
      Float32Array.of(0.03, 0.03, uneven, uneven),
      Float32Array.of(1, 1, 1, 0),
      cheeks,
    )

  it('is hair alone, and as much as the photos show hair to be uneven', () => {
    const found = shown(0.15)
    expect([...found.subarray(0, 2)]).toEqual([0, 0])
    expect(found[3]).toBeCloseTo(0.15)
  })

  it('is not the face, but what is above, beside and behind it', () => {
    expect(onFace(0.1, 0, 0.2)).toBe(1)
    expect([onFace(0, 0.3, 0.1), onFace(0.2, 0, -0.1), onFace(0, -0.1, -0.2)]).toEqual([0, 0, 0])
  })

  it('is nowhere on a bald head, of the colour of cheeks or darker, and where no cheek tells what is skin', () => {
    expect(Math.max(...shown(0.15, 1))).toBe(0)
    expect(Math.max(...shown(0.03))).toBe(0)
    expect(Math.max(...shown(0.15, 0, []))).toBe(0)
  })

  it('is nowhere where a photo has no light and shade at all', () => {
    const none = new Float32Array(4)
    expect([...strandsShown(none, none, Float32Array.of(1, 1, 1, 0), [0, 1])]).toEqual([0, 0, 0, 0])
  })
})
