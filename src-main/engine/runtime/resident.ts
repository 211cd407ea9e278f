/**
 * Values that many runs are fed, weights above all, and their copies in GPU memory: uploaded at the first run that needs
 * them, shared by all programs of a runtime, renewed after `set`.
 */
import * as ort from 'onnxruntime-node'
import type { Shape } from '../graph/index.ts'
import { Message } from '../graph/protobuf.ts'

export class Resident {
  private values: Float32Array
  private edition = 0

  constructor(data: Float32Array) {
    this.values = data
  }

  /** Not to be changed in place without a `set` afterwards. */
  get data(): Float32Array {
    return this.values
  }

  /** Rises with each `set`: what tells a copy that it is outdated. */
  get version(): number {
    return this.edition
  }

  /** New values; also to be called with the same array after its values were changed. */
  set(data: Float32Array): void {
    this.values = data
    this.edition++
  }
}

/** One resident for each entry. */
export function residents(values: Readonly<Record<string, Float32Array>>): Record<string, Resident> {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [name, new Resident(data)]))
}

interface Copy {
  readonly version: number
  readonly buffer: ort.Tensor
}

/**
 * The copies that one WebGPU runtime holds. (The other GPU providers of onnxruntime's Node binding take their inputs from
 * main memory alone.) A copy must not outlive the last session, or onnxruntime ends the process: `dispose` comes first.
 */
export class DeviceCopies {
  private readonly copies = new WeakMap<Resident, Copy>()
  private readonly buffers = new Set<ort.Tensor>()
  private uploader: Promise<ort.InferenceSession> | undefined
  private last: Promise<unknown> = Promise.resolve()
  /** The binding frees no GPU memory when its tensors are collected. */
  private readonly collected = new FinalizationRegistry<ort.Tensor>(
    (buffer) => void this.inTurn(() => this.free(buffer)),
  )

  /** Runs tasks one after another, so that no copy is renewed between its use in `tensor` and the end of the run. */
  inTurn<T>(task: () => T | Promise<T>): Promise<T> {
    const turn = this.last.then(task)
    this.last = turn.catch(() => undefined)
    return turn
  }

  /** The resident's copy, up to date, as a tensor to feed. Only within a turn. */
  async tensor(resident: Resident, shape: Shape): Promise<ort.Tensor> {
    let copy = this.copies.get(resident)
    if (copy?.version !== resident.version) {
      if (copy) this.free(copy.buffer)
      this.copies.delete(resident)
      copy = { version: resident.version, buffer: await this.upload(resident.data) }
      this.copies.set(resident, copy)
      this.collected.register(resident, copy.buffer, copy.buffer)
    }
    return ort.Tensor.fromGpuBuffer(copy.buffer.gpuBuffer, { dataType: 'float32', dims: shape as number[] })
  }

  /** Frees all copies. Before the runtime's sessions are released, not after. */
  dispose(): Promise<void> {
    return this.inTurn(async () => {
      for (const buffer of this.buffers) this.free(buffer)
      await (await this.uploader)?.release()
      this.uploader = undefined
    })
  }

  private free(buffer: ort.Tensor): void {
    this.collected.unregister(buffer)
    if (this.buffers.delete(buffer)) buffer.dispose()
  }

  private async upload(data: Float32Array): Promise<ort.Tensor> {
    this.uploader ??= ort.InferenceSession.create(identityOfAnyShape(), {
      executionProviders: ['webgpu'],
      preferredOutputLocation: 'gpu-buffer',
      logSeverityLevel: 3,
    })
    const session = await this.uploader
    const { copy } = await session.run({ values: new ort.Tensor('float32', data, [data.length]) })
    this.buffers.add(copy)
    return copy
  }
}

/** values -> copy, in ONNX; written by hand, since the graph library's models have static shapes. */
function identityOfAnyShape(): Uint8Array {
  const float32 = new Message().message(1, new Message().int(1, 1))
  const info = (name: string) => new Message().text(1, name).message(2, float32)
  const node = new Message().text(1, 'values').text(2, 'copy').text(4, 'Identity')
  const graph = new Message().message(1, node).text(2, 'upload').message(11, info('values')).message(12, info('copy'))
  return new Message().int(1, 8).message(7, graph).message(8, new Message().text(1, '').int(2, 16)).bytes()
}
