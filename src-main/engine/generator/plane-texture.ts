/**
 * Planes as the window's shader takes them: a texture of four channels a layer, of every slice its groups of channels, with
 * a border of zeros around each, for there is nothing outside.
 */
import { firstSlice, type PlaneLayout, sliceCount } from './plane-layout.ts'

/** Channels of a texture's layer. */
const GROUP = 4

export const groupsOf = ({ channels }: Pick<PlaneLayout, 'channels'>): number => channels / GROUP

/** Side in texels, and layers. */
export function textureSize(layout: PlaneLayout): { readonly side: number; readonly layers: number } {
  return { side: layout.resolution + 2, layers: sliceCount(layout) * groupsOf(layout) }
}

/** The layer of the texture with a group of the first slice of a plane; the next slice's is `groupsOf` further. */
export function textureLayer(layout: Pick<PlaneLayout, 'channels' | 'layers'>, plane: number, group: number): number {
  return firstSlice(layout, plane) * groupsOf(layout) + group
}

/**
 * @param halves the planes' numbers, 16 bits each
 * @param texture takes them, [layers][side][side][4]; its border is left as it is
 */
export function fillTexture(layout: PlaneLayout, halves: Uint16Array, texture: Uint16Array): void {
  const { resolution } = layout
  const { side } = textureSize(layout)
  const groups = groupsOf(layout)
  // Two channels are one number of 32 bits.
  const from = new Uint32Array(halves.buffer, halves.byteOffset, halves.length / 2)
  const into = new Uint32Array(texture.buffer, texture.byteOffset, texture.length / 2)
  let read = 0
  for (let slice = 0; slice < sliceCount(layout); slice++) {
    for (let row = 1; row <= resolution; row++) {
      for (let column = 1; column <= resolution; column++) {
        for (let group = 0; group < groups; group++) {
          const at = 2 * (((slice * groups + group) * side + row) * side + column)
          into[at] = from[read++]
          into[at + 1] = from[read++]
        }
      }
    }
  }
}
