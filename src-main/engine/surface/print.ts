/**
 * A surface as a printer makes it: millimetres, z up, the face looking along -y, its lowest point at 0; on a flat base or a
 * stand, solid or hollow. Booleans are Manifold's, whose results are closed whatever they are made from.
 */
import createManifold, { type Manifold, type ManifoldToplevel } from 'manifold-3d'
import { UserError } from '../errors.ts'
import type { Mesh } from './mesh.ts'
import { DistanceGrid } from './solid-grid.ts'

interface PrintOptions {
  /** Of the whole print, mm. */
  readonly height: number
  readonly base: 'flat' | 'stand' | 'none'
  readonly hollow: boolean
  /** Of a hollow print at least, mm. */
  readonly wall: number
}

export interface Print extends Mesh {
  /** Hardly anything of it is thinner, mm. */
  readonly thinnest: number
}

/** Share of the height that a flat base takes away: what is below is where the bust was cut off, and not even. */
const TRIMMED = 0.02
/** A stand's height as a share of the whole, how far the bust reaches into it, and its radius beside the bust's. */
const STAND = { height: 0.08, overlap: 0.25, radius: 0.75 }
const SEGMENTS = 96
/** Radius of the hole in the floor as a share of the height, and at least, mm: resin must run out of it. */
const HOLE = { share: 0.025, least: 1.5 }
/** Share of the surface that may be thinner than what is called thinnest: at the edge of a cut any body is. */
const EDGES = 0.01

/** Half cells of the grid that a way into the body begins with, and after which it is thick enough. */
const NEAR = 3
const THICK = 40

let loading: Promise<ManifoldToplevel> | undefined

/** Loaded once. */
export async function manifold(): Promise<ManifoldToplevel> {
  loading ??= createManifold().then((library) => {
    library.setup()
    return library
  })
  return loading
}

/**
 * @param mesh closed
 * @throws UserError where the walls leave no inside
 */
export async function printable(mesh: Mesh, { height, base, hollow, wall }: PrintOptions): Promise<Print> {
  const library = await manifold()
  const whole = standing(library, upright(library, mesh), height, base)
  if (!hollow) {
    const solid = meshOf(whole)
    return { ...solid, thinnest: thinnestOf(solid, new DistanceGrid(solid)) }
  }
  const inside = new DistanceGrid(meshOf(whole))
  const cavity = cavityOf(library, inside, wall)
  if (!cavity) throw new UserError('print-has-no-inside', { height, wall })
  const emptied = whole.subtract(cavity).subtract(drain(library, cavity, inside, height))
  const shell = meshOf(emptied)
  return { ...shell, thinnest: thinnestOf(shell, new DistanceGrid(shell)) }
}

/** With z up and the face looking along -y, in the mesh's units. */
function upright({ Manifold, Mesh }: ManifoldToplevel, { positions, triangles }: Mesh): Manifold {
  const turned = positions.map((p, i) => (i % 3 === 1 ? -positions[i + 1] : i % 3 === 2 ? positions[i - 1] : p))
  return new Manifold(new Mesh({ numProp: 3, vertProperties: turned, triVerts: triangles }))
}

/** On its base at 0, of that height. */
function standing(
  { Manifold }: ManifoldToplevel,
  bust: Manifold,
  height: number,
  base: PrintOptions['base'],
): Manifold {
  const { min, max } = bust.boundingBox()
  const cut = base === 'none' ? min[2] : min[2] + TRIMMED * (max[2] - min[2])
  const trimmed = base === 'none' ? bust : bust.trimByPlane([0, 0, 1], cut)
  const stand = base === 'stand' ? STAND.height * height : 0
  const sunk = STAND.overlap * stand
  const scale = (height - stand + sunk) / (max[2] - cut)
  const around = trimmed.boundingBox()
  const middle = [0, 1].map((axis) => (around.min[axis] + around.max[axis]) / 2)
  const placed = trimmed
    .translate([-middle[0], -middle[1], -cut])
    .scale(scale)
    .translate([0, 0, stand - sunk])
  if (stand === 0) return placed
  const radius = STAND.radius * scale * Math.max(...[0, 1].map((axis) => (around.max[axis] - around.min[axis]) / 2))
  return placed.add(Manifold.cylinder(stand, radius, radius, SEGMENTS))
}

/** What is farther than the wall from everything outside; its main part, because only that gets a hole. */
function cavityOf({ Manifold }: ManifoldToplevel, inside: DistanceGrid, wall: number): Manifold | undefined {
  const { low, high } = inside
  const edge = Math.max(wall, 2 * inside.cell)
  const found = Manifold.levelSet(([x, y, z]) => inside.distance(x, y, z) - wall, { min: low, max: high }, edge)
  return found.decompose().sort((a, b) => b.volume() - a.volume())[0]
}

/** From below the floor into the cavity, where there is most room above the floor. */
function drain({ Manifold }: ManifoldToplevel, cavity: Manifold, inside: DistanceGrid, height: number): Manifold {
  const { min, max } = cavity.boundingBox()
  const radius = Math.max(HOLE.least, HOLE.share * height)
  const level = min[2] + 2 * radius
  let [x, y, most] = [0, 0, Number.NEGATIVE_INFINITY]
  for (let a = min[0]; a <= max[0]; a += inside.cell) {
    for (let b = min[1]; b <= max[1]; b += inside.cell) {
      const room = inside.distance(a, b, level)
      if (room > most) [x, y, most] = [a, b, room]
    }
  }
  return Manifold.cylinder(level + 1, radius, radius, SEGMENTS).translate([x, y, -1])
}

function meshOf(solid: Manifold): Mesh {
  const { vertProperties, triVerts, numProp } = solid.getMesh()
  if (numProp !== 3) throw new Error(`Manifold gave ${numProp} numbers a vertex.`)
  return { positions: vertProperties, triangles: triVerts }
}

/** How far one gets from the middle of a triangle straight into the body: what most of the surface is thicker than. */
function thinnestOf({ positions: p, triangles }: Mesh, inside: DistanceGrid): number {
  const walls: { thickness: number; area: number }[] = []
  const step = inside.cell / 2
  let whole = 0
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]]
    const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]]
    const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]]
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
    const area = Math.hypot(nx, ny, nz) / 2
    if (area === 0) continue
    const [dx, dy, dz] = [nx, ny, nz].map((n) => (n / area / 2) * step)
    const [x, y, z] = [0, 1, 2].map((k) => (p[a + k] + p[b + k] + p[c + k]) / 3)
    let steps = NEAR
    while (steps < THICK && inside.isInside(x - steps * dx, y - steps * dy, z - steps * dz)) steps++
    walls.push({ thickness: steps * step, area })
    whole += area
  }
  walls.sort((a, b) => a.thickness - b.thickness)
  let thinner = 0
  const thinnest = walls.find(({ area }) => {
    thinner += area
    return thinner >= EDGES * whole
  })
  return thinnest?.thickness ?? 0
}
