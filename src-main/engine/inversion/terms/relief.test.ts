/** What the landmarks' depths ask of a view: the face's relief, and neither its place nor which way it looks. */
import { afterAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../../testing/golden-case.ts'
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import { RELIEF_WIDTH } from '../../face/relief.ts'
import type { View } from '../../generator/generator.ts'
import { LANDMARKS } from '../../networks/mediapipe.ts'
import { uniform } from '../../random.ts'
import { Runtime } from '../../runtime/runtime.ts'
import { PortraitObjective } from '../objective.ts'
import { relief } from './relief.ts'
import type { Aim } from './term.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const SIDE = 24
const AREA = SIDE * SIDE
const generator = new GoldenCase('tiny2x').generator(runtime)

/** A view whose rays are so long. */
const viewOf = (far: (u: number, v: number) => number): View =>
  ({
    image: new Float32Array(3 * AREA),
    rendering: {
      features: new Float32Array(AREA * generator.config.decoder_output_dim),
      opacity: new Float32Array(AREA).fill(1),
      depth: Float32Array.from({ length: AREA }, (_, i) =>
        far(((i % SIDE) + 0.5) / SIDE, (Math.floor(i / SIDE) + 0.5) / SIDE),
      ),
    },
  }) as View

/** A nose on a plane that looks a little aside. */
const nose = (height: number) => (u: number, v: number) =>
  2.5 + 0.1 * u - 0.05 * v - height * Math.max(0, 1 - 6 * Math.hypot(u - 0.5, v - 0.5))

/** Landmarks all over the middle, as deep as that face. */
function portraitOf(height: number, matte = new Float32Array(AREA).fill(1)): MattedPortrait {
  const next = uniform(5, 0)
  const { depth } = viewOf(nose(height)).rendering
  const between = (u: number, v: number) => {
    const [x, y] = [u * SIDE - 0.5, v * SIDE - 0.5]
    const at = Math.floor(y) * SIDE + Math.floor(x)
    const [a, b] = [x % 1, y % 1]
    return (
      (1 - b) * ((1 - a) * depth[at] + a * depth[at + 1]) + b * ((1 - a) * depth[at + SIDE] + a * depth[at + SIDE + 1])
    )
  }
  const spots = Float32Array.from({ length: LANDMARKS * RELIEF_WIDTH })
  for (let i = 0; i < LANDMARKS; i++) {
    const [u, v] = [0.25 + 0.5 * next(), 0.25 + 0.5 * next()]
    spots.set([u, v, between(u, v), 1], RELIEF_WIDTH * i)
  }
  const rgb = new Uint8Array(3 * AREA)
  return { size: SIDE, rgb, matte, valid: new Uint8Array(AREA).fill(1), relief: spots }
}

const judge = async (portrait: MattedPortrait, view: View, aim: Aim = 'outline') => {
  const terms = { relief: relief({ head: 1, outline: 1 }) }
  return (await PortraitObjective.create(generator, portrait, SIDE, true, new Map(), aim, terms)).judge(view)
}

describe('the relief of a face', () => {
  it('is content with the face itself, further off and looking elsewhere', async () => {
    const { loss } = await judge(
      portraitOf(0.08),
      viewOf((u, v) => nose(0.08)(u, v) + 0.3 - 0.2 * u + 0.1 * v),
    )
    expect(loss).toBeLessThan(1e-4)
  })

  it('pulls a flat nose out, by its true gradient', async () => {
    const flat = viewOf(nose(0.02))
    const objective = (view: View) => judge(portraitOf(0.08), view)
    const { loss, gradient } = await objective(flat)
    // 0.06 units are 24 mm at the tip.
    expect(loss).toBeGreaterThan(5)
    const middle = (SIDE / 2) * SIDE + SIDE / 2
    expect(gradient.depth![middle]).toBeGreaterThan(0)
    for (const pixel of [middle, middle + 5 * SIDE]) {
      const step = 0.002
      const moved = flat.rendering.depth.slice()
      moved[pixel] += step
      const after = await objective({ ...flat, rendering: { ...flat.rendering, depth: moved } })
      moved[pixel] -= 2 * step
      const before = await objective({ ...flat, rendering: { ...flat.rendering, depth: moved } })
      expect(gradient.depth![pixel]).toBeCloseTo((after.loss - before.loss) / (2 * step), 0)
    }
  })

  it('is not asked for where the photo shows something before the face', async () => {
    // The lower half is hidden, and would be wrong.
    const matte = Float32Array.from({ length: AREA }, (_, i) => Number(i < AREA / 2))
    const wrong = viewOf((u, v) => nose(0.08)(u, v) + (v > 0.55 ? 0.2 * Math.sin(20 * u) : 0))
    expect((await judge(portraitOf(0.08, matte), wrong)).loss).toBeLessThan(1)
    expect((await judge(portraitOf(0.08), wrong)).loss).toBeGreaterThan(100)
  })
})
