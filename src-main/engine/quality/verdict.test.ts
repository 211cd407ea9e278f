import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildDlibNetwork } from '../../../scripts/dlib-network.ts'
import { cutCrop } from '../face/crop.ts'
import { samplePhoto, withFile } from '../face/testing.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Generator, View } from '../generator/generator.ts'
import type { PortraitTarget } from '../inversion/objective.ts'
import { Runtime } from '../runtime/runtime.ts'
import { headLike, solid } from '../surface/solids.ts'
import { extractSurface } from '../surface/surface.ts'
import { createIdentity } from './identity.ts'
import type { Recognition } from './likeness.ts'
import { assess, type Figures, type Finished, judge } from './verdict.ts'

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
}
const from = (degrees: number, identity: number) =>
  GOOD.views.map((view) => (view.degrees === degrees ? { degrees, identity } : view))

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
    ['unconverged', { input: { psnr: 12, faceRes: 0.8, identity: 0.3 } }, 'more steps'],
    ['unconverged', { input: { psnr: 24, faceRes: 0.8, identity: 0.8 } }, 'more steps'],
    ['unconverged', { input: { psnr: Number.NaN, faceRes: Number.NaN, identity: Number.NaN } }, 'more steps'],
  ] as const)('recognises a failure: %s', (failure, change, words) => {
    const quality = judge({ ...GOOD, ...change })
    expect(quality.verdict).toBe('failed')
    expect(quality.failures).toContain(failure)
    expect(quality.message).toContain(words)
  })

  it.each([
    [{ turned: -38.4 }, 'because the photo is turned 38°'],
    [{ input: { psnr: 24, faceRes: 0.8, identity: 0.55 } }, 'likeness'],
    [{ input: { psnr: 17, faceRes: 0.8, identity: 0.3 } }, 'likeness'],
    [{ floaters: 0.02 }, 'floats'],
    [{ views: from(-30, 0.7) }, 'from -30°'],
    [{ views: from(60, 0.8) }, 'from +60°'],
    [{ roughness: 1 }, 'rough'],
  ])('doubts where there is reason to: %j', (change, words) => {
    const quality = judge({ ...GOOD, ...change })
    expect(quality).toMatchObject({ verdict: 'uncertain', failures: [] })
    expect(quality.message).toContain(words)
  })

  it('asks more of the front than of the side', () => {
    expect(judge({ ...GOOD, views: from(60, 0.7) }).verdict).toBe('good')
  })
})

describe('assess', () => {
  const SIZE = 160
  let runtime: Runtime
  let recognition: Recognition
  let head: Finished
  beforeAll(async () => {
    runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
    const identity = await withFile('dlib.safetensors', buildDlibNetwork(), (file) => createIdentity(runtime, file))
    recognition = { identity, faceRes: identity }
    const photo = await samplePhoto()
    const { rgb } = cutCrop(photo, { centre: [224, 121], side: 167, roll: 0 }, SIZE)
    const portrait: PortraitTarget = {
      size: SIZE,
      rgb,
      matte: new Float32Array(SIZE * SIZE).fill(1),
      valid: new Uint8Array(SIZE * SIZE).fill(1),
    }
    const surface = await extractSurface(solid(headLike()), { resolution: 64 })
    const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.2)
    const planes = { data: new Float32Array(0), resolution: 0, channels: 0 }
    head = { planes, ws: new Float32Array(0), label, portrait, surface }
  })
  afterAll(() => runtime.dispose())

  /** A generator whose head looks the same from everywhere. */
  function showing(rgb: Uint8Array): Generator {
    const area = SIZE * SIZE
    const image = Float32Array.from(rgb, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)] / 127.5 - 1)
    const view = { image, rendering: { opacity: new Float32Array(area).fill(1) } } as unknown as View
    const rendering_kwargs = { avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2], white_back: true }
    return { config: { rendering_kwargs, super_resolution: null }, view: async () => view } as unknown as Generator
  }

  it('finds the photo itself good', async () => {
    const { verdict, figures } = await assess(showing(head.portrait.rgb), head, recognition)
    expect(verdict).toBe('good')
    expect(figures.input.psnr).toBeGreaterThan(50)
    expect(figures.input.identity).toBeLessThan(0.01)
    expect(figures.input.faceRes).toBeCloseTo(1, 4)
    expect(figures.views.map(({ degrees }) => degrees)).toEqual([-60, -30, 30, 60])
    expect(figures.turned).toBeGreaterThan(5)
  })

  it('recognises pictures that show nothing', async () => {
    const plain = (value: number) => showing(new Uint8Array(3 * SIZE * SIZE).fill(value))
    expect((await assess(plain(0), head, recognition)).failures).toContain('black')
    expect((await assess(plain(128), head, recognition)).failures).toContain('grey')
    expect((await assess(plain(255), head, recognition)).failures).toContain('grey')
  })

  it('recognises a picture that is not the person yet', async () => {
    const { portrait } = head
    const shuffled = portrait.rgb.map((_, i) => portrait.rgb[(i + 3 * 70 * SIZE) % portrait.rgb.length])
    expect((await assess(showing(shuffled), head, recognition)).failures).toEqual(['unconverged'])
  })
})
