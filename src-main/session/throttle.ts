/** Progress that is told often enough, and no more often. */
const TELL_EVERY = 100

/** Calls `tell` at most every 100 ms. */
export function throttled(tell: (fraction: number) => void): (fraction: number) => void {
  let told = 0
  return (fraction) => {
    if (performance.now() - told < TELL_EVERY) return
    told = performance.now()
    tell(fraction)
  }
}
