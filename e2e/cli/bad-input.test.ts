/** What cannot be used is refused with exit code 2, in words, and leaves nothing behind. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { readGeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { toRgb } from '../../src-main/engine/images/pictures.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { embeddedGenerator, expectRefusal, quick, samplePortrait, Workplace } from './command.ts'

const place = new Workplace()
afterAll(() => place.remove())
const common = ['--provider', 'cpu', '--quality', 'fast', '--steps', '3', '--mesh-resolution', '64']
const reconstruct = (photo: string, ...more: string[]) =>
  place.run(['reconstruct', photo, '-o', place.path('head'), ...common, ...more])

let before: string[] = []
/** Files that the test itself needs. */
const given = () => {
  before = place.files()
}
/** Nor is a generator that was refused taken in among the imported ones. */
const expectNothingLeft = () => {
  expect(place.files()).toEqual(before)
  expect(() => place.files('head')).toThrow('ENOENT')
}

describe('photos', () => {
  const sample = readFileSync(samplePortrait)
  /** A picture that is all header: the length of the data does not matter to whoever believes the header. */
  const claiming = (width: number, height: number) => {
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type), data])
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
      length.writeUInt32BE(data.length)
      sum.writeUInt32BE(crc32(body))
      return Buffer.concat([length, body, sum])
    }
    const header = Buffer.alloc(13)
    header.writeUInt32BE(width, 0)
    header.writeUInt32BE(height, 4)
    header.set([8, 2], 8)
    const signature = Buffer.from('89504e470d0a1a0a', 'hex')
    return Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', Buffer.alloc(9)),
      chunk('IEND', Buffer.alloc(0)),
    ])
  }
  const drawing = (shapes: string) =>
    sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="500" height="400">${shapes}</svg>`))
      .flatten({ background: '#9cf' })
      .jpeg()
      .toBuffer()
  const bird = `<ellipse cx="250" cy="230" rx="170" ry="110" fill="#e55"/><circle cx="370" cy="130" r="70" fill="#e55"/>
    <circle cx="390" cy="115" r="22" fill="#fff"/><circle cx="397" cy="117" r="9"/><path d="M430 130 L495 150 L430 165 Z"/>`
  const smiley = `<circle cx="200" cy="200" r="150" fill="#fd4" stroke="#000" stroke-width="8"/><circle cx="150" cy="160" r="18"/>
    <circle cx="250" cy="160" r="18"/><path d="M120 240 Q200 330 280 240" fill="none" stroke="#000" stroke-width="10"/>`

  const photos: [what: string, bytes: () => Promise<Uint8Array> | Uint8Array | string, message: RegExp][] = [
    ['that are no picture', () => 'Dear diary,\nto-day I made a head.\n', /not a JPEG, PNG/],
    ['that are cut off', () => sample.subarray(0, sample.length / 2), /JPEG photo is damaged or cut off/],
    ['of 0 bytes', () => '', /empty \(0 bytes\)/],
    ['that claim 60000 x 60000 pixels', () => claiming(60_000, 60_000), /claims 60000 x 60000 pixels/],
    [
      'without a face',
      () =>
        sharp({ create: { width: 400, height: 300, channels: 3, background: '#6a8' } })
          .jpeg()
          .toBuffer(),
      /No face was found/,
    ],
    ['of a cartoon', () => drawing(bird), /No face was found/],
    ['of a smiley', () => drawing(smiley), /No face was found/],
    ['of a profile', profile, /No face was found|turned away too far/],
  ]
  it.each(photos)('%s', async (_, make, message) => {
    const photo = place.write('photo.jpg', await make())
    given()
    expectRefusal(await reconstruct(photo), message)
    expectNothingLeft()
  })

  it('that are not there, or are folders', async () => {
    given()
    expectRefusal(await reconstruct(place.path('nowhere.jpg')), /Could not read .*nowhere\.jpg \(ENOENT\)/)
    expectRefusal(await reconstruct(place.folder), /is a folder/)
    expectRefusal(await reconstruct(samplePortrait, '--face', '2'), /no face 2: the photo shows one face/)
    expectNothingLeft()
  })

  /** Nobody, seen from the side. */
  async function profile(): Promise<Uint8Array> {
    const { config, weights } = readGeneratorFile(readFileSync(embeddedGenerator), 'default')
    const runtime = await Runtime.create({ provider: 'cpu' })
    const generator = new Generator(runtime, config, weights)
    const label = orbitCamera(config.rendering_kwargs, Math.PI / 2)
    const size = { resolution: 200, coarse: 24, fine: 12 }
    const { image } = await generator.view(generator.repeat(generator.meanLatent), label, size)
    await runtime.dispose()
    return sharp(toRgb(image), { raw: { width: 200, height: 200, channels: 3 } })
      .resize(600)
      .png()
      .toBuffer()
  }
})

describe('folders that cannot be written to', () => {
  it.each([
    ['below a file', () => `${place.write('file.txt', 'not a folder')}/head`],
    // Nobody can, not even root.
    ['of the system', () => '/proc/halfturn'],
  ])('%s', async (_, folder) => {
    const path = folder()
    given()
    const runs = [
      await place.run(['reconstruct', samplePortrait, '-o', path, ...common]),
      await place.run(['generate', '-o', path, '--provider', 'cpu', '--mesh-resolution', '64']),
    ]
    for (const run of runs) expectRefusal(run, /Could not write .*\(E[A-Z]+\)/)
    expectNothingLeft()
  })
})

describe('a disk that is full', () => {
  const disk = place.path('disk')
  const mount = () => {
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'pipe' })
      return true
    } catch {
      return false
    }
  }

  it('keeps the old files, whole', async ({ skip, onTestFinished }) => {
    if (!mount()) {
      console.warn('Skipped: a full disk. A small file system cannot be mounted here (that takes root on Linux).')
      skip()
    }
    onTestFinished(() => {
      execFileSync('umount', [disk])
    })
    const old = '# Halfturn: an old head, a hundred times '.repeat(100)
    for (const name of ['glb', 'obj', 'mtl', 'png', 'sheet.png']) writeFileSync(`${disk}/person-7.${name}`, old)
    writeFileSync(`${disk}/filling`, Buffer.alloc(900_000))
    const generator = place.generator('quick.safetensors', quick)
    const run = await place.run([
      'generate',
      '--seed',
      '7',
      '-o',
      disk,
      '--overwrite',
      '--generator',
      generator,
      ...common.slice(0, 2),
      ...common.slice(-2),
    ])
    expectRefusal(run, /Could not write .*person-7.* \(ENOSPC\)/)
    expect(place.files('disk')).toEqual([
      'filling',
      ...['glb', 'mtl', 'obj', 'png', 'sheet.png'].map((name) => `person-7.${name}`),
    ])
    for (const name of ['glb', 'obj', 'mtl', 'png', 'sheet.png']) {
      expect(readFileSync(`${disk}/person-7.${name}`, 'utf8')).toBe(old)
    }
  })
})

describe('generator files', () => {
  const whole = readFileSync(embeddedGenerator)
  const files: [what: string, path: () => string, message: RegExp][] = [
    ['that are cut off', () => place.write('bad.safetensors', whole.subarray(0, 1_000_000)), /bad\.safetensors/],
    ['that are something else', () => place.write('bad.safetensors', 'Dear diary'), /bad\.safetensors/],
    [
      'of wrong shapes',
      () =>
        place.generator('bad.safetensors', (_, tensors) => {
          const bias = tensors.get('decoder.net.0.bias')!
          tensors.set('decoder.net.0.bias', { ...bias, shape: [8, bias.shape[0] / 8] })
        }),
      /"decoder\.net\.0\.bias" has the shape \[8,8\], the config calls for \[64\]/,
    ],
    [
      'with weights that are no numbers',
      () =>
        place.generator('bad.safetensors', (_, tensors) => {
          const weight = tensors.get('decoder.net.0.weight')!
          tensors.set('decoder.net.0.weight', { ...weight, data: new Uint8Array(weight.data.length).fill(0xff) })
        }),
      /"decoder\.net\.0\.weight" holds a number that is not finite/,
    ],
    [
      'of a version to come',
      () =>
        place.generator('bad.safetensors', (config) => {
          config.version = 99
        }),
      /version/,
    ],
    ['that are not there', () => place.path('nowhere.safetensors'), /There is no generator file/],
    ['that are folders', () => place.folder, /is a folder/],
  ]
  it.each(files)('%s', async (_, make, message) => {
    const generator = make()
    given()
    expectRefusal(await reconstruct(samplePortrait, '--generator', generator), message)
    expectNothingLeft()
  })
})
