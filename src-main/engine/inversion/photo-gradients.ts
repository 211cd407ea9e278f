/** Looks at a head from where its photos were taken: how far it is from each, and which way its planes should go. */
import { UserError } from '../errors.ts'
import type { Generator, View } from '../generator/generator.ts'
import type { Planes, ResidentPlanes } from '../generator/plane-layout.ts'
import type { PlanesSum } from '../generator/planes-sum.ts'
import type { Objective, PosedView, ResidentObjective } from './terms/term.ts'

/** What looking at all photos gave; the loss is the weighted sum over them. */
interface PhotoGradients {
  /** The picture of the first photo, where it was needed here. */
  readonly view: View | null
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
  /**
   * Gradients: of the planes (the caller's to add to; on a GPU until the next step), of the last row of ws (through the
   * super-resolution), of the cameras that were wanted.
   */
  readonly planes: PlanesSum
  readonly w: Float32Array
  readonly labels: readonly Float32Array[]
}

/**
 * @param planes of the head; `ws` is what the super-resolution takes
 * @param want of how many views, the first ones, the cameras' gradients are needed; and whether that of `ws` is
 */
export async function photoGradients(
  generator: Generator,
  planes: Planes | ResidentPlanes,
  ws: Float32Array,
  views: readonly PosedView[],
  want: { readonly labels: number; readonly w: boolean },
): Promise<PhotoGradients> {
  let first: View | null = null
  let loss = 0
  const terms: Record<string, number> = {}
  const ofPlanes = generator.renderer.planesSum(planes)
  const ofW = new Float32Array(generator.config.w_dim)
  const ofLabels: Float32Array[] = []
  for (const [i, { label, objective, rendering, weight }] of views.entries()) {
    const wanted = { label: i < want.labels, w: want.w }
    const { judgement, found, view } =
      objective.resident && 'resident' in planes
        ? await lookThere(generator, planes, ws, { label, rendering, weight }, objective.resident, wanted, ofPlanes)
        : await lookHere(generator, planes, ws, { label, rendering, weight }, objective, wanted, ofPlanes)
    if (i === 0) first = view
    loss += weight * judgement.loss
    for (const [name, value] of Object.entries(judgement.terms)) terms[name] = (terms[name] ?? 0) + weight * value
    if (found.w) addScaled(ofW, found.w, weight)
    if (found.label) ofLabels.push(found.label.map((value) => weight * value))
  }
  if (views.length === 0) throw new Error('photoGradients: there is no photo to look at')
  return { view: first, loss, terms, planes: ofPlanes, w: ofW, labels: ofLabels }
}

type Look = Pick<PosedView, 'label' | 'rendering' | 'weight'>
type Wanted = { readonly label: boolean; readonly w: boolean }

async function lookHere(
  generator: Generator,
  planes: Planes | ResidentPlanes,
  ws: Float32Array,
  { label, rendering, weight }: Look,
  objective: Objective,
  wanted: Wanted,
  sum: PlanesSum,
) {
  const view = await generator.view(ws, label, { ...rendering, planes })
  const judgement = await objective.judge(view)
  return { judgement, view, found: await generator.backwardInto(sum, weight, view, judgement.gradient, wanted) }
}

/** The same where planes and picture stay in GPU memory. */
async function lookThere(
  { renderer, feeds }: Generator,
  planes: ResidentPlanes,
  ws: Float32Array,
  { label, rendering, weight }: Look,
  objective: ResidentObjective,
  wanted: Wanted,
  sum: PlanesSum,
) {
  const look = { ...(objective.plain && { wanted: 'colours' as const }), ...rendering }
  const shown = await renderer.renderResident(feeds, planes, label, look)
  const judgement = await objective.judge(shown, ws, wanted.w)
  const ofLabel = await renderer.backwardResident(sum, weight, feeds, shown, judgement.gradient, wanted)
  return { judgement, view: null, found: { w: judgement.w, ...ofLabel } }
}

/**
 * Asked before a step is taken, so that a step that cannot be taken leaves everything as it was.
 * @throws UserError where the loss or a gradient holds something that is no number
 */
export function assertFinite({ runtime }: Generator, loss: number, ...gradients: Float32Array[]): void {
  if ([loss, ...gradients.map(sumOf)].every(Number.isFinite)) return
  throw new UserError('loss-not-finite', { provider: runtime.provider.name })
}

function sumOf(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

function addScaled(sum: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * values[i]
}
