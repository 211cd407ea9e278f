import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Runtime } from '../runtime/runtime.ts'
import {
  cases,
  convCase,
  convTransposeCase,
  type GradientCase,
  graphOf,
  matMulCase,
  signed,
  sliceCase,
} from './fixtures/gradient-cases.ts'
import {
  add,
  constant,
  conv,
  gradients,
  greater,
  input,
  leakyRelu,
  mul,
  operations,
  pullBack,
  sigmoid,
  square,
  sumAll,
  type Tensor,
  where,
  writeModel,
} from './index.ts'
import { ancestors } from './tensor.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

type Feeds = Record<string, Float32Array>

/**
 * Central differences in float32. With values of order 1, rounding leaves about 1e-7 * sqrt(terms) / EPSILON = 1e-4 and
 * the third derivative (at most 30 in the cases) EPSILON^2 / 6 * 30 = 1e-4 relative to the gradient's scale.
 */
const EPSILON = 5e-3
const TOLERANCE = 1e-3

/** d <cotangent, output> / d feeds[name], one element after another; the sum itself is taken in float64. */
async function differences(output: Tensor, cotangent: Float32Array, feeds: Feeds, name: string): Promise<Float64Array> {
  const program = await runtime.compile(writeModel({ output }))
  const moved = Float32Array.from(feeds[name])
  const valueAt = async (i: number, x: number) => {
    moved[i] = x
    const { output: values } = await program.run({ ...feeds, [name]: moved })
    return values.reduce((sum, y, k) => sum + y * cotangent[k], 0)
  }
  const result = new Float64Array(moved.length)
  for (let i = 0; i < moved.length; i++) {
    const x = moved[i]
    const [high, low] = [Math.fround(x + EPSILON), Math.fround(x - EPSILON)]
    result[i] = ((await valueAt(i, high)) - (await valueAt(i, low))) / (high - low)
    moved[i] = x
  }
  return result
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = TOLERANCE) {
  expect(actual.length, what).toBe(expected.length)
  const scale = Math.max(1, ...Array.from(expected, Math.abs))
  for (let i = 0; i < expected.length; i++) {
    const near = Math.abs(actual[i] - expected[i]) <= tolerance * scale
    if (!near) throw new Error(`${what}, element ${i}: the rule gives ${actual[i]}, differences ${expected[i]}`)
  }
}

async function checkGradients(gradientCase: GradientCase) {
  const { tensors, output, cotangent, feeds } = graphOf(gradientCase)
  const names = Object.keys(tensors)
  const adjoints = pullBack([output], [cotangent], Object.values(tensors))
  const program = await runtime.compile(
    writeModel(Object.fromEntries(names.map((name, i) => [`d_${name}`, adjoints[i]]))),
  )
  const results = await program.run(feeds)
  for (const [i, name] of names.entries()) {
    expect(adjoints[i].shape).toEqual(tensors[name].shape)
    expectClose(results[`d_${name}`], await differences(output, feeds.cotangent, feeds, name), name)
  }
}

/** The squared size of the gradients is itself differentiated: every rule's adjoint must have the right rule. */
async function checkSecondOrder(gradientCase: GradientCase) {
  const { tensors, output, cotangent, feeds } = graphOf(gradientCase)
  const size = pullBack([output], [cotangent], Object.values(tensors))
    .map((adjoint) => sumAll(square(adjoint)))
    .reduce((sum, part) => add(sum, part))
  const reached = ancestors([size])
  // Linear operations have a gradient that no longer depends on their operand, but always on the cotangent.
  const wrt = Object.entries({ ...tensors, cotangent }).filter(([name, tensor]) =>
    name === 'cotangent' ? true : reached.some((node) => node.inputs.includes(tensor) && node.operation !== 'Greater'),
  )
  const adjoints = gradients(
    size,
    wrt.map(([, tensor]) => tensor),
  )
  const program = await runtime.compile(
    writeModel(Object.fromEntries(wrt.map(([name], i) => [`${name}'`, adjoints[i]]))),
  )
  const results = await program.run(feeds)
  for (const [name] of wrt) {
    expectClose(results[`${name}'`], await differences(size, Float32Array.of(1), feeds, name), `second order, ${name}`)
  }
}

