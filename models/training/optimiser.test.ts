/** Both forms of the optimiser on made-up gradients; the model's runs on any provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normalArray } from '../../src-main/engine/random.ts'
import { residents } from '../../src-main/engine/runtime/resident.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { GraphAdam } from './graph-adam.ts'
import { HostAdam, type Optimiser, PARTS } from './optimiser.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
})
afterAll(() => runtime.dispose())

const SIZES: Record<string, number> = { still: 3, a: 5, b: 1, c: 12, fast: 4 }
const initial = new Map(
  Object.entries(SIZES).map(([name, size], i) => [name, { shape: [size], data: normalArray(size, i) }]),
)
const gain = (name: string) => (name === 'fast' ? 100 : 1)
const graph = () => new GraphAdam(runtime, initial, gain)
const host = () => new HostAdam(initial, gain)

/** Of the weights named, from 1e-5 to 1e5. */
const gradientsOf = (names: readonly string[], step: number) =>
  residents(
    Object.fromEntries(
      names.map((name, i) => [name, normalArray(SIZES[name], i, 100 + step).map((x) => x * 10 ** (5 * Math.sin(i)))]),
    ),
  )
const take = async (optimisers: Optimiser[], steps: number, names: readonly string[]) => {
  for (let i = 0; i < steps; i++) {
    for (const each of optimisers) await each.step(gradientsOf(names, i), 0.01, (i + 2) / (i + 20))
  }
}

const expectSame = async (found: Optimiser, wanted: Optimiser) => {
  const [actual, expected] = [await found.read(), await wanted.read()]
  expect(actual.steps).toEqual(expected.steps)
  for (const part of PARTS) {
    expect(Object.keys(actual[part]).sort()).toEqual(Object.keys(expected[part]).sort())
    for (const [name, values] of Object.entries(expected[part])) {
      values.forEach((value, i) => {
        expect(Math.abs(actual[part][name][i] - value), `${part} ${name}`).toBeLessThan(1e-5 * (Math.abs(value) + 1e-4))
      })
    }
  }
}

describe('the optimiser as a model', () => {
  it('takes the steps of the one in JavaScript, each weight by its gain', async () => {
    const [found, wanted] = [graph(), host()]
    await take([found, wanted], 5, ['a', 'b', 'c', 'fast'])
    await expectSame(found, wanted)
    const { weights } = await found.read()
    expect(weights.still).toEqual(initial.get('still')!.data)
    expect(weights.a).not.toEqual(initial.get('a')!.data)
    for (const [name, values] of Object.entries(weights)) expect(found.weights[name].data).toEqual(values)
  })

  it.each([
    ['the model', graph, host],
    ['JavaScript', host, graph],
  ])('goes on where %s stood, also with weights that were not trained before', async (_, first, second) => {
    const earlier = first()
    await take([earlier], 3, ['a', 'c', 'fast'])
    const [found, wanted] = [second(), first()]
    for (const each of [found, wanted]) each.restore(await earlier.read())
    await expectSame(found, earlier)
    // 'c' keeps its moments without being trained.
    await take([found, wanted], 2, ['a', 'b', 'fast'])
    await expectSame(found, wanted)
    expect((await found.read()).steps).toEqual({ a: 5, b: 2, c: 3, fast: 5 })
  })
})
