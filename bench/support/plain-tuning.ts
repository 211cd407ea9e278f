/**
 * Pivotal tuning as published (Roich et al. 2021; docs/eg3d.md, Inversion), to compare with: Adam on every weight of
 * the generator until the picture is the photo, with nothing that holds the other sides.
 */
import type { MattedPortrait } from '../../src-main/engine/face/matted-portrait.ts'
import type { Generator, Weights } from '../../src-main/engine/generator/generator.ts'
import type { Head } from '../../src-main/engine/head/head.ts'
import { Adam } from '../../src-main/engine/inversion/adam.ts'
import { PortraitObjective } from '../../src-main/engine/inversion/objective.ts'
import { RaySelection } from '../../src-main/engine/inversion/ray-selection.ts'
import { type Plan, phaseAt } from '../../src-main/engine/inversion/schedule.ts'
import { uniformArray } from '../../src-main/engine/random.ts'

/** The published learning rate. */
const RATE = 3e-4

/**
 * As many steps as the plan's tuning has, at its resolution, on the same objective.
 * @param pivot what the latent stage found
 * @param judge sees the generator while it is tuned; afterwards it has its weights back
 */
export async function tunePlainly(
  generator: Generator,
  faceRes: Weights,
  portrait: MattedPortrait,
  pivot: Head,
  plan: Plan,
  judge: () => Promise<void>,
): Promise<void> {
  const { resolution, coarse, fine } = plan.phases.detail
  const plain = plan.phases.detail.plain || !generator.config.super_resolution
  const objective = await PortraitObjective.create(generator, portrait, resolution, plain, faceRes)
  const outline = new RaySelection(portrait, resolution)
  const original = { ...generator.weights }
  for (const [name, values] of Object.entries(original)) generator.weights[name] = values.slice()
  const adams: Record<string, Adam> = {}
  const steps = Array.from({ length: plan.steps }, (_, i) => phaseAt(plan, i, plan.steps)).filter((p) => p === 'detail')
  for (const step of steps.keys()) {
    const pixels = outline.draw(0, step)
    const jitter = {
      coarse: uniformArray(pixels.length * coarse, 0, 2 * step),
      fine: uniformArray(pixels.length * fine, 0, 2 * step + 1),
    }
    const view = await generator.view(pivot.ws, pivot.label, { plain, resolution, pixels, coarse, fine, jitter })
    const { gradient } = await objective.judge(view)
    const { weights } = await generator.backward(view, gradient, { weights: true })
    for (const [name, values] of Object.entries(weights!)) {
      adams[name] ??= new Adam(values.length)
      const tuned = generator.weights[name].slice()
      adams[name].step(tuned, values, RATE)
      generator.weights[name] = tuned
    }
  }
  await judge()
  Object.assign(generator.weights, original)
}
