/**
 * The recorded runs of the official projector that need more than the latent stage, repeated with the product's own
 * parts: code and noise pictures together, and ten steps of pivotal tuning of every weight (docs/eg3d.md, Inversion).
 */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, expectRelative, GoldenCase } from '../../../testing/golden-case.ts'
import { SquaredError } from '../../../testing/squared-error.ts'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import type { Generator } from '../generator/generator.ts'
import {
  add,
  concat,
  gradients,
  input,
  meanAll,
  mul,
  reduceMean,
  reshape,
  slice,
  square,
  type Tensor,
  writeModel,
} from '../graph/index.ts'
import { Runtime } from '../runtime/runtime.ts'
import { Adam } from './adam.ts'
import { rampedRate } from './latent.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

function recording(name: string) {
  const { tensors } = readSafetensors(readFileSync(new URL(`./fixtures/${name}.safetensors`, import.meta.url)), name)
  const floats = (key: string) => toFloat32(tensors.get(key)!)
  return {
    floats,
    doubles: (key: string) => [...new Float64Array(Uint8Array.from(tensors.get(key)!.data).buffer)],
    /** Tensors whose name starts with `prefix`, by the rest of it. */
    group: (prefix: string) =>
      new Map(
        [...tensors.keys()]
          .filter((key) => key.startsWith(prefix))
          .map((key) => [key.slice(prefix.length), floats(key)]),
      ),
  }
}

/** All runs start from the same code and aim at the same picture. */
const shared = recording('w_schedule_lr0.01')
const objective = new SquaredError(shared.floats('target'))
const label = shared.floats('c')
const golden = new GoldenCase('tiny8x')

/** A generator whose weights may be written to. */
function generatorOfItsOwn(): Generator {
  const generator = golden.generator(runtime)
  for (const [name, values] of Object.entries(generator.weights)) generator.weights[name] = values.slice()
  return generator
}

describe('the official projector', () => {
  it('repeats 20 steps on code and noise pictures', async () => {
    const { floats, doubles, group } = recording('w_noise_schedule')
    const generator = generatorOfItsOwn()
    const noises = new Map<string, Float32Array>()
    for (const [name, values] of group('noise_init.')) noises.set(`backbone.synthesis.${name}`, values.slice())
    expect(noises.size).toBe(7)
    const judgeNoise = await noiseRegulariser(noises)
    const adams = new Map([...noises].map(([name, { length }]) => [name, new Adam(length)]))
    const width = golden.config.w_dim
    const w = shared.floats('w_start').slice(0, width)
    const adam = new Adam(width)

    for (let step = 0; step < 20; step++) {
      Object.assign(generator.weights, Object.fromEntries(noises))
      const view = await generator.view(generator.repeat(w), label)
      const { loss, gradient } = await objective.judge(view)
      const regulariser = await judgeNoise(noises)
      expect(Math.abs(loss / doubles('dist')[step] - 1), `distance at ${step}`).toBeLessThan(1e-3)
      expect(Math.abs(regulariser.loss / doubles('reg')[step] - 1), `regulariser at ${step}`).toBeLessThan(1e-3)

      const found = await generator.backward(view, gradient, { noise: true })
      const rate = rampedRate(0.01, step / 20)
      adam.step(w, sumOfRows(found.ws, width), rate)
      for (const [name, values] of noises) {
        const g = found.weights![name].map((value, i) => value + 1e5 * regulariser.gradients[name][i])
        adams.get(name)!.step(values, g, rate)
        normalise(values)
      }
    }
    expectClose(w, floats('w_final'), 'w', 2e-4)
    for (const [name, values] of group('noise_final.')) {
      expectClose(noises.get(`backbone.synthesis.${name}`)!, values, name, 1e-3)
    }
  })

  it('gives gradients of noise pictures only where they are asked for', async () => {
    const generator = golden.generator(runtime)
    const view = await generator.view(generator.repeat(generator.meanLatent), label)
    const cotangent = { image: view.image }
    const names = async (want: object) => Object.keys((await generator.backward(view, cotangent, want)).weights ?? {})
    expect(await names({})).toEqual([])
    expect((await names({ weights: true })).filter((name) => name.endsWith('noise_const'))).toEqual([])
    expect((await names({ noise: true })).filter((name) => !name.endsWith('noise_const'))).toEqual([])
  })

  it('repeats 10 steps of tuning every weight', async () => {
    const { floats, doubles, group } = recording('pti10')
    const generator = generatorOfItsOwn()
    const start = new Map(Object.entries(generator.weights).map(([name, values]) => [name, values.slice()]))
    const adams = new Map<string, Adam>()
    const losses = doubles('loss')
    for (let step = 0; step < 10; step++) {
      const view = await generator.view(floats('pivot'), label)
      const { loss, gradient } = await objective.judge(view)
      expect(Math.abs(loss / losses[step] - 1), `loss at ${step}`).toBeLessThan(1e-3)
      const { weights } = await generator.backward(view, gradient, { weights: true })
      for (const [name, g] of Object.entries(weights!)) {
        const adam = adams.get(name) ?? new Adam(g.length)
        adams.set(name, adam)
        adam.step(generator.weights[name], g, 3e-4)
      }
    }
    const tuned = group('final.')
    expect([...adams.keys()].sort()).toEqual([...tuned.keys()].sort())
    for (const [name, expected] of tuned) {
      const from = start.get(name)!
      const moved = (values: Float32Array) => values.map((value, i) => value - from[i])
      expectRelative(moved(generator.weights[name]), moved(expected), name, 0.02)
    }
  })
})

/** Correlation of each picture with itself shifted by one, at every size down to 8 (docs/eg3d.md, Inversion). */
async function noiseRegulariser(noises: ReadonlyMap<string, Float32Array>) {
  const roll = (x: Tensor, axis: number) =>
    concat([slice(x, axis, x.shape[axis] - 1, x.shape[axis]), slice(x, axis, 0, x.shape[axis] - 1)], axis)
  const of = (x: Tensor): Tensor => {
    const term = add(square(meanAll(mul(x, roll(x, 0)))), square(meanAll(mul(x, roll(x, 1)))))
    const size = x.shape[0]
    if (size <= 8) return term
    const halved = reduceMean(reshape(x, [size / 2, 2, size / 2, 2]), [1, 3])
    return add(term, of(reshape(halved, [size / 2, size / 2])))
  }
  const names = [...noises.keys()]
  const leaves = names.map((name) => {
    const size = Math.sqrt(noises.get(name)!.length)
    return input(name, [size, size])
  })
  const loss = leaves.map(of).reduce(add)
  const found = gradients(loss, leaves)
  const program = await runtime.compile(
    writeModel({ loss, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, found[i]])) }),
  )
  return async (values: ReadonlyMap<string, Float32Array>) => {
    const result = await program.run(Object.fromEntries(values))
    return { loss: result.loss[0], gradients: Object.fromEntries(names.map((name) => [name, result[`d.${name}`]])) }
  }
}

/** Zero mean, unit mean square. */
function normalise(values: Float32Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const power = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  values.forEach((value, i) => {
    values[i] = (value - mean) / Math.sqrt(power)
  })
}

function sumOfRows(gradient: Float32Array, width: number): Float32Array {
  const sum = new Float32Array(width)
  gradient.forEach((value, i) => {
    sum[i % width] += value
  })
  return sum
}
