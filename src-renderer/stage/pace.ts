/** How finely the stage draws while it moves: as fine as still goes fluently. */

/** Frames a second below which it draws less, and above which it tries more. */
const SLOW = 12
const FAST = 24
const LEAST = 0.18
/** A pause this long, milliseconds, was no slow frame. */
const PAUSE = 1500

export class Pace {
  /** Part of the full resolution. */
  scale = 0.5
  /** Frames a second, smoothed; 0 before there are any. */
  fps = 0
  private last = 0

  /** To be told of every frame drawn while moving. @param now milliseconds */
  frame(now: number): void {
    const interval = now - this.last
    this.last = now
    if (interval <= 0 || interval > PAUSE) return
    const fps = 1000 / interval
    this.fps = this.fps === 0 ? fps : this.fps + (fps - this.fps) * 0.25
    // Time goes with the number of pixels, the square of the scale.
    if (this.fps < SLOW) this.scale = Math.max(LEAST, this.scale * Math.max(0.7, Math.sqrt(this.fps / SLOW)))
    else if (this.fps > FAST) this.scale = Math.min(1, this.scale * 1.05)
  }

  /** Movement begins anew: the first interval is not one. */
  rest(): void {
    this.last = 0
    this.fps = 0
  }
}
