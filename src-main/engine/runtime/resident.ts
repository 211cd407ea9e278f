/**
 * Values that many runs are fed, weights above all, and their copies in GPU memory: uploaded at the first run that needs
 * them, shared by all programs of a runtime, renewed after `set`. A run may also write an output to a resident: on WebGPU
 * the values then stay in GPU memory until `Runtime.read` asks for them.
 */
import * as ort from 'onnxruntime-node'
import type { Shape } from '../graph/index.ts'
import { ProtobufMessage } from '../graph/protobuf.ts'

export class Resident {
  readonly length: number
  private values: Float32Array | undefined
  private edition = 0

  constructor(data: Float32Array) {
    this.length = data.length
    this.values = data
  }

  /**
   * Not to be changed in place without a `set` afterwards.
   * @throws when a run has written the values to GPU memory and `Runtime.read` has not brought them back
   */
  get data(): Float32Array {
    if (!this.values) throw new Error('Resident: the values are in GPU memory alone; Runtime.read brings them back')
    return this.values
  }

  /** Rises with all new values: what tells a copy that it is outdated. */
  get version(): number {
    return this.edition
  }

  /** Whether `data` can be had. */
  get isHere(): boolean {
    return this.values !== undefined
  }

  /**
   * New values; also to be called with the same array after its values were changed.
   * @throws when their number is another
   */
  set(data: Float32Array): void {
    if (data.length !== this.length) throw new Error(`Resident.set: ${data.length} values instead of ${this.length}`)
    this.values = data
    this.edition++
  }

  /** New values that are in GPU memory alone. For the copies' own use, like `bringBack`. */
  leave(): void {
    this.values = undefined
    this.edition++
  }

  /** The same values, in main memory as well. */
  bringBack(data: Float32Array): void {
    this.values = data
  }
}

/** One resident for each entry. */
export function residents(values: Readonly<Record<string, Float32Array>>): Record<string, Resident> {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [name, new Resident(data)]))
}

interface Copy {
  /** The resident's version that the buffer holds; undefined when a run was to overwrite it and did not end well. */
  version: number | undefined
  buffer: ort.Tensor
  /** Where runs write that are fed the copy itself: WebGPU lets no buffer be read and written at once. */
  spare?: ort.Tensor
}

/** Bytes that runs brought to a GPU's memory and back to main memory. */
export interface Traffic {
  up: number
  down: number
  /** Seconds inside runs: their operations given to the GPU and, where something comes back, waited for. */
  seconds: number
}

/**
 * The copies that one WebGPU runtime holds. (The other GPU providers of onnxruntime's Node binding take their inputs from
 * main memory alone.) A copy must not outlive the last session, or onnxruntime ends the process: `dispose` comes first.
 */
export class DeviceCopies {
  readonly traffic: Traffic = { up: 0, down: 0, seconds: 0 }
  private readonly copies = new WeakMap<Resident, Copy>()
  private readonly buffers = new Set<ort.Tensor>()
  private uploader: Promise<ort.InferenceSession> | undefined
  private downloader: Promise<ort.InferenceSession> | undefined
  private last: Promise<unknown> = Promise.resolve()
  /** The binding frees no GPU memory when its tensors are collected. */
  private readonly collected = new FinalizationRegistry<Copy>(
    ({ buffer, spare }) =>
      void this.inTurn(() => {
        this.free(buffer)
        if (spare) this.free(spare)
      }),
  )

  /** Runs tasks one after another, so that no copy is renewed between its use in a run and the run's end. */
  inTurn<T>(task: () => T | Promise<T>): Promise<T> {
    const turn = this.last.then(task)
    this.last = turn.catch(() => undefined)
    return turn
  }

  /** The resident's copy, up to date, as a tensor to feed. Only within a turn. */
  async tensor(resident: Resident, shape: Shape): Promise<ort.Tensor> {
    let copy = this.copies.get(resident)
    if (copy?.version !== resident.version) {
      const { data, version } = resident
      if (copy) this.free(copy.buffer)
      const buffer = await this.upload(data)
      copy = copy ? Object.assign(copy, { version, buffer }) : this.keep(resident, { version, buffer })
    }
    return view(copy.buffer, shape)
  }

