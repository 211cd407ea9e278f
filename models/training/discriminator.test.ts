/** The discriminator against recorded logits, gradient penalties and gradients of its weights. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSafetensors, toFloat32 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import {
  add,
  gradients,
  input,
  meanAll,
  mul,
  neg,
  softplus,
  sumAll,
  type Tensor,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { expectClose, expectRelative } from '../../testing/golden-case.ts'
import { discriminate, discriminatorWeights, gradientPenalty, PREFIX } from './discriminator.ts'

const CONFIG = { resolution: 64, channels: { base: 256, max: 8 } }

const { tensors } = readSafetensors(
  readFileSync(new URL('./fixtures/discriminator.safetensors', import.meta.url)),
  'discriminator',
)
const golden = (name: string) => toFloat32(tensors.get(name)!)
const shapes = new Map(
  [...tensors].filter(([key]) => key.startsWith('weights/')).map(([key, t]) => [PREFIX + key.slice(8), t]),
)
const feeds: Record<string, Float32Array> = Object.fromEntries(
  [...shapes].map(([name, tensor]) => [name, toFloat32(tensor)]),
)
for (const name of ['image', 'image_raw', 'c']) feeds[name] = golden(name)

let runtime: Runtime
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu' })
})
afterAll(() => runtime.dispose())

describe('the dual discriminator', () => {
  it('has the weights of the reference, by name and shape', () => {
    const own = discriminatorWeights(CONFIG, 0)
    expect(new Map([...own].map(([name, { shape }]) => [name, shape]))).toEqual(
      new Map([...shapes].map(([name, { shape }]) => [name, shape])),
    )
  })

  it('gives the recorded logits, penalties and gradients', async () => {
    const { parameters, logits, image, raw } = describeLogits()
    const [ofImage, ofRaw] = gradients(sumAll(logits), [image, raw])
    const penalty = gradientPenalty(logits, image, raw)
    const real = add(meanAll(softplus(neg(logits))), mul(penalty, 0.5))
    const fake = meanAll(softplus(logits))
    const names = [...parameters.used.keys()]
    const found = await (
      await runtime.compile(
        writeModel({
          logits,
          ofImage,
          ofRaw,
          penalty,
          real,
          fake,
          ...named(names, gradients(fake, [...parameters.used.values()])),
        }),
      )
    ).run(feeds)
    expectClose(found.logits, golden('logits'), 'logits')
    expectClose(found.ofImage, golden('r1_grad_image'), 'gradient of the picture')
    expectClose(found.ofRaw, golden('r1_grad_image_raw'), 'gradient of the rendering')
    const penalties = golden('r1_penalty')
    const mean = penalties.reduce((sum, value) => sum + value, 0) / penalties.length
    expectClose(found.penalty, Float32Array.of(mean), 'penalty')
    expectClose(found.real, golden('loss_real_plus_r1_gamma1'), 'loss of real pictures')
    expectClose(found.fake, golden('loss_fake_softplus'), 'loss of made pictures')
    for (const name of names) expectRelative(found[`d.${name}`], golden(`grad_fake.${name.slice(PREFIX.length)}`), name)
  })

  it('has a penalty whose gradient is its slope', async () => {
    const { parameters, logits, image, raw } = describeLogits()
    const penalty = gradientPenalty(logits, image, raw)
    // Quadratic in the last layer's weights, so differences are exact; in others' it jumps where an activation turns.
    const name = `${PREFIX}b4.out.weight`
    const [gradient] = gradients(penalty, [parameters.get(name)])
    const program = await runtime.compile(writeModel({ penalty, gradient }))
    const found = await program.run(feeds)
    const steepness = found.gradient.reduce((sum, value) => sum + value * value, 0)
    const way = found.penalty[0] / steepness
    const along = async (sign: number) => {
      const moved = feeds[name].map((value, i) => value + sign * way * found.gradient[i])
      return (await program.run({ ...feeds, [name]: moved })).penalty[0]
    }
    expect(((await along(1)) - (await along(-1))) / (2 * way * steepness)).toBeCloseTo(1, 3)
  })
})

function describeLogits() {
  const parameters = new Parameters(shapes)
  const [image, raw] = [input('image', [4, 3, 64, 64]), input('image_raw', [4, 3, 16, 16])]
  return { parameters, image, raw, logits: discriminate(CONFIG, parameters, image, raw, input('c', [4, 25])) }
}

const named = (names: readonly string[], tensors: readonly Tensor[]) =>
  Object.fromEntries(names.map((name, i) => [`d.${name}`, tensors[i]]))
