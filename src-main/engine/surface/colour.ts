/** The colours of points on a surface. */
import { askInBatches, type Field, type Watch } from './field.ts'

/**
 * sRGB colours 0..1 [n, 3] of surface points [n, 3] with unit normals. They are asked for half a voxel inside: on the
 * surface itself the decoder's colours already fade towards whatever it learned for empty space.
 */
export async function surfaceColours(
  field: Field,
  positions: Float32Array,
  normals: Float32Array,
  voxel: number,
  watch: Watch = {},
): Promise<Float32Array> {
  const inside = positions.map((p, n) => p - (normals[n] * voxel) / 2)
  const colours = await askInBatches((points) => field.colour(points), inside, 3, watch)
  // A decoder's range reaches a little past 0..1 (docs/eg3d.md, Decoder).
  return colours.map((value) => Math.min(1, Math.max(0, value)))
}
