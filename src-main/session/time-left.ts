/** How long a job will still take: from what its steps have taken so far, and what its other parts cost beside them. */
import { type Phase, phaseAt, phases, plans, type Quality } from '../engine/inversion/schedule.ts'

/** In steps of the first phase: what its first steps take longer, which compile its networks, and each of its steps. */
export interface Cost {
  readonly enter: number
  readonly step: number
}

/** What the parts of a job cost; `afterwards`: surface, views from all sides and judgement. */
export type Costs = Readonly<Record<Phase, Cost>> & { readonly afterwards: number }

/** Where no job has been measured yet: of the sample portrait, on two cores. */
const USUAL: Readonly<Record<Quality, Costs>> = {
  fast: {
    code: { enter: 0, step: 1 },
    layers: { enter: 0, step: 1 },
    shape: { enter: 5, step: 1.45 },
    detail: { enter: 15, step: 0.9 },
    afterwards: 50,
  },
  balanced: {
    code: { enter: 0, step: 1 },
    layers: { enter: 2, step: 1.1 },
    shape: { enter: 3, step: 1.25 },
    detail: { enter: 16, step: 1.15 },
    afterwards: 42,
  },
  full: {
    code: { enter: 0, step: 1 },
    layers: { enter: 0, step: 1 },
    shape: { enter: 4, step: 1.4 },
    detail: { enter: 12, step: 1.6 },
    afterwards: 25,
  },
}

/**
 * The first steps of a phase that tell little of the others: at the very first the window's graphics are set up beside it,
 * and in the last phase each draw of samples is looked at anew.
 */
const FIRST: Readonly<Record<Phase, number>> = { code: 4, layers: 1, shape: 1, detail: 4 }
/** Of steps that tell, so many are needed; while there are fewer, all but the very first have to do. */
const FEW = 3
/** The pace is that of so many last steps: what else the machine does comes and goes. */
const RECENT = 12
/** A phase with so many steps behind it is known by these. */
const KNOWN = 4

interface Step {
  readonly phase: Phase
  readonly seconds: number
}

export class TimeLeft {
  private readonly quality: Quality
  private readonly costs: Costs
  /** All there were, in their order. */
  private readonly all: Step[] = []
  /** Those that tell. */
  private readonly telling: Step[] = []
  /** Made of the phase at hand. */
  private made = 0

  /** @param costs as they were for the last job of this kind on this machine */
  constructor(quality: Quality, costs: Costs = USUAL[quality]) {
    this.quality = quality
    this.costs = costs
  }

  /** A step was made. */
  note(phase: Phase, seconds: number): void {
    this.made = phase === this.all.at(-1)?.phase ? this.made + 1 : 1
    this.all.push({ phase, seconds })
    if (this.made > FIRST[phase]) this.telling.push({ phase, seconds })
  }

  /** Seconds until the head is formed and judged, `step` of `steps` done; nothing while no step tells. */
  after(step: number, steps: number): number | undefined {
    const { quality, costs } = this
    const telling = this.telling.slice(-RECENT)
    const recent = telling.length >= FEW ? telling : this.all.slice(1).slice(-RECENT)
    if (recent.length === 0) return undefined
    const now = this.all.at(-1)?.phase
    const unit = sum(recent.map(({ seconds }) => seconds)) / sum(recent.map(({ phase }) => costs[phase].step))
    const own = telling.filter(({ phase }) => phase === now)
    let [left, before] = [unit * costs.afterwards, now]
    for (let i = step; i < steps; i++) {
      const phase = phaseAt(plans[quality], i, steps)
      if (phase !== before) left += unit * costs[phase].enter
      left += phase === now && own.length >= KNOWN ? mean(own) : unit * costs[phase].step
      before = phase
    }
    return left
  }

  /**
   * What the parts of this job cost.
   * @param afterwards seconds from its last step until it was judged
   * @returns nothing where it had too few steps to tell
   */
  measured(afterwards: number): Costs | undefined {
    const own = (steps: readonly Step[], phase: Phase) => steps.filter((step) => step.phase === phase)
    const telling = phases.map((phase) => own(this.telling, phase))
    if (telling.some((steps) => steps.length < KNOWN)) return undefined
    const unit = mean(telling[0])
    const costs = phases.map((phase, i) => {
      const [step, all] = [mean(telling[i]), own(this.all, phase)]
      const enter = phase === 'code' ? 0 : Math.max(0, sum(all.map(({ seconds }) => seconds)) - all.length * step)
      return [phase, { enter: enter / unit, step: step / unit }] as const
    })
    return { ...(Object.fromEntries(costs) as Record<Phase, Cost>), afterwards: afterwards / unit }
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const mean = (steps: readonly Step[]) => sum(steps.map(({ seconds }) => seconds)) / steps.length
