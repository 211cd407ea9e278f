/**
 * Running models: one runtime is one execution provider with its sessions. The only folder that knows onnxruntime.
 * A run is synchronous inside (it blocks this process), which is why the engine is a process of its own and why long
 * work is cut into short runs.
 */
import * as ort from 'onnxruntime-node'
import type { Model } from '../graph/index.ts'
import { sizeOf } from '../graph/index.ts'
import { type Provider, type ProviderName, selectProvider } from './provider.ts'

export interface RuntimeOptions {
  /** Default: the best that works on this machine. */
  readonly provider?: ProviderName
  /** Lets a software adapter (SwiftShader, WARP) count as a GPU: correct, slow, for tests. */
  readonly allowSoftware?: boolean
  /** Threads of the CPU provider; default: one per core. */
  readonly threads?: number
}

export type Values = Readonly<Record<string, Float32Array>>

export class Runtime {
  readonly provider: Provider
  private readonly threads: number
  private readonly programs = new Map<string, Promise<Program>>()

  private constructor(provider: Provider, threads: number) {
    this.provider = provider
    this.threads = threads
  }

  static async create(options: RuntimeOptions = {}): Promise<Runtime> {
    return new Runtime(await selectProvider(options), options.threads ?? 0)
  }

  /** A session for the model; the same model (by content) gives the same program. */
  compile(model: Model): Promise<Program> {
    let program = this.programs.get(model.hash)
    if (!program) {
      program = ort.InferenceSession.create(model.bytes, {
        executionProviders: [this.provider.name],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: this.threads,
        logSeverityLevel: 3,
        // Electron's allocator ends the process at a single block of 1 GiB, which the growing arena would reach.
        ...('electron' in process.versions && { enableCpuMemArena: false, enableMemPattern: false }),
      }).then((session) => new Program(model, session))
      this.programs.set(model.hash, program)
    }
    return program
  }

  /** Frees every session. */
  async dispose(): Promise<void> {
    for (const program of this.programs.values()) await (await program).dispose()
    this.programs.clear()
  }
}

/** A compiled model. */
export class Program {
  readonly model: Model
  private readonly session: ort.InferenceSession

  constructor(model: Model, session: ort.InferenceSession) {
    this.model = model
    this.session = session
  }

  /**
   * @param feeds the model's inputs by name; more may be given (a whole weight store, say) and are ignored
   * @returns the model's outputs by name, or those in `fetches`
   * @throws when an input is missing or has another number of elements than the model's
   */
  async run(feeds: Values, fetches?: readonly string[]): Promise<Record<string, Float32Array>> {
    const tensors: Record<string, ort.Tensor> = {}
    for (const { name, shape } of this.model.inputs) {
      const data = feeds[name]
      if (!data) throw new Error(`Program.run: the input '${name}' [${shape}] is missing`)
      if (data.length !== sizeOf(shape)) {
        throw new Error(`Program.run: '${name}' has ${data.length} values, the model wants [${shape}]`)
      }
      tensors[name] = new ort.Tensor('float32', data, shape as number[])
    }
    const outputs = fetches ? await this.session.run(tensors, fetches) : await this.session.run(tensors)
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]))
  }

  async dispose(): Promise<void> {
    await this.session.release()
  }
}
