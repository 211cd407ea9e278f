/** The mirrored photo: cameras that are reflections of each other, and what it is asked for. */
import { afterAll, describe, expect, it } from 'vitest'
import { EMBEDDED, Library } from '../../../session/library.ts'
import { orbitCamera, project } from '../../generator/camera.ts'
import { Generator } from '../../generator/generator.ts'
import { toRgb } from '../../images/pictures.ts'
import { normalArray } from '../../random.ts'
import { Runtime } from '../../runtime/runtime.ts'
import { mirroredWitness, mirrorLabel, type Witness } from './mirror.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const { file } = await new Library(runtime, '').load(EMBEDDED)
const { z_dim } = file.config
// A third of the samples: enough to see what hides what.
const orbit = { ...file.config.rendering_kwargs, depth_resolution: 16, depth_resolution_importance: 16 }
const generator = new Generator(runtime, { ...file.config, rendering_kwargs: orbit }, file.weights)

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
  const look = (label: Float32Array, pixels?: Uint32Array) =>
    generator.view(ws, label, { planes, resolution: size, plain: true, pixels, keep: false })
  const photograph = async (yaw: number) => {
    const label = orbitCamera(orbit, yaw)
    const { image, rendering } = await look(label)
    const valid = new Uint8Array(size * size).fill(1)
    return { label, portrait: { size, rgb: toRgb(image), matte: rendering.opacity, valid } }
  }
  /** The head itself, photographed; and what its mirrored photo has to say. */
  const turned = await photograph(0.6)
  const witness = (await mirroredWitness(generator, planes, turned, size))!
  /** The same with another picture. */
  const witnessOf = (paint: (value: number, column: number) => number) => {
    const rgb = turned.portrait.rgb.map((value, i) => paint(value, Math.floor(i / 3) % size))
    return mirroredWitness(generator, planes, { ...turned, portrait: { ...turned.portrait, rgb } }, size)
  }

  it('is asked for the far side of a turned head, and agrees with a head that is the same on both', async () => {
    const { label, pixels, objective } = witness
    const view = await look(label, pixels)
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
    const lossOf = async ({ label, pixels, objective }: Witness) =>
      (await objective.judge(await look(label, pixels))).loss
    // Taken in a light that is a little dimmer, the photo agrees as well with the head as it did.
    const dimmer = (await witnessOf((value) => 0.95 * value))!
    expect(await lossOf(dimmer)).toBeLessThan(1.1 * (await lossOf(witness)))
  })

  it('has nothing to add from the front', async () => {
    const front = await mirroredWitness(generator, planes, await photograph(0), size)
    expect(front?.pixels.length ?? 0).toBeLessThan(witness.pixels.length / 2)
  })

  it('is not believed where the sides differ', async () => {
    const doubted = await witnessOf((value, column) => (column < size / 2 ? value : 255 - value))
    expect(doubted?.pixels.length ?? 0).toBeLessThan(witness.pixels.length / 2)
  })
})
