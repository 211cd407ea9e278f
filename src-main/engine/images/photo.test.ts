import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { builtDecoding } from '../../../testing/built.ts'
import { samplePortrait, withFile } from '../../../testing/face.ts'
import { UserError } from '../errors.ts'
import { childProcess, decodePhoto } from './decoder.ts'
import { readExif } from './exif.ts'
import { withoutMetadata } from './heif.ts'
import { decodePixels, MOST_PIXELS_KEPT, type Photo } from './photo.ts'
import { stripJpeg, stripPng, stripTiff, stripWebp } from './strip.ts'
import { tiffWith } from './tiff.ts'

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
  const error = await decodePixels(bytes).then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).cure).not.toBe('')
  return (error as UserError).message
}

describe('decodePixels reads', () => {
  it('JPEG, PNG and WebP alike', async () => {
    const reference = await decodePixels(png)
    expect(reference.rgb.length).toBe(3 * 512 * 512)
    expect(difference(await decodePixels(jpeg), reference)).toBe(0)
    expect(difference(await decodePixels(await sharp(png).webp({ lossless: true }).toBuffer()), reference)).toBe(0)
  })

  it('16-bit, grey and CMYK as 8-bit sRGB', async () => {
    const reference = await decodePixels(png)
    expect(difference(await decodePixels(await sharp(png).toColourspace('rgb16').png().toBuffer()), reference)).toBe(0)
    const cmyk = await sharp(png).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    expect(difference(await decodePixels(cmyk), reference)).toBeLessThan(12)
    for (const space of ['b-w', 'grey16'] as const) {
      const grey = await decodePixels(await sharp(png).toColourspace(space).png().toBuffer())
      expect(grey.rgb.length).toBe(3 * 512 * 512)
      expect(grey.rgb[0]).toBe(grey.rgb[1])
      expect(grey.rgb[0]).toBeGreaterThan(50)
    }
  })

  it('transparency as white', async () => {
    const [clear, half, whole] = [0, 128, 255].map((alpha) => [0, 0, 0, alpha])
    const raw = { width: 3, height: 1, channels: 4 as const }
    const image = sharp(Uint8Array.from([...clear, ...half, ...whole]), { raw })
    expect([...(await decodePixels(await image.png().toBuffer())).rgb]).toEqual([255, 255, 255, 127, 127, 127, 0, 0, 0])
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
      const photo = await decodePixels(await image.png().toBuffer())
      expect([photo.width, photo.height]).toEqual([width, height])
      expect(photo.rgb, `orientation ${i + 1}`).toEqual(pixels(width, height, upright))
    }
  })

  it('large photos at 16.8 megapixels', async () => {
    const large = await sharp(jpeg).resize(6000, 3000, { fit: 'fill' }).jpeg().toBuffer()
    const { width, height } = await decodePixels(large)
    expect(width / height).toBeCloseTo(2, 2)
    expect(Math.abs(width * height - MOST_PIXELS_KEPT)).toBeLessThan(1e4)
    // What is long, but holds no more pixels, stays as fine as it is.
    const strip = await sharp(jpeg).resize(9000, 300, { fit: 'fill' }).jpeg().toBuffer()
    expect((await decodePixels(strip)).width).toBe(9000)
  })

  it('the 35 mm equivalent focal length', async () => {
    const tagged = await sharp(jpeg)
      .withExif({ IFD2: { FocalLengthIn35mmFilm: '26' } })
      .jpeg()
      .toBuffer()
    expect((await decodePixels(tagged)).focal35mm).toBe(26)
    expect((await decodePixels(jpeg)).focal35mm).toBeUndefined()
  })
})

