/** Which step does what: phases follow each other, rates rise and fall, and tuning that has done enough comes to its end. */
import { describe, expect, it } from 'vitest'
import { phaseAt, phases, plans, qualities, rateAt, stepsWhen } from './schedule.ts'

describe.each(qualities)('the plan %s', (quality) => {
  const plan = plans[quality]
  const { steps } = plan
  const rate = (step: number, of = steps) => rateAt(plan, 'detail', 1, step, of)

  it('goes through all phases in their order', () => {
    const seen = Array.from({ length: steps }, (_, step) => phaseAt(plan, step, steps))
    expect([...new Set(seen)]).toEqual(phases)
  })

  it('lets the rate of tuning fall as soon as it has done enough', () => {
    const step = Math.round((plan.phases.shape.until + 0.1) * steps)
    const shortened = stepsWhen(plan, steps, step, 0)
    expect(shortened).toBeLessThan(steps)
    expect(shortened).toBeGreaterThan(step)
    expect(phaseAt(plan, step, shortened)).toBe('detail')
    expect(rate(step, shortened)).toBeCloseTo(rate(step), 1)
    expect(rate(step + 2, shortened)).toBeLessThan(rate(step, shortened))
    expect(rate(shortened - 1, shortened)).toBeLessThan(0.25 * rate(step))
  })

  it('goes on where there is more to do, where the end is near, and where the number of steps was asked for', () => {
    const step = Math.round((plan.phases.shape.until + 0.1) * steps)
    expect(stepsWhen(plan, steps, step, 0.5)).toBe(steps)
    expect(stepsWhen(plan, steps, steps, 0)).toBe(steps)
    expect(stepsWhen(plan, steps + 1, step, 0)).toBe(steps + 1)
  })
})
