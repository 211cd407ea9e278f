/** Painting a surface's texture: the colour of every texel an atlas uses, and of the space between the charts. */
import sharp from 'sharp'
import { type Atlas, unwrap } from './atlas.ts'
import { surfaceColours } from './colour.ts'
import type { Field, Watch } from './field.ts'
import type { Surface } from './mesh.ts'
import { eachTexel } from './texels.ts'

/** Side of a texture, pixels. */
const TEXTURE_SIZE = 1024

/** What a surface is painted with: an sRGB PNG, and where in it each triangle lies. */
export interface Texture {
  readonly atlas: Atlas
  readonly png: Uint8Array
}

/**
 * @param field the one the surface was made from: it tells the colours
 * @param size side of the texture, pixels
 */
export async function paintTexture(surface: Surface, field: Field, size = TEXTURE_SIZE): Promise<Texture> {
  const atlas = await unwrap(surface, size)
  return { atlas, png: await bakeTexture(surface, atlas, field, size) }
}

/**
 * Asks `field` for the colour of the surface point behind each texel.
 * @returns an sRGB PNG of `size` x `size` pixels
 */
export async function bakeTexture(
  { positions, normals, triangles, voxel }: Surface,
  { uvs, corners }: Atlas,
  field: Field,
  size: number,
  watch: Watch = {},
): Promise<Uint8Array> {
  const filled = new Uint8Array(size ** 2)
  // Texels in the order they were met, and the point and normal behind each.
  const texels = new Int32Array(size ** 2)
  const points = new Float32Array(size ** 2 * 3)
  const directions = new Float32Array(size ** 2 * 3)
  let count = 0
  const flat = [0, 0, 0, 0, 0, 0]
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      flat[k * 2] = uvs[corners[t + k] * 2] * size
      flat[k * 2 + 1] = uvs[corners[t + k] * 2 + 1] * size
    }
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const paint = (x: number, y: number, wb: number, wc: number) => {
      // Rows of an image go down, v goes up.
      const texel = (size - 1 - y) * size + x
      if (filled[texel]) return
      filled[texel] = 1
      texels[count] = texel
      for (let k = 0; k < 3; k++) {
        points[count * 3 + k] = (1 - wb - wc) * positions[a + k] + wb * positions[b + k] + wc * positions[c + k]
        directions[count * 3 + k] = (1 - wb - wc) * normals[a + k] + wb * normals[b + k] + wc * normals[c + k]
      }
      count++
    }
    eachTexel(flat, 0, paint)
    // A triangle between texel centres may be a chart of its own, and must not be left to its neighbours' colours.
    paint(Math.floor((flat[0] + flat[2] + flat[4]) / 3), Math.floor((flat[1] + flat[3] + flat[5]) / 3), 1 / 3, 1 / 3)
  }
  const colours = await surfaceColours(
    field,
    points.subarray(0, count * 3),
    directions.subarray(0, count * 3),
    voxel,
    watch,
  )
  const pixels = new Uint8Array(size ** 2 * 3)
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < 3; k++) pixels[texels[n] * 3 + k] = Math.round(colours[n * 3 + k] * 255)
  }
  spread(pixels, filled, texels, count, size)
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer()
}

/** Fills every texel outside the charts with its nearest chart's colour, so that no filter ever meets a foreign one. */
function spread(pixels: Uint8Array, filled: Uint8Array, texels: Int32Array, count: number, size: number): void {
  let end = count
  for (let n = 0; n < end; n++) {
    const [x, y] = [texels[n] % size, Math.trunc(texels[n] / size)]
    for (const [nx, ny] of [
      [x - 1, y],
      [x + 1, y],
      [x, y - 1],
      [x, y + 1],
    ]) {
      const there = ny * size + nx
      if (nx < 0 || ny < 0 || nx >= size || ny >= size || filled[there]) continue
      filled[there] = 1
      pixels.copyWithin(there * 3, texels[n] * 3, texels[n] * 3 + 3)
      texels[end++] = there
    }
  }
}