describe('every rule against central differences', () => {
  it.each(cases.map((each) => [each.operation, each.of, each] as const))('%s: %s', async (_, __, each) => {
    await checkGradients(each)
    await checkSecondOrder(each)
  })

  it('covers every operation, and each case contains the one it names', () => {
    for (const each of cases) {
      const used = ancestors([graphOf(each).output]).map((node) => node.operation)
      expect(used, `${each.operation}: ${each.of}`).toContain(each.operation)
    }
    expect([...new Set(cases.map((each) => each.operation))].sort()).toEqual([...operations].sort())
  })
})

describe('rules over random shapes', () => {
  const runs = { numRuns: 10 }
  const small = fc.integer({ min: 1, max: 3 })
  const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))
  const pads = fc.tuple(pair(0, 2), pair(0, 2)).map(([a, b]) => [...a, ...b] as const)
  const seed = fc.integer({ min: 1, max: 1e6 })

  it('Conv: sizes, strides and uneven pads', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          n: small,
          i: small,
          o: small,
          size: pair(3, 6),
          kernel: pair(1, 3),
          strides: pair(1, 3),
          pads,
          seed,
        }),
        ({ n, i, o, size, kernel, strides, pads, seed }) =>
          checkGradients(convCase([n, i, ...size], [o, i, ...kernel], { strides, pads }, seed)),
      ),
      runs,
    ))

  it('Conv: groups, with the gradient of the input alone', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          group: small,
          i: small,
          o: small,
          size: pair(3, 5),
          kernel: pair(1, 3),
          strides: pair(1, 2),
          pads,
          seed,
        }),
        ({ group, i, o, size, kernel, strides, pads, seed }) =>
          checkGradients(convCase([2, i * group, ...size], [o * group, i, ...kernel], { strides, pads, group }, seed)),
      ),
      runs,
    ))

  it('ConvTranspose: sizes, strides, cropping and output padding', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          n: small,
          i: small,
          o: small,
          size: pair(2, 4),
          kernel: pair(2, 4),
          strides: pair(1, 3),
          crop: pair(0, 1),
          extra: pair(0, 2),
          seed,
        }),
        ({ n, i, o, size, kernel, strides, crop, extra, seed }) =>
          checkGradients(
            convTransposeCase(
              [n, i, ...size],
              [i, o, ...kernel],
              {
                strides,
                pads: [crop[0], crop[1], crop[1], crop[0]],
                outputPadding: [Math.min(extra[0], strides[0] - 1), Math.min(extra[1], strides[1] - 1)],
              },
              seed,
            ),
          ),
      ),
      runs,
    ))

  it('MatMul: leading axes that broadcast', () => {
    const leading = fc.array(fc.tuple(small, fc.constantFrom('both', 'first', 'second')), { maxLength: 2 })
    return fc.assert(
      fc.asyncProperty(
        fc.record({ leading, m: small, k: small, n: small, dropA: fc.nat(2), dropB: fc.nat(2), seed }),
        ({ leading, m, k, n, dropA, dropB, seed }) => {
          const a = leading.map(([size, kept]) => (kept === 'second' ? 1 : size)).slice(dropA)
          const b = leading.map(([size, kept]) => (kept === 'first' ? 1 : size)).slice(dropB)
          return checkGradients(matMulCase([...a, m, k], [...b, k, n], seed))
        },
      ),
      runs,
    )
  })

  it('Slice: starts, ends and steps on every axis', () => {
    const axis = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }))
      .chain(([size, step]) =>
        fc
          .tuple(fc.constant(size), fc.nat(size - 1), fc.constant(step))
          .chain(([size, start, step]) =>
            fc.integer({ min: start + 1, max: size }).map((end) => ({ size, start, end, step })),
          ),
      )
    return fc.assert(
      fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 3 }), seed, (axes, seed) => {
        const of = (name: keyof (typeof axes)[number]) => axes.map((each) => each[name])
        return checkGradients(sliceCase(of('size'), of('start'), of('end'), of('step'), seed))
      }),
      runs,
    )
  })
})