  /**
   * Where a run writes an output that is for the resident; `adopt` follows when it has. Only within a turn.
   * @param isFed whether the same run reads the resident
   */
  async target(resident: Resident, shape: Shape, isFed: boolean): Promise<ort.Tensor> {
    const allocate = () => this.upload(new Float32Array(resident.length))
    const copy = this.copies.get(resident) ?? this.keep(resident, { version: undefined, buffer: await allocate() })
    if (isFed) {
      copy.spare ??= await allocate()
      return view(copy.spare, shape)
    }
    copy.version = undefined
    return view(copy.buffer, shape)
  }

  /** Makes what a run has written to the resident's `target` its values. Within the same turn. */
  adopt(resident: Resident, isFed: boolean): void {
    const copy = this.copies.get(resident)!
    if (isFed) Object.assign(copy, { buffer: copy.spare, spare: copy.buffer })
    resident.leave()
    copy.version = resident.version
  }

  /** Brings the values of a resident that this runtime has computed back to main memory, if they are not there. */
  bringBack(resident: Resident): Promise<void> {
    return this.inTurn(async () => {
      const copy = this.copies.get(resident)
      if (resident.isHere || copy?.version !== resident.version) return
      this.downloader ??= identitySession()
      const results = await (await this.downloader).run({ values: view(copy.buffer, [resident.length]) })
      this.traffic.down += 4 * resident.length
      // Not where they were set meanwhile.
      if (copy.version === resident.version) resident.bringBack(results.copy.data as Float32Array)
    })
  }

  /** Frees all copies. Before the runtime's sessions are released, not after. */
  dispose(): Promise<void> {
    return this.inTurn(async () => {
      for (const buffer of this.buffers) this.free(buffer)
      await (await this.uploader)?.release()
      await (await this.downloader)?.release()
      this.uploader = undefined
      this.downloader = undefined
    })
  }

  private keep(resident: Resident, copy: Copy): Copy {
    this.copies.set(resident, copy)
    this.collected.register(resident, copy)
    return copy
  }

  private free(buffer: ort.Tensor): void {
    if (this.buffers.delete(buffer)) buffer.dispose()
  }

  private async upload(data: Float32Array): Promise<ort.Tensor> {
    this.uploader ??= identitySession('gpu-buffer')
    const session = await this.uploader
    this.traffic.up += data.byteLength
    const { copy } = await session.run({ values: new ort.Tensor('float32', data, [data.length]) })
    this.buffers.add(copy)
    return copy
  }
}

/** The buffer's values in another shape; disposing of it frees nothing. */
function view(buffer: ort.Tensor, shape: Shape): ort.Tensor {
  return ort.Tensor.fromGpuBuffer(buffer.gpuBuffer, { dataType: 'float32', dims: shape as number[] })
}

/** Copies what it is fed to main memory or, where asked to, to GPU memory: the binding has no other way to do either. */
function identitySession(preferredOutputLocation: 'cpu' | 'gpu-buffer' = 'cpu'): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(identityOfAnyShape(), {
    executionProviders: ['webgpu'],
    preferredOutputLocation,
    logSeverityLevel: 3,
  })
}

/** values -> copy, in ONNX; written by hand, since the graph library's models have static shapes. */
function identityOfAnyShape(): Uint8Array {
  const float32 = new ProtobufMessage().message(1, new ProtobufMessage().int(1, 1))
  const info = (name: string) => new ProtobufMessage().text(1, name).message(2, float32)
  const node = new ProtobufMessage().text(1, 'values').text(2, 'copy').text(4, 'Identity')
  const graph = new ProtobufMessage()
    .message(1, node)
    .text(2, 'upload')
    .message(11, info('values'))
    .message(12, info('copy'))
  return new ProtobufMessage()
    .int(1, 8)
    .message(7, graph)
    .message(8, new ProtobufMessage().text(1, '').int(2, 16))
    .bytes()
}
