/**
 * Running models: one runtime is one execution provider with its sessions. The only folder that knows onnxruntime.
 * A run is synchronous inside (it blocks this process), which is why the engine is a process of its own and why long
 * work is cut into short runs.
 */
import * as ort from 'onnxruntime-node'
import { UserError } from '../errors.ts'
import { type Model, type Shape, sizeOf } from '../graph/index.ts'
import { type Provider, type ProviderOptions, plainMessage, selectProvider } from './provider.ts'
import { DeviceCopies, Resident } from './resident.ts'

export interface RuntimeOptions extends ProviderOptions {
  /** Threads of the CPU provider; default: one per core. */
  readonly threads?: number
}

/** Numbers in a large block: 64 MiB. (glibc's malloc keeps blocks of 32 MiB for the next use, and few are in between.) */
const LARGE = 2 ** 24

export type Values = Readonly<Record<string, Float32Array>>

/** What a run is fed: residents for what many runs share, arrays for the rest. */
export type Feeds = Readonly<Record<string, Float32Array | Resident>>

export class Runtime {
  readonly provider: Provider
  private readonly threads: number
  private readonly copies: DeviceCopies | undefined
  private readonly programs = new Map<string, Promise<Program>>()

  private constructor(provider: Provider, threads: number) {
    this.provider = provider
    this.threads = threads
    this.copies = provider.name === 'webgpu' ? new DeviceCopies() : undefined
  }

  static async create(options: RuntimeOptions = {}): Promise<Runtime> {
    return new Runtime(await selectProvider(options), options.threads ?? 0)
  }

  /** A session for the model; the same model (by content) gives the same program. */
  compile(model: Model): Promise<Program> {
    let program = this.programs.get(model.hash)
    if (!program) {
      program = this.createProgram(model)
      this.programs.set(model.hash, program)
      program.catch(() => this.programs.delete(model.hash))
    }
    return program
  }

  /** Frees every session and every copy of a resident. */
  async dispose(): Promise<void> {
    await this.copies?.dispose()
    for (const program of this.programs.values()) await (await program.catch(() => undefined))?.dispose()
    this.programs.clear()
  }

  private async createProgram(model: Model): Promise<Program> {
    const creation = ort.InferenceSession.create(model.bytes, {
      executionProviders: [this.provider.name],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: this.threads,
      logSeverityLevel: 3,
      // A pattern allocates the whole run's memory a second time, in one block.
      enableMemPattern: false,
      // An arena keeps what it ever took, and each session has its own: only for blocks so large that the C library would
      // fetch them from the system anew every time, a quarter more CPU time for the super-resolution at full size. Never in
      // Electron, whose allocator ends the process at a single block of 1 GiB, which the growing arena would reach.
      enableCpuMemArena: model.largest > LARGE && !('electron' in process.versions),
      // Between runs the host works: threads that spin in wait for the next run would take its core (half the CPU time
      // of rendering, which is many short runs).
      extra: {
        session: { intra_op: { allow_spinning: '0' } },
        // On WebGPU, onnxruntime 1.30 fuses a convolution with both the leaky ReLU and the clip after it, and computes
        // neither right.
        ...(this.provider.name === 'webgpu' && {
          optimization: { disable_specified_optimizers: 'ConvActivationFusion' },
        }),
      },
    })
    return new Program(model, await creation.catch(blame(this.provider)), this.provider, this.copies)
  }
}

/** A compiled model. */
export class Program {
  readonly model: Model
  private readonly session: ort.InferenceSession
  private readonly provider: Provider
  private readonly copies: DeviceCopies | undefined

  constructor(model: Model, session: ort.InferenceSession, provider: Provider, copies: DeviceCopies | undefined) {
    this.model = model
    this.session = session
    this.provider = provider
    this.copies = copies
  }

  /**
   * @param feeds the model's inputs by name; more may be given (a whole weight store, say) and are ignored
   * @param fetches the outputs that are wanted; default all
   * @param into arrays that outputs are written to, by name; the other outputs get new ones
   * @returns the outputs by name
   * @throws when an input is missing or has another number of elements than the model's; UserError when a GPU fails
   */
  async run(feeds: Feeds, fetches?: readonly string[], into: Values = {}): Promise<Record<string, Float32Array>> {
    const wanted: Record<string, ort.Tensor | null> = {}
    for (const { name, shape } of this.model.outputs) {
      if (fetches && !fetches.includes(name)) continue
      wanted[name] = into[name] ? new ort.Tensor('float32', into[name], shape as number[]) : null
    }
    const execute = async () => this.session.run(await this.tensors(feeds), wanted)
    this.check(feeds)
    const outputs = await (this.copies?.inTurn(execute) ?? execute()).catch(blame(this.provider))
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => {
        const data = tensor.data as Float32Array
        if (into[name]) release(data)
        return [name, into[name] ?? data]
      }),
    )
  }

  async dispose(): Promise<void> {
    await this.session.release()
  }

  private check(feeds: Feeds): void {
    for (const { name, shape } of this.model.inputs) {
      const value = feeds[name]
      if (!value) throw new Error(`Program.run: the input '${name}' [${shape}] is missing`)
      const { length } = value instanceof Resident ? value.data : value
      if (length !== sizeOf(shape)) {
        throw new Error(`Program.run: '${name}' has ${length} values, the model wants [${shape}]`)
      }
    }
  }

  private async tensors(feeds: Feeds): Promise<Record<string, ort.Tensor>> {
    const tensors: Record<string, ort.Tensor> = {}
    for (const { name, shape } of this.model.inputs) tensors[name] = await this.tensor(feeds[name], shape)
    return tensors
  }

  private async tensor(value: Float32Array | Resident, shape: Shape): Promise<ort.Tensor> {
    if (value instanceof Resident && this.copies) return this.copies.tensor(value, shape)
    // Without a copy: the array itself is read while the model runs.
    return new ort.Tensor('float32', value instanceof Resident ? value.data : value, shape as number[])
  }
}

/** A port nobody listens at: what is transferred to it is gone. */
const { port1: nowhere, port2: listener } = new MessageChannel()
listener.close()

/**
 * Frees an array's memory now instead of when it is collected: the binding returns a copy even of what it has written
 * to an array of ours, and at full size half a gibibyte of them a step would pile up.
 */
function release({ buffer }: Float32Array): void {
  nowhere.postMessage(null, [buffer as ArrayBuffer])
}

/** On the CPU an error is a defect of ours; on a GPU it may well be the driver or its memory, and the user can act. */
function blame({ name, adapter }: Provider): (error: unknown) => never {
  return (error) => {
    if (name === 'cpu') throw error
    const message = plainMessage((error as Error).message)
    throw new UserError(`The provider ${name} (${adapter}) failed: ${message}`, 'Use the CPU: --provider cpu.', {
      cause: error,
    })
  }
}
