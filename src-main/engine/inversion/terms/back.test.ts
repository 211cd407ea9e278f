/** What is asked of the back of a head: that nothing stands out, by as much as the photo shows, and not where hair hangs. */
import { describe, expect, it } from 'vitest'
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import { orbitCamera } from '../../generator/camera.ts'
import type { Generator, View } from '../../generator/generator.ts'
import { castRays } from '../../generator/rays.ts'
import { back } from './back.ts'
import type { StageStart } from './term.ts'

const SIDE = 64
const SIZE = 128
const orbit = { avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] } as const
const front = orbitCamera({ ...orbit, avg_camera_pivot: [...orbit.avg_camera_pivot] }, 0)
/** The average head: a ball. */
const RADIUS = 0.24
const CENTRE = [0, 0.1, 0]

/** How near each pixel's ray passes by the ball's centre. */
function nearest(label: Float32Array, side: number): number[] {
  const { origins, directions } = castRays(label, side)
  return Array.from({ length: side * side }, (_, pixel) => {
    const away = CENTRE.map((value, axis) => value - origins[3 * pixel + axis])
    const along = away.reduce((sum, value, axis) => sum + value * directions[3 * pixel + axis], 0)
    return Math.hypot(...away.map((value, axis) => value - along * directions[3 * pixel + axis]))
  })
}
const ball = (label: Float32Array, side: number, radius: number) =>
  Float32Array.from(nearest(label, side), (far) => (far < radius ? 1 : 0))

const generator = {
  config: { rendering_kwargs: orbit },
  meanLatent: new Float32Array(1),
  repeat: (w: Float32Array) => w,
  planes: () => Promise.resolve({}),
  renderer: {
    render: (_weights: unknown, _planes: unknown, label: Float32Array, { resolution }: { resolution: number }) =>
      Promise.resolve({ opacity: ball(label, resolution, RADIUS) }),
  },
} as unknown as Generator

const portraitOf = (matte: Float32Array): MattedPortrait => ({
  size: SIZE,
  rgb: new Uint8Array(3 * SIZE * SIZE),
  matte,
  valid: new Uint8Array(SIZE * SIZE).fill(1),
})

const begin = (matte: Float32Array, aim: StageStart['aim'] = 'head') =>
  back({ head: 2, outline: 3 }).begin({
    ...{ generator, aim, resolution: SIDE },
    photos: [{ portrait: portraitOf(matte), label: front }],
    rendering: (_step: number, _photo: number, _stream: number, rays: Uint32Array) => ({ pixels: rays }),
  } as unknown as StageStart)

/** Where something is asked, in the middle plane: height and how near to the average head's centre. */
async function asked(matte: Float32Array) {
  const viewsOf = (await begin(matte))!
  for (let step = 0; step < 8; step++) expect(viewsOf(step)).toHaveLength(2)
  return [0, 1, 2, 3].flatMap(viewsOf).flatMap(({ label, rendering }) => {
    const { origins, directions } = castRays(label, SIDE)
    const far = nearest(label, SIDE)
    return [...rendering.pixels!].map((pixel) => {
      const steps = -origins[3 * pixel] / directions[3 * pixel]
      const [y, z] = [1, 2].map((axis) => origins[3 * pixel + axis] + steps * directions[3 * pixel + axis])
      return { y, z, far: far[pixel] }
    })
  })
}
const least = (places: readonly { far: number }[]) => Math.min(...places.map(({ far }) => far))
const own = ball(front, SIZE, RADIUS)

describe('the back of the head', () => {
  it('is nobody’s business when only colours move', async () => {
    expect(await begin(own, 'colour')).toBeNull()
  })

  it('ends where the average head does, and a little room', async () => {
    const places = await asked(own)
    for (const { z } of places) expect(z).toBeLessThan(0)
    expect(least(places)).toBeGreaterThan(RADIUS)
    expect(least(places)).toBeLessThan(RADIUS + 0.03)
    expect(Math.min(...places.map(({ y }) => y))).toBeLessThan(-0.3)
  })

  it('has as much more room as the photo shows more hair, but not at the nape', async () => {
    const places = await asked(ball(front, SIZE, RADIUS + 0.035))
    const above = places.filter(({ y }) => y > CENTRE[1])
    expect(least(above)).toBeGreaterThan(RADIUS + 0.035)
    expect(least(above)).toBeLessThan(RADIUS + 0.085)
    const nape = (all: typeof places) => all.filter(({ y }) => y < -0.17).length
    expect(nape(places)).toBe(nape(await asked(own)))
  })

  it('may have hair behind the neck where it hangs beside the jaw', async () => {
    const hanging = own.map((value, i) => {
      const [x, y] = [Math.abs((i % SIZE) / SIZE - 0.5), i / SIZE / SIZE - 0.5]
      return x > 0.15 && x < 0.4 && y > 0 ? 1 : value
    })
    const places = await asked(hanging)
    expect(places.length).toBeGreaterThan(0)
    for (const { y } of places) expect(y).toBeGreaterThan(0)
  })

  it('is not free to have it where only the shoulders are broad', async () => {
    const broad = own.map((value, i) => (i / SIZE / SIZE - 0.5 > 0.21 ? 1 : value))
    expect(Math.min(...(await asked(broad)).map(({ y }) => y))).toBeLessThan(-0.3)
  })

  it('is looked at by turns', async () => {
    const viewsOf = (await begin(own))!
    const pixelsOf = (step: number) => [...viewsOf(step)[0].rendering.pixels!]
    const seen = [0, 1, 2, 3].flatMap(pixelsOf)
    expect(new Set(seen).size).toBe(seen.length)
    expect(pixelsOf(4)).toEqual(pixelsOf(0))
  })

  it('is to be empty behind that, but for a trace', async () => {
    const [{ weight, objective, rendering }] = (await begin(own))!(0)
    expect(weight).toBe(2)
    const opacity = new Float32Array(SIDE * SIDE)
    const judge = () => objective.judge({ rendering: { opacity } } as View)
    expect((await judge()).loss).toBe(0)
    for (const pixel of rendering.pixels!) opacity[pixel] = 0.009
    expect(await judge()).toMatchObject({ loss: 0, gradient: { opacity: new Float32Array(SIDE * SIDE) } })
    for (const pixel of rendering.pixels!) opacity[pixel] = 0.5
    const { loss, gradient } = await judge()
    expect(loss).toBeCloseTo(0.49 ** 2, 6)
    for (const pixel of rendering.pixels!) expect(gradient.opacity![pixel]).toBeGreaterThan(0)
  })
})
