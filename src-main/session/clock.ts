/** Time as the engine needs it, so that tests have their own. */
export interface Clock {
  /** Milliseconds, from anywhere, never back. */
  now(): number
  /** Calls `work` once, so many milliseconds from now. @returns a function that calls it off */
  after(milliseconds: number, work: () => void): () => void
}

export const clock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, work) => {
    const timer = setTimeout(work, milliseconds)
    // Nobody's process is to stay because something could be tried again.
    timer.unref()
    return () => clearTimeout(timer)
  },
}
