/**
 * Sparse sampling of the density: a coarse lattice finds where the surface passes, bricks of fine samples follow it.
 * Only the neighbourhood of the surface is ever asked for, because the field is what costs time.
 */
import { askInBatches, type Field, POINTS_PER_CALL, type Watch } from './field.ts'

/** Cells along the side of a brick. */
export const BRICK = 4
/** Samples along the side of a brick, the far faces shared with its neighbours included. */
export const REACH = BRICK + 1
const BLOCK = BRICK ** 3

/**
 * Density samples near one level. Sample (i, j, k), 0..resolution-1, lies at `origin + index * spacing`; the outermost
 * samples are not asked for but stand at -Infinity: the world ends there, which is what closes the surface.
 *
 * Samples are stored in blocks of 4³ (x fastest); a brick is the 4³ cells whose lowest corners are one block's samples.
 */
export interface Grid {
  readonly level: number
  readonly resolution: number
  readonly spacing: number
  readonly origin: number
  /** Blocks along one side; block (x, y, z) has number (z * blocks + y) * blocks + x. */
  readonly blocks: number
  /** Where a block's samples are: `values[slots[block] * 64 ...]`, or -1 for a block nobody needed. */
  readonly slots: Int32Array
  readonly slotCount: number
  readonly values: Float32Array
  /** The block numbers of the bricks the surface may pass through; all their 5³ samples are known. */
  readonly bricks: number[]
  /** Points the field was asked for. */
  readonly evaluated: number
  /** Highest density met: what to compare the level with when nothing was found. */
  readonly highest: number
}

