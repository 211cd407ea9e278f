/**
 * The detail of a fine surface's directions as a picture on the simplified one: glTF's tangent space, x along u, y along v,
 * z out.
 */
import type { Mesh, Surface } from '../mesh.ts'
import { vertexNormals } from '../normals.ts'
import type { Atlas } from './atlas.ts'
import { spread, texelsOf } from './texels.ts'

/**
 * Where u points on the surface at each of the atlas's entries, across the normal.
 * @returns [n, 4] unit vectors; the fourth number is 1: v is the normal x them
 */
export function tangentsOf({ positions: p, normals, triangles }: Surface, { uvs, corners }: Atlas): Float32Array {
  const sums = new Float32Array((uvs.length / 2) * 3)
  const vertexOf = new Uint32Array(uvs.length / 2)
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ua, ub, uc] = [corners[t] * 2, corners[t + 1] * 2, corners[t + 2] * 2]
    const [u1, v1] = [uvs[ub] - uvs[ua], uvs[ub + 1] - uvs[ua + 1]]
    const [u2, v2] = [uvs[uc] - uvs[ua], uvs[uc + 1] - uvs[ua + 1]]
    const area = u1 * v2 - u2 * v1
    for (let k = 0; k < 3; k++) {
      // Not divided by its area twice: large triangles count more.
      const along = area > 0 ? (p[b + k] - p[a + k]) * v2 - (p[c + k] - p[a + k]) * v1 : 0
      for (let corner = t; corner < t + 3; corner++) sums[corners[corner] * 3 + k] += along
    }
    for (let corner = t; corner < t + 3; corner++) vertexOf[corners[corner]] = triangles[corner]
  }
  const tangents = new Float32Array((uvs.length / 2) * 4)
  const along = new Float64Array(3)
  /** Takes what lies along the normal at `n` from `along`; its squared length. */
  const across = (n: number) => {
    const out = along[0] * normals[n] + along[1] * normals[n + 1] + along[2] * normals[n + 2]
    for (let k = 0; k < 3; k++) along[k] -= out * normals[n + k]
    return along[0] ** 2 + along[1] ** 2 + along[2] ** 2
  }
  for (let entry = 0; entry < vertexOf.length; entry++) {
    const n = 3 * vertexOf[entry]
    for (let k = 0; k < 3; k++) along[k] = sums[3 * entry + k]
    let square = across(n)
    if (square < 1e-24) {
      along.fill(0)
      along[Math.abs(normals[n]) < 0.9 ? 0 : 1] = 1
      square = across(n)
    }
    for (let k = 0; k < 3; k++) tangents[4 * entry + k] = along[k] / Math.sqrt(square)
    tangents[4 * entry + 3] = 1
  }
  return tangents
}

/**
 * @param fine the mesh that the surface was simplified from
 * @returns [size * size, 3] 8 bits, rows from the top; the space between charts filled
 */
export function bakeNormals(
  surface: Surface,
  fine: Mesh,
  atlas: Atlas,
  tangents: Float32Array,
  size: number,
): Uint8Array {
  const { positions, normals, triangles, voxel } = surface
  const { corners } = atlas
  const texels = texelsOf(surface, atlas, size)
  const look = new DirectionGrid(fine, vertexNormals(fine), voxel)
  const pixels = new Uint8Array(3 * size ** 2).fill(255)
  const { places, weights } = texels
  const [point, normal, seen] = Array.from({ length: 3 }, () => new Float64Array(3))
  for (let i = 0; i < places.length; i++) {
    const t = texels.triangles[i]
    const [wb, wc] = [weights[2 * i], weights[2 * i + 1]]
    const wa = 1 - wb - wc
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ta, tb, tc] = [corners[t] * 4, corners[t + 1] * 4, corners[t + 2] * 4]
    for (let k = 0; k < 3; k++) {
      point[k] = wa * positions[a + k] + wb * positions[b + k] + wc * positions[c + k]
      normal[k] = wa * normals[a + k] + wb * normals[b + k] + wc * normals[c + k]
    }
    const tx = wa * tangents[ta] + wb * tangents[tb] + wc * tangents[tc]
    const ty = wa * tangents[ta + 1] + wb * tangents[tb + 1] + wc * tangents[tc + 1]
    const tz = wa * tangents[ta + 2] + wb * tangents[tb + 2] + wc * tangents[tc + 2]
    look.at(point, normal, seen)
    const [sx, sy, sz] = [seen[0], seen[1], seen[2]]
    const [nx, ny, nz] = [normal[0], normal[1], normal[2]]
    const x = sx * tx + sy * ty + sz * tz
    const y = sx * (ny * tz - nz * ty) + sy * (nz * tx - nx * tz) + sz * (nx * ty - ny * tx)
    const z = Math.max(0.1, sx * nx + sy * ny + sz * nz)
    const scale = 127.5 / Math.sqrt(x * x + y * y + z * z)
    const at = 3 * places[i]
    pixels[at] = Math.round(127.5 + scale * x)
    pixels[at + 1] = Math.round(127.5 + scale * y)
    pixels[at + 2] = Math.round(127.5 + scale * z)
  }
  spread(pixels, texels)
  return pixels
}

