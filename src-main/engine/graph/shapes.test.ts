import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  clip,
  concat,
  constant,
  conv,
  convTranspose,
  expand,
  input,
  matMul,
  pad,
  reduceSum,
  reshape,
  type Shape,
  sliceAll,
  transpose,
  where,
} from './index.ts'

const of = (...shape: number[]) => input('x', shape)

describe('shape errors are thrown where the operation is called and name both sides', () => {
  it.each([
    ['broadcast', () => add(of(2, 3), of(4, 3)), 'Add: cannot broadcast [2,3] against [4,3]'],
    ['MatMul', () => matMul(of(2, 3), of(4, 5)), 'MatMul: the last axis of [2,3] must match the last but one of [4,5]'],
    ['MatMul, leading', () => matMul(of(2, 1, 3), of(3, 3, 1)), 'MatMul: cannot broadcast [2] against [3]'],
    [
      'MatMul, rank',
      () => matMul(of(3), of(3, 1)),
      'MatMul: the last axis of [3] must match the last but one of [3,1]',
    ],
    [
      'Conv',
      () => conv(of(1, 3, 4, 4), of(8, 2, 3, 3)),
      'Conv: input [1,3,4,4] does not match weight [8,2,3,3] x group 1',
    ],
    [
      'Conv, kernel',
      () => conv(of(1, 2, 2, 9), of(8, 2, 3, 3)),
      'Conv: weight [8,2,3,3] is larger than the padded input [1,2,2,9]',
    ],
    [
      'ConvTranspose',
      () => convTranspose(of(1, 3, 4, 4), of(2, 8, 3, 3)),
      'ConvTranspose: input [1,3,4,4] does not match weight [2,8,3,3] x group 1',
    ],
    ['Concat', () => concat([of(2, 3), of(3, 3)], 1), 'Concat: [3,3] does not fit [2,3] along axis 1'],
    ['Concat, axis', () => concat([of(2, 3), of(2, 3)], 2), 'Concat: no axis 2 in [2,3]'],
    ['Reshape', () => reshape(of(2, 3), [4, 2]), 'Reshape: [2,3] does not fit [4,2]'],
    ['Reshape, rest', () => reshape(of(5), [2, -1]), 'Reshape: [5] does not fit [2,-1]'],
    ['Transpose', () => transpose(of(2, 3), [0, 0]), 'Transpose: [0,0] is no permutation of the axes of [2,3]'],
    ['Slice', () => sliceAll(of(2, 3), [0, 1], [2, 4], [1, 1]), 'Slice: 1:4:1 is outside axis 1 of [2,3]'],
    ['Slice, empty', () => sliceAll(of(3), [1], [1], [1]), 'Slice: 1:1:1 is outside axis 0 of [3]'],
    ['Pad', () => pad(of(2, 3), [1], [1, 0]), 'Pad: [1] and [1,0] do not match the axes of [2,3]'],
    ['Pad, negative', () => pad(of(2, 3), [0, -1], [0, 0]), 'Pad: [0,-1] and [0,0] are no amounts of zeros'],
    ['Expand', () => expand(of(2, 3), [3]), 'Expand: [2,3] does not fit into [3]'],
    ['Expand, size', () => expand(of(2), [3]), 'Expand: cannot broadcast [2] against [3]'],
    ['ReduceSum', () => reduceSum(of(2, 3), [2]), 'ReduceSum: no axis 2 in [2,3]'],
    ['Constant', () => constant([1, 2, 3], [2, 2]), 'Constant: 3 values do not fill the shape [2,2]'],
    ['Where', () => where(of(2), of(2), 0), 'Where: the condition is float32, not bool'],
    ['Clip', () => clip(of(2), 1, 1), 'Clip: the range [1, 1] is empty'],
    ['Clip, no number', () => clip(of(2), 0, Number.NaN), 'Clip: the range [0, NaN] is empty'],
    ['Input', () => of(2, 0), 'Input: not a static shape: [2,0]'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})

it('broadcasting is commutative, and as NumPy has it', () => {
  const shape = fc.array(fc.constantFrom(1, 1, 2, 3), { maxLength: 4 })
  const attempt = (a: Shape, b: Shape) => {
    try {
      return add(input('a', a), input('b', b)).shape
    } catch {
      return null
    }
  }
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      const rank = Math.max(a.length, b.length)
      const padded = (shape: Shape) => [...Array(rank - shape.length).fill(1), ...shape] as number[]
      const [x, y] = [padded(a), padded(b)]
      const agrees = x.every((size, i) => size === y[i] || size === 1 || y[i] === 1)
      expect(attempt(a, b)).toEqual(agrees ? x.map((size, i) => Math.max(size, y[i])) : null)
      expect(attempt(b, a)).toEqual(attempt(a, b))
    }),
  )
})
