/** What the surface is made from: a density and a colour at any point of a cube, asked for in bounded batches. */
import { UserError } from '../errors.ts'

/** What a head offers to be sampled: world points in, values out. `points` is [x, y, z, x, y, z, ...]. */
export interface Field {
  /** Side of the cube in which densities are defined (EG3D's `box_warp`), world units. */
  readonly side: number
  /** Its centre; default: the world's origin. */
  readonly centre?: readonly [number, number, number]
  /** Raw density (the decoder's output before softplus) at `points`: one number a point. */
  sigma(points: Float32Array): Promise<Float32Array>
  /** The raw density at which the surface lies, where it is known; otherwise it is taken where the reference takes it. */
  level?(): Promise<number | undefined>
  /** Display-referred (sRGB) red, green, blue at `points`, 0..1: three numbers a point. */
  colour(points: Float32Array): Promise<Float32Array>
  /** The same without what photos added to the generator's; absent where there is no difference. */
  bare?(points: Float32Array): Promise<Float32Array>
}

/**
 * The field with everything moved to another place.
 * @param level of the field that the moves were found for
 * @param backwards where what is at points [n, 3] comes from
 */
export function moved(
  field: Field,
  level: number | undefined,
  backwards: (points: Float32Array) => Float32Array,
): Field {
  const { bare } = field
  return {
    ...field,
    level: async () => level,
    sigma: (points) => field.sigma(backwards(points)),
    colour: (points) => field.colour(backwards(points)),
    ...(bare && { bare: (points: Float32Array) => bare(backwards(points)) }),
  }
}

/** How far a long question has come (0..1, never falling), and how to stop it: aborting throws the signal's reason. */
export interface Watch {
  progress?: (fraction: number) => void
  signal?: AbortSignal
}

/** A decoder's memory grows with the points asked at once; above this many nothing gets faster. */
export const POINTS_PER_CALL = 2 ** 18

/**
 * Asks `ask` for `points` ([n, 3]) in calls of at most `POINTS_PER_CALL` and returns [n, width].
 * @throws UserError where the field answers with something that is not a number: a diverged or damaged generator.
 */
export async function askInBatches(
  ask: (points: Float32Array) => Promise<Float32Array>,
  points: Float32Array,
  width: number,
  { progress, signal }: Watch = {},
): Promise<Float32Array> {
  const count = points.length / 3
  const answers = new Float32Array(count * width)
  for (let start = 0; start < count; start += POINTS_PER_CALL) {
    signal?.throwIfAborted()
    const end = Math.min(start + POINTS_PER_CALL, count)
    // A copy, because a field on another thread may take the buffer with it.
    const answer = await ask(points.slice(start * 3, end * 3))
    if (answer.length !== (end - start) * width) {
      throw new Error(`A field gave ${answer.length} numbers for ${end - start} points, not ${width} for each.`)
    }
    if (answer.some(Number.isNaN)) {
      throw new UserError('density-not-finite')
    }
    answers.set(answer, start * width)
    progress?.(end / count)
  }
  return answers
}
