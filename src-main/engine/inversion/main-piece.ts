/** The head in a picture of opacities, apart from what floats beside it. */

/** What is thinner than this does not hold pieces together. */
const THIN = 0.3
/** Pixels around the piece that still belong to it: its soft edge. */
const EDGE = 2

/**
 * @param opacity [n * n] of a rendering, 0..1
 * @returns [n * n] 1 for the largest piece that hangs together, with its edge; 0 elsewhere
 */
export function mainPiece(opacity: Float32Array): Uint8Array {
  const size = Math.sqrt(opacity.length)
  const seen = new Uint8Array(opacity.length)
  let largest: number[] = []
  for (let start = 0; start < opacity.length; start++) {
    if (seen[start] || opacity[start] < THIN) continue
    seen[start] = 1
    // The list grows while it is walked.
    const piece = [start]
    for (const pixel of piece) {
      const column = pixel % size
      const neighbours = [
        column > 0 ? pixel - 1 : -1,
        column < size - 1 ? pixel + 1 : -1,
        pixel - size,
        pixel + size < opacity.length ? pixel + size : -1,
      ]
      for (const next of neighbours) {
        if (next < 0 || seen[next] || opacity[next] < THIN) continue
        seen[next] = 1
        piece.push(next)
      }
    }
    if (piece.length > largest.length) largest = piece
  }
  const result = new Uint8Array(opacity.length)
  for (const pixel of largest) {
    const [row, column] = [Math.floor(pixel / size), pixel % size]
    const last = Math.min(column + EDGE, size - 1)
    for (let y = Math.max(row - EDGE, 0); y <= Math.min(row + EDGE, size - 1); y++) {
      result.fill(1, y * size + Math.max(column - EDGE, 0), y * size + last + 1)
    }
  }
  return result
}
