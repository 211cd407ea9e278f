/** How long a job will still take, from what its steps have taken so far and what the phases to come cost beside them. */
import { type Phase, phaseAt, plans, type Quality } from '../engine/inversion/schedule.ts'

/** In steps of the first phase: what its first steps take longer, which compile its networks, and each of its steps. */
interface Cost {
  readonly enter: number
  readonly step: number
}

/** As measured, CPU seconds of the sample portrait. */
const COSTS: Readonly<Record<Quality, Readonly<Record<Phase, Cost>>>> = {
  fast: {
    code: { enter: 0, step: 1 },
    layers: { enter: 0, step: 1 },
    shape: { enter: 5, step: 1.45 },
    detail: { enter: 15, step: 0.9 },
  },
  balanced: {
    code: { enter: 0, step: 1 },
    layers: { enter: 2, step: 1.1 },
    shape: { enter: 3, step: 1.25 },
    detail: { enter: 16, step: 1.15 },
  },
  full: {
    code: { enter: 0, step: 1 },
    layers: { enter: 0, step: 1 },
    shape: { enter: 4, step: 1.4 },
    detail: { enter: 12, step: 1.6 },
  },
}
/** Surface, views from all sides and judgement, in steps of the first phase. */
const AFTERWARDS: Readonly<Record<Quality, number>> = { fast: 50, balanced: 42, full: 25 }

/** The first steps of a phase that tell nothing of the others: in the last one each draw of samples is looked at anew. */
const FIRST: Readonly<Record<Phase, number>> = { code: 1, layers: 1, shape: 1, detail: 4 }
/** The pace is that of so many last steps: what else the machine does comes and goes. */
const RECENT = 12
/** A phase with so many steps behind it is known by these. */
const KNOWN = 4

export class TimeLeft {
  private readonly quality: Quality
  private readonly recent: { phase: Phase; seconds: number }[] = []
  private phase: Phase | undefined
  /** Made of this phase. */
  private made = 0

  constructor(quality: Quality) {
    this.quality = quality
  }

  /** A step was made. */
  note(phase: Phase, seconds: number): void {
    this.made = phase === this.phase ? this.made + 1 : 1
    this.phase = phase
    if (this.made <= FIRST[phase]) return
    this.recent.push({ phase, seconds })
    if (this.recent.length > RECENT) this.recent.shift()
  }

  /** Seconds until the head is formed and judged, `step` of `steps` done; nothing while no step tells. */
  after(step: number, steps: number): number | undefined {
    const { quality, recent } = this
    if (recent.length === 0) return undefined
    const costs = COSTS[quality]
    const unit = sum(recent.map(({ seconds }) => seconds)) / sum(recent.map(({ phase }) => costs[phase].step))
    const own = recent.filter(({ phase }) => phase === this.phase)
    let [left, before] = [unit * AFTERWARDS[quality], this.phase]
    for (let i = step; i < steps; i++) {
      const phase = phaseAt(plans[quality], i, steps)
      if (phase !== before) left += unit * costs[phase].enter
      const isKnown = phase === this.phase && own.length >= KNOWN
      left += isKnown ? sum(own.map(({ seconds }) => seconds)) / own.length : unit * costs[phase].step
      before = phase
    }
    return left
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
