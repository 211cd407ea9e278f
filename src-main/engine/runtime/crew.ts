/**
 * Threads that work at one job together, on a memory they share. What they do is a WebAssembly module of which each has an
 * instance: it describes jobs by a block in the memory, cuts them into pieces, and takes the next one until none is left
 * (generator/render.kernel.ts). The caller's thread works too; the others sleep between jobs, so that onnxruntime's threads
 * have the cores when it is their turn, and keep no process from ending.
 *
 * A thread needs no file of ours: whichever way the product is started, there is none to find.
 */
import { Worker } from 'node:worker_threads'

/** The first numbers of a job's block are the crew's; those behind it say what is to be done. */
const [EDITION, OPEN, ACTIVE, NEXT, STOP, PIECES] = [0, 1, 2, 3, 4, 5]
/** Where the block says how much scratch a thread has, and then where it begins. */
export const SCRATCH_SIZE = 6
/** How many numbers that are. */
export const CREW_FIELDS = 8

/** Bytes for the block, and then for what a thread says that fails. */
const BLOCK = 512
const LAST_WORDS = 256

interface CrewKernel {
  /** Where the block lies. */
  readonly base: WebAssembly.Global<'i32'>
  work(thread: number): void
  scratchNeeded(): number
}

/** What a thread runs. One that fails leaves its last words, and the job without it. */
const LIFE = `
const { workerData } = require('node:worker_threads')
const { module, memory, thread, base, lastWords, active } = workerData
const { exports } = new WebAssembly.Instance(module, { env: { memory } })
try {
  exports.serve(thread)
} catch (error) {
  const text = new TextEncoder().encode(String(error)).subarray(0, lastWords.size - 4)
  new Uint8Array(memory.buffer, lastWords.at + 4).set(text)
  Atomics.store(new Int32Array(memory.buffer), lastWords.at / 4, text.length)
  Atomics.sub(new Int32Array(memory.buffer), base / 4 + active, 1)
  Atomics.notify(new Int32Array(memory.buffer), base / 4 + active)
}
`

export class Crew {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 16384, shared: true })
  readonly kernel: CrewKernel
  /** The caller's among them. */
  readonly threads: number
  private readonly module: WebAssembly.Module
  private workers: Worker[] = []

  /** @param module imports its memory, shared, of at most 1 GiB */
  constructor(module: WebAssembly.Module, threads: number) {
    this.module = module
    this.threads = threads
    this.kernel = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as CrewKernel
  }

  /**
   * Works at the job that the block describes until it is done.
   * @param pieces how many it has
   * @param together false where waking the others would take longer than they could save
   * @throws Error where a thread has failed, with what it said
   */
  run(pieces: number, together = true): void {
    const block = this.block(CREW_FIELDS)
    block[NEXT] = 0
    block[PIECES] = pieces
    const helpers = together ? Math.min(this.threads, pieces) - 1 : 0
    if (helpers > 0) {
      this.hire()
      Atomics.store(block, OPEN, 1)
      Atomics.add(block, EDITION, 1)
      Atomics.notify(block, EDITION, helpers)
    }
    try {
      this.kernel.work(0)
    } finally {
      Atomics.store(block, OPEN, 0)
      for (let active = Atomics.load(block, ACTIVE); active > 0; active = Atomics.load(block, ACTIVE)) {
        Atomics.wait(block, ACTIVE, active)
      }
    }
    this.assertWell()
  }

  /** The first byte of the memory that is nobody's yet. */
  get free(): number {
    return this.kernel.base.value + BLOCK + LAST_WORDS
  }

  /** The job's block. @param fields how many numbers of it */
  block(fields: number): Int32Array {
    return new Int32Array(this.memory.buffer, this.kernel.base.value, fields)
  }

  /** Ends the threads; the next job that needs them has new ones. */
  async close(): Promise<void> {
    const block = this.block(CREW_FIELDS)
    const { workers } = this
    this.workers = []
    Atomics.store(block, STOP, 1)
    Atomics.add(block, EDITION, 1)
    Atomics.notify(block, EDITION)
    await Promise.all(workers.map((worker) => new Promise((gone) => worker.once('exit', gone))))
    Atomics.store(block, STOP, 0)
  }

  /** They help as soon as they have started. */
  private hire(): void {
    if (this.workers.length > 0) return
    const base = this.kernel.base.value
    const lastWords = { at: base + BLOCK, size: LAST_WORDS }
    for (let thread = 1; thread < this.threads; thread++) {
      const workerData = { module: this.module, memory: this.memory, thread, base, lastWords, active: ACTIVE }
      const worker = new Worker(LIFE, { eval: true, workerData, execArgv: [], env: {} })
      worker.unref()
      this.workers.push(worker)
    }
  }

  private assertWell(): void {
    const at = this.kernel.base.value + BLOCK
    const length = Atomics.exchange(new Int32Array(this.memory.buffer, at, 1), 0, 0)
    if (length === 0) return
    const text = new Uint8Array(this.memory.buffer, at + 4, length).slice()
    throw new Error(`Crew: a thread failed, and the crew goes on without it: ${new TextDecoder().decode(text)}`)
  }
}