describe('decodePixels refuses', () => {
  it('what is no photo', async () => {
    expect(await refusal(new Uint8Array(0))).toContain('0 bytes')
    expect(await refusal(Buffer.from('just some text'))).toContain('not a JPEG, PNG, WebP, HEIC')
    expect(await refusal(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toContain('SVG')
    expect(await refusal(Buffer.from('%PDF-1.7'))).toContain('PDF')
    expect(await refusal(Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'))).toContain('camera raw')
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

describe('decodePixels reads what else people have', () => {
  it('AVIF, TIFF, BMP and GIF', async () => {
    const reference = await decodePixels(png)
    expect(difference(await decodePixels(await sharp(png).tiff({ compression: 'lzw' }).toBuffer()), reference)).toBe(0)
    expect(difference(await decodePixels(await bmp(png)), reference)).toBe(0)
    const avif = await sharp(png).resize(128).avif({ effort: 0, quality: 90 }).toBuffer()
    expect(
      difference(await decodePixels(avif), await decodePixels(await sharp(png).resize(128).png().toBuffer())),
    ).toBeLessThan(4)
    expect(difference(await decodePixels(await sharp(png).gif().toBuffer()), reference)).toBeLessThan(8)
  })

  it('BMP of 1, 4, 8, 16 and 32 bits, from below and from above', async () => {
    for (const bits of [1, 4, 8]) {
      // Four pixels in one row: palette entries 0, 1, 1, 0.
      const row = { 1: [0b01100000, 0, 0, 0], 4: [0x01, 0x10, 0, 0], 8: [0, 1, 1, 0] }[bits]!
      const palette = [0, 0, 0, 0, 0, 0, 255, 0]
      const { rgb } = await decodePixels(bmpFile({ width: 4, height: 1, bits, colours: 2 }, palette, row))
      expect([...rgb], `${bits} bits`).toEqual([0, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0])
    }
    const pixels = [0x1f, 0x00, 0xe0, 0x03, 0x00, 0x7c, 0, 0]
    const five = await decodePixels(bmpFile({ width: 3, height: 1, bits: 16 }, [], pixels))
    expect([...five.rgb]).toEqual([0, 0, 255, 0, 255, 0, 255, 0, 0])
    const two = [1, 2, 3, 0, 4, 5, 6, 0]
    expect([...(await decodePixels(bmpFile({ width: 1, height: 2, bits: 32 }, [], two))).rgb]).toEqual([
      6, 5, 4, 3, 2, 1,
    ])
    expect([...(await decodePixels(bmpFile({ width: 1, height: -2, bits: 32 }, [], two))).rgb]).toEqual([
      3, 2, 1, 6, 5, 4,
    ])
    expect(await refusal(bmpFile({ width: 400, height: 400, bits: 24 }, [], two))).toContain('damaged')
    expect(await refusal(bmpFile({ width: 30_000, height: 400, bits: 24 }, [], two))).toContain('30000 x 400')
    expect(await refusal(bmpFile({ width: 10_000, height: 10_000, bits: 1 }, [], two))).toContain('unfolds')
  })

  it('the first picture of an animation, with a note', async () => {
    const frame = (colour: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: colour } })
        .png()
        .toBuffer()
    const frames = [await frame('#ff0000'), await frame('#0000ff')]
    const animation = () => sharp(frames, { join: { animated: true } })
    for (const file of [await animation().gif().toBuffer(), await animation().webp({ lossless: true }).toBuffer()]) {
      const { rgb, height, notes } = await decodePixels(file)
      expect(height).toBe(8)
      expect([...rgb.subarray(0, 3)]).toEqual([255, 0, 0])
      expect(notes.map(({ code }) => code)).toEqual(['first-picture'])
    }
  })

  it('what only lacks the mark of its end, with a note', async () => {
    const whole = await decodePixels(jpeg)
    const noEnd = await decodePixels(jpeg.subarray(0, jpeg.length - 2))
    expect(difference(noEnd, whole)).toBe(0)
    expect(noEnd.notes.map(({ code }) => code)).toEqual(['end-missing'])
    expect(whole.notes).toEqual([])
    expect((await decodePixels(png.subarray(0, png.length - 12))).notes).toHaveLength(1)
    const progressive = await sharp(jpeg).jpeg({ progressive: true }).toBuffer()
    expect((await decodePixels(progressive.subarray(0, progressive.length - 2))).notes).toHaveLength(1)
    for (const file of [jpeg, progressive])
      expect(await refusal(file.subarray(0, file.length - 40))).toContain('damaged')
  })

  it('the colours of a picture that is wholly transparent, with a note', async () => {
    const clear = await sharp(jpeg).ensureAlpha(0).png().toBuffer()
    const photo = await decodePixels(clear)
    expect(difference(photo, await decodePixels(png))).toBeLessThan(0.01)
    expect(photo.notes.map(({ code }) => code)).toEqual(['transparent'])
  })

  it('16-bit grey with its profile as 8-bit grey with it', async () => {
    const profile = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'evidence', 'cases')
    if (!existsSync(profile)) return
    const [eight, sixteen] = ['09-gray8-linear-icc.png', '09-gray16-linear-icc.png'].map((name) =>
      readFileSync(join(profile, name)),
    )
    expect(difference(await decodePixels(eight), await decodePixels(sixteen))).toBeLessThan(1)
  })

  it('HEIC, turned by its own boxes and not again by EXIF, with its profile', async () => {
    const file = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'evidence', 'cases', '10-iphone-like.heic')
    if (!existsSync(file)) return
    const heic = readFileSync(file)
    const plain = await decodePixels(heic)
    expect([plain.width, plain.height]).toEqual([1024, 1024])
    expect(plain.rgb.reduce((sum, value) => sum + value, 0) / plain.rgb.length).toBeCloseTo(153.3, 0)
    expect(await refusal(heic.subarray(0, 0.7 * heic.length))).toContain('HEIC photo is damaged')

    const size = { raw: { width: 1024, height: 1024, channels: 3 as const } }
    const upended = await sharp(plain.rgb, size).rotate(180).raw().toBuffer()
    const turned = await decodePixels(withProperty(heic, Buffer.concat([Buffer.from('irot'), Uint8Array.of(2)])))
    expect(difference(turned, { ...plain, rgb: upended })).toBeLessThan(0.1)

    const { icc } = await sharp(png)
      .withIccProfile('p3')
      .png()
      .toBuffer()
      .then((p3) => sharp(p3).metadata())
    const wide = await decodePixels(withProperty(heic, Buffer.concat([Buffer.from('colrprof'), icc!])))
    const expected = await decodePixels(tiffWith({ width: 1024, height: 1024, rgba: withAlpha(plain.rgb) }, icc!))
    expect(difference(wide, expected)).toBeLessThan(0.1)
    expect(difference(wide, plain)).toBeGreaterThan(1)
  })

  it('orientation and focal length in each format', async () => {
    const narrow = await sharp(png).resize(40, 20, { fit: 'fill' }).png().toBuffer()
    const exif = { IFD2: { FocalLengthIn35mmFilm: '26' } }
    for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
      const file = await sharp(narrow).withMetadata({ orientation: 6 }).withExifMerge(exif)[format]().toBuffer()
      const { width, height, focal35mm } = await decodePixels(file)
      expect([width, height, focal35mm], format).toEqual([20, 40, 26])
    }
    // In a TIFF file, orientation is a tag of its own.
    const tiff = await sharp(narrow).tiff().toBuffer()
    const start = tiff.readUInt32LE(4)
    const tags = Array.from({ length: tiff.readUInt16LE(start) }, (_, i) => start + 2 + 12 * i)
    const orientation = tags.find((at) => tiff.readUInt16LE(at) === 274)!
    tiff.writeUInt16LE(6, orientation + 8)
    const { width, height } = await decodePixels(tiff)
    expect([width, height]).toEqual([20, 40])
  })
})

describe('the image library', () => {
  it('gets to see no metadata', async () => {
    const secret = 'Only for me'
    const exif = { IFD0: { ImageDescription: secret } }
    const tagged = (format: 'jpeg' | 'png' | 'webp' | 'tiff') =>
      sharp(png).resize(32).withExif(exif)[format]().toBuffer()
    const strips = { jpeg: stripJpeg, png: stripPng, webp: stripWebp }
    for (const [format, strip] of Object.entries(strips)) {
      const file = await tagged(format as keyof typeof strips)
      const { exif: before } = await sharp(file).metadata()
      expect(before, format).toBeDefined()
      const { exif: after, width } = await sharp(strip(file).bytes).metadata()
      expect(after, format).toBeUndefined()
      expect(width).toBe(32)
    }
    // A TIFF whose resolution is made a way to an EXIF directory, which is the first one again.
    const tiff = await sharp(png).resize(32).tiff().toBuffer()
    const tags = (file: Buffer) => {
      const start = file.readUInt32LE(4)
      return Array.from({ length: file.readUInt16LE(start) }, (_, i) => start + 2 + 12 * i)
    }
    const resolution = tags(tiff).find((at) => tiff.readUInt16LE(at) === 282)!
    tiff.writeUInt16LE(0x8769, resolution)
    tiff.writeUInt32LE(tiff.readUInt32LE(4), resolution + 8)
    const { bytes } = stripTiff(tiff)
    const stripped = Buffer.from(bytes)
    expect(tags(stripped).some((at) => stripped.readUInt16LE(at) === 0x8769)).toBe(false)
    expect((await decodePixels(tiff)).width).toBe(32)
    const avif = await sharp(png).resize(32).withExif(exif).avif({ effort: 0 }).toBuffer()
    expect((await sharp(avif).metadata()).exif).toBeDefined()
    expect((await sharp(withoutMetadata(avif)).metadata()).exif).toBeUndefined()
  })

  it('is not kept busy by a directory that points at itself', async () => {
    const block = loopingExif()
    const [start, rest] = [jpeg.subarray(0, 2), jpeg.subarray(2)]
    const length = Uint8Array.of(0xff, 0xe1, (block.length + 2) >> 8, (block.length + 2) & 255)
    const file = Buffer.concat([start, length, block, rest])
    expect((await decodePixels(file)).notes).toEqual([])
    expect((await sharp(stripJpeg(file).bytes).metadata()).exif).toBeUndefined()
  })

  it('does not touch the file itself', async () => {
    const exif = { IFD0: { ImageDescription: 'mine' } }
    for (const format of ['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'] as const) {
      const file = await sharp(png).resize(32).withExif(exif)[format]().toBuffer()
      const before = Buffer.from(file)
      await decodePixels(file)
      expect(file.equals(before), format).toBe(true)
    }
  })

  it('keeps profiles', async () => {
    const p3 = await sharp(png).resize(32).withIccProfile('p3').png().toBuffer()
    const as = (format: 'jpeg' | 'webp' | 'tiff') => sharp(p3).keepIccProfile()[format]().toBuffer()
    expect((await sharp(stripPng(p3).bytes).metadata()).hasProfile).toBe(true)
    expect((await sharp(stripJpeg(await as('jpeg')).bytes).metadata()).hasProfile).toBe(true)
    expect((await sharp(stripWebp(await as('webp')).bytes).metadata()).hasProfile).toBe(true)
    expect((await sharp(stripTiff(await as('tiff')).bytes).metadata()).hasProfile).toBe(true)
  })
})

describe('decodePhoto', () => {
  it('decodes in another process, and passes on what that says', async () => {
    expect(difference(await decodePhoto(jpeg, builtDecoding), await decodePixels(jpeg))).toBe(0)
    await expect(decodePhoto(jpeg.subarray(0, 9000), builtDecoding)).rejects.toThrow(/JPEG photo is damaged/)
    await expect(decodePhoto(Buffer.from('text'))).rejects.toThrow(UserError)
  })

  it('says so where that process dies', async () => {
    await withFile('die.mjs', [Buffer.from("process.once('message', () => process.abort())")], async (file) => {
      await expect(decodePhoto(jpeg, childProcess(pathToFileURL(file)))).rejects.toThrow(/too much time or memory/)
    })
  })
})

describe('any damage', () => {
  it('is refused or decoded, and never a defect', async () => {
    const small = sharp(jpeg).resize(24, 16)
    const files = [
      await small.clone().jpeg().toBuffer(),
      await small.clone().png().toBuffer(),
      await small.clone().webp().toBuffer(),
      await small.clone().tiff().toBuffer(),
      await small.clone().gif().toBuffer(),
      await small.clone().avif({ effort: 0 }).toBuffer(),
      await bmp(await small.clone().png().toBuffer()),
    ]
    for (const file of files) {
      const edit = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(edit, fc.integer({ min: 12, max: file.length }), async (edits, length) => {
          const damaged = Buffer.from(file)
          for (const [at, value] of edits) damaged[at] = value
          const result = await decodePixels(damaged.subarray(0, length)).catch((error) => error)
          expect(result instanceof UserError || result.rgb instanceof Uint8Array).toBe(true)
        }),
        { numRuns: 40 },
      )
    }
  })
})

describe('readExif', () => {
  it('reads both byte orders, SHORT and LONG', () => {
    expect(readExif(exifBlock(28, { littleEndian: true })).focal35mm).toBe(28)
    expect(readExif(exifBlock(85, { littleEndian: false })).focal35mm).toBe(85)
    expect(readExif(exifBlock(50, { littleEndian: false, long: true })).focal35mm).toBe(50)
    expect(readExif(exifBlock(0, { littleEndian: true }))).toEqual({ orientation: 1 })
  })

  it('survives any damage', () => {
    const block = exifBlock(28, { littleEndian: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255))), fc.nat(block.length), (edits, length) => {
        const damaged = block.slice()
        for (const [at, value] of edits) damaged[at] = value
        const { orientation, focal35mm: focal } = readExif(damaged.subarray(0, length))
        expect(orientation >= 1 && orientation <= 8).toBe(true)
        expect(focal === undefined || (focal >= 8 && focal <= 1200)).toBe(true)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => readExif(bytes).focal35mm === undefined))
  })
})

