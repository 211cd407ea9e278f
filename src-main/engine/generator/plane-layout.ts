/**
 * How the feature planes lie in memory: [slice][row][column][channel], the channels of a texel side by side. A slice is
 * one layer of one plane; the layers of the first plane come first, from the box's low side to the high one of its normal.
 * EG3D's planes have one layer each and hold for every point along their normal; with more of them (the tri-grids of
 * PanoHead, An et al. 2023) the plane that faces the camera tells the face from the back of the head.
 *
 * Whoever walks planes takes sizes and strides from here: kernel, residuals, priors and, through `plane-texture.ts`, the
 * window's shader.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import type { Resident } from '../runtime/resident.ts'

export interface PlaneLayout {
  /** Side in texels. */
  readonly resolution: number
  readonly channels: number
  /** Of each of the three planes. */
  readonly layers: readonly [number, number, number]
}

/** The planes of one head. Not changed once they are sampled. */
export interface Planes extends PlaneLayout {
  readonly data: Float32Array
  /** What density is decoded from, where that is not these planes: they then tell colour alone. */
  readonly shape?: Planes
}

/** Planes in a GPU's memory, until something else is painted there. */
export interface ResidentPlanes extends PlaneLayout {
  readonly resident: Resident
  /** They tell colour alone. */
  readonly isColour?: boolean
}

/** The planes that density is decoded from. */
export const shapeOf = (planes: Planes): Planes => planes.shape ?? planes

/** Planes as the backbone of a generator paints them. */
export function layoutOf(
  config: Pick<GeneratorConfig, 'plane_resolution' | 'plane_channels' | 'plane_layers'>,
): PlaneLayout {
  return { resolution: config.plane_resolution, channels: config.plane_channels, layers: config.plane_layers }
}

/** Layers of all planes together. */
export function sliceCount({ layers }: Pick<PlaneLayout, 'layers'>): number {
  return layers[0] + layers[1] + layers[2]
}

/** The slice with which a plane begins. */
export function firstSlice({ layers }: Pick<PlaneLayout, 'layers'>, plane: number): number {
  return layers.slice(0, plane).reduce((sum, count) => sum + count, 0)
}

/** [slices, resolution, resolution, channels] */
export function planesShape(layout: PlaneLayout): [number, number, number, number] {
  return [sliceCount(layout), layout.resolution, layout.resolution, layout.channels]
}

/** Numbers of all planes together. */
export function planesLength(layout: PlaneLayout): number {
  return planesShape(layout).reduce((product, size) => product * size)
}

/** How many numbers lie from a texel to the next one in its row, to the next row, and to the next slice. */
export function stridesOf({ resolution, channels }: Pick<PlaneLayout, 'resolution' | 'channels'>) {
  return { column: channels, row: resolution * channels, slice: resolution * resolution * channels }
}

/** Whose number lies at `at`: slice * channels + channel. */
export function sliceChannelAt(layout: Pick<PlaneLayout, 'resolution' | 'channels'>, at: number): number {
  return Math.floor(at / stridesOf(layout).slice) * layout.channels + (at % layout.channels)
}

/** The planes with something added that is laid out like them. */
export function addToPlanes(planes: Planes, added: Float32Array): Planes {
  const { data } = planes
  const sum = new Float32Array(data.length)
  for (let i = 0; i < sum.length; i++) sum[i] = data[i] + added[i]
  return { ...planes, data: sum }
}

/**
 * The same field on a finer grid: bilinear, texel centres at half coordinates, so that sampling it gives what sampling
 * the coarse planes gave. Layers stay as many as they are, and density that of the coarse ones.
 */
export function refine(planes: Planes, resolution: number): Planes {
  const { resolution: from, channels, data } = planes
  if (resolution === from) return planes
  const fine = { ...planes, resolution }
  const [coarse, finer] = [stridesOf(planes), stridesOf(fine)]
  const result = new Float32Array(planesLength(fine))
  const taps = Array.from({ length: resolution }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / resolution - 0.5, 0), from - 1)
    const low = Math.min(Math.floor(centre), from - 2)
    return { low, share: centre - low }
  })
  for (let slice = 0; slice < sliceCount(planes); slice++) {
    for (let row = 0; row < resolution; row++) {
      const { low: r, share: fy } = taps[row]
      for (let column = 0; column < resolution; column++) {
        const { low: c, share: fx } = taps[column]
        const at = slice * coarse.slice + r * coarse.row + c * coarse.column
        const below = at + coarse.row
        const into = slice * finer.slice + row * finer.row + column * finer.column
        for (let k = 0; k < channels; k++) {
          const top = data[at + k] * (1 - fx) + data[at + channels + k] * fx
          const bottom = data[below + k] * (1 - fx) + data[below + channels + k] * fx
          result[into + k] = top * (1 - fy) + bottom * fy
        }
      }
    }
  }
  return { ...fine, data: result, shape: shapeOf(planes) }
}
