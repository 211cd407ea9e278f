/**
 * The 256 cases of marching cubes (Lorensen and Cline, 1987), worked out from their definition instead of copied from a
 * table, so that the result is a closed manifold by construction.
 *
 * Corner c of a cube lies at (c & 1, c >> 1 & 1, c >> 2). A face with its inside corners on a diagonal is always cut
 * so that they are kept apart; both cubes at the face see the same four corners, so they agree on the cut.
 */

/** The 12 edges of a cube: the lower of the two corners, and the axis along which the other one lies. */
export const EDGES: readonly { corner: number; axis: number }[] = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => !(corner & (1 << axis))).map((corner) => ({ corner, axis })),
)

/** For each set of inside corners (bit c: corner c is inside): triangles as triples of edge numbers, seen from outside
 * (where density is low) anticlockwise. */
export const CASES: readonly Uint8Array[] = Array.from({ length: 256 }, (_, inside) =>
  Uint8Array.from(outlines(inside).flatMap(triangulate)),
)

function edgeBetween(a: number, b: number): number {
  return EDGES.findIndex(({ corner, axis }) => corner === Math.min(a, b) && (a ^ b) === 1 << axis)
}

/** The closed polygons, as edge numbers in order, in which the surface cuts a cube. */
function outlines(inside: number): number[][] {
  const isInside = (corner: number) => (inside >> corner) & 1
  const following = new Map<number, number>()
  for (let axis = 0; axis < 3; axis++) {
    for (const side of [0, 1]) {
      const [u, v] = [1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3)]
      const base = side << axis
      // Anticlockwise seen from outside the cube.
      const ring = side ? [base, base | u, base | u | v, base | v] : [base, base | v, base | u | v, base | u]
      // Each run of inside corners is cut off on its own, from the side where it begins to the side where it ends.
      for (let n = 0; n < 4; n++) {
        if (!isInside(ring[n]) || isInside(ring[(n + 1) % 4])) continue
        let first = n
        while (isInside(ring[(first + 3) % 4])) first = (first + 3) % 4
        following.set(edgeBetween(ring[first], ring[(first + 3) % 4]), edgeBetween(ring[n], ring[(n + 1) % 4]))
      }
    }
  }
  const polygons: number[][] = []
  while (following.size > 0) {
    const polygon: number[] = []
    let edge = following.keys().next().value as number
    while (following.has(edge)) {
      polygon.push(edge)
      const next = following.get(edge) as number
      following.delete(edge)
      edge = next
    }
    polygons.push(polygon)
  }
  return polygons
}

/** Whether two edges of the cube border the same face. */
function shareFace(a: number, b: number): boolean {
  const [p, q] = [EDGES[a], EDGES[b]]
  return [0, 1, 2].some((axis) => axis !== p.axis && axis !== q.axis && !((p.corner ^ q.corner) & (1 << axis)))
}

/**
 * Cuts a polygon into triangles along diagonals that pass through the cube, never along a face: there the
 * neighbouring cube might draw the same line, and four triangles would meet in it.
 */
function triangulate(polygon: number[]): number[] {
  const found = cut(polygon)
  if (!found) throw new Error(`No diagonals inside the cube for the polygon ${polygon}.`)
  return found
}

function cut(polygon: number[]): number[] | undefined {
  if (polygon.length < 3) return []
  const [first, ...rest] = polygon
  const end = rest[rest.length - 1]
  // The triangle over the side (end, first) has its tip at some other corner, and splits the rest in two.
  for (let tip = 0; tip < rest.length - 1; tip++) {
    if (tip > 0 && shareFace(first, rest[tip])) continue
    if (tip < rest.length - 2 && shareFace(end, rest[tip])) continue
    const before = cut([first, ...rest.slice(0, tip + 1)])
    const after = cut(rest.slice(tip))
    if (before && after) return [first, rest[tip], end, ...before, ...after]
  }
  return undefined
}
