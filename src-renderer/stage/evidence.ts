/** The colours of evidence: from blue, invented, over grey to orange, seen in the photo. */

/** As the engine draws it: colours that colour-blind eyes tell apart too. */
export const RAMP = [
  [44, 72, 168],
  [205, 205, 205],
  [246, 148, 22],
] as const

/** How light a point is that faces the eye by so much: the light stands beside the camera. */
export const light = (cosine: number) => 0.45 + 0.55 * Math.max(0, cosine)

/**
 * @param evidence a vertex each, 0 invented to 255 seen
 * @returns RGB, 8 bits, a vertex each
 */
export function evidenceColours(evidence: Uint8Array): Uint8Array {
  const colours = new Uint8Array(3 * evidence.length)
  evidence.forEach((value, vertex) => {
    const place = (value / 255) * (RAMP.length - 1)
    const low = Math.min(Math.floor(place), RAMP.length - 2)
    for (let channel = 0; channel < 3; channel++) {
      const from = RAMP[low][channel]
      colours[3 * vertex + channel] = Math.round(from + (place - low) * (RAMP[low + 1][channel] - from))
    }
  })
  return colours
}