/** A directory of 5000 entries, each of which says that the EXIF directory is this one. */
function loopingExif(): Buffer {
  const entries = 5000
  const tiff = Buffer.alloc(8 + 2 + 12 * entries + 4)
  tiff.write('II*\0', 'latin1')
  tiff.writeUInt32LE(8, 4)
  tiff.writeUInt16LE(entries, 8)
  for (let i = 0; i < entries; i++) {
    const at = 10 + 12 * i
    tiff.writeUInt16LE(0x8769, at)
    tiff.writeUInt16LE(4, at + 2)
    tiff.writeUInt32LE(1, at + 4)
    tiff.writeUInt32LE(8, at + 8)
  }
  return Buffer.concat([Buffer.from('Exif\0\0'), tiff])
}

/** The HEIC file of one item with another property, `box` being its type and content. */
function withProperty(heic: Buffer, box: Buffer): Buffer {
  const property = Buffer.concat([Buffer.alloc(4), box])
  property.writeUInt32BE(property.length)
  const at = (type: string) => heic.indexOf(type) - 4
  const [meta, iloc, iprp, ipco, ipma] = ['meta', 'iloc', 'iprp', 'ipco', 'ipma'].map(at)
  const count = property.length + 1
  const file = Buffer.from(heic)
  const grow = (box: number, by: number) => file.writeUInt32BE(file.readUInt32BE(box) + by, box)
  grow(meta, count)
  grow(iprp, count)
  grow(ipco, property.length)
  grow(ipma, 1)
  // The item's data lie behind the meta box: version, flags, sizes, number of items, item, data reference, base.
  grow(iloc + 8 + 4 + 2 + 2 + 4, count)
  const associations = ipma + 8 + 4 + 4 + 2
  const number = file[associations]
  file[associations] = number + 1
  const ipcoEnd = ipco + heic.readUInt32BE(ipco)
  const ipmaEnd = ipma + heic.readUInt32BE(ipma)
  const index = Uint8Array.of(0x80 | (number + 1))
  return Buffer.concat([
    file.subarray(0, ipcoEnd),
    property,
    file.subarray(ipcoEnd, ipmaEnd),
    index,
    file.subarray(ipmaEnd),
  ])
}

const withAlpha = (rgb: Uint8Array) =>
  Uint8Array.from({ length: (4 * rgb.length) / 3 }, (_, i) => (i % 4 === 3 ? 255 : rgb[3 * (i >> 2) + (i % 4)]))

/** The picture as a BMP of 24 bits a pixel. */
async function bmp(picture: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const stride = Math.ceil((3 * width) / 4) * 4
  const rows = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < 3 * width; x++) {
      rows[stride * (height - 1 - y) + x] = data[3 * width * y + x - (x % 3) + 2 - (x % 3)]
    }
  }
  return bmpFile({ width, height, bits: 24 }, [], rows)
}

function bmpFile(
  { width, height, bits, colours = 0 }: { width: number; height: number; bits: number; colours?: number },
  palette: number[],
  rows: ArrayLike<number>,
): Buffer {
  const header = Buffer.alloc(54)
  header.write('BM')
  header.writeUInt32LE(54 + palette.length, 10)
  header.writeUInt32LE(40, 14)
  header.writeInt32LE(width, 18)
  header.writeInt32LE(height, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(bits, 28)
  header.writeUInt32LE(colours, 46)
  return Buffer.concat([header, Buffer.from(palette), Uint8Array.from(rows)])
}

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
