import fc from 'fast-check'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { focalLength35mm } from './exif.ts'
import { decodePhoto, LONGEST_SIDE_KEPT, type Photo } from './photo.ts'
import { samplePortrait } from './testing.ts'

let jpeg: Buffer
let png: Buffer
beforeAll(async () => {
  jpeg = await samplePortrait()
  png = await sharp(jpeg).png().toBuffer()
})

function difference(a: Photo, b: Photo): number {
  expect([a.width, a.height]).toEqual([b.width, b.height])
  return a.rgb.reduce((sum, value, i) => sum + Math.abs(value - b.rgb[i]), 0) / a.rgb.length
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await decodePhoto(bytes).then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).cure).not.toBe('')
  return (error as UserError).message
}

describe('decodePhoto reads', () => {
  it('JPEG, PNG and WebP alike', async () => {
    const reference = await decodePhoto(png)
    expect(reference.rgb.length).toBe(3 * 512 * 512)
    expect(difference(await decodePhoto(jpeg), reference)).toBe(0)
    expect(difference(await decodePhoto(await sharp(png).webp({ lossless: true }).toBuffer()), reference)).toBe(0)
  })

  it('16-bit, grey and CMYK as 8-bit sRGB', async () => {
    const reference = await decodePhoto(png)
    expect(difference(await decodePhoto(await sharp(png).toColourspace('rgb16').png().toBuffer()), reference)).toBe(0)
    const cmyk = await sharp(png).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    expect(difference(await decodePhoto(cmyk), reference)).toBeLessThan(12)
    for (const space of ['b-w', 'grey16'] as const) {
      const grey = await decodePhoto(await sharp(png).toColourspace(space).png().toBuffer())
      expect(grey.rgb.length).toBe(3 * 512 * 512)
      expect(grey.rgb[0]).toBe(grey.rgb[1])
      expect(grey.rgb[0]).toBeGreaterThan(50)
    }
  })

  it('transparency as white', async () => {
    const clear = { r: 0, g: 0, b: 0, alpha: 0 }
    const image = sharp({ create: { width: 4, height: 3, channels: 4, background: clear } })
    const { rgb } = await decodePhoto(await image.png().toBuffer())
    expect(rgb.every((value) => value === 255)).toBe(true)
  })

  it('every EXIF orientation upright', async () => {
    const [width, height] = [5, 3]
    const upright = (x: number, y: number) => [40 * x, 80 * y, 255 - 10 * (x + y)]
    const [right, bottom] = [width - 1, height - 1]
    // Which upright pixel the file stores at column x of row y, by the EXIF standard's table.
    const stored: ((x: number, y: number) => number[])[] = [
      (x, y) => upright(x, y),
      (x, y) => upright(right - x, y),
      (x, y) => upright(right - x, bottom - y),
      (x, y) => upright(x, bottom - y),
      (x, y) => upright(y, x),
      (x, y) => upright(right - y, x),
      (x, y) => upright(right - y, bottom - x),
      (x, y) => upright(y, bottom - x),
    ]
    const pixels = (columns: number, rows: number, colour: (x: number, y: number) => number[]) =>
      Uint8Array.from({ length: 3 * columns * rows }, (_, i) => {
        const pixel = Math.floor(i / 3)
        return colour(pixel % columns, Math.floor(pixel / columns))[i % 3]
      })
    for (const [i, colour] of stored.entries()) {
      const [columns, rows] = i < 4 ? [width, height] : [height, width]
      const raw = { width: columns, height: rows, channels: 3 as const }
      const image = sharp(pixels(columns, rows, colour), { raw }).withMetadata({ orientation: i + 1 })
      const photo = await decodePhoto(await image.png().toBuffer())
      expect([photo.width, photo.height]).toEqual([width, height])
      expect(photo.rgb, `orientation ${i + 1}`).toEqual(pixels(width, height, upright))
    }
  })

  it('large photos at 4096 pixels', async () => {
    const large = await sharp(jpeg).resize(5000, 2500, { fit: 'fill' }).jpeg().toBuffer()
    const { width, height } = await decodePhoto(large)
    expect([width, height]).toEqual([LONGEST_SIDE_KEPT, LONGEST_SIDE_KEPT / 2])
  })

  it('the 35 mm equivalent focal length', async () => {
    const tagged = await sharp(jpeg)
      .withExif({ IFD2: { FocalLengthIn35mmFilm: '26' } })
      .jpeg()
      .toBuffer()
    expect((await decodePhoto(tagged)).focal35mm).toBe(26)
    expect((await decodePhoto(jpeg)).focal35mm).toBeUndefined()
  })
})

