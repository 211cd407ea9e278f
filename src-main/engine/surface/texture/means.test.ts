import { describe, expect, it } from 'vitest'
import { neighboursOf, nestedDissection, solveMeans } from './means.ts'

/** A sheet of `side` times `side` vertices. */
function sheet(side: number) {
  const positions = new Float32Array(3 * side ** 2)
  const triangles: number[] = []
  for (let i = 0; i < side ** 2; i++) {
    const [x, y] = [i % side, Math.trunc(i / side)]
    positions.set([x, y, Math.sin(x) / 10], 3 * i)
    if (x + 1 < side && y + 1 < side) triangles.push(i, i + 1, i + side, i + 1, i + side + 1, i + side)
  }
  const isInner = (i: number) => i % side > 0 && i % side < side - 1 && i >= side && i < side * (side - 1)
  return {
    positions,
    triangles: Uint32Array.from(triangles),
    inner: Uint32Array.from(positions.keys()).filter((i) => i < side ** 2 && isInner(i)),
  }
}

describe('means of neighbours', () => {
  const { positions, triangles, inner } = sheet(30)
  const count = positions.length / 3
  /** What a neighbour weighs in one direction is not what it weighs in the other. */
  const neighbours = neighboursOf(count, triangles, (from, to) => 1 + ((3 * from + 7 * to) % 5))
  const order = nestedDissection(neighbours, positions, inner)

  it('order every vertex once', () => {
    expect([...order].sort((a, b) => a - b)).toEqual([...inner])
  })

  it('are what the vertices are that are not given, to the last digits', () => {
    const x = Float64Array.from({ length: 3 * count }, (_, n) => Math.cos(n))
    const given = x.slice()
    solveMeans(neighbours, order, x, 3)
    const { starts, columns, values } = neighbours
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 3; k++) {
        let mean = given[3 * i + k]
        if (inner.includes(i)) {
          mean = 0
          for (let at = starts[i]; at < starts[i + 1]; at++) mean += values[at] * x[3 * columns[at] + k]
        }
        expect(x[3 * i + k]).toBeCloseTo(mean, 12)
      }
    }
  })

  it('do with all vertices in one place', () => {
    const places = new Float32Array(positions.length)
    expect(nestedDissection(neighbours, places, inner).length).toBe(inner.length)
  })
})
