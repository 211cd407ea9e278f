/** Which step of an inversion does what: phases, their rendering and their learning rates. */

export const qualities = ['fast', 'balanced', 'full'] as const
export type Quality = (typeof qualities)[number]

/** code: one w; layers: a w for every layer; shape: smooth residual planes; detail: fine ones of colour. */
export const phases = ['code', 'layers', 'shape', 'detail'] as const
export type Phase = (typeof phases)[number]

interface PhasePlan {
  /** Where the phase ends, as a share of all steps. */
  readonly until: number
  /** Side of the rendering in rays; samples a ray in the coarse and the fine pass. */
  readonly resolution: number
  readonly coarse: number
  readonly fine: number
  /** Looks at the rendering itself: the super-resolution costs as much as all the rest. */
  readonly plain: boolean
}

export interface Plan {
  readonly steps: number
  readonly phases: Readonly<Record<Phase, PhasePlan>>
  /** Side of the detail planes, at least the generator's own. */
  readonly detailResolution: number
}

/**
 * Codes move fast: they have a long way to go in few steps, and the prior holds them where heads are. (While it measured
 * plain distance, a w for every layer traded the surface for the picture at more than a quarter of this rate.)
 */
export const DEFAULT_RATE = 0.08

/** Perceptual distance at which tuning has done enough, as published pivotal tuning stops by LPIPS. */
const ENOUGH = 0.08

/** The part of a phase, its last, over which its rate falls. */
const FALL = 1 / 3

export const plans: Readonly<Record<Quality, Plan>> = {
  fast: {
    steps: 80,
    detailResolution: 128,
    phases: {
      code: { until: 0.1875, resolution: 48, coarse: 20, fine: 12, plain: true },
      layers: { until: 0.375, resolution: 48, coarse: 20, fine: 12, plain: true },
      shape: { until: 0.625, resolution: 48, coarse: 20, fine: 12, plain: true },
      detail: { until: 1, resolution: 64, coarse: 20, fine: 16, plain: true },
    },
  },
  balanced: {
    steps: 160,
    detailResolution: 128,
    phases: {
      code: { until: 0.175, resolution: 48, coarse: 20, fine: 12, plain: true },
      layers: { until: 0.4375, resolution: 64, coarse: 20, fine: 12, plain: true },
      shape: { until: 0.5625, resolution: 64, coarse: 20, fine: 12, plain: true },
      detail: { until: 1, resolution: 96, coarse: 20, fine: 16, plain: false },
    },
  },
  full: {
    steps: 440,
    detailResolution: 256,
    phases: {
      code: { until: 0.14, resolution: 64, coarse: 24, fine: 16, plain: true },
      layers: { until: 0.41, resolution: 64, coarse: 24, fine: 16, plain: true },
      shape: { until: 0.5, resolution: 64, coarse: 24, fine: 16, plain: true },
      detail: { until: 1, resolution: 128, coarse: 24, fine: 24, plain: false },
    },
  },
}

/** The phase that step `step` of `steps` belongs to. */
export function phaseAt(plan: Plan, step: number, steps: number): Phase {
  return phases.find((phase) => step < Math.round(plan.phases[phase].until * steps)) ?? 'detail'
}

/** The learning rate within a phase: up over the first steps, down over its last third. */
export function rateAt(plan: Plan, phase: Phase, rate: number, step: number, steps: number): number {
  const index = phases.indexOf(phase)
  const first = index === 0 ? 0 : Math.round(plan.phases[phases[index - 1]].until * steps)
  const count = Math.max(1, Math.round(plan.phases[phase].until * steps) - first)
  const done = Math.min(Math.max((step - first) / count, 0), 1)
  // One w goes straight over into a w for every layer: no reason to slow down in between.
  const down = phase === 'code' ? 1 : Math.min(1, Math.max(0.03, (1 - done) / FALL))
  return rate * down * Math.min(1, (step - first + 1) / 5)
}

/**
 * All the steps of a job, `step` of them done, once the tuning stage has brought the perceptual distance to `perceptual`:
 * where that is enough, its rate falls from here on. A number of steps that is not the plan's own was asked for, and stays.
 */
export function stepsWhen(plan: Plan, steps: number, step: number, perceptual: number): number {
  if (steps !== plan.steps || perceptual > ENOUGH) return steps
  const { until } = plan.phases.shape
  return Math.min(steps, Math.ceil(step / (until + (1 - until) * (1 - FALL))))
}
