/**
 * Running models: one runtime is one execution provider with its sessions. The only folder that knows onnxruntime.
 * A run is synchronous inside (it blocks this process), which is why the engine is a process of its own and why long
 * work is cut into short runs.
 */
import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import { UserError } from '../errors.ts'
import { type Model, type ModelOutput, type Shape, sizeOf } from '../graph/index.ts'
import { type Provider, type ProviderOptions, plainMessage, selectProvider } from './provider.ts'
import { DeviceCopies, Resident, type Traffic } from './resident.ts'

export interface RuntimeOptions extends ProviderOptions {
  /** Threads of the CPU provider, and of what runs on the processor beside it; default, and 0: one per core. */
  readonly threads?: number
}

/** Numbers in a large block: 64 MiB. (glibc's malloc keeps blocks of 32 MiB for the next use, and few are in between.) */
const LARGE = 2 ** 24

export type Arrays = Readonly<Record<string, Float32Array>>

/** What a run is fed: residents for what many runs share, arrays for the rest. */
export type Feeds = Readonly<Record<string, Float32Array | Resident>>

/** What a run writes to: residents for what goes on into other runs, arrays for what is wanted here. */
type Targets = Feeds

export class Runtime {
  readonly provider: Provider
  readonly threads: number
  private readonly copies: DeviceCopies | undefined
  private readonly programs = new Map<string, Promise<Program>>()

  private constructor(provider: Provider, threads: number) {
    this.provider = provider
    this.threads = threads
    this.copies = provider.name === 'webgpu' ? new DeviceCopies() : undefined
  }

