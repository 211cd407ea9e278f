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
  for (let entry = 0; entry < vertexOf.length; entry++) {
    const n = normals.subarray(3 * vertexOf[entry], 3 * vertexOf[entry] + 3)
    const sum = sums.subarray(3 * entry, 3 * entry + 3)
    const across = (along: ArrayLike<number>) => {
      const out = along[0] * n[0] + along[1] * n[1] + along[2] * n[2]
      return [0, 1, 2].map((k) => along[k] - out * n[k])
    }
    let tangent = across(sum)
    if (Math.hypot(...tangent) < 1e-12) tangent = across(Math.abs(n[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0])
    const length = Math.hypot(...tangent)
    for (let k = 0; k < 3; k++) tangents[4 * entry + k] = tangent[k] / length
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
  const [point, normal, tangent, seen] = Array.from({ length: 4 }, () => new Float64Array(3))
  for (let i = 0; i < texels.places.length; i++) {
    const t = texels.triangles[i]
    const [wb, wc] = [texels.weights[2 * i], texels.weights[2 * i + 1]]
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ta, tb, tc] = [corners[t] * 4, corners[t + 1] * 4, corners[t + 2] * 4]
    const wa = 1 - wb - wc
    for (let k = 0; k < 3; k++) {
      point[k] = wa * positions[a + k] + wb * positions[b + k] + wc * positions[c + k]
      normal[k] = wa * normals[a + k] + wb * normals[b + k] + wc * normals[c + k]
      tangent[k] = wa * tangents[ta + k] + wb * tangents[tb + k] + wc * tangents[tc + k]
    }
    look.at(point, normal, seen)
    const [nx, ny, nz] = normal
    const [tx, ty, tz] = tangent
    const across = [ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx]
    const x = seen[0] * tx + seen[1] * ty + seen[2] * tz
    const y = seen[0] * across[0] + seen[1] * across[1] + seen[2] * across[2]
    const z = Math.max(0.1, seen[0] * nx + seen[1] * ny + seen[2] * nz)
    const length = Math.hypot(x, y, z)
    const at = 3 * texels.places[i]
    pixels[at] = Math.round(127.5 * (x / length + 1))
    pixels[at + 1] = Math.round(127.5 * (y / length + 1))
    pixels[at + 2] = Math.round(127.5 * (z / length + 1))
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
    positions.forEach((value, i) => {
      this.origin[i % 3] = Math.min(this.origin[i % 3], value - voxel)
      most[i % 3] = Math.max(most[i % 3], value)
    })
    this.sides = most.map((value, k) => Math.ceil((value - this.origin[k]) / voxel) + 2)
    this.entries = new Int32Array(this.sides[0] * this.sides[1] * this.sides[2])
    this.sums = new Float32Array(positions.length + 3)
    let count = 0
    for (let at = 0; at < positions.length; at += 3) {
      const [x, y, z] = [0, 1, 2].map((k) => Math.floor((positions[at + k] - this.origin[k]) / voxel))
      const cell = (z * this.sides[1] + y) * this.sides[0] + x
      if (this.entries[cell] === 0) this.entries[cell] = ++count
      for (let k = 0; k < 3; k++) this.sums[3 * this.entries[cell] + k] += normals[at + k]
    }
  }

  /** The directions around `point` that look where `outward` does, into `into`; where there are none, `outward`. */
  at(point: Float64Array, outward: Float64Array, into: Float64Array): void {
    const { cell, origin, sides, entries, sums } = this
    into.fill(0)
    // Between the centres of eight cells.
    const px = Math.max(0, Math.min(sides[0] - 1.001, (point[0] - origin[0]) / cell - 0.5))
    const py = Math.max(0, Math.min(sides[1] - 1.001, (point[1] - origin[1]) / cell - 0.5))
    const pz = Math.max(0, Math.min(sides[2] - 1.001, (point[2] - origin[2]) / cell - 0.5))
    const [x, y, z] = [Math.floor(px), Math.floor(py), Math.floor(pz)]
    for (let corner = 0; corner < 8; corner++) {
      const [i, j, k] = [corner & 1, (corner >> 1) & 1, corner >> 2]
      const at = 3 * entries[((z + k) * sides[1] + y + j) * sides[0] + x + i]
      if (sums[at] * outward[0] + sums[at + 1] * outward[1] + sums[at + 2] * outward[2] <= 0) continue
      const weight = (1 - Math.abs(px - x - i)) * (1 - Math.abs(py - y - j)) * (1 - Math.abs(pz - z - k))
      into[0] += weight * sums[at]
      into[1] += weight * sums[at + 1]
      into[2] += weight * sums[at + 2]
    }
    if (into[0] === 0 && into[1] === 0 && into[2] === 0) into.set(outward)
  }
}