describe('the gradient of a gradient', () => {
  /** The R1 penalty of a two-layer critic: the squared size of its score's gradient in the picture. */
  function penalty(activate: (x: Tensor) => Tensor) {
    const x = input('x', [2, 2, 5, 5])
    const w1 = input('w1', [3, 2, 3, 3])
    const w2 = input('w2', [2, 3, 3, 3])
    const hidden = conv(x, w1, { pads: [1, 1, 1, 1] })
    const score = sumAll(conv(activate(hidden), w2, { strides: [2, 2], pads: [1, 1, 1, 1] }))
    const [dx] = gradients(score, [x])
    return { x, w1, w2, hidden, value: sumAll(square(dx)) }
  }
  const feeds = { x: signed([2, 2, 5, 5], 5).data, w1: signed([3, 2, 3, 3], 6).data, w2: signed([2, 3, 3, 3], 7).data }

  it.each([
    ['leakyRelu', (x: Tensor) => leakyRelu(x, 0.2), ['w1', 'w2']],
    ['sigmoid', sigmoid, ['x', 'w1', 'w2']],
  ] as const)('agrees with differences of the R1 penalty through conv, %s, conv', async (name, activate, wrt) => {
    const graph = penalty(activate)
    if (name === 'leakyRelu') {
      // No difference may step over the kink: 18 inputs of size 1, each moved by EPSILON at most.
      const { hidden } = await (await runtime.compile(writeModel({ hidden: graph.hidden }))).run(feeds)
      expect(Math.min(...hidden.map(Math.abs))).toBeGreaterThan(EPSILON)
    }
    const adjoints = gradients(
      graph.value,
      wrt.map((key) => graph[key]),
    )
    const program = await runtime.compile(
      writeModel(Object.fromEntries(wrt.map((key, i) => [`d_${key}`, adjoints[i]]))),
    )
    const results = await program.run(feeds)
    for (const key of wrt) {
      expectClose(results[`d_${key}`], await differences(graph.value, Float32Array.of(1), feeds, key), key)
    }
  })

  it('of a piecewise linear critic does not depend on the picture', () => {
    const graph = penalty((x) => leakyRelu(x, 0.2))
    expect(() => gradients(graph.value, [graph.x])).toThrow("does not depend on the input 'x'")
  })
})

describe('what cannot be differentiated', () => {
  const x = input('x', [2, 3])

  it('a loss of several elements', () => {
    expect(() => gradients(x, [x])).toThrow('the loss has shape [2,3], not one element')
  })

  it('a leaf the loss does not reach', () => {
    expect(() => gradients(sumAll(x), [x, input('unused', [3])])).toThrow("does not depend on the input 'unused'")
    const between = mul(input('y', [2]), 2)
    expect(() => gradients(sumAll(x), [between])).toThrow('does not depend on a Mul of shape [2]')
  })

  it('a leaf reached by nothing but a condition', () => {
    const choice = where(greater(input('c', [2, 3]), 0), x, 1)
    expect(() => gradients(sumAll(choice), [choice.inputs[0].inputs[0]])).toThrow("does not depend on the input 'c'")
  })

  it('a cotangent of another shape', () => {
    expect(() => pullBack([x], [constant([1, 2], [2])], [x])).toThrow('cotangent [2] does not match output [2,3]')
  })

  it('a grouped kernel', () => {
    const w = input('w', [2, 1, 3, 3])
    const y = conv(input('p', [1, 2, 4, 4]), w, { group: 2 })
    expect(() => gradients(sumAll(y), [w])).toThrow('grouped kernels are constants')
  })
})

it('gives the gradient of tensors between input and loss, and of both where one depends on the other', async () => {
  const x = input('x', [3])
  const middle = mul(x, 2)
  const loss = sumAll(mul(middle, middle))
  const [dx, dm] = gradients(loss, [x, middle])
  const program = await runtime.compile(writeModel({ dx, dm }))
  const results = await program.run({ x: Float32Array.of(1, 2, 3) })
  expect([...results.dm]).toEqual([4, 8, 12])
  expect([...results.dx]).toEqual([8, 16, 24])
})
