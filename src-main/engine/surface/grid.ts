/**
 * Sparse sampling of the density: a coarse lattice finds where the surface passes, bricks of fine samples follow it.
 * Only the neighbourhood of the surface is ever asked for, because the field is what costs time.
 */
import { type Field, POINTS_PER_CALL, type Watch } from './field.ts'
import { fillHollows } from './hollows.ts'
import { BRICK, Lattice, REACH } from './lattice.ts'

/** The samples near one level. */
export interface Grid {
  readonly level: number
  readonly lattice: Lattice
  /** The bricks the surface may pass through; all their samples are known. */
  readonly bricks: number[]
}

/**
 * Samples `field` around `level`, `resolution` samples a side as in docs/eg3d.md, Density grid (spacing side /
 * (resolution - 1)).
 *
 * A brick is sampled when its coarse corners lie on both sides of the level, or nearly. From there the surface is
 * followed: a brick's face with samples on both sides opens the neighbour behind it. So every connected piece of
 * surface that shows itself to the coarse lattice anywhere is found whole, however thin it gets (ears, locks of hair);
 * only a separate piece smaller than a brick can be missed.
 */
export async function sampleNearLevel(
  field: Field,
  level: number,
  resolution: number,
  watch: Watch = {},
): Promise<Grid> {
  const lattice = new Lattice(field, resolution, watch)
  const { blocks } = lattice
  lattice.expected = 3 * blocks ** 3
  await lattice.fetchCoarse()
  await fillHollows(lattice, level)

  const bricks = bricksNear(lattice, level)
  const isOpen = new Uint8Array(blocks ** 3)
  for (const brick of bricks) isOpen[brick] = 1
  lattice.expected = lattice.evaluated + bricks.length * BRICK ** 3 * 1.2

  // Rounds: sample the open bricks, look at their faces, open the neighbours the surface goes on into.
  const samples = new Float32Array(REACH ** 3)
  let done = 0
  while (done < bricks.length) {
    let next = done
    // A long round is asked for in pieces, which bounds what waits.
    for (; next < bricks.length && lattice.waiting < POINTS_PER_CALL; next++) lattice.wantBrick(bricks[next])
    await lattice.fetch()
    for (; done < next; done++) {
      const place = lattice.place(bricks[done])
      lattice.readBrick(bricks[done], samples)
      for (let axis = 0; axis < 3; axis++) {
        for (const side of [0, 1]) {
          const there = place[axis] + 2 * side - 1
          if (there < 0 || there >= blocks - 1 || !faceCrosses(samples, axis, side, level)) continue
          const neighbour = bricks[done] + (2 * side - 1) * blocks ** axis
          if (isOpen[neighbour]) continue
          isOpen[neighbour] = 1
          bricks.push(neighbour)
        }
      }
    }
  }
  watch.progress?.(1)
  return { level, lattice, bricks }
}

/** The bricks whose coarse corners lie on both sides of the level, or nearly. */
function bricksNear({ blocks, coarse }: Lattice, level: number): number[] {
  const bricks: number[] = []
  for (let z = 0; z < blocks - 1; z++) {
    for (let y = 0; y < blocks - 1; y++) {
      for (let x = 0; x < blocks - 1; x++) {
        const brick = (z * blocks + y) * blocks + x
        let low = Number.POSITIVE_INFINITY
        let high = Number.NEGATIVE_INFINITY
        let isAtBorder = false
        for (let corner = 0; corner < 8; corner++) {
          const value = coarse[brick + (((corner >> 2) * blocks + ((corner >> 1) & 1)) * blocks + (corner & 1))]
          if (value === Number.NEGATIVE_INFINITY) isAtBorder = true
          else {
            if (value < low) low = value
            if (value > high) high = value
          }
        }
        // Between its corners the field may go further than at them: a quarter of their spread is the margin.
        const margin = (high - low) / 4
        if (high + margin > level && (isAtBorder || low - margin <= level)) bricks.push(brick)
      }
    }
  }
  return bricks
}

/** Whether the 5² samples of one face of a brick lie on both sides of the level. */
function faceCrosses(samples: Float32Array, axis: number, side: number, level: number): boolean {
  const [u, v] = axis === 0 ? [REACH, REACH ** 2] : axis === 1 ? [1, REACH ** 2] : [1, REACH]
  const base = side * BRICK * REACH ** axis
  const isInside = samples[base] > level
  for (let a = 0; a < REACH; a++) {
    for (let b = 0; b < REACH; b++) if (samples[base + a * u + b * v] > level !== isInside) return true
  }
  return false
}