  static async create(options: RuntimeOptions = {}): Promise<Runtime> {
    return new Runtime(await selectProvider(options), options.threads || availableParallelism())
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

  /** Whether residents stay in GPU memory, and with them what is computed from residents into residents. */
  get keepsResidents(): boolean {
    return this.copies !== undefined
  }

  /** What has crossed between main memory and the GPU's so far, and its runs' time, or nothing where it is all one. */
  get traffic(): Readonly<Traffic> {
    return { up: 0, down: 0, seconds: 0, ...this.copies?.traffic }
  }

  /**
   * A resident's values, brought back from GPU memory if they are there alone. Not to be changed in place, like `data`.
   * @throws when they are in another runtime's GPU memory, or were lost with it; UserError when the GPU fails
   */
  async read(resident: Resident): Promise<Float32Array> {
    await this.copies?.bringBack(resident).catch(blame(this.provider))
    return resident.data
  }

  /** Frees every session and every copy of a resident. */
  async dispose(): Promise<void> {
    await this.copies?.dispose()
    for (const program of this.programs.values()) await (await program.catch(() => undefined))?.dispose()
    this.programs.clear()
  }

  private async createProgram({ bytes, ...model }: Model): Promise<Program> {
    const creation = ort.InferenceSession.create(bytes, {
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
      // Numbers below 1e-38 count as zero: gradients fade into them where a ray hardly meets a texel, and a CPU computes
      // with them so slowly that the backbone's backward pass took five times its time. (A process's main thread keeps to
      // what its first session says.)
      extra: {
        session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' },
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

/** A model as it is known once it is compiled: its bytes may hold a network, and the session has them. */
type Described = Omit<Model, 'bytes'>

/** A compiled model. */
export class Program {
  readonly model: Described
  private readonly session: ort.InferenceSession
  private readonly provider: Provider
  private readonly copies: DeviceCopies | undefined

  constructor(model: Described, session: ort.InferenceSession, provider: Provider, copies: DeviceCopies | undefined) {
    this.model = model
    this.session = session
    this.provider = provider
    this.copies = copies
  }

  /**
   * @param feeds the model's inputs by name; more may be given (a whole weight store, say) and are ignored
   * @param fetches the outputs that are wanted; default all
   * @param into arrays and residents that outputs are written to, by name; the other outputs get new arrays. A resident
   *   may be among the feeds as well, of which it then takes the place; one that a failing run was to write to may have
   *   lost its values
   * @returns the outputs by name, but for those that went to residents
   * @throws when an input is missing, or an input or resident has another number of elements than the model's; UserError
   *   when a GPU fails
   */
  async run(feeds: Feeds, fetches?: readonly string[], into: Targets = {}): Promise<Record<string, Float32Array>> {
    const wanted = this.model.outputs.filter(({ name }) => fetches?.includes(name) ?? true)
    this.check(feeds, wanted, into)
    const execute = () => this.execute(feeds, wanted, into)
    return (this.copies?.inTurn(execute) ?? execute()).catch(blame(this.provider))
  }

  async dispose(): Promise<void> {
    await this.session.release()
  }

  private check(feeds: Feeds, wanted: readonly ModelOutput[], into: Targets): void {
    for (const { name, shape } of this.model.inputs) {
      const value = feeds[name]
      if (!value) throw new Error(`Program.run: the input '${name}' [${shape}] is missing`)
      if (value.length !== sizeOf(shape)) {
        throw new Error(`Program.run: '${name}' has ${value.length} values, the model wants [${shape}]`)
      }
    }
    for (const { name, shape } of wanted) {
      const length = into[name]?.length ?? sizeOf(shape)
      if (length !== sizeOf(shape)) {
        throw new Error(`Program.run: '${name}' is to go to ${length} values, the model gives [${shape}]`)
      }
    }
  }

  private async execute(
    feeds: Feeds,
    wanted: readonly ModelOutput[],
    into: Targets,
  ): Promise<Record<string, Float32Array>> {
    const tensors = await this.tensors(feeds)
    const fed = new Set(this.model.inputs.map(({ name }) => feeds[name]))
    const targets: Record<string, ort.Tensor | null> = {}
    for (const { name, shape } of wanted) targets[name] = await this.target(into[name], shape, fed)
    const results: Record<string, Float32Array> = {}
    const began = performance.now()
    const outputs = await this.session.run(tensors, targets)
    if (this.copies) this.copies.traffic.seconds += (performance.now() - began) / 1000
    for (const [name, tensor] of Object.entries(outputs)) {
      const target = into[name]
      if (!(target instanceof Resident)) {
        if (this.copies) this.copies.traffic.down += (tensor.data as Float32Array).byteLength
        if (target) release(tensor.data as Float32Array)
        results[name] = target ?? (tensor.data as Float32Array)
      } else if (this.copies) {
        this.copies.adopt(target, fed.has(target))
        tensor.dispose()
      } else target.set(tensor.data as Float32Array)
    }
    return results
  }

  private async tensors(feeds: Feeds): Promise<Record<string, ort.Tensor>> {
    const tensors: Record<string, ort.Tensor> = {}
    for (const { name, shape } of this.model.inputs) tensors[name] = await this.tensor(feeds[name], shape)
    return tensors
  }

  private async tensor(value: Float32Array | Resident, shape: Shape): Promise<ort.Tensor> {
    if (value instanceof Resident && this.copies) return this.copies.tensor(value, shape)
    if (this.copies) this.copies.traffic.up += 4 * value.length
    // Without a copy: the array itself is read while the model runs.
    return new ort.Tensor('float32', value instanceof Resident ? value.data : value, shape as number[])
  }

  /** What an output is written to; null for a new array. */
  private async target(
    into: Float32Array | Resident | undefined,
    shape: Shape,
    fed: ReadonlySet<Float32Array | Resident>,
  ): Promise<ort.Tensor | null> {
    // A new array becomes a resident's own: it may be fed to this very run.
    if (into instanceof Resident) return this.copies?.target(into, shape, fed.has(into)) ?? null
    return into ? new ort.Tensor('float32', into, shape as number[]) : null
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
    const reason = plainMessage((error as Error).message)
    throw new UserError('provider-failed', { provider: name, adapter, reason }, { cause: error })
  }
}
