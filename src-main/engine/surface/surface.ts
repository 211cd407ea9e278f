/** The way from a head's density to a closed, coloured mesh, in one call. */
import { message, UserError } from '../errors.ts'
import { LIMITS, type Range } from '../limits.ts'
import { largestComponent, remesh, simplify, smooth } from './clean.ts'
import { surfaceColours } from './colour.ts'
import type { Field, Watch } from './field.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'
import type { Lattice } from './lattice.ts'
import type { Mesh, Surface } from './mesh.ts'
import { vertexNormals } from './normals.ts'

interface SurfaceOptions {
  /** Density samples along the side of the field's cube, 64..512. */
  resolution?: number
  /** Raw density at which the surface lies; absent: the field's own. */
  level?: number
  /** Triangles to simplify to, 100 and up; absent: as many as the resolution gives. */
  triangles?: number
  /** All of one size and shape, instead of more where the surface bends. */
  even?: boolean
  /** Smoothing passes, 0..100: the density's noise is about a voxel, which a few take away. */
  smooth?: number
}

/**
 * The part of the field's cube that is kept, in shares of its side. Hardly a training camera saw what is at its edges, and
 * what nobody looks at grows as it likes: in front the border is about the reference's, 30 of 256 samples (docs/eg3d.md,
 * Density grid). Below it cuts the bust where it is still whole, above the flaps it ends in. Above and behind it is narrow,
 * for there hair reaches.
 */
const KEPT = { side: 0.84, centre: [0, 0.07, -0.045] } as const

/** The corners of that part in a cube of `side`, world units: pictures of the same head may end where its surface does. */
export function keptBounds(side: number): { low: [number, number, number]; high: [number, number, number] } {
  const corner = (sign: number) =>
    KEPT.centre.map((at) => side * (at + (sign * KEPT.side) / 2)) as [number, number, number]
  return { low: corner(-1), high: corner(1) }
}

/** Where the reference takes its meshes. */
const REFERENCE_LEVEL = 10

interface Stats {
  /** Densities the field was asked for. */
  evaluated: number
  vertices: number
  triangles: number
}

/**
 * @throws UserError for an option out of range, where no density reaches the level, and where the field gives NaN
 * @throws the signal's reason where it is aborted
 */
export async function extractSurface(
  field: Field,
  { triangles, even = false, ...options }: SurfaceOptions = {},
  { progress, signal }: Watch = {},
): Promise<Surface & { stats: Stats }> {
  if (triangles !== undefined) requireInteger('triangles', triangles, LIMITS.triangles)
  // Density takes nearly all the time, colours most of the rest.
  const { mesh: fine, lattice } = await closedMesh(field, options, {
    signal,
    progress: (part) => progress?.(part * 0.8),
  })
  signal?.throwIfAborted()
  const mesh = triangles === undefined ? fine : await (even ? remesh : simplify)(fine, triangles)
  const normals = vertexNormals(mesh)
  const colours = await surfaceColours(field, mesh.positions, normals, lattice.spacing, {
    signal,
    progress: (part) => progress?.(0.8 + part * 0.2),
  })
  const stats = {
    evaluated: lattice.evaluated,
    vertices: mesh.positions.length / 3,
    triangles: mesh.triangles.length / 3,
  }
  return { ...mesh, normals, colours, voxel: lattice.spacing, fine, stats }
}

/** The surface's shape alone, as fine as its samples, and what these were. */
export async function closedMesh(
  field: Field,
  { resolution = 256, level: wanted, smooth: passes = 3 }: Omit<SurfaceOptions, 'triangles' | 'even'>,
  { progress, signal }: Watch = {},
): Promise<{ mesh: Mesh; lattice: Lattice }> {
  requireInteger('resolution', resolution, LIMITS.meshResolution)
  requireInteger('smoothing-passes', passes, { least: 0, most: 100 })
  const level = wanted ?? (await field.level?.()) ?? REFERENCE_LEVEL
  if (!Number.isFinite(level)) {
    throw new UserError('level-not-finite', { level })
  }

  const kept: Field = {
    side: field.side * KEPT.side,
    centre: [field.side * KEPT.centre[0], field.side * KEPT.centre[1], field.side * KEPT.centre[2]],
    sigma: (points) => field.sigma(points),
    colour: (points) => field.colour(points),
  }
  const grid = await sampleNearLevel(kept, level, Math.round(resolution * KEPT.side), { signal, progress })
  const found = isosurface(grid)
  const { lattice } = grid
  if (found.triangles.length === 0) {
    throw new UserError('surface-empty', { level, highest: lattice.highest })
  }
  signal?.throwIfAborted()
  return { mesh: smooth(largestComponent(found), passes), lattice }
}

type Option = 'resolution' | 'smoothing-passes' | 'triangles'

function requireInteger(what: Option, value: number, { least, most }: Range): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new UserError('surface-option', { what: message(what), value, least, most })
}
