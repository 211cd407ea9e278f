/**
 * Sparse systems of equations, solved by elimination: rows and columns in the order of nested dissection (George 1973), in
 * which the factors of a surface's graph stay sparse. A few hundred steps of an iteration over a disc of 20 000 vertices
 * take ten times as long.
 */

/** Rows of a square matrix: entries of row i lie at starts[i] .. starts[i + 1]. Where (i, j) has an entry (j, i) has one. */
export interface Rows {
  readonly starts: Uint32Array
  readonly columns: Uint32Array
  readonly values: Float64Array
}

/** So few vertices are not divided any further. */
const FEW = 24

/**
 * An order of the vertices in which what divides them comes after what it divides.
 * @param positions [n, 3] by which they are divided: neighbours lie next to each other
 * @param wanted those that are to be ordered
 */
export function nestedDissection(
  { starts, columns }: Rows,
  positions: ArrayLike<number>,
  wanted: Uint32Array,
): Uint32Array {
  const order = new Uint32Array(wanted.length)
  /** In which part each vertex is at the moment. */
  const part = new Int32Array(starts.length - 1).fill(-1)
  let [end, parts] = [wanted.length, 0]
  /** Orders the vertices in such a way that they end before `end`. */
  const divide = (vertices: Uint32Array): void => {
    const axis = vertices.length > FEW ? longestAxis(positions, vertices) : undefined
    if (!axis) {
      for (const vertex of vertices) order[--end] = vertex
      return
    }
    const [near, far] = [parts++, parts++]
    for (const vertex of vertices) part[vertex] = positions[3 * vertex + axis.k] < axis.middle ? near : far
    const sides: [number[], number[]] = [[], []]
    const border: number[] = []
    for (const vertex of vertices) {
      let isBorder = false
      if (part[vertex] === near) {
        for (let at = starts[vertex]; at < starts[vertex + 1]; at++) isBorder ||= part[columns[at]] === far
      }
      if (isBorder) border.push(vertex)
      else sides[part[vertex] === near ? 0 : 1].push(vertex)
    }
    for (const vertex of border) order[--end] = vertex
    for (const side of sides) divide(Uint32Array.from(side))
  }
  divide(wanted)
  return order
}

/** Where the vertices are farthest apart, and the middle of them there; nothing where all lie in one place. */
function longestAxis(positions: ArrayLike<number>, vertices: Uint32Array): { k: number; middle: number } | undefined {
  let [longest, found] = [0, undefined as { k: number; middle: number } | undefined]
  for (let k = 0; k < 3; k++) {
    let [least, most, sum] = [Infinity, -Infinity, 0]
    for (const vertex of vertices) {
      const value = positions[3 * vertex + k]
      if (value < least) least = value
      if (value > most) most = value
      sum += value
    }
    if (!(most - least > longest)) continue
    longest = most - least
    const mean = sum / vertices.length
    // There must be something on either side.
    found = { k, middle: mean > least && mean <= most ? mean : most }
  }
  return found
}

/**
 * Solves (1 - A) x = b for some of the vertices, the x of the others being given: every one of them becomes A's mean of its
 * neighbours. There are no pivots: A's rows are to sum up to 1, or less, of positive numbers.
 * @param order those that are not given, see {@link nestedDissection}
 * @param x [n, 2], changed
 */
export function solveMeans({ starts, columns, values }: Rows, order: Uint32Array, x: Float64Array): void {
  const count = order.length
  const places = new Int32Array(starts.length - 1).fill(-1)
  for (let k = 0; k < count; k++) places[order[k]] = k
  const { parents, ends } = eliminationTree({ starts, columns }, order, places)
  /** Columns of the lower factor, and rows of the upper one, lie in the same places: entries of k at firsts[k] .. lasts[k]. */
  const lasts = ends.slice(0, count)
  const indices = new Uint32Array(ends[count])
  const [lower, upper] = [new Float64Array(ends[count]), new Float64Array(ends[count])]
  const diagonal = new Float64Array(count)
  const [row, column] = [new Float64Array(count), new Float64Array(count)]
  const [met, path, pattern] = [new Int32Array(count).fill(-1), new Uint32Array(count), new Uint32Array(count)]
  const solution = new Float64Array(2 * count)
  for (let k = 0; k < count; k++) {
    const vertex = order[k]
    met[k] = k
    let top = count
    let [u, v] = [0, 0]
    for (let at = starts[vertex]; at < starts[vertex + 1]; at++) {
      const neighbour = columns[at]
      const place = places[neighbour]
      if (place < 0) {
        u += values[at] * x[2 * neighbour]
        v += values[at] * x[2 * neighbour + 1]
      } else if (place < k) {
        row[place] = -values[at]
        for (let back = starts[neighbour]; back < starts[neighbour + 1]; back++) {
          if (columns[back] === vertex) column[place] = -values[back]
        }
        let length = 0
        for (let j = place; met[j] !== k; j = parents[j]) {
          path[length++] = j
          met[j] = k
        }
        while (length > 0) pattern[--top] = path[--length]
      }
    }
    let pivot = 1
    for (; top < count; top++) {
      const j = pattern[top]
      const left = row[j] / diagonal[j]
      const above = column[j]
      row[j] = 0
      column[j] = 0
      const last = lasts[j]
      for (let at = ends[j]; at < last; at++) {
        const i = indices[at]
        row[i] -= left * upper[at]
        column[i] -= lower[at] * above
      }
      pivot -= left * above
      u -= left * solution[2 * j]
      v -= left * solution[2 * j + 1]
      indices[last] = k
      lower[last] = left
      upper[last] = above
      lasts[j] = last + 1
    }
    diagonal[k] = pivot
    solution[2 * k] = u
    solution[2 * k + 1] = v
  }
  for (let k = count - 1; k >= 0; k--) {
    let [u, v] = [solution[2 * k], solution[2 * k + 1]]
    for (let at = ends[k]; at < lasts[k]; at++) {
      u -= upper[at] * solution[2 * indices[at]]
      v -= upper[at] * solution[2 * indices[at] + 1]
    }
    solution[2 * k] = u / diagonal[k]
    solution[2 * k + 1] = v / diagonal[k]
    x[2 * order[k]] = solution[2 * k]
    x[2 * order[k] + 1] = solution[2 * k + 1]
  }
}

/** Which column each one's factor is needed for next (Liu 1990), and where the entries of each begin. */
function eliminationTree({ starts, columns }: Pick<Rows, 'starts' | 'columns'>, order: Uint32Array, places: Int32Array) {
  const count = order.length
  const parents = new Int32Array(count).fill(-1)
  const ancestors = new Int32Array(count).fill(-1)
  const met = new Int32Array(count).fill(-1)
  const lengths = new Uint32Array(count)
  for (let k = 0; k < count; k++) {
    met[k] = k
    for (let at = starts[order[k]]; at < starts[order[k] + 1]; at++) {
      const place = places[columns[at]]
      if (place < 0 || place >= k) continue
      for (let j = place; j !== -1 && j < k; ) {
        const next = ancestors[j]
        ancestors[j] = k
        if (next === -1) parents[j] = k
        j = next
      }
    }
    for (let at = starts[order[k]]; at < starts[order[k] + 1]; at++) {
      const place = places[columns[at]]
      if (place < 0 || place >= k) continue
      for (let j = place; met[j] !== k; j = parents[j]) {
        lengths[j]++
        met[j] = k
      }
    }
  }
  const ends = new Uint32Array(count + 1)
  for (let k = 0; k < count; k++) ends[k + 1] = ends[k] + lengths[k]
  return { parents, ends }
}
