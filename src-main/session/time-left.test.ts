/** What is said of the time left, against jobs whose every step was measured: CPU seconds of the sample portrait. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Phase, phases, type Quality } from '../engine/inversion/schedule.ts'
import { type Costs, TimeLeft } from './time-left.ts'

interface Recorded {
  quality: Quality
  steps: Record<Phase, number[]>
  afterwards: number
}

const recorded: Recorded[] = JSON.parse(readFileSync(new URL('fixtures/step-times.json', import.meta.url), 'utf8'))

/** What is said after each step, over what is true. */
function said({ quality, steps, afterwards }: Recorded, costs?: Costs): number[] {
  const times = phases.flatMap((phase) => steps[phase].map((seconds) => ({ phase, seconds })))
  const timeLeft = new TimeLeft(quality, costs)
  let left = times.reduce((sum, { seconds }) => sum + seconds, afterwards)
  return times.map(({ phase, seconds }, index) => {
    timeLeft.note(phase, seconds)
    left -= seconds
    return (timeLeft.after(index + 1, times.length) ?? Number.NaN) / left
  })
}

/** After a tenth of the steps. */
const trusted = (ratios: readonly number[]) => ratios.slice(Math.ceil(ratios.length / 10) - 1)

test.each(recorded)('after a tenth of a $quality job the time left is known to a quarter', (job) => {
  expect(Math.max(...trusted(said(job)).map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(0.25)
})

// Of a full job too few steps were recorded.
test.each(recorded.filter(({ quality }) => quality !== 'full'))(
  'where judging takes much longer, the second $quality job is known',
  (job) => {
    const other = { ...job, afterwards: 4 * job.afterwards }
    const timeLeft = new TimeLeft(job.quality)
    for (const phase of phases) for (const seconds of job.steps[phase]) timeLeft.note(phase, seconds)
    const worst = (costs?: Costs) => Math.max(...trusted(said(other, costs)).map((ratio) => Math.abs(ratio - 1)))
    expect(worst()).toBeGreaterThan(0.25)
    expect(worst(timeLeft.measured(other.afterwards))).toBeLessThan(0.25)
  },
)

test('a job of few steps tells nothing of others', () => {
  const timeLeft = new TimeLeft('fast')
  for (const phase of phases) timeLeft.note(phase, 1)
  expect(timeLeft.measured(20)).toBeUndefined()
})

test('on a machine twice as fast half the time is left', () => {
  const [job] = recorded
  const halved = Object.fromEntries(phases.map((phase) => [phase, job.steps[phase].map((seconds) => seconds / 2)]))
  const fast = { ...job, steps: halved as Recorded['steps'], afterwards: job.afterwards / 2 }
  said(fast).forEach((ratio, step) => {
    if (step > 0) expect(ratio).toBeCloseTo(said(job)[step])
  })
})

test('nothing is said before a step tells', () => {
  const timeLeft = new TimeLeft('fast')
  expect(timeLeft.after(0, 80)).toBeUndefined()
  timeLeft.note('code', 9)
  expect(timeLeft.after(1, 80)).toBeUndefined()
})
