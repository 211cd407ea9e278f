/** The parts of an inversion that need no generator: optimiser, camera parameters, schedule, random numbers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orbitCamera, project, zoom } from '../generator/camera.ts'
import { normalArray, uniform, uniformArray } from '../random.ts'
import { Adam } from './adam.ts'
import { CAMERA_PARAMETERS, moveCamera, moveCameraBackward } from './camera-fit.ts'
import { rampedRate } from './latent.ts'
import { phaseAt, phases, plans, qualities, rateAt } from './schedule.ts'

describe('Adam', () => {
  it('does what the paper says', () => {
    const [rate, beta1, beta2, epsilon] = [0.03, 0.8, 0.99, 1e-6]
    const adam = new Adam(3, { beta1, beta2, epsilon })
    const values = Float32Array.of(1, -2, 0.5)
    // Kingma and Ba, algorithm 1, in double precision.
    const expected = [...values]
    const [m, v] = [
      [0, 0, 0],
      [0, 0, 0],
    ]
    for (let t = 1; t <= 30; t++) {
      const gradient = [Math.sin(t), expected[1] * 2, 1e-5 * t]
      adam.step(values, Float32Array.from(gradient), rate)
      gradient.forEach((g, i) => {
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        expected[i] -= (rate * (m[i] / (1 - beta1 ** t))) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon)
      })
    }
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5)
    })
    expect(adam.steps).toBe(30)
  })

  it('steps by the rate at first, whatever the size of the gradient, and stays where there is none', () => {
    const values = new Float32Array(3)
    new Adam(3).step(values, Float32Array.of(1e-4, -1e4, 0), 0.1)
    expect(values[0]).toBeCloseTo(-0.1, 4)
    expect(values[1]).toBeCloseTo(0.1, 5)
    expect(values[2]).toBe(0)
  })
})

describe('the camera', () => {
  const pivot = [0, 0, 0.2]
  const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.4, -0.15)
  const parameters = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
    minLength: CAMERA_PARAMETERS,
    maxLength: CAMERA_PARAMETERS,
  })

  it('stays where it is at zero', () => {
    moveCamera(label, pivot, new Float32Array(CAMERA_PARAMETERS)).forEach((value, i) => {
      expect(value).toBeCloseTo(label[i], 6)
    })
  })

  it('stays rigid, and turning keeps its distance to the pivot', () => {
    fc.assert(
      fc.property(parameters, (p) => {
        const moved = moveCamera(label, pivot, p)
        const column = (c: number) => [moved[c], moved[4 + c], moved[8 + c]]
        const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
        for (let a = 0; a < 3; a++) {
          for (let b = 0; b < 3; b++) expect(dot(column(a), column(b))).toBeCloseTo(a === b ? 1 : 0, 5)
        }
        const turned = moveCamera(label, pivot, [...p.slice(0, 3), 0, 0, 0, 0])
        const distance = (l: Float32Array) => Math.hypot(l[3] - pivot[0], l[7] - pivot[1], l[11] - pivot[2])
        expect(distance(turned)).toBeCloseTo(distance(label), 5)
        // The focal length alone changes what the label says beside the pose.
        const kept = moveCamera(label, pivot, p.with(6, 0))
        expect([...kept.subarray(12)]).toEqual([...label.subarray(12)])
        expect([...moved.subarray(12)]).toEqual([...zoom(label, moved[16] / label[16]).subarray(12)])
      }),
      { numRuns: 50 },
    )
  })

  it('turns to the head’s left by yaw, rises by pitch, comes nearer by less distance', () => {
    const at = (p: number[]) => moveCamera(label, pivot, p)
    expect(at([1, 0, 0, 0, 0, 0, 0])[3]).toBeGreaterThan(label[3])
    expect(at([0, 1, 0, 0, 0, 0, 0])[7]).toBeGreaterThan(label[7])
    const distance = (l: Float32Array) => Math.hypot(l[3] - pivot[0], l[7] - pivot[1], l[11] - pivot[2])
    expect(distance(at([0, 0, 0, 0, 0, 1, 0]))).toBeCloseTo(distance(label) + 0.1, 5)
  })

  it('goes away with a longer focal length, and what is at the pivot keeps its place and size', () => {
    const away = moveCamera(label, pivot, [0, 0, 0, 0, 0, 0, 5])
    expect(away[16]).toBeGreaterThan(1.5 * label[16])
    const beside = pivot.map((value, axis) => value + 0.1 * label[4 * axis])
    for (const [x, y, z] of [pivot, beside]) {
      const [before, after] = [label, away].map((l) => project(l, x, y, z))
      expect(after[0]).toBeCloseTo(before[0], 5)
      expect(after[1]).toBeCloseTo(before[1], 5)
      expect(after[2]).toBeGreaterThan(1.5 * before[2])
    }
  })

  it('passes a gradient on to its parameters', () => {
    // loss = sum weight * (label - aim)^2, its gradient by hand.
    const weight = Float64Array.from({ length: 25 }, (_, i) => Math.cos(3 * i))
    const loss = (p: ArrayLike<number>) =>
      moveCamera(Float64Array.from(label) as unknown as Float32Array, pivot, p).reduce(
        (sum, value, i) => sum + weight[i] * (value - 0.3) ** 2,
        0,
      )
    fc.assert(
      fc.property(parameters, (p) => {
        const moved = moveCamera(label, pivot, p)
        const gradient = moved.map((value, i) => 2 * weight[i] * (value - 0.3))
        const found = moveCameraBackward(label, pivot, p, gradient)
        found.forEach((g, k) => {
          const step = (delta: number) => loss(p.map((value, i) => (i === k ? value + delta : value)))
          // moveCamera answers in float32: the step must stand out of its rounding. Extrapolated from two, because it bends.
          const difference = (delta: number) => (step(delta) - step(-delta)) / (2 * delta)
          expect(g).toBeCloseTo((4 * difference(0.04) - difference(0.08)) / 3, 3)
        })
      }),
      { numRuns: 25 },
    )
  })
})

describe('the schedule', () => {
  it.each(qualities)('of %s gives every step a phase, in order, and a rate', (quality) => {
    const plan = plans[quality]
    for (const steps of [3, 7, plan.steps, 1000]) {
      const seen = Array.from({ length: steps }, (_, step) => phaseAt(plan, step, steps))
      const indices = seen.map((phase) => phases.indexOf(phase))
      expect(indices).toEqual(indices.toSorted())
      expect(seen.at(-1)).toBe('detail')
      if (steps >= 7) expect(new Set(seen), `${steps} steps`).toEqual(new Set(phases))
      seen.forEach((phase, step) => {
        const rate = rateAt(plan, phase, 0.02, step, steps)
        expect(rate).toBeGreaterThan(0)
        expect(rate).toBeLessThanOrEqual(0.02)
        expect(rateAt(plan, phase, 0.04, step, steps)).toBeCloseTo(2 * rate, 12)
      })
    }
    // A plan that was cut short: what is left over is detail.
    expect(phaseAt(plan, 10, 5)).toBe('detail')
  })

  it.each(qualities)('of %s renders what a photo has room for, ever finer', (quality) => {
    const sides = phases.map((phase) => plans[quality].phases[phase].resolution)
    expect(sides).toEqual(sides.toSorted((a, b) => a - b))
    expect(plans[quality].phases.detail.until).toBe(1)
  })

  it('of the official projector starts at nothing, is flat in the middle, ends at nothing', () => {
    expect(rampedRate(0.01, 0)).toBe(0)
    expect(rampedRate(0.01, 0.025)).toBeCloseTo(0.005, 12)
    for (const t of [0.05, 0.4, 0.75]) expect(rampedRate(0.01, t)).toBeCloseTo(0.01, 12)
    expect(rampedRate(0.01, 0.875)).toBeCloseTo(0.005, 12)
    expect(rampedRate(0.01, 1)).toBeCloseTo(0, 12)
  })
})

describe('random numbers', () => {
  it('depend on seed and stream alone', () => {
    expect(uniformArray(100, 3, 7)).toEqual(uniformArray(100, 3, 7))
    const streams = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2 ** 31 - 1, 0],
    ]
    const firsts = streams.map(([seed, stream]) => uniform(seed, stream)())
    expect(new Set(firsts).size).toBe(streams.length)
  })

  it('have the moments they should have, and never reach 1', () => {
    const values = uniformArray(100_000, 11)
    const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(mean(values)).toBeCloseTo(0.5, 2)
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 2)
    const normal = normalArray(100_000, 11)
    expect(normal.every(Number.isFinite)).toBe(true)
    expect(mean(normal)).toBeCloseTo(0, 1)
    expect(mean(normal.map((value) => value ** 2))).toBeCloseTo(1, 1)
    expect(mean(normal.map((value) => value ** 4))).toBeCloseTo(3, 0)
  })

  it('of neighbouring streams are not each other shifted', () => {
    const [a, b] = [uniformArray(2000, 4, 30), uniformArray(2000, 4, 31)]
    const common = new Set(a)
    expect(b.filter((value) => common.has(value)).length).toBeLessThan(5)
  })
})
