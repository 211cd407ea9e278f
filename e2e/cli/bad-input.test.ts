/** What cannot be used is refused with exit code 2, in words, and leaves nothing behind. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { denseGenerator, embeddedGenerator } from '../../testing/generator.ts'
import { samplePath } from '../../testing/sample.ts'
import { expectRefusal, Workplace } from './command.ts'

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
  const sample = readFileSync(samplePath)

  const photos: [what: string, bytes: Uint8Array | string, message: RegExp][] = [
    ['that are no picture', 'Dear diary,\nto-day I made a head.\n', /not a JPEG, PNG/],
    ['that are cut off', sample.subarray(0, sample.length / 2), /JPEG photo is damaged or cut off/],
    ['of 0 bytes', '', /empty \(0 bytes\)/],
  ]
  it.each(photos)('%s', async (_, bytes, message) => {
    const photo = place.write('photo.jpg', bytes)
    given()
    expectRefusal(await reconstruct(photo), message)
    expectNothingLeft()
  })

  it('that are not there, or are folders', async () => {
    given()
    expectRefusal(await reconstruct(place.path('nowhere.jpg')), /Could not read .*nowhere\.jpg \(ENOENT\)/)
    expectRefusal(await reconstruct(place.folder), /is a folder/)
    expectRefusal(await reconstruct(samplePath, '--face', '2'), /no face 2: the photo shows one face/)
    expectNothingLeft()
  })
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
      await place.run(['reconstruct', samplePath, '-o', path, ...common]),
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
    const names = ['ply', 'sheet.png', 'stl']
    for (const name of names) writeFileSync(`${disk}/person-7.${name}`, old)
    writeFileSync(`${disk}/filling`, Buffer.alloc(900_000))
    const generator = place.write('dense.safetensors', denseGenerator())
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
      '--format',
      'ply,stl',
    ])
    expectRefusal(run, /Could not write .*person-7.* \(ENOSPC\)/)
    expect(place.files('disk')).toEqual(['filling', ...names.map((name) => `person-7.${name}`)])
    for (const name of names) expect(readFileSync(`${disk}/person-7.${name}`, 'utf8')).toBe(old)
  })
})

describe('generator files', () => {
  const whole = readFileSync(embeddedGenerator)
  const files: [what: string, path: () => string, message: RegExp][] = [
    ['that are cut off', () => place.write('bad.safetensors', whole.subarray(0, 1_000_000)), /bad\.safetensors/],
    [
      'with weights that are no numbers',
      () =>
        place.generator('bad.safetensors', (_, tensors) => {
          const weight = tensors.get('decoder.net.0.weight')!
          tensors.set('decoder.net.0.weight', { ...weight, data: new Uint8Array(weight.data.length).fill(0xff) })
        }),
      /"decoder\.net\.0\.weight" holds a number that is not finite/,
    ],
    ['that are not there', () => place.path('nowhere.safetensors'), /There is no generator file/],
    ['that are folders', () => place.folder, /is a folder/],
  ]
  it.each(files)('%s', async (_, make, message) => {
    const generator = make()
    given()
    expectRefusal(await reconstruct(samplePath, '--generator', generator), message)
    expectNothingLeft()
  })
})
