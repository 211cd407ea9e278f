/** The mirrored photo: cameras that are reflections of each other, and what it is asked for. */
import { afterAll, describe, expect, it } from 'vitest'
import { orbitCamera, project } from '../generator/camera.ts'
import { EMBEDDED, Library } from '../library.ts'
import { toRgb } from '../pictures.ts'
import { Runtime } from '../runtime/runtime.ts'
import { mirroredWitness, mirrorLabel } from './mirror.ts'
import { normalArray } from './random.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const { generator } = await new Library(runtime, '').load(EMBEDDED)
const { rendering_kwargs: orbit, z_dim } = generator.config

describe('the mirrored camera', () => {
  it('sees a mirrored point where the camera sees the point, turned over', () => {
    const label = orbitCamera(orbit, 0.5, 0.2)
    label[18] = 0.47
    const mirrored = mirrorLabel(label)
    const draw = normalArray(30, 1)
    for (let i = 0; i < 30; i += 3) {
      const [x, y, z] = [0.2 * draw[i], 0.2 * draw[i + 1], 0.2 * draw[i + 2]]
      const [u, v, depth] = project(label, x, y, z)
      const [mu, mv, mirroredDepth] = project(mirrored, -x, y, z)
      expect(mu).toBeCloseTo(1 - u, 5)
      expect(mv).toBeCloseTo(v, 5)
      expect(mirroredDepth).toBeCloseTo(depth, 5)
    }
    mirrorLabel(mirrored).forEach((value, i) => {
      expect(value).toBeCloseTo(label[i], 6)
    })
  })
})

describe('the mirrored photo', async () => {
  const size = 64
  const ws = generator.repeat(await generator.map(normalArray(z_dim, 3), new Float32Array(25), 0.5))
  const planes = await generator.planes(ws)
  /** The head itself, photographed; `paint` may change the picture. */
  const shotAt = async (yaw: number, paint = (value: number, _column: number) => value) => {
    const label = orbitCamera(orbit, yaw)
    const { image, rendering } = await generator.view(ws, label, { planes, resolution: size, plain: true, keep: false })
    const rgb = toRgb(image).map((value, i) => paint(value, Math.floor(i / 3) % size))
    return { label, portrait: { size, rgb, matte: rendering.opacity, valid: new Uint8Array(size * size).fill(1) } }
  }

  it('is asked for the far side of a turned head, and agrees with a head that is the same on both', async () => {
    const shot = await shotAt(0.6)
    const witness = await mirroredWitness(generator, planes, shot, size)
    expect(witness).not.toBeNull()
    const { label, pixels, objective } = witness!
    const view = await generator.view(ws, label, { planes, resolution: size, plain: true, pixels, keep: false })
    const { loss, gradient } = await objective.judge(view)
    const area = size * size
    const asked = new Set(pixels)
    expect(asked.size).toBeLessThan(area / 2)
    gradient.image!.forEach((value, i) => {
      if (!asked.has(i % area)) expect(Math.abs(value)).toBeLessThan(1e-4)
    })
    // Far less than if the far side had another colour.
    const darker = { ...view, image: view.image.map((value) => value - 0.5) }
    expect((await objective.judge(darker)).loss).toBeGreaterThan(2 * loss)
  })

  it('lends what it shows, not its light', async () => {
    const look = async (paint: (value: number) => number) => {
      const witness = await mirroredWitness(generator, planes, await shotAt(0.6, paint), size)
      const { label, pixels, objective } = witness!
      const view = await generator.view(ws, label, { planes, resolution: size, plain: true, pixels, keep: false })
      return (await objective.judge(view)).loss
    }
    // Taken in a light that is a little dimmer, the photo agrees as well with the head as it did.
    expect(await look((value) => 0.95 * value)).toBeLessThan(1.1 * (await look((value) => value)))
  })

  it('has nothing to add from the front', async () => {
    const turned = await mirroredWitness(generator, planes, await shotAt(0.6), size)
    const front = await mirroredWitness(generator, planes, await shotAt(0), size)
    expect(front?.pixels.length ?? 0).toBeLessThan(turned!.pixels.length / 2)
  })

  it('is not believed where the sides differ', async () => {
    const striped = await shotAt(0.6, (value, column) => (column < size / 2 ? value : 255 - value))
    const plain = await mirroredWitness(generator, planes, await shotAt(0.6), size)
    const doubted = await mirroredWitness(generator, planes, striped, size)
    expect(doubted?.pixels.length ?? 0).toBeLessThan(plain!.pixels.length / 2)
  })
})
