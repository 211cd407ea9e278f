/** halfturn reconstruct from the outside: its files, its lines, Ctrl-C and going on. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'
import { NodeIO } from '@gltf-transform/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPhoto } from '../../src-main/cli/photo-file.ts'
import { makePortrait } from '../../src-main/engine/face/portrait.ts'
import { decodePixels } from '../../src-main/engine/images/photo.ts'
import type { Landmarker } from '../../src-main/engine/networks/mediapipe.ts'
import { sharedLandmarker } from '../../testing/face.ts'
import { denseGenerator } from '../../testing/generator.ts'
import { samplePath } from '../../testing/sample.ts'
import { expectRefusal, type FinishedRun, linesOf, Workplace } from './command.ts'

const validator = createRequire(import.meta.url)('gltf-validator') as {
  validateBytes(bytes: Uint8Array): Promise<{ issues: { messages: unknown[] } }>
}

const place = new Workplace()
afterAll(() => place.remove())
/** Where nobody looks at the head. */
const generator = place.write('dense.safetensors', denseGenerator())
const common = ['--provider', 'cpu', '--quality', 'fast', '--mesh-resolution', '64', '--triangles', '4000']
const firstStep = /"type":"progress"/

describe('a run that is left alone', () => {
  const folder = place.path('head')
  /** In the folder of the results, and called as its texture would be. */
  const photo = join(folder, 'sample-portrait.png')
  let [run, before]: [FinishedRun?, Buffer?] = []
  beforeAll(async () => {
    mkdirSync(folder)
    before = await sharp(samplePath).png().toBuffer()
    writeFileSync(photo, before)
    const args = ['reconstruct', photo, '-o', folder, '--overwrite']
    args.push('--generator', generator)
    run = await place.run([...args, '--steps', '4', '--seed', '3', '--json', ...common])
  })

  it('ends well and says as JSON lines how it went', () => {
    expect(run?.stderr).toBe('')
    expect(run?.code).toBe(0)
    const lines = linesOf(run!)
    const progress = lines.filter(({ type }) => type === 'progress')
    expect(lines[0]).toMatchObject({ type: 'message', provider: 'cpu' })
    const steps = progress.filter(({ label }) => label !== 'surface')
    expect(steps.map(({ done }) => done)).toEqual([1, 2, 3, 4])
    expect(new Set(steps.map(({ label }) => label))).toEqual(new Set(['code', 'layers', 'shape', 'detail']))
    for (const { total, loss, stepsPerSecond, secondsLeft } of steps) {
      expect(total).toBe(4)
      expect(loss).toBeGreaterThan(0)
      expect(stepsPerSecond).toBeGreaterThan(0)
      expect(secondsLeft).toBeGreaterThanOrEqual(0)
    }
    expect(progress.at(-1)).toMatchObject({ label: 'surface', done: 1 })
    const { files } = lines.at(-1) as { files: string[] }
    for (const file of files) expect(existsSync(file), file).toBe(true)
  })

  it('leaves these files and no others, and the photo as it was', () => {
    expect(place.files('head')).toEqual([
      'sample-portrait-2.glb',
      'sample-portrait-2.mtl',
      'sample-portrait-2.obj',
      'sample-portrait-2.png',
      'sample-portrait-2.sheet.png',
      'sample-portrait.png',
    ])
    expect(readFileSync(photo)).toEqual(before)
  })

  it('writes a GLB without a complaint of the validator, that says what made it', async () => {
    const bytes = readFileSync(place.path('head/sample-portrait-2.glb'))
    expect((await validator.validateBytes(bytes)).issues.messages).toEqual([])
    const document = await new NodeIO().readBinary(bytes)
    const [mesh] = document.getRoot().listMeshes()
    const [primitive] = mesh.listPrimitives()
    expect(primitive.listSemantics()).toEqual(expect.arrayContaining(['POSITION', 'NORMAL', 'TEXCOORD_0']))
    const triangles = primitive.getIndices()!.getCount() / 3
    expect(triangles).toBeGreaterThan(1000)
    expect(triangles).toBeLessThan(5000)
    // Metres: the generator's cube is forty centimetres wide, and its diagonal no hundred.
    const [low, high] = [primitive.getAttribute('POSITION')!.getMin([]), primitive.getAttribute('POSITION')!.getMax([])]
    expect(high[0] - low[0]).toBeGreaterThan(0.1)
    expect(high[0] - low[0]).toBeLessThan(0.7)
    const { extras } = document.getRoot().getAsset() as unknown as { extras: Record<string, unknown> }
    expect(extras).toMatchObject({ generated: true, settings: { seed: 3, steps: 4, quality: 'fast' } })
    expect(extras.generatorHash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('writes an OBJ whose companions are there', async () => {
    const obj = readFileSync(place.path('head/sample-portrait-2.obj'), 'utf8')
    const mtl = readFileSync(place.path('head/sample-portrait-2.mtl'), 'utf8')
    expect(obj).toMatch(/^# .*generated/im)
    expect(obj).toContain('mtllib sample-portrait-2.mtl')
    expect(mtl).toContain('map_Kd sample-portrait-2.png')
    const { width, format } = await sharp(place.path('head/sample-portrait-2.png')).metadata()
    expect([width, format]).toEqual([2048, 'png'])
    const count = (word: string) => obj.match(new RegExp(`^${word} `, 'gm'))?.length
    expect(count('v')).toBe(count('vn'))
    expect(count('f')).toBeGreaterThan(1000)
  })

  it('writes a sheet that says what made it', async () => {
    const { width = 0, height = 0, exif } = await sharp(place.path('head/sample-portrait-2.sheet.png')).metadata()
    const side = width / 5
    // Photo, the head from its camera, front, four sides, depth, and twice what the photo saw: two full rows.
    expect((5 * height) / side).toBe(10)
    expect(exif?.toString('latin1')).toContain('Halfturn')
  })
})

describe('a run with several photos that is stopped by Ctrl-C', () => {
  const folder = place.path('stopped')
  const checkpoint = place.path('stopped/sample-portrait.unfinished')
  // Somebody the embedded generator made up, turned: the photo that looks straight ahead is who the others are compared with.
  const stranger = join(import.meta.dirname, 'fixtures/stranger.jpg')
  // One without a texture: nobody looks at it.
  const options = ['-o', folder, '--format', 'ply', '--generator', generator, ...common]
  const args = ['reconstruct', samplePath, stranger, ...options]
  let stopped: FinishedRun
  beforeAll(async () => {
    stopped = await place.run([...args, '--steps', '500', '--json'], { interrupt: firstStep })
  })

  it('says who is a stranger', () => {
    const warnings = (stopped.stdout + stopped.stderr).split('\n').filter((line) => line.includes('different people'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`${stranger} and `)
  })

  it('keeps what it has and says how to go on', () => {
    expect(stopped.code).toBe(130)
    expect(place.files('stopped')).toEqual(['sample-portrait.unfinished'])
    const last = linesOf(stopped).at(-1)!
    expect(last).toMatchObject({ type: 'message', stopped: true, steps: 500, checkpoint })
    const again = `halfturn ${args.join(' ')} --steps 500 --json --resume`
    expect(last.message).toContain(`Go on:      ${again}`)
    expect(last.message).toContain(`Finish now: ${again} --steps 3`)
  })

  it('goes on only with the generator it began with', async () => {
    const other = place.generator('other.safetensors', (config) => {
      config.name = 'another one'
    })
    const run = await place.run(args.map((word) => (word === generator ? other : word)).concat('--resume'))
    expect(run.code).toBe(2)
    expect(run.stderr).toMatch(/was made with another generator/)
    expect(place.files('stopped')).toEqual(['sample-portrait.unfinished'])
  })

  it('goes on only from the photo and with the options it began with', async () => {
    mkdirSync(place.path('others'))
    const namesake = place.write('others/sample-portrait.jpg', Buffer.concat([readFileSync(samplePath), Buffer.of(0)]))
    const other = args.map((word) => (word === samplePath ? namesake : word))
    expectRefusal(await place.run([...other, '--resume']), /sample-portrait\.unfinished was begun with other photos\./)
    const changed = await place.run([...args, '--resume', '--seed', '5', '--learning-rate', '0.01'])
    expectRefusal(changed, /begun with --learning-rate 0\.08, not 0\.01, and --seed 0, not 5\./)
    expect(place.files('stopped')).toEqual(['sample-portrait.unfinished'])
  })

  it('goes on where it was, and keeps the head where somebody has put a file in its place', async () => {
    const { step } = linesOf(stopped).at(-1) as { step: number }
    const foreign = place.path('stopped/sample-portrait.ply')
    const act = () => writeFileSync(foreign, 'theirs')
    const run = await place.run([...args, '--resume', '--steps', String(step + 2), '--json'], {
      once: { when: firstStep, act },
    })
    expectRefusal(run, /sample-portrait\.ply is there already, and is kept\.\n.*\nThe head is kept in .*--resume/)
    expect(readFileSync(foreign, 'utf8')).toBe('theirs')
    const steps = linesOf(run).filter(({ type, label }) => type === 'progress' && label !== 'surface')
    expect(steps.map(({ done }) => done)).toEqual([step + 1, step + 2])
    expect(place.files('stopped')).toEqual(['sample-portrait.ply', 'sample-portrait.unfinished'])
    // Now before anything is loaded.
    expectRefusal(await place.run([...args, '--resume', '--json']), /sample-portrait\.ply is there already/)
  })

  it('then writes them without another step, and clears its checkpoint away', async () => {
    unlinkSync(place.path('stopped/sample-portrait.ply'))
    const run = await place.run([...args, '--resume', '--json'])
    expect(run.stderr).toBe('')
    expect(run.code).toBe(0)
    expect(linesOf(run).filter(({ type, label }) => type === 'progress' && label !== 'surface')).toEqual([])
    expect(place.files('stopped')).toContain('sample-portrait.ply')
    expect(existsSync(checkpoint)).toBe(false)
    const again = await place.run([...args, '--resume'])
    expect(again.code).toBe(2)
    expect(again.stderr).toMatch(/nothing unfinished/)
  })
})

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('%s before the first step leaves nothing', async (signal) => {
    const args = ['reconstruct', samplePath, '-o', place.path('a', 'b'), '--generator', generator, ...common]
    const run = await place.run(args, { interrupt: /Running on/, signal })
    expect(run.code).toBe(128 + constants.signals[signal])
    expect(existsSync(place.path('a'))).toBe(false)
  })

  it('leaves nothing either where the photo has as long a name as the disk takes', async () => {
    const photo = place.path(`${'é'.repeat(125)}.jpg`)
    copyFileSync(samplePath, photo)
    const args = ['reconstruct', photo, '-o', place.path('long'), '--json', '--generator', generator, ...common]
    const run = await place.run(args, { interrupt: /so long a name: the files are called é+-[0-9a-f]{8}\./ })
    expect([run.code, run.stderr]).toEqual([130, ''])
    expect(existsSync(place.path('long'))).toBe(false)
  })
})

describe('a photo that needs turning or converting gives the same portrait', () => {
  let landmarker: Landmarker
  let plain: Uint8Array
  beforeAll(async () => {
    landmarker = await sharedLandmarker()
    plain = await cropOf(samplePath)
  })

  async function cropOf(path: string): Promise<Uint8Array> {
    const photo = await decodePixels((await readPhoto(path)).bytes)
    return (await makePortrait(photo, { frame: 'own', landmarker })).crop.rgb
  }

  it('CMYK, lying on its side with an EXIF note', async () => {
    const cmyk = await sharp(samplePath).rotate(90).toColourspace('cmyk').jpeg({ quality: 98 }).toBuffer()
    const photo = place.write('side.jpg', withOrientation(cmyk, 8))
    expect(await sharp(photo).metadata()).toMatchObject({ space: 'cmyk', orientation: 8 })
    // CMYK and back costs some colour.
    expect(difference(await cropOf(photo), plain)).toBeLessThan(16)
  })

  it('16 bits a channel', async () => {
    const photo = place.write('deep.png', await sharp(samplePath).toColourspace('rgb16').png().toBuffer())
    expect(await sharp(photo).metadata()).toMatchObject({ depth: 'ushort' })
    expect(difference(await cropOf(photo), plain)).toBeLessThan(4)
  })
})

/** Mean, in levels. */
const difference = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length

/** A JPEG with an EXIF block that says which way is up; sharp would turn CMYK into RGB on the way. */
function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = Buffer.from(`4d4d002a00000008000101120003000000010000000000000000`, 'hex')
  tiff.writeUInt16BE(orientation, 18)
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff])
  const head = Buffer.from([0xff, 0xe1, 0, body.length + 2])
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)])
}

it('says which of several photos is no good', async () => {
  const letter = place.write('letter.jpg', 'a letter to a friend')
  const args = ['reconstruct', samplePath, letter, ...common, '--generator', generator, '-o', place.path('several')]
  expectRefusal(await place.run(args), /letter\.jpg: /)
})
