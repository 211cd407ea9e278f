/** A step of Adam as tensors, as `adam.ts` takes it, for what lies in GPU memory. */
import { add, div, input, mul, sqrt, square, sub, type Tensor } from '../graph/index.ts'
import { ADAM, type AdamOptions } from './adam.ts'

/**
 * Inputs besides: the moments `first` and `second`, like the values, and what `adamFeeds` gives.
 * @returns values and moments after the step
 */
export function adamTensors(
  values: Tensor,
  gradient: Tensor,
  { beta1, beta2, epsilon }: AdamOptions = ADAM,
): { values: Tensor; first: Tensor; second: Tensor } {
  const moment = (name: string) => input(name, values.shape)
  const first = add(mul(moment('first'), beta1), mul(gradient, 1 - beta1))
  const second = add(mul(moment('second'), beta2), mul(square(gradient), 1 - beta2))
  const change = div(mul(first, input('size', [])), add(div(sqrt(second), input('root', [])), epsilon))
  return { values: sub(values, change), first, second }
}

/** @param steps with this one, from 1 */
export function adamFeeds(steps: number, rate: number, { beta1, beta2 }: AdamOptions = ADAM) {
  return {
    size: Float32Array.of(rate / (1 - beta1 ** steps)),
    root: Float32Array.of(Math.sqrt(1 - beta2 ** steps)),
  }
}
