import { describe, expect, it } from 'vitest'
import { bandLimited } from './band-limit.ts'

const [resolution, channels] = [16, 3]
const planesOf = (at: (plane: number, row: number, column: number, channel: number) => number) => ({
  resolution,
  channels,
  layers: [1, 1, 1] as const,
  data: Float32Array.from({ length: 3 * resolution ** 2 * channels }, (_, i) => {
    const texel = Math.floor(i / channels)
    return at(
      Math.floor(texel / resolution ** 2),
      Math.floor(texel / resolution) % resolution,
      texel % resolution,
      i % channels,
    )
  }),
})

describe('bandLimited', () => {
  it('leaves alone what does not change within a plane, whatever the others hold', () => {
    const planes = planesOf((plane, _, __, channel) => 10 * plane + channel)
    expect(bandLimited(planes)).toEqual(planes)
  })

  it('takes away what changes from texel to texel, along either axis', () => {
    for (const at of [(row: number, _: number) => row, (_: number, column: number) => column]) {
      const { data } = bandLimited(planesOf((_, row, column) => (-1) ** at(row, column)))
      const inside = planesOf((_, row, column) => Number(Math.min(at(row, column), 15 - at(row, column)) > 0)).data
      data.forEach((value, i) => {
        if (inside[i]) expect(value).toBe(0)
      })
    }
  })

  it('leaves nearly as they are waves of eight texels', () => {
    const planes = planesOf((_, row) => Math.cos((Math.PI * row) / 4))
    const { data } = bandLimited(planes)
    const difference = data.map((value, i) => {
      const row = Math.floor(i / (resolution * channels)) % resolution
      return row > 0 && row < resolution - 1 ? Math.abs(value - planes.data[i]) : 0
    })
    expect(Math.max(...difference)).toBeLessThan(0.15)
  })
})
