/**
 * The optimiser as a model: weights, averages and moments are residents and stay in GPU memory, as the gradients do.
 * Weights that take steps of one size are one vector: a model of some sixteen operations for each of a hundred weights
 * takes the host 36 ms a step instead of 10 to dispatch.
 */
import type { Weights } from '../../src-main/engine/generator/generator.ts'
import { add, concat, input, mul, slice, sub, type Tensor, writeModel } from '../../src-main/engine/graph/index.ts'
import { adamFeeds, adamTensors } from '../../src-main/engine/inversion/graph-adam.ts'
import { Resident, residents } from '../../src-main/engine/runtime/resident.ts'
import type { Arrays, Program, Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { ADAM, type Gain, HostAdam, type Optimiser, type OptimiserState, PARTS, type StatePart } from './optimiser.ts'

/** The faster of the two forms on this runtime's provider. */
export const createOptimiser = (runtime: Runtime, initial: Weights, gain: Gain): Optimiser =>
  runtime.keepsResidents ? new GraphAdam(runtime, initial, gain) : new HostAdam(initial, gain)

/** Weights of one gain and one number of steps taken. */
interface Group {
  readonly names: readonly string[]
  readonly gain: number
  steps: number
  readonly program: Program
  /** Each part of all the weights, one after another. */
  readonly vectors: Record<StatePart, Resident>
}

export class GraphAdam implements Optimiser {
  readonly weights: Record<string, Resident>
  private readonly runtime: Runtime
  private readonly gain: Gain
  /** Where the groups began, and where weights that are not trained still are. */
  private origin: OptimiserState
  /** Made by the first step, which is told what is trained. */
  private groups: readonly Group[] | undefined

  constructor(runtime: Runtime, initial: Weights, gain: Gain) {
    const values = Object.fromEntries([...initial].map(([name, { data }]) => [name, data]))
    this.runtime = runtime
    this.gain = gain
    this.origin = { weights: values, average: values, first: {}, second: {}, steps: {} }
    this.weights = residents(values)
  }

  async step(gradients: Readonly<Record<string, Resident>>, rate: number, keep: number): Promise<void> {
    this.groups ??= await this.group(Object.keys(gradients))
    for (const group of this.groups) {
      const { gain, program, vectors } = group
      const steps = ++group.steps
      const scalars = { ...adamFeeds(steps, rate * gain, ADAM), keep: Float32Array.of(keep) }
      await program.run({ ...gradients, ...vectors, ...scalars }, undefined, {
        ...next(vectors),
        ...next(this.weights),
      })
    }
  }

  async read(): Promise<OptimiserState> {
    const { weights, average, first, second, steps } = this.origin
    const state = {
      weights: { ...weights },
      average: { ...average },
      first: { ...first },
      second: { ...second },
      steps: { ...steps },
    }
    for (const { names, steps, vectors } of this.groups ?? []) {
      for (const name of names) state.steps[name] = steps
      for (const part of PARTS) {
        const vector = await this.runtime.read(vectors[part])
        for (const { name, from, to } of this.places(names)) state[part][name] = vector.subarray(from, to)
      }
    }
    return state
  }

  restore(state: OptimiserState): void {
    for (const [name, resident] of Object.entries(this.weights)) resident.set(state.weights[name])
    this.origin = state
    this.groups = undefined
  }

  private group(names: readonly string[]): Promise<Group[]> {
    const kinds = new Map<string, string[]>()
    for (const name of names) {
      const kind = `${this.gain(name)} ${this.origin.steps[name]}`
      kinds.set(kind, [...(kinds.get(kind) ?? []), name])
    }
    return Promise.all([...kinds.values()].map((alike) => this.createGroup(alike)))
  }

  private async createGroup(names: readonly string[]): Promise<Group> {
    const places = this.places(names)
    const join = (values: Arrays) => {
      const vector = new Float32Array(places.at(-1)!.to)
      // Moments begin at zero.
      for (const { name, from } of places) if (values[name]) vector.set(values[name], from)
      return new Resident(vector)
    }
    const { weights, average, first, second, steps } = this.origin
    return {
      names,
      gain: this.gain(names[0]),
      steps: steps[names[0]] ?? 0,
      program: await this.runtime.compile(writeModel(describeStep(places))),
      vectors: { weights: join(weights), average: join(average), first: join(first), second: join(second) },
    }
  }

  private places(names: readonly string[]): Place[] {
    const places: Place[] = []
    for (const name of names) {
      const from = places.at(-1)?.to ?? 0
      places.push({ name, from, to: from + this.weights[name].length })
    }
    return places
  }
}

/** Where a weight lies in a vector of several. */
interface Place {
  readonly name: string
  readonly from: number
  readonly to: number
}

/**
 * Inputs: the gradient of each weight by its name, `PARTS` as vectors, what `adamFeeds` gives, and `keep`.
 * @returns the new vectors and each weight, all with `next` before their names
 */
function describeStep(places: readonly Place[]): Record<string, Tensor> {
  const vector = (name: string) => input(name, [places.at(-1)!.to])
  const g = concat(
    places.map(({ name, from, to }) => input(name, [to - from])),
    0,
  )
  const { values: weights, first, second } = adamTensors(vector('weights'), g, ADAM)
  const average = add(weights, mul(sub(vector('average'), weights), input('keep', [])))
  const each = Object.fromEntries(places.map(({ name, from, to }) => [name, slice(weights, 0, from, to)]))
  return next({ weights, average, first, second, ...each })
}

function next<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`next.${name}`, value]))
}
