/**
 * Work for the GPU in pieces, one at a time. Whoever asks it anything waits until all before is done, and the window is
 * shown by the same GPU: what is queued must never take long.
 */

/** Yields after every piece, and is told how many milliseconds that took the GPU. */
export type Pieces<Result = void> = Generator<void, Result, number>

/** Milliseconds a piece should take: short enough to stop for a touch. */
const WANTED = 30

/** Draws so many rows or slices, at once as many as the GPU manages in a moment. */
export function* inPieces(count: number, draw: (from: number, howMany: number) => void): Pieces {
  let size = 1
  for (let from = 0; from < count; ) {
    const howMany = Math.min(size, count - from)
    draw(from, howMany)
    from += howMany
    const factor = WANTED / Math.max(1, yield)
    size = Math.max(1, Math.round(size * Math.min(4, Math.max(0.25, factor))))
  }
}

/** Knows whether the GPU is done with the last piece, and what it took. */
export class GpuQueue {
  /** Milliseconds the last piece took. */
  cost = 0
  private readonly context: WebGL2RenderingContext
  private sync: WebGLSync | null = null
  private began = 0
  private ended = 0

  constructor(context: WebGL2RenderingContext) {
    this.context = context
  }

  /** Has a piece of work asked of the GPU. */
  begin<Result>(ask: () => Result): Result {
    this.began = performance.now()
    const result = ask()
    this.sync = this.context.fenceSync(this.context.SYNC_GPU_COMMANDS_COMPLETE, 0)
    this.context.flush()
    return result
  }

  /** @param share of the time that the GPU may be kept at work, 0..1 */
  isFree(share = 1): boolean {
    const now = performance.now()
    if (this.sync) {
      if (this.context.clientWaitSync(this.sync, 0, 0) === this.context.TIMEOUT_EXPIRED) return false
      this.context.deleteSync(this.sync)
      this.sync = null
      this.ended = now
      this.cost = now - this.began
    }
    return now - this.ended >= this.cost * (1 / share - 1)
  }
}
