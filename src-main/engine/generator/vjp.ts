/**
 * A pass with its adjoint: the models of both, and what the forward run keeps for the backward one. Kept are the layers'
 * results (what has a gradient of its own), so that the backward run convolves nothing again; at full size that is a
 * quarter of a step's time for 0.5 GiB. On a GPU, whose memory is out of our reach between runs, they are computed again.
 */
import { ancestors, type Model, sizeOf, type Tensor, writeModel } from '../graph/index.ts'
import type { Arrays, Feeds, Program, Runtime } from '../runtime/runtime.ts'
import { adjoint, noisePictures, trainable, unprefixed } from './adjoint.ts'
import type { Parameters } from './parameters.ts'

export interface VjpGraph {
  readonly parameters: Parameters
  readonly outputs: Record<string, Tensor>
  /** What gradients are found of. */
  readonly leaves: Record<string, Tensor>
}

interface VjpWant {
  /** Of the leaves; default: all. */
  readonly leaves?: readonly string[]
  readonly weights?: boolean
  readonly noise?: boolean
}

/** Stands for one forward run, of which things were kept. */
export type Trace = object

export class Vjp {
  private readonly runtime: Runtime
  private readonly graph: VjpGraph
  private readonly kept: ReadonlyMap<Tensor, string>
  private readonly programs = new Map<string, Promise<Program>>()
  private buffers: Arrays | undefined
  /** The run whose values the buffers hold. */
  private latest: Trace | undefined

  constructor(runtime: Runtime, graph: VjpGraph) {
    this.runtime = runtime
    this.graph = graph
    const layers = runtime.provider.name === 'cpu' ? ancestors(Object.values(graph.outputs)).filter(hasOwnGradient) : []
    this.kept = new Map(layers.map((layer, i) => [layer, `kept.${i}`]))
  }

  /**
   * @param trace given where a backward run may follow: the next such run overwrites what this one keeps
   * @param into residents that outputs go to, by name
   */
  async forward(feeds: Feeds, trace?: Trace, into: Feeds = {}): Promise<Arrays> {
    if (!trace || this.kept.size === 0) {
      const program = await this.program('forward', () => writeModel(this.graph.outputs))
      return program.run(feeds, undefined, into)
    }
    const program = await this.program('forward, kept', () => {
      const named = [...this.kept].map(([tensor, name]) => [name, tensor])
      return writeModel({ ...this.graph.outputs, ...Object.fromEntries(named) })
    })
    this.buffers ??= Object.fromEntries(
      [...this.kept].map(([{ shape }, name]) => [name, new Float32Array(sizeOf(shape))]),
    )
    this.latest = trace
    return program.run(feeds, undefined, { ...this.buffers, ...into })
  }

  /**
   * @param feeds as the forward run's
   * @param cotangents of every output, by name
   * @param trace of the forward run; where nothing is kept of it any more, it is repeated
   * @returns gradients by name, of the leaves and of what is wanted besides
   */
  async backward(feeds: Feeds, cotangents: Feeds, want: VjpWant = {}, trace: Trace = {}): Promise<Arrays> {
    const { outputs, leaves, parameters } = this.graph
    if (this.kept.size > 0 && this.latest !== trace) await this.forward(feeds, trace)
    const { leaves: names = Object.keys(leaves) } = want
    const program = await this.program(`backward ${names} ${want.weights ?? false} ${want.noise ?? false}`, () => {
      const asked = Object.fromEntries(names.map((name) => [name, leaves[name]]))
      const wanted = { ...(want.weights && trainable(parameters)), ...(want.noise && noisePictures(parameters)) }
      return writeModel(adjoint(outputs, { ...asked, ...wanted }), this.kept)
    })
    const named = Object.entries(cotangents).map(([name, cotangent]) => [`cotangent.${name}`, cotangent])
    return unprefixed(await program.run({ ...feeds, ...Object.fromEntries(named), ...this.buffers }))
  }

  private program(key: string, write: () => Model): Promise<Program> {
    let program = this.programs.get(key)
    if (!program) {
      program = this.runtime.compile(write())
      this.programs.set(key, program)
    }
    return program
  }
}

const hasOwnGradient = ({ operation, inputs }: Tensor) => operation === 'WithGradient' && inputs.length > 1
