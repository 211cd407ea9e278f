/** What evidence looks like. */

/** From invention to evidence: blue, grey, orange, which colour-blind eyes tell apart too. */
const RAMP: readonly (readonly number[])[] = [
  [44, 72, 168],
  [205, 205, 205],
  [246, 148, 22],
]

/** @returns red, green, blue, 0..255 */
export function evidenceColour(value: number): number[] {
  const place = Math.min(Math.max(value, 0), 1) * (RAMP.length - 1)
  const low = Math.min(Math.floor(place), RAMP.length - 2)
  return RAMP[low].map((from, k) => from + (place - low) * (RAMP[low + 1][k] - from))
}