/** The directions of a mesh's vertices, summed in the cells of a grid as fine as the density samples it was made from. */
class DirectionGrid {
  private readonly cell: number
  private readonly origin = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  private readonly sides: number[]
  /** For each cell the entry in `sums`, from 1; 0 where there is no vertex. */
  private readonly entries: Int32Array
  /** [entries, 3] */
  private readonly sums: Float32Array

  constructor({ positions }: Mesh, normals: Float32Array, voxel: number) {
    this.cell = voxel
    const most = [0, 1, 2].map(() => Number.NEGATIVE_INFINITY)
    for (let at = 0; at < positions.length; at += 3) {
      for (let k = 0; k < 3; k++) {
        this.origin[k] = Math.min(this.origin[k], positions[at + k] - voxel)
        most[k] = Math.max(most[k], positions[at + k])
      }
    }
    this.sides = most.map((value, k) => Math.ceil((value - this.origin[k]) / voxel) + 2)
    this.entries = new Int32Array(this.sides[0] * this.sides[1] * this.sides[2])
    this.sums = new Float32Array(positions.length + 3)
    const place = (at: number, k: number) => Math.floor((positions[at + k] - this.origin[k]) / voxel)
    let count = 0
    for (let at = 0; at < positions.length; at += 3) {
      const cell = (place(at, 2) * this.sides[1] + place(at, 1)) * this.sides[0] + place(at, 0)
      if (this.entries[cell] === 0) this.entries[cell] = ++count
      for (let k = 0; k < 3; k++) this.sums[3 * this.entries[cell] + k] += normals[at + k]
    }
  }

  /** The directions around `point` that look where `outward` does, into `into`; where there are none, `outward`. */
  at(point: Float64Array, outward: Float64Array, into: Float64Array): void {
    const { cell, origin, sides, entries, sums } = this
    // Between the centres of eight cells.
    const px = Math.max(0, Math.min(sides[0] - 1.001, (point[0] - origin[0]) / cell - 0.5))
    const py = Math.max(0, Math.min(sides[1] - 1.001, (point[1] - origin[1]) / cell - 0.5))
    const pz = Math.max(0, Math.min(sides[2] - 1.001, (point[2] - origin[2]) / cell - 0.5))
    const [x, y, z] = [Math.floor(px), Math.floor(py), Math.floor(pz)]
    const [fx, fy, fz] = [px - x, py - y, pz - z]
    const first = (z * sides[1] + y) * sides[0] + x
    const [ox, oy, oz] = [outward[0], outward[1], outward[2]]
    let [sx, sy, sz] = [0, 0, 0]
    for (let corner = 0; corner < 8; corner++) {
      const [i, j, k] = [corner & 1, (corner >> 1) & 1, corner >> 2]
      const at = 3 * entries[first + (k * sides[1] + j) * sides[0] + i]
      if (sums[at] * ox + sums[at + 1] * oy + sums[at + 2] * oz <= 0) continue
      const weight = (i ? fx : 1 - fx) * (j ? fy : 1 - fy) * (k ? fz : 1 - fz)
      sx += weight * sums[at]
      sy += weight * sums[at + 1]
      sz += weight * sums[at + 2]
    }
    const isFound = sx !== 0 || sy !== 0 || sz !== 0
    into[0] = isFound ? sx : ox
    into[1] = isFound ? sy : oy
    into[2] = isFound ? sz : oz
  }
}
