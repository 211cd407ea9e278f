/** Marching cubes over the bricks of a sparse grid: a closed, consistently oriented triangle mesh. */
import { CASES, EDGES } from './cases.ts'
import type { Grid } from './grid.ts'
import { BRICK, REACH } from './lattice.ts'
import type { Mesh } from './mesh.ts'
import { Triples } from './triples.ts'

/** A vertex keeps this share of an edge between itself and the edge's ends, so that no triangle has an area of 0. */
const SHORTEST = 1e-3

/**
 * The surface on which the grid's density is its level (linear between samples), triangles facing lower density.
 * Every edge belongs to exactly two triangles. Where the world ends the surface is closed by a flat cap half a cell
 * inside the outermost samples. An empty mesh where nothing reaches the level.
 */
export function isosurface(grid: Grid): Mesh {
  const { level, lattice } = grid
  const { blocks, slots, spacing, origin } = lattice
  const positions = new Triples((length) => new Float32Array(length))
  const triangles = new Triples((length) => new Uint32Array(length))
  // The vertex on the edge that leaves a stored sample along an axis.
  const vertices = new Int32Array(lattice.slotCount * BRICK ** 3 * 3).fill(-1)
  const samples = new Float32Array(REACH ** 3)
  const corners = Array.from({ length: 8 }, (_, c) => (c & 1) + ((c >> 1) & 1) * REACH + (c >> 2) * REACH ** 2)

  for (const brick of grid.bricks) {
    lattice.readBrick(brick, samples)
    const place = lattice.place(brick)

    const vertexOn = (x: number, y: number, z: number, axis: number): number => {
      const block = brick + ((z >> 2) * blocks + (y >> 2)) * blocks + (x >> 2)
      const stored = (slots[block] * BRICK + (z & 3)) * BRICK ** 2 + (y & 3) * BRICK + (x & 3)
      const known = vertices[stored * 3 + axis]
      if (known >= 0) return known
      const at = (z * REACH + y) * REACH + x
      const [here, there] = [samples[at], samples[at + REACH ** axis]]
      const atBorder = here === Number.NEGATIVE_INFINITY || there === Number.NEGATIVE_INFINITY
      const share = atBorder ? 0.5 : Math.min(Math.max((level - here) / (there - here), SHORTEST), 1 - SHORTEST)
      positions.push(
        origin[0] + (place[0] * BRICK + x + (axis === 0 ? share : 0)) * spacing,
        origin[1] + (place[1] * BRICK + y + (axis === 1 ? share : 0)) * spacing,
        origin[2] + (place[2] * BRICK + z + (axis === 2 ? share : 0)) * spacing,
      )
      const vertex = positions.count - 1
      vertices[stored * 3 + axis] = vertex
      return vertex
    }
    const vertexOfCell = (x: number, y: number, z: number, edge: number): number => {
      const { corner, axis } = EDGES[edge]
      return vertexOn(x + (corner & 1), y + ((corner >> 1) & 1), z + (corner >> 2), axis)
    }

    for (let z = 0; z < BRICK; z++) {
      for (let y = 0; y < BRICK; y++) {
        for (let x = 0; x < BRICK; x++) {
          const first = (z * REACH + y) * REACH + x
          let inside = 0
          for (let c = 0; c < 8; c++) if (samples[first + corners[c]] > level) inside |= 1 << c
          const edges = CASES[inside]
          for (let e = 0; e < edges.length; e += 3) {
            triangles.push(
              vertexOfCell(x, y, z, edges[e]),
              vertexOfCell(x, y, z, edges[e + 1]),
              vertexOfCell(x, y, z, edges[e + 2]),
            )
          }
        }
      }
    }
  }
  return { positions: positions.toArray(), triangles: triangles.toArray() }
}
