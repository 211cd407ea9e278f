/**
 * A photo of a head that was changed afterwards: where the change leaves everything in its place the photo's own pixels, in
 * the tone that it gives them, and where it moves or replaces what they show, none.
 */
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import { WIDE } from '../../generator/camera.ts'
import type { View } from '../../generator/generator.ts'
import { OPAQUE } from '../../head/views.ts'
import { bilinear } from '../../images/bilinear.ts'
import { gaussian } from '../../images/gaussian.ts'
import { MILLIMETRES_PER_UNIT } from '../formats/units.ts'
import { smoothstep } from '../seen-vertices.ts'
import type { SquarePicture } from './photo.ts'
import type { TexturePhoto } from './texture.ts'

/** The head from the photo's camera, {@link WIDE} times as wide. */
export type Seen = Pick<View, 'image'> & { readonly rendering: Pick<View['rendering'], 'depth' | 'opacity'> }

/** Standard deviations, in sides of the picture, of the change of tone, and of what counts as one place. */
const TONE = 1 / 192
const PLACE = 1 / 96
/** How much the change may differ within a place, how large it may be, 0..1, and how far it may move the surface, mm. */
const UNEVEN: readonly [number, number] = [0.04, 0.1]
const LARGE: readonly [number, number] = [0.35, 0.6]
const MOVED: readonly [number, number] = [4, 10]

/**
 * @param before, after the change
 * @returns the photo with its colours moved, and less of its matte where it says nothing any more
 */
export function changedPhoto(photo: TexturePhoto, before: Seen, after: Seen): TexturePhoto {
  const { portrait, fine } = photo
  const side = Math.sqrt(before.image.length / 3)
  const changes = [0, 1, 2].map((channel) => {
    const from = channel * side ** 2
    return Float64Array.from({ length: side ** 2 }, (_, i) => (after.image[from + i] - before.image[from + i]) / 2)
  })
  const tones = changes.map((change) => gaussian(change, side, TONE * side))
  const kept = keptOf(changes, before, after)
  /** @param width of a picture in that of the crop */
  const toned = ({ size, rgb }: SquarePicture, width = 1): SquarePicture => ({
    size,
    rgb: rgb.map((value, i) => {
      const added = between(tones[i % 3], size, Math.trunc(i / 3), width)
      return Math.min(255, Math.max(0, Math.round(value + 255 * added)))
    }),
  })
  const changed = (picture: MattedPortrait, width = 1): MattedPortrait => ({
    ...picture,
    ...toned(picture, width),
    matte: picture.matte.map((alpha, i) => alpha * between(kept, picture.size, i, width)),
  })
  const { wide } = portrait
  return {
    ...photo,
    portrait: { ...changed(portrait), ...(wide && { wide: changed(wide, WIDE) }) },
    ...(fine && { fine: toned(fine) }),
    unchanged: { portrait, label: photo.label },
  }
}

/** [side * side] how much of what the photo shows is still there, 0..1. */
function keptOf(changes: readonly Float64Array[], before: Seen, after: Seen): Float64Array {
  const side = Math.sqrt(changes[0].length)
  const means = changes.map((change) => gaussian(change, side, PLACE * side))
  const spreads = changes.map((change, k) =>
    gaussian(
      change.map((value, i) => (value - means[k][i]) ** 2),
      side,
      PLACE * side,
    ),
  )
  const moves = movesOf(before.rendering, after.rendering)
  return Float64Array.from(changes[0], (_, i) => {
    const uneven = Math.sqrt(Math.max(...spreads.map((spread) => spread[i])))
    const large = Math.max(...means.map((mean) => Math.abs(mean[i])))
    const moved = between(moves, side, i)
    return (1 - smoothstep(uneven, UNEVEN)) * (1 - smoothstep(large, LARGE)) * (1 - smoothstep(moved, MOVED))
  })
}

/** [rays] millimetres; as many as there need be where only one of them shows a head. */
function movesOf(before: Seen['rendering'], after: Seen['rendering']): Float64Array {
  return Float64Array.from(before.depth, (depth, i) => {
    const isThere = [before, after].map(({ opacity }) => opacity[i] >= OPAQUE)
    if (isThere[0] !== isThere[1]) return MOVED[1]
    return isThere[0] ? MILLIMETRES_PER_UNIT * Math.abs(after.depth[i] - depth) : 0
  })
}

/**
 * The value where a pixel of another picture lies.
 * @param values square, of what is {@link WIDE} times as wide as the crop
 * @param size side of the other picture, pixels, which is `width` times as wide
 */
function between(values: Float64Array, size: number, pixel: number, width = WIDE): number {
  const side = Math.sqrt(values.length)
  const place = (at: number) => (((at + 0.5) / size - 0.5) * (width / WIDE) + 0.5) * side - 0.5
  return bilinear(values, side, place(pixel % size), place(Math.trunc(pixel / size)))
}
