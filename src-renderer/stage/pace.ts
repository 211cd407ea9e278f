/** How finely the stage draws while it moves: as fine as still goes fluently. */

/** Milliseconds a frame may take the GPU: alone, and beside an engine that needs the processor. */
const WANTED = 75
const WANTED_BESIDE = 30
const LEAST = 0.15
/** A longer interval between frames, milliseconds, is a pause. */
const PAUSE = 1500

export class Pace {
  /** Part of the full resolution, along a side. */
  scale = 0.4
  /** Frames a second, smoothed; 0 before there are two. */
  fps = 0
  private last: number | undefined

  /**
   * A frame is drawn.
   * @param now milliseconds
   * @param cost milliseconds it took the GPU
   * @param isAlone whether nothing else needs the machine
   */
  frame(now: number, cost: number, isAlone = true): void {
    // Time goes with the number of pixels, the square of the scale. Down at once, up little by little.
    const factor = Math.sqrt((isAlone ? WANTED : WANTED_BESIDE) / Math.max(1, cost))
    this.scale = Math.min(1, Math.max(LEAST, this.scale * Math.min(1.08, Math.max(0.5, factor))))
    const interval = this.last === undefined ? PAUSE : now - this.last
    this.last = now
    if (interval >= PAUSE) return
    const fps = 1000 / Math.max(1, interval)
    this.fps = this.fps === 0 ? fps : this.fps + (fps - this.fps) * 0.2
  }

  /** Movement ends: the next interval will be none. */
  rest(): void {
    this.last = undefined
    this.fps = 0
  }
}
