/** Writing TIFF, for one purpose: handing pixels and their colour profile to the image library. */
import type { Decoded } from './heif.ts'

/** Pixels with a colour profile as the plainest of TIFF files, which is how sharp takes the two together. */
export function tiffWith({ width, height, rgba }: Decoded, profile: Uint8Array): Uint8Array {
  const [short, long, undefined_] = [3, 4, 7]
  const tags: [tag: number, type: number, count: number, value: number][] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, 4, 0], // bits a sample: four times 8, at `bits`
    [259, short, 1, 1], // not compressed
    [262, short, 1, 2], // RGB
    [273, long, 1, 0], // where the pixels begin
    [277, short, 1, 4],
    [278, long, 1, height],
    [279, long, 1, rgba.length],
    [338, short, 1, 2], // the fourth sample is alpha
    [34675, undefined_, profile.length, 0],
  ]
  const bits = 8 + 2 + 12 * tags.length + 4
  const profileAt = bits + 8
  const pixelsAt = profileAt + profile.length + (profile.length % 2)
  const file = Buffer.alloc(pixelsAt + rgba.length)
  file.write('II*\0', 'latin1')
  file.writeUInt32LE(8, 4)
  file.writeUInt16LE(tags.length, 8)
  const places: Record<number, number> = { 258: bits, 273: pixelsAt, 34675: profileAt }
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    const at = 10 + 12 * i
    file.writeUInt16LE(tag, at)
    file.writeUInt16LE(type, at + 2)
    file.writeUInt32LE(count, at + 4)
    file.writeUInt32LE(places[tag] ?? value, at + 8)
  }
  for (let i = 0; i < 4; i++) file.writeUInt16LE(8, bits + 2 * i)
  file.set(profile, profileAt)
  file.set(rgba, pixelsAt)
  return file
}
