/** The pictures on a surface as image files. */
import sharp from 'sharp'

/** Of what loses something: nothing is to be seen of it in colours at 90, and directions suffer sooner. */
const QUALITY = { colour: 90, normal: 92 }

/** @param pixels square, RGB, 8 bits, rows from the top */
export function encodePicture(
  pixels: Uint8Array,
  format: 'jpeg' | 'png' | 'webp',
  what: keyof typeof QUALITY = 'colour',
): Promise<Buffer> {
  const side = Math.sqrt(pixels.length / 3)
  const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
  if (format === 'png') return image.png().toBuffer()
  const quality = QUALITY[what]
  if (format === 'webp') return image.webp({ quality, smartSubsample: true }).toBuffer()
  return image.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer()
}

/** One number a pixel as RGB. */
export const grey = (values: Uint8Array) =>
  Uint8Array.from({ length: 3 * values.length }, (_, i) => values[Math.trunc(i / 3)])
