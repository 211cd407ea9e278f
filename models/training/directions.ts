/**
 * Directions of W+ that change one trait: what, added to a head's code, makes the change in its picture that the head
 * model makes in the same person's. The person, the light and all else are held by the pairs of pictures, so a direction
 * has no reason to bring anything else along, and is pulled back where it does.
 *
 * Pictures of the generator are compared with themselves before the change, not with the recorded ones: it need not be
 * able to draw a head to be told what a smile does to it.
 */
import type { Generator, Weights } from '../../src-main/engine/generator/generator.ts'
import { Adam } from '../../src-main/engine/inversion/adam.ts'
import { uniform } from '../../src-main/engine/random.ts'
import type { Change, ChangedHead } from './changes.ts'
import { colourOnWhite, type RecordedPicture, thumbnail } from './records.ts'

/** Side of a picture in rays: the records'. */
const LOOKING = { coarse: 20, fine: 12 }
/** Rays of a view in a step, and how many of them are spread over the picture instead of lying where it changes. */
const RAYS = 1024
const SPREAD = 0.4
const STEPS = 100
/** Changes looked at in a step. */
const BATCH = 4
/** Adam's, falling over the second half. */
const RATE = 0.02
/** What the squared length of a direction, a layer, weighs against the error of pictures, which is 1 without it. */
const SHORT = 0.002

export interface FittedDirection {
  readonly trait: string
  /** How many changes it was fitted to. */
  readonly changes: number
  /** [num_ws * w_dim]: what one standard deviation of the trait adds to the code. */
  readonly direction: Float32Array
  /** What is left over of the changes' power: 1 where nothing is done. */
  readonly error: number
}

/** A recorded head and what the generator makes of its code. */
interface Person {
  readonly ws: Float32Array
  /** [3 * side * side] a view, -1..1. */
  readonly rendered: readonly Float32Array[]
}

interface Example {
  readonly person: Person
  readonly head: ChangedHead
  readonly change: Change
}

/** @param extras of the generator's file: the starter, which reads codes off the heads */
export async function* fitDirections(
  generator: Generator,
  extras: Weights,
  heads: readonly ChangedHead[],
  steps = STEPS,
): AsyncGenerator<FittedDirection> {
  const examples = new Map<string, Example[]>()
  for (const head of heads) {
    const person = await render(generator, extras, head)
    for (const change of head.changes) {
      const known = examples.get(change.trait) ?? []
      known.push({ person, head, change })
      examples.set(change.trait, known)
    }
  }
  for (const [trait, of] of examples) {
    yield { trait, changes: of.length, ...(await fitDirection(generator, extras, of, steps)) }
  }
}

async function render(generator: Generator, extras: Weights, { views }: ChangedHead): Promise<Person> {
  const ws = generator.repeat(readCode(extras, views[0]))
  const planes = await generator.planes(ws)
  const rendered: Float32Array[] = []
  for (const { label, size } of views) {
    const look = { ...LOOKING, planes, plain: true, keep: false, resolution: size }
    rendered.push((await generator.view(ws, label, look)).image)
  }
  return { ws, rendered }
}

async function fitDirection(generator: Generator, extras: Weights, examples: readonly Example[], steps: number) {
  const { num_ws } = generator.config
  const direction = generator.repeat(readDirection(extras, examples))
  const adam = new Adam(direction.length, { beta2: 0.99 })
  const next = uniform(1)
  const scale = mean(
    examples.flatMap(({ head, change }) => change.views.map((after, at) => power(added(head.views[at], after)))),
  )
  const order: Example[] = []
  let [left, wanted] = [0, 0]
  for (let step = 0; step < steps; step++) {
    const gradient = direction.map((value) => (SHORT * value) / num_ws)
    for (let i = 0; i < BATCH; i++) {
      if (order.length === 0) order.push(...shuffled(examples, next))
      const { person, head, change } = order.pop()!
      const at = Math.floor(next() * head.views.length)
      const { label, size: resolution } = head.views[at]
      const seen = added(head.views[at], change.views[at])
      const pixels = drawPixels(seen, resolution, next)
      const ws = person.ws.map((value, k) => value + change.strength * direction[k])
      const view = await generator.view(ws, label, { ...LOOKING, pixels, plain: true, resolution })
      const image = new Float32Array(view.image.length)
      const area = resolution * resolution
      for (const pixel of pixels) {
        for (let k = pixel; k < 3 * area; k += area) {
          const off = view.image[k] - person.rendered[at][k] - seen[k]
          image[k] = off / (pixels.length * scale)
          if (step < steps / 2) continue
          left += off * off
          wanted += seen[k] * seen[k]
        }
      }
      const { ws: found } = await generator.backward(view, { image })
      for (let k = 0; k < gradient.length; k++) gradient[k] += (found[k] * change.strength) / BATCH
    }
    adam.step(direction, gradient, RATE * Math.min(1, (2 * (steps - step)) / steps))
  }
  return { direction, error: left / wanted }
}

/** w of a picture, as the starter reads it, [w_dim]. */
export function readCode(extras: Weights, picture: RecordedPicture): Float32Array {
  const [mean, matrix, offset] = ['mean', 'w.matrix', 'w.offset'].map((name) => extras.get(`starter.${name}`)!.data)
  const seen = thumbnail(picture, Math.sqrt(mean.length / 3))
  const w = offset.slice()
  seen.forEach((value, i) => {
    for (let k = 0; k < w.length; k++) w[k] += (value - mean[i]) * matrix[i * w.length + k]
  })
  return w
}

/** What the starter reads off the changes, by least squares. */
function readDirection(extras: Weights, examples: readonly Example[]): Float32Array {
  const strengths = examples.reduce((sum, { change }) => sum + change.strength ** 2, 0)
  let direction: Float32Array | undefined
  for (const { head, change } of examples) {
    const [before, after] = [readCode(extras, head.views[0]), readCode(extras, change.views[0])]
    direction ??= new Float32Array(before.length)
    for (let k = 0; k < before.length; k++) direction[k] += ((after[k] - before[k]) * change.strength) / strengths
  }
  return direction!
}

/** What a change adds to a picture on white, -1..1: [3 * side * side], channel by channel. */
function added(before: RecordedPicture, after: RecordedPicture): Float32Array {
  const area = before.mask.length
  const result = new Float32Array(3 * area)
  const [from, to] = [new Float32Array(3), new Float32Array(3)]
  for (let i = 0; i < area; i++) {
    colourOnWhite(before, i, from, 0)
    colourOnWhite(after, i, to, 0)
    for (let channel = 0; channel < 3; channel++) result[channel * area + i] = 2 * (to[channel] - from[channel])
  }
  return result
}

/** Pixels to look at, drawn where the picture changes and, some of them, anywhere. */
function drawPixels(change: Float32Array, side: number, next: () => number): Uint32Array {
  const area = side * side
  const sums = new Float64Array(area)
  let total = 0
  for (let i = 0; i < area; i++) {
    total += Math.abs(change[i]) + Math.abs(change[area + i]) + Math.abs(change[2 * area + i])
    sums[i] = total
  }
  const drawn = new Set<number>()
  for (let i = 0; i < RAYS; i++) {
    const anywhere = next() < SPREAD || total === 0
    drawn.add(anywhere ? Math.floor(next() * area) : Math.min(firstFrom(sums, next() * total), area - 1))
  }
  return Uint32Array.from(drawn).sort()
}

/** Index of the first of ascending numbers that is greater than a value. */
function firstFrom(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle] > value) high = middle
    else low = middle + 1
  }
  return low
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Mean square. */
function power(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
