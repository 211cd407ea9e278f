/**
 * More people and worse photos than were recorded. A head's mirror image is a head like any other, and so is one of
 * another tone: what is taught changes with the portrait. Collars, ties and suits, which no record has,
 * change the portrait alone: the reader is to see past them.
 */
import { LABEL } from '../../src-main/engine/generator/camera.ts'
import { type Batch, ofHead } from './batch.ts'

/** Half of the portraits are as they were recorded, likewise half of the tones. */
const SHARE = 0.5
/** Deviation of tones, as logarithms of the exponents of all colours and of each channel's. */
const TONE = 0.25
const CAST = 0.08
/** At most so many pieces of cloth lie over a portrait's lower end: from where they may begin, least and greatest width, shares of its side. */
const MOST_CLOTHES = 3
const NECKLINE = [0.74, 1] as const
const WIDTH = [0.15, 1] as const
/** The same of shoulders, which lie at both edges: those of who hangs the head reach as high as the mouth. */
const SHOULDERS = [0.52, 0.8] as const
const SHOULDER = [0.08, 0.33] as const
/** How much of a cloth's colour is the same in all channels. */
const GREYNESS = 0.7

/**
 * Makes one of a batch's heads its mirror image: what rays and points meet stays as it was.
 * @param head which of the batch's
 */
export function mirrorHead(batch: Batch, head: number): void {
  for (const points of [batch.origins, batch.directions, batch.empty, batch.near]) {
    const part = ofHead(points, head, batch.heads.length)
    for (let x = 0; x < part.length; x += 3) part[x] *= -1
  }
}

/** A picture [3, side, side] with left and right exchanged. */
export function mirrorPicture(picture: Float32Array, side: number): Float32Array {
  return picture.map((_, i) => picture[i - (i % side) + side - 1 - (i % side)])
}

/** Exponents of a photo's red, green and blue in 0..1: lighter, darker or of another cast; black and white stay. */
export function drawTone(random: () => number): readonly number[] {
  if (random() < SHARE) return [1, 1, 1]
  const all = TONE * deviate(random)
  return [0, 1, 2].map(() => Math.exp(all + CAST * deviate(random)))
}

/** Gives one of a batch's heads another tone. */
export function toneHead(batch: Batch, head: number, tone: readonly number[]): void {
  const colour = ofHead(batch.colour, head, batch.heads.length)
  for (let i = 0; i < colour.length; i++) colour[i] = toned(colour[i], tone[i % 3])
  if (batch.picture) tonePictures(ofHead(batch.picture, head, batch.heads.length), batch, tone)
}

/** Of one picture, in place. @param picture [3, side, side] in -1..1 */
export function tonePicture(picture: Float32Array, tone: readonly number[]): void {
  const area = picture.length / 3
  for (let i = 0; i < picture.length; i++) picture[i] = toned(picture[i], tone[Math.floor(i / area)])
}

/** Lays pieces of cloth, rectangles of one colour each, over the clothes of a portrait [3, side, side] in -1..1, in place. */
export function dressPortrait(portrait: Float32Array, side: number, random: () => number): void {
  if (random() < SHARE) return
  const between = ([least, most]: readonly [number, number]) => Math.round(side * (least + (most - least) * random()))
  const cloth = () => {
    const grey = random()
    return [0, 1, 2].map(() => 2 * (GREYNESS * grey + (1 - GREYNESS) * random()) - 1)
  }
  const lay = (colour: readonly number[], top: number, left: number, width: number) => {
    for (const [channel, value] of colour.entries()) {
      for (let row = top; row < side; row++) {
        const start = (channel * side + row) * side + left
        portrait.fill(value, start, start + width)
      }
    }
  }
  if (random() < SHARE) {
    const [jacket, top] = [cloth(), between(SHOULDERS)]
    const [left, right] = [between(SHOULDER), between(SHOULDER)]
    lay(jacket, top, 0, left)
    lay(jacket, top, side - right, right)
  }
  const count = 1 + Math.floor(random() * MOST_CLOTHES)
  for (let k = 0; k < count; k++) {
    const width = between(WIDTH)
    lay(cloth(), between(NECKLINE), Math.floor(random() * (side - width)), width)
  }
}

const toned = (value: number, exponent: number) => 2 * Math.max(0, (value + 1) / 2) ** exponent - 1

/** Patches [views, 3, 2n, 2n] of one head. */
function tonePictures(pictures: Float32Array, { heads, label }: Batch, tone: readonly number[]): void {
  const views = label!.length / LABEL / heads.length
  const each = pictures.length / views
  for (let v = 0; v < views; v++) tonePicture(pictures.subarray(v * each, (v + 1) * each), tone)
}

/** A number of mean 0 and deviation 1, at most 2 off it: the sum of four uniform ones. */
function deviate(random: () => number): number {
  const sum = random() + random() + random() + random()
  return Math.min(2, Math.max(-2, (sum - 2) * Math.sqrt(3)))
}
