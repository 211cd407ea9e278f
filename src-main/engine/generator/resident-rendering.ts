/** A rendering whose picture stays in GPU memory, where it is judged: row by row of the rays that were cast. */
import type { Resident } from '../runtime/resident.ts'
import type { GraphTape } from './graph-renderer.ts'
import type { PaintTape } from './renderer.ts'

export interface ResidentRendering {
  /** Rows of the model that computed it: M, and some that are of no ray. */
  readonly rows: number
  /** [rows]: the pixel of each, row * resolution + column; -1 where it is of no ray. */
  readonly pixels: Float32Array
  readonly resolution: number
  readonly channels: number
  /** [rows * channels], -1..1; [rows]; [rows]. The next rendering of its kind takes their place. */
  readonly features: Resident
  readonly depth: Resident
  readonly opacity: Resident
  /** The depth of what meets nothing. */
  readonly farthest: number
  readonly tape: GraphTape | PaintTape
}

/** Cotangents of one, like it; what is left out is zero. */
export type ResidentGradient = Partial<Pick<ResidentRendering, 'features' | 'depth' | 'opacity'>>

/** The pixels of rays as rows, -1 for those that are of none. */
export function pixelRows(pixels: Uint32Array, rows: number): Float32Array {
  const result = new Float32Array(rows).fill(-1)
  result.set(pixels)
  return result
}