/**
 * Samples `field` around `level`, `resolution` samples a side as in spec section 11 (spacing side / (resolution - 1)).
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
  { progress, signal }: Watch = {},
): Promise<Grid> {
  const spacing = field.side / (resolution - 1)
  const origin = -field.side / 2
  const last = resolution - 1
  const brickSide = Math.ceil(last / BRICK)
  const blocks = brickSide + 1
  const blockAt = (x: number, y: number, z: number) => (z * blocks + y) * blocks + x
  const isBorder = (i: number) => i === 0 || i >= last

  const slots = new Int32Array(blocks ** 3).fill(-1)
  let slotCount = 0
  let values = new Float32Array(BLOCK * 4096)
  let evaluated = 0
  let expected = 0
  let reported = 0
  let highest = Number.NEGATIVE_INFINITY

  const ask = async (points: Float32Array): Promise<Float32Array> => {
    const before = evaluated
    const count = points.length / 3
    const report = (part: number) => {
      reported = Math.max(reported, Math.min(1, (before + part * count) / expected))
      progress?.(reported)
    }
    const sigma = await askInBatches((p) => field.sigma(p), points, 1, { signal, progress: report })
    evaluated += count
    for (const value of sigma) if (value > highest) highest = value
    return sigma
  }

  // The coarse lattice: the first sample of every block.
  const coarse = new Float32Array(blocks ** 3).fill(Number.NEGATIVE_INFINITY)
  const inner: number[] = []
  for (let i = 1; i < blocks; i++) if (!isBorder(i * BRICK)) inner.push(i)
  const coarsePoints = new Float32Array(inner.length ** 3 * 3)
  let at = 0
  for (const z of inner) {
    for (const y of inner) {
      for (const x of inner) {
        coarsePoints[at++] = origin + x * BRICK * spacing
        coarsePoints[at++] = origin + y * BRICK * spacing
        coarsePoints[at++] = origin + z * BRICK * spacing
      }
    }
  }
  expected = 3 * inner.length ** 3
  const coarseSigma = await ask(coarsePoints)
  at = 0
  for (const z of inner) {
    for (const y of inner) for (const x of inner) coarse[blockAt(x, y, z)] = coarseSigma[at++]
  }

  // The bricks to begin with.
  const open = new Uint8Array(blocks ** 3)
  const bricks: number[] = []
  for (let z = 0; z < brickSide; z++) {
    for (let y = 0; y < brickSide; y++) {
      for (let x = 0; x < brickSide; x++) {
        let low = Number.POSITIVE_INFINITY
        let high = Number.NEGATIVE_INFINITY
        let atBorder = false
        for (let corner = 0; corner < 8; corner++) {
          const value = coarse[blockAt(x + (corner & 1), y + ((corner >> 1) & 1), z + (corner >> 2))]
          if (value === Number.NEGATIVE_INFINITY) {
            atBorder = true
            continue
          }
          if (value < low) low = value
          if (value > high) high = value
        }
        // Between its corners the field may go further than at them: a quarter of their spread is the margin.
        const margin = (high - low) / 4
        if (high + margin > level && (atBorder || low - margin <= level)) {
          open[blockAt(x, y, z)] = 1
          bricks.push(blockAt(x, y, z))
        }
      }
    }
  }
  expected = evaluated + bricks.length * BLOCK * 1.2

  const slotOf = (block: number): number => {
    if (slots[block] >= 0) return slots[block]
    if ((slotCount + 1) * BLOCK > values.length) {
      const grown = new Float32Array(values.length * 2)
      grown.set(values)
      values = grown
    }
    const slot = slotCount++
    slots[block] = slot
    values.fill(Number.NaN, slot * BLOCK, (slot + 1) * BLOCK)
    values[slot * BLOCK] = coarse[block]
    return slot
  }

  // Rounds of bricks: sample them, look at their faces, open the neighbours the surface goes on into.
  const samples = new Float32Array(REACH ** 3)
  let done = 0
  while (done < bricks.length) {
    const end = bricks.length
    const wanted: number[] = []
    const points: number[] = []
    let next = done
    // A long round is asked for in pieces, which bounds the two lists.
    for (; next < end && wanted.length < POINTS_PER_CALL; next++) {
      const brick = bricks[next]
      const bx = brick % blocks
      const by = Math.floor(brick / blocks) % blocks
      const bz = Math.floor(brick / blocks ** 2)
      for (let corner = 0; corner < 8; corner++) {
        const [ox, oy, oz] = [corner & 1, (corner >> 1) & 1, corner >> 2]
        const base = slotOf(blockAt(bx + ox, by + oy, bz + oz)) * BLOCK
        // Of a neighbour only its near face, edge or corner belongs to this brick.
        const [nx, ny, nz] = [ox ? 1 : BRICK, oy ? 1 : BRICK, oz ? 1 : BRICK]
        for (let z = 0; z < nz; z++) {
          const k = (bz + oz) * BRICK + z
          for (let y = 0; y < ny; y++) {
            const j = (by + oy) * BRICK + y
            for (let x = 0; x < nx; x++) {
              const sample = base + (z * BRICK + y) * BRICK + x
              if (!Number.isNaN(values[sample])) continue
              const i = (bx + ox) * BRICK + x
              values[sample] = Number.NEGATIVE_INFINITY
              if (isBorder(i) || isBorder(j) || isBorder(k)) continue
              wanted.push(sample)
              points.push(origin + i * spacing, origin + j * spacing, origin + k * spacing)
            }
          }
        }
      }
    }
    const sigma = await ask(Float32Array.from(points))
    for (let n = 0; n < wanted.length; n++) values[wanted[n]] = sigma[n]

    for (; done < next; done++) {
      const brick = bricks[done]
      const place = [brick % blocks, Math.floor(brick / blocks) % blocks, Math.floor(brick / blocks ** 2)]
      readBrick({ blocks, slots, values }, brick, samples)
      for (let axis = 0; axis < 3; axis++) {
        for (const side of [0, 1]) {
          const there = place[axis] + (side === 0 ? -1 : 1)
          if (there < 0 || there >= brickSide || !faceCrosses(samples, axis, side, level)) continue
          const neighbour = brick + (side === 0 ? -1 : 1) * blocks ** axis
          if (open[neighbour] === 0) {
            open[neighbour] = 1
            bricks.push(neighbour)
          }
        }
      }
    }
  }
  progress?.(1)
  return { level, resolution, spacing, origin, blocks, slots, slotCount, values, bricks, evaluated, highest }
}

/** Copies the 5³ samples of a brick into `out`, x fastest. */
export function readBrick(
  { blocks, slots, values }: Pick<Grid, 'blocks' | 'slots' | 'values'>,
  brick: number,
  out: Float32Array,
): void {
  let at = 0
  for (let z = 0; z < REACH; z++) {
    for (let y = 0; y < REACH; y++) {
      const near = brick + ((z >> 2) * blocks + (y >> 2)) * blocks
      const row = ((z & 3) * BRICK + (y & 3)) * BRICK
      let from = slots[near] * BLOCK + row
      for (let x = 0; x < BRICK; x++) out[at++] = values[from++]
      out[at++] = values[slots[near + 1] * BLOCK + row]
    }
  }
}

/** Whether the 5² samples of one face of a brick lie on both sides of the level. */
function faceCrosses(samples: Float32Array, axis: number, side: number, level: number): boolean {
  const stride = REACH ** axis
  const [u, v] = axis === 0 ? [REACH, REACH ** 2] : axis === 1 ? [1, REACH ** 2] : [1, REACH]
  const base = side * BRICK * stride
  const inside = samples[base] > level
  for (let a = 0; a < REACH; a++) {
    for (let b = 0; b < REACH; b++) if (samples[base + a * u + b * v] > level !== inside) return true
  }
  return false
}
