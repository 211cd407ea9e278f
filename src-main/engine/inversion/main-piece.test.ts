/** The main piece is the head with its soft edge, and nothing beside it. */
import { expect, it } from 'vitest'
import { mainPiece } from './main-piece.ts'

const picture = (rows: string[]) => Float32Array.from(rows.join(''), (c) => ({ '#': 1, '+': 0.2 })[c] ?? 0)

it('keeps the largest piece with its edge, and drops what floats', () => {
  const opacity = picture([
    '............',
    '.#..........',
    '............',
    '............',
    '......###...',
    '.....#####..',
    '....+#####+.',
    '......###...',
    '............',
    '............',
    '+...........',
    '............',
  ])
  const kept = mainPiece(opacity)
  expect(kept[1 * 12 + 1]).toBe(0)
  expect(kept[10 * 12]).toBe(0)
  opacity.forEach((value, i) => {
    if (Math.floor(i / 12) >= 4 && Math.floor(i / 12) <= 7 && value > 0) expect(kept[i], `pixel ${i}`).toBe(1)
  })
})

it('is empty where there is nothing, and does not run over the border', () => {
  expect(mainPiece(new Float32Array(64)).every((value) => value === 0)).toBe(true)
  const corner = new Float32Array(64)
  corner[7] = 1
  const kept = mainPiece(corner)
  expect(kept[8]).toBe(0)
  expect([kept[7], kept[5], kept[23]]).toEqual([1, 1, 1])
})
