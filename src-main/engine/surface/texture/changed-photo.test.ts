import { expect, it } from 'vitest'
import { MILLIMETRES_PER_UNIT } from '../formats/units.ts'
import { changedPhoto, type Seen } from './changed-photo.ts'

const SIZE = 64
const RAYS = 32
const photo = {
  label: new Float32Array(25),
  portrait: {
    size: SIZE,
    rgb: Uint8Array.from({ length: 3 * SIZE ** 2 }, (_, i) => 60 + ((i * 37) % 101)),
    matte: new Float32Array(SIZE ** 2).fill(1),
    valid: new Uint8Array(SIZE ** 2).fill(1),
  },
}
const seen = (
  colour: (x: number, channel: number) => number,
  depth: (x: number) => number = () => 2.5,
  opacity: (x: number) => number = () => 1,
): Seen => ({
  image: Float32Array.from({ length: 3 * SIZE ** 2 }, (_, i) => 2 * colour(i % SIZE, Math.trunc(i / SIZE ** 2)) - 1),
  rendering: {
    depth: Float32Array.from({ length: RAYS ** 2 }, (_, i) => depth(i % RAYS)),
    opacity: Float32Array.from({ length: RAYS ** 2 }, (_, i) => opacity(i % RAYS)),
  },
})
const grey = seen(() => 0.5)
/** Of the matte, in the left and the right quarter. */
const sides = ({ portrait: { matte } }: ReturnType<typeof changedPhoto>) =>
  [0.25, 0.75].map((x) => matte[(SIZE * SIZE) / 2 + SIZE * x])

it('is the photo where nothing is changed', () => {
  const { portrait } = changedPhoto(photo, grey, grey)
  expect(portrait.rgb).toEqual(photo.portrait.rgb)
  expect(portrait.matte).toEqual(photo.portrait.matte)
})

it('takes the tone of the change, in all its resolutions', () => {
  const fine = { size: 2 * SIZE, rgb: new Uint8Array(12 * SIZE ** 2).fill(100) }
  const warmer = seen((_, channel) => (channel === 0 ? 0.6 : 0.5))
  const changed = changedPhoto({ ...photo, fine }, grey, warmer)
  expect(changed.portrait.rgb[0]).toBe(photo.portrait.rgb[0] + 26)
  expect(changed.portrait.rgb[1]).toBe(photo.portrait.rgb[1])
  expect([...changed.fine!.rgb.subarray(0, 3)]).toEqual([126, 100, 100])
  expect(Math.min(...changed.portrait.matte)).toBe(1)
})

it('says nothing where the change moves the head, or puts something else there', () => {
  const farther = (x: number) => 2.5 + (x < RAYS / 2 ? 0 : 15 / MILLIMETRES_PER_UNIT)
  expect(
    sides(
      changedPhoto(
        photo,
        grey,
        seen(() => 0.5, farther),
      ),
    ),
  ).toEqual([1, 0])
  const gone = (x: number) => (x < RAYS / 2 ? 1 : 0)
  expect(
    sides(
      changedPhoto(
        photo,
        grey,
        seen(() => 0.5, undefined, gone),
      ),
    ),
  ).toEqual([1, 0])
  const replaced = seen((x) => (x < SIZE / 2 ? 0.5 : x % 4 < 2 ? 0.2 : 0.8))
  expect(sides(changedPhoto(photo, grey, replaced))).toEqual([1, 0])
})
