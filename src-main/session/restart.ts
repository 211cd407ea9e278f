/** When a dead engine process is started again. */

/** Deaths within a minute after which nothing is tried any more. */
export const RESTARTS = 5
const WINDOW = 60_000

/**
 * @param deaths times of all deaths so far, milliseconds, the last one now
 * @returns milliseconds to wait, or undefined where it dies too often for another try
 */
export function restartDelay(deaths: readonly number[]): number | undefined {
  const recent = deaths.filter((time) => deaths[deaths.length - 1] - time < WINDOW).length
  return recent >= RESTARTS ? undefined : 200 * 2 ** (recent - 1)
}
