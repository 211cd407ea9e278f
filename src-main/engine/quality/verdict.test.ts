import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodedSample } from '../../../testing/face.ts'
import { tinyConfig } from '../../../testing/generator.ts'
import { headLike, solid } from '../../../testing/solids.ts'
import { en } from '../../words/en.ts'
import { say } from '../../words/message.ts'
import { cutCrop } from '../face/crop.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Runtime } from '../runtime/runtime.ts'
import { extractSurface } from '../surface/surface.ts'
import { createIdentity } from './identity.ts'
import type { Recognition } from './likeness.ts'
import type { TurnaroundView } from './turnaround.ts'
import { type Assessment, assess, type Figures, type Finished, judge } from './verdict.ts'

const GOOD: Figures = {
  input: { psnr: 24, faceRes: 0.8, identity: 0.3 },
  views: [-60, -30, 30, 60].map((degrees) => ({ degrees, identity: 0.45 })),
  turned: 5,
  brightness: 130,
  contrast: 50,
  holes: 0,
  floaters: 0,
  seen: 0.3,
  relief: 50,
  roughness: 0.06,
  spikes: 0,
  asymmetry: 1,
  outline: 0.05,
  grain: 4,
  steps: 0,
  back: 1.5,
  through: 0,
  face: { depth: 1, nose: 0, chin: 0, brow: 0, width: 155, length: 230, height: 120 },
  secondFaces: { colour: 0, clay: 0 },
}
const face = (change: Partial<NonNullable<Figures['face']>>) => ({ face: { ...GOOD.face!, ...change } })
const from = (degrees: number, identity: number) =>
  GOOD.views.map((view) => (view.degrees === degrees ? { degrees, identity } : view))

const sentenceOf = ({ reason }: Assessment) => {
  const { text, cure } = say(en, reason, 'cli')
  return `${text} ${cure ?? ''}`
}

describe('judge', () => {
  it('calls a good head good', () => {
    expect(judge(GOOD)).toMatchObject({ verdict: 'good', failures: [], figures: GOOD })
  })

  it.each([
    ['black', { brightness: 2, contrast: 1 }, 'black'],
    ['grey', { contrast: 1 }, 'nothing'],
    ['flat', { relief: 8 }, 'flat mask'],
    ['holes', { holes: 0.03 }, 'holes'],
    ['spikes', { spikes: 0.02 }, 'spikes'],
    ['flat', face({ depth: 0.2 }), 'flat mask'],
    ['faceless', { face: null }, 'No face'],
    ['unconverged', { input: { psnr: 12, faceRes: 0.8, identity: 0.3 } }, 'more steps'],
    ['unconverged', { input: { psnr: 24, faceRes: 0.8, identity: 0.8 } }, 'more steps'],
    ['unconverged', { input: { psnr: Number.NaN, faceRes: Number.NaN, identity: Number.NaN } }, 'more steps'],
  ] as const)('recognises a failure: %s', (failure, change, words) => {
    const quality = judge({ ...GOOD, ...change })
    expect(quality.verdict).toBe('failed')
    expect(quality.failures).toContain(failure)
    expect(sentenceOf(quality)).toContain(words)
  })

  it.each([
    [{ turned: -38.4 }, 'because the photo is turned 38°'],
    [{ input: { psnr: 24, faceRes: 0.8, identity: 0.55 } }, 'likeness'],
    [{ floaters: 0.1 }, 'floats'],
    [{ outline: 0.5 }, 'outline'],
    [face({ depth: 0.6 }), '60 % as deep'],
    [face({ nose: -19.6 }), 'nose stands out 20 mm less'],
    [face({ chin: 25 }), 'chin stands out 25 mm more'],
    [face({ brow: -25 }), 'brow'],
    [face({ length: 400 }), 'size'],
    [{ roughness: 1 }, 'rough'],
    [{ grain: 20 }, 'rough'],
    [{ steps: 0.2 }, 'rough'],
  ])('doubts where there is reason to: %j', (change, words) => {
    const quality = judge({ ...GOOD, ...change })
    expect(quality).toMatchObject({ verdict: 'uncertain', failures: [] })
    expect(sentenceOf(quality)).toContain(words)
  })

  it.each([
    [{ secondFaces: { colour: 3, clay: 0 } }, 'face shows on the back'],
    [{ secondFaces: { colour: 0, clay: 3 } }, 'face shows on the back'],
    [{ through: 0.9 }, 'face shows on the back'],
    [{ back: 9 }, 'uneven'],
    [{ views: from(-30, 0.7) }, 'from -30°'],
    [{ views: from(60, 0.8) }, 'from +60°'],
    [face({ width: 210 }), 'under the hair'],
  ])('calls good from the front what is wrong elsewhere: %j', (change, words) => {
    const quality = judge({ ...GOOD, ...change })
    expect(quality).toMatchObject({ verdict: 'front', failures: [] })
    expect(sentenceOf(quality)).toContain(words)
  })

  it('says the gravest first', () => {
    const wrongBehind = { ...GOOD, secondFaces: { colour: 3, clay: 3 } }
    expect(judge({ ...wrongBehind, ...face({ nose: -25 }) }).verdict).toBe('uncertain')
    expect(judge({ ...wrongBehind, face: null }).verdict).toBe('failed')
  })

  it('asks more of the front than of the side', () => {
    expect(judge({ ...GOOD, views: from(60, 0.55) }).verdict).toBe('good')
  })
})

