import { afterAll, expect, it } from 'vitest'
import { gradients, input, writeModel } from '../../src-main/engine/graph/index.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { contrastMiss, occupancy, surfaceProfile } from './objective.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

// A ray onto a surface at 2.5, one that misses, and one that a head's edge covers in part.
const [rays, samples] = [3, 8]
const targets = {
  mask: Float32Array.of(1, 0, 0.5),
  covered: Float32Array.of(1, 0, 0),
  distance: Float32Array.of(2.5, 0, 2.5),
}
const depths = Float32Array.from({ length: rays * samples }, (_, i) => 2.4 + 0.03 * (i % samples))
depths[4] = 2.506

async function judge(sigma: Float32Array) {
  const [s, t] = [input('sigma', [rays, samples]), input('depths', [rays, samples])]
  const { mask, covered, distance } = Object.fromEntries(
    Object.keys(targets).map((name) => [name, input(name, [rays])]),
  ) as Record<keyof typeof targets, ReturnType<typeof input>>
  const loss = occupancy(s, t, { mask, covered, distance })
  const program = await runtime.compile(writeModel({ loss, gradient: gradients(loss, [s])[0] }))
  const { loss: value, gradient } = await program.run({ sigma, depths, ...targets })
  return { loss: value[0], gradient }
}

it('pulls density down before the surface and beside the head, up close behind it, and leaves the rest', async () => {
  const { gradient } = await judge(new Float32Array(rays * samples).fill(70))
  const signs = Array.from({ length: rays }, (_, ray) =>
    [...gradient.subarray(ray * samples, (ray + 1) * samples)].map(Math.sign),
  )
  expect(signs[0]).toEqual([1, 1, 1, 1, -1, 0, 0, 0])
  expect(signs[1]).toEqual(Array(samples).fill(1))
  expect(signs[2]).toEqual(Array(samples).fill(0))
})

it('is least where the density rises at the recorded surface', async () => {
  const risingAt = (surface: number) =>
    judge(depths.map((depth, i) => (i < samples ? 70 + 10_000 * (depth - surface) : -100)))
  const [before, at, behind] = [await risingAt(2.47), await risingAt(2.5), await risingAt(2.53)]
  expect(at.loss).toBeLessThan(before.loss)
  expect(at.loss).toBeLessThan(behind.loss)
})

it('has the density rise along the normal alone, and at the surface', async () => {
  const [sigma, outside] = [input('sigma', [4]), input('outside', [4])]
  const { surface, normals } = surfaceProfile(sigma, outside)
  const [gradient] = gradients(normals, [sigma])
  const program = await runtime.compile(writeModel({ surface, normals, gradient }))
  const judged = async (values: number[], distances = [0, -0.01, 0.01, 0]) => {
    const found = await program.run({ sigma: Float32Array.from(values), outside: Float32Array.from(distances) })
    return { surface: found.surface[0], normals: found.normals[0], signs: [...found.gradient].map(Math.sign) }
  }
  const right = await judged([50, 150, -50, 50])
  expect(right.surface).toBeCloseTo(0, 5)
  expect(right.normals).toBeCloseTo(0, 5)
  const elsewhere = await judged([60, 160, -40, 60])
  expect(elsewhere.surface).toBeGreaterThan(0.1)
  expect(elsewhere.normals).toBeCloseTo(0, 5)
  const askew = await judged([50, 150, -50, 70])
  expect(askew.normals).toBeGreaterThan(0.1)
  expect(askew.signs.slice(2)).toEqual([-1, 1])
})

it('tells how much contrast there is and which way it runs, not where exactly', async () => {
  const side = 17
  const pictureOf = (value: (row: number, column: number) => number) =>
    Float32Array.from({ length: 3 * side * side }, (_, i) => value(Math.floor(i / side) % side, i % side))
  const stripes = (size: number, at: number) => (Math.floor(at / 2) % 2 === 0 ? size : -size)
  const [made, wanted] = ['made', 'wanted'].map((name) => input(name, [1, 3, side, side]))
  const program = await runtime.compile(writeModel({ miss: contrastMiss(made, wanted) }))
  const upright = pictureOf((_, column) => stripes(0.4, column))
  const missOf = async (picture: Float32Array) => (await program.run({ made: picture, wanted: upright })).miss[0]
  expect(await missOf(pictureOf((_, column) => stripes(0.4, column + 2)))).toBeCloseTo(0, 6)
  const lying = await missOf(pictureOf((row) => stripes(0.4, row)))
  const faint = await missOf(pictureOf((_, column) => stripes(0.2, column)))
  expect(lying).toBeGreaterThan(0.05)
  expect(faint).toBeGreaterThan(0.05)
})
