/**
 * What is a weighted mean of its neighbours at every vertex of a mesh but some: a sparse system of equations, solved by
 * elimination in the order of nested dissection (George 1973), in which the factors of a surface's graph stay sparse.
 * Iterations over a disc of 20 000 vertices take ten times as long, and end before they are there.
 */

/** For each vertex its neighbours, at starts[i] .. starts[i + 1], and what they weigh in their mean: together 1. */
export interface Neighbours {
  readonly starts: Uint32Array
  readonly columns: Uint32Array
  readonly values: Float64Array
}

/**
 * @param count of vertices
 * @param weigh how much a neighbour weighs, by one of the two triangles beside the edge to it, whose third vertex comes last;
 * more than 0
 */
export function neighboursOf(
  count: number,
  triangles: Uint32Array,
  weigh: (vertex: number, neighbour: number, third: number) => number,
): Neighbours {
  // Room for two neighbours a triangle: each is met from two of them, but at the border.
  const room = new Uint32Array(count + 1)
  for (const vertex of triangles) room[vertex + 1] += 2
  for (let i = 0; i < count; i++) room[i + 1] += room[i]
  const ends = room.slice(0, count)
  const columns = new Uint32Array(room[count])
  const values = new Float64Array(room[count])
  const add = (row: number, column: number, third: number) => {
    let at = room[row]
    while (at < ends[row] && columns[at] !== column) at++
    if (at === ends[row]) columns[ends[row]++] = column
    values[at] += weigh(row, column, third)
  }
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]]
    add(a, b, c)
    add(a, c, b)
    add(b, c, a)
    add(b, a, c)
    add(c, a, b)
    add(c, b, a)
  }
  const starts = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) {
    columns.copyWithin(starts[i], room[i], ends[i])
    values.copyWithin(starts[i], room[i], ends[i])
    starts[i + 1] = starts[i] + ends[i] - room[i]
  }
  const neighbours = { starts, columns: columns.slice(0, starts[count]), values: values.slice(0, starts[count]) }
  share(neighbours)
  return neighbours
}

/** Divides what neighbours weigh by their sums. */
export function share({ starts, values }: Neighbours): void {
  for (let i = 0; i + 1 < starts.length; i++) {
    let sum = 0
    for (let at = starts[i]; at < starts[i + 1]; at++) sum += values[at]
    for (let at = starts[i]; at < starts[i + 1]; at++) values[at] /= sum
  }
}

/** So few vertices are not divided any further. */
const FEW = 24

/**
 * An order of the vertices in which what divides them comes after what it divides.
 * @param positions [n, 3] by which they are divided: neighbours lie next to each other
 * @param wanted those that are to be ordered
 */
export function nestedDissection(
  { starts, columns }: Neighbours,
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
 * Moves vertices to the means of their neighbours. There are no pivots, for each row of the matrix outweighs all that lies
 * beside its diagonal.
 * @param order those that are moved, see {@link nestedDissection}
 * @param x [n, width], of which theirs are found
 */
export function solveMeans(
  { starts, columns, values }: Neighbours,
  order: Uint32Array,
  x: Float64Array,
  width: number,
): void {
  const count = order.length
  const places = new Int32Array(starts.length - 1).fill(-1)
  for (let k = 0; k < count; k++) places[order[k]] = k
  const { parents, ends } = eliminationTree({ starts, columns }, order, places)
  /** Columns of the lower factor, and rows of the upper one, have their entries in the same places: at ends[k] .. lasts[k]. */
  const lasts = ends.slice(0, count)
  const indices = new Uint32Array(ends[count])
  const [lower, upper] = [new Float64Array(ends[count]), new Float64Array(ends[count])]
  const diagonal = new Float64Array(count)
  const [row, column] = [new Float64Array(count), new Float64Array(count)]
  const [met, path, pattern] = [new Int32Array(count).fill(-1), new Uint32Array(count), new Uint32Array(count)]
  const solution = new Float64Array(width * count)
  for (let k = 0; k < count; k++) {
    const vertex = order[k]
    met[k] = k
    let top = count
    for (let at = starts[vertex]; at < starts[vertex + 1]; at++) {
      const neighbour = columns[at]
      const place = places[neighbour]
      if (place < 0) {
        for (let n = 0; n < width; n++) solution[width * k + n] += values[at] * x[width * neighbour + n]
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
      for (let n = 0; n < width; n++) solution[width * k + n] -= left * solution[width * j + n]
      indices[last] = k
      lower[last] = left
      upper[last] = above
      lasts[j] = last + 1
    }
    diagonal[k] = pivot
  }
  for (let k = count - 1; k >= 0; k--) {
    for (let n = 0; n < width; n++) {
      let sum = solution[width * k + n]
      for (let at = ends[k]; at < lasts[k]; at++) sum -= upper[at] * solution[width * indices[at] + n]
      solution[width * k + n] = sum / diagonal[k]
      x[width * order[k] + n] = solution[width * k + n]
    }
  }
}

/** Which column each one's factor is needed for next (Liu 1990), and where the entries of each begin. */
function eliminationTree(
  { starts, columns }: Pick<Neighbours, 'starts' | 'columns'>,
  order: Uint32Array,
  places: Int32Array,
) {
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
