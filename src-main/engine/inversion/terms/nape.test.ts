/** What is asked of a nape: nothing where the photo shows long hair, and else that nothing stands out behind the neck. */
import { afterAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../../testing/golden-case.ts'
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import { cameraLabel } from '../../face/pose.ts'
import type { View } from '../../generator/generator.ts'
import { Runtime } from '../../runtime/runtime.ts'
import { nape } from './nape.ts'
import type { StageStart } from './term.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const generator = new GoldenCase('tiny2x').generator(runtime)
const SIDE = 32
const SIZE = 64
const label = cameraLabel('own', 0, 0)

/** The person fills the middle of the picture, so wide. */
const portraitOf = (width: number): MattedPortrait => ({
  size: SIZE,
  rgb: new Uint8Array(3 * SIZE * SIZE),
  matte: Float32Array.from({ length: SIZE * SIZE }, (_, i) =>
    Number(Math.abs((i % SIZE) + 0.5 - SIZE / 2) < (width * SIZE) / 2),
  ),
  valid: new Uint8Array(SIZE * SIZE).fill(1),
})

const begin = (width: number, phase: StageStart['phase'] = 'shape') =>
  nape(2).begin({
    ...{ generator, phase, aim: 'outline', resolution: SIDE },
    pivot: { ...generator, data: new Float32Array(0) } as unknown as StageStart['pivot'],
    photos: [{ portrait: portraitOf(width), label }],
    rendering: (_step, _photo, _stream, rays) => ({ resolution: SIDE, pixels: rays as Uint32Array }),
  })

describe('the nape', () => {
  it('is nobody’s business where hair hangs beside the jaw, nor when only colours move', async () => {
    expect(await begin(1)).toBeNull()
    expect(await begin(0.3, 'detail')).toBeNull()
  })

  it('is looked at from both sides, and is to be empty', async () => {
    const views = (await begin(0.3))!(0)
    expect(views).toHaveLength(2)
    for (const { weight, objective, rendering } of views) {
      expect(weight).toBe(2)
      const pixels = rendering.pixels!
      const opacity = new Float32Array(SIDE * SIDE)
      const judge = async () => objective.judge({ rendering: { opacity } } as View)
      expect((await judge()).loss).toBe(0)
      for (const pixel of pixels) opacity[pixel] = 0.5
      const { loss, gradient } = await judge()
      // The random generator's average head may fill all there is: then nothing is asked.
      expect(loss).toBeCloseTo(pixels.length === 0 ? 0 : 0.25, 6)
      for (const pixel of pixels) expect(gradient.opacity![pixel]).toBeGreaterThan(0)
    }
  })
})