describe('assess', () => {
  const SIZE = 160
  let runtime: Runtime
  let recognition: Recognition
  let head: Omit<Finished, 'around'>
  beforeAll(async () => {
    runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
    const identity = await createIdentity(runtime)
    recognition = { identity, faceRes: identity }
    const photo = await decodedSample()
    const { rgb } = cutCrop(photo, { centre: [224, 121], side: 167, roll: 0 }, SIZE)
    const portrait: MattedPortrait = {
      size: SIZE,
      rgb,
      matte: new Float32Array(SIZE * SIZE).fill(1),
      valid: new Uint8Array(SIZE * SIZE).fill(1),
    }
    // So large that it fills the picture, as the person does.
    const small = await extractSurface(solid(headLike()), { resolution: 64 })
    const surface = { ...small, positions: small.positions.map((value) => 3 * value) }
    const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.2)
    head = { label, portrait, surface }
  })
  afterAll(() => runtime.dispose())

  /** Judges a head that looks the same from everywhere. */
  function showing(rgb: Uint8Array, surface = head.surface) {
    const seen: TurnaroundView = { size: SIZE, rgb, depth: new Float32Array(SIZE * SIZE), opacity: head.portrait.matte }
    const around = { input: seen, sides: new Map([0, -30, 30, -60, 60].map((degrees) => [degrees, seen])) }
    return assess(tinyConfig(), { ...head, surface, around }, GOOD, recognition)
  }

  it('finds the photo itself good', async () => {
    const { verdict, figures } = await showing(head.portrait.rgb)
    expect(verdict).toBe('good')
    expect(figures.input.psnr).toBeGreaterThan(50)
    expect(figures.input.identity).toBeLessThan(0.01)
    expect(figures.input.faceRes).toBeCloseTo(1, 4)
    expect(figures.views.map(({ degrees }) => degrees)).toEqual([-30, 30, -60, 60])
    expect(figures.turned).toBeCloseTo((0.2 * 180) / Math.PI, 3)
  })

  it("doubts a surface whose outline is not the photo's, whatever is rendered", async () => {
    const { surface, portrait } = head
    const shrunk = { ...surface, positions: surface.positions.map((value) => value / 4) }
    const { verdict, reason, figures } = await showing(portrait.rgb, shrunk)
    expect([verdict, reason.code]).toEqual(['uncertain', 'outline-off'])
    expect(figures.outline).toBeGreaterThan(0.5)
  })

  it('recognises pictures that show nothing', async () => {
    const plain = (value: number) => showing(new Uint8Array(3 * SIZE * SIZE).fill(value))
    expect((await plain(0)).failures).toContain('black')
    expect((await plain(128)).failures).toContain('grey')
    expect((await plain(255)).failures).toContain('grey')
  })

  it('recognises a picture that is not the person yet', async () => {
    const { portrait } = head
    const shuffled = portrait.rgb.map((_, i) => portrait.rgb[(i + 3 * 70 * SIZE) % portrait.rgb.length])
    expect((await showing(shuffled)).failures).toEqual(['unconverged'])
  })
})