describe('decodePhoto refuses', () => {
  it('what is no photo', async () => {
    expect(await refusal(new Uint8Array(0))).toContain('0 bytes')
    expect(await refusal(Buffer.from('just some text'))).toContain('not a JPEG, PNG or WebP')
    expect(await refusal(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toContain('not a JPEG')
    expect(await refusal(await sharp(jpeg).gif().toBuffer())).toContain('GIF')
    expect(await refusal(await sharp(jpeg).tiff().toBuffer())).toContain('TIFF')
    expect(await refusal(await sharp(jpeg).avif({ effort: 0 }).toBuffer())).toContain('AVIF')
  })

  it('cut-off and broken files', async () => {
    const webp = await sharp(jpeg).webp().toBuffer()
    for (const file of [jpeg, png, webp]) {
      for (const part of [0.001, 0.3, 0.9]) {
        expect(await refusal(file.subarray(0, Math.max(20, part * file.length)))).toContain('damaged')
      }
    }
    expect(await refusal(Buffer.concat([jpeg.subarray(0, 4), Buffer.alloc(4000)]))).toContain('damaged')
  })

  it('a header that claims too many pixels, before decoding', async () => {
    const claim = (width: number, height: number) => {
      const file = Buffer.from(png)
      file.writeUInt32BE(width, 16)
      file.writeUInt32BE(height, 20)
      file.writeUInt32BE(crc32(file.subarray(12, 29)), 29)
      return file
    }
    expect(await refusal(claim(60000, 60000))).toContain('60000 x 60000')
    expect(await refusal(claim(20001, 10))).toContain('20001 x 10')
    expect(await refusal(claim(15000, 15000))).toContain('15000 x 15000')
  })
})

describe('focalLength35mm', () => {
  it('reads both byte orders, SHORT and LONG', () => {
    expect(focalLength35mm(exifBlock(28, { littleEndian: true }))).toBe(28)
    expect(focalLength35mm(exifBlock(85, { littleEndian: false }))).toBe(85)
    expect(focalLength35mm(exifBlock(50, { littleEndian: false, long: true }))).toBe(50)
    expect(focalLength35mm(exifBlock(0, { littleEndian: true }))).toBeUndefined()
  })

  it('survives any damage', () => {
    const block = exifBlock(28, { littleEndian: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255))), fc.nat(block.length), (edits, length) => {
        const damaged = block.slice()
        for (const [at, value] of edits) damaged[at] = value
        const focal = focalLength35mm(damaged.subarray(0, length))
        expect(focal === undefined || (focal >= 8 && focal <= 1200)).toBe(true)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => focalLength35mm(bytes) === undefined))
  })
})

/** An EXIF block with just the focal length in it. */
function exifBlock(focal: number, { littleEndian, long = false }: { littleEndian: boolean; long?: boolean }) {
  const block = new Uint8Array(6 + 8 + 18 + 18)
  block.set(Buffer.from('Exif\0\0'))
  const tiff = new DataView(block.buffer, 6)
  const short = (at: number, value: number) => tiff.setUint16(at, value, littleEndian)
  const int = (at: number, value: number) => tiff.setUint32(at, value, littleEndian)
  short(0, littleEndian ? 0x4949 : 0x4d4d)
  short(2, 42)
  int(4, 8)
  const folder = (at: number, tag: number, type: number, value: number) => {
    short(at, 1)
    short(at + 2, tag)
    short(at + 4, type)
    int(at + 6, 1)
    if (type === 3) short(at + 10, value)
    else int(at + 10, value)
  }
  folder(8, 0x8769, 4, 26)
  folder(26, 0xa405, long ? 4 : 3, focal)
  return block
}

/** PNG's checksum (node:zlib has one from Node 22 on). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
  }
  return ~crc >>> 0
}
