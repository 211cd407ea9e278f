/**
 * What a training step does with its gradients: Adam on every weight, and the running average of the weights, which is
 * what is shipped. Two forms of one formula with one interface: `HostAdam` in JavaScript here, and `GraphAdam` for
 * providers that keep residents. The first is the faster one on the CPU, the second moves no weight to or from a GPU.
 */
import type { Weights } from '../../src-main/engine/generator/generator.ts'
import { Adam } from '../../src-main/engine/inversion/adam.ts'
import { type Resident, residents } from '../../src-main/engine/runtime/resident.ts'
import type { Arrays } from '../../src-main/engine/runtime/runtime.ts'

export const ADAM = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }

/** What there is of each weight: itself, its average, its moments. */
export const PARTS = ['weights', 'average', 'first', 'second'] as const
export type StatePart = (typeof PARTS)[number]

/** All that an optimiser needs to go on, by weight, in main memory. Moments and steps are of weights that were trained. */
export interface OptimiserState extends Readonly<Record<StatePart, Arrays>> {
  /** Taken so far. */
  readonly steps: Readonly<Record<string, number>>
}

export interface Optimiser {
  /** The weights being trained, as models take them. */
  readonly weights: Readonly<Record<string, Resident>>
  /**
   * @param gradients by weight, the same ones in every step; a weight without stays as it is, and so does its average
   * @param rate of weights whose gain is 1
   * @param keep share of the averages that is kept, 0 to 1
   */
  step(gradients: Readonly<Record<string, Resident>>, rate: number, keep: number): Promise<void>
  /** Where it stands: arrays that later steps leave alone, and that are not to be changed. */
  read(): Promise<OptimiserState>
  /** Goes on from where another of the same weights stood; the arrays are not to be changed afterwards. */
  restore(state: OptimiserState): void
}

/** How much faster than others a weight learns. */
export type Gain = (name: string) => number

export class HostAdam implements Optimiser {
  readonly weights: Record<string, Resident>
  private readonly average: Record<string, Float32Array>
  private readonly gain: Gain
  private adams: Record<string, Adam> = {}

  constructor(initial: Weights, gain: Gain) {
    const copies = () => Object.fromEntries([...initial].map(([name, { data }]) => [name, Float32Array.from(data)]))
    this.weights = residents(copies())
    this.average = copies()
    this.gain = gain
  }

  async step(gradients: Readonly<Record<string, Resident>>, rate: number, keep: number): Promise<void> {
    for (const [name, { data: gradient }] of Object.entries(gradients)) {
      this.adams[name] ??= new Adam(gradient.length, ADAM)
      const values = this.weights[name].data
      this.adams[name].step(values, gradient, rate * this.gain(name))
      this.weights[name].set(values)
      const average = this.average[name]
      for (let i = 0; i < values.length; i++) average[i] = values[i] + keep * (average[i] - values[i])
    }
  }

  async read(): Promise<OptimiserState> {
    const { weights, average, adams } = this
    return {
      weights: mapValues(weights, ({ data }) => data.slice()),
      average: mapValues(average, (values) => values.slice()),
      first: mapValues(adams, ({ first }) => first.slice()),
      second: mapValues(adams, ({ second }) => second.slice()),
      steps: mapValues(adams, ({ steps }) => steps),
    }
  }

  restore({ weights, average, first, second, steps }: OptimiserState): void {
    for (const [name, resident] of Object.entries(this.weights)) {
      resident.set(Float32Array.from(weights[name]))
      this.average[name].set(average[name])
    }
    this.adams = mapValues(first, (values, name) => {
      const adam = new Adam(values.length, ADAM)
      adam.first.set(values)
      adam.second.set(second[name])
      adam.steps = steps[name]
      return adam
    })
  }
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T, name: string) => U) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}
