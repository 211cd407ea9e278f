/**
 * The detail of a fine surface's directions as a picture on the simplified one: glTF's tangent space, x along u, y along v,
 * z out.
 */
import type { Mesh, Surface } from '../mesh.ts'
import { vertexNormals } from '../normals.ts'
import type { Atlas } from './atlas.ts'
import { spread, texelsOf } from './texels.ts'

/** Reach of the fine vertices that a texel takes its normal from, and how fast they count less, voxels. */
const REACH = 2
const WIDTH = 0.8

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
export function bakeNormals(surface: Surface, fine: Mesh, atlas: Atlas, tangents: Float32Array, size: number): Uint8Array {
  const { positions, normals, triangles, voxel } = surface
  const texels = texelsOf(surface, atlas, size)
  const look = new Neighbourhood(fine, vertexNormals(fine), voxel)
  const pixels = new Uint8Array(3 * size ** 2).fill(255)
  const [point, normal, tangent, seen] = Array.from({ length: 4 }, () => new Float64Array(3))
  for (let i = 0; i < texels.places.length; i++) {
    const t = texels.triangles[i]
    const [wb, wc] = [texels.weights[2 * i], texels.weights[2 * i + 1]]
    for (let k = 0; k < 3; k++) {
      const mix = (values: Float32Array, width: number, numbers: Uint32Array) =>
        (1 - wb - wc) * values[numbers[t] * width + k] +
        wb * values[numbers[t + 1] * width + k] +
        wc * values[numbers[t + 2] * width + k]
      point[k] = mix(positions, 3, triangles)
      normal[k] = mix(normals, 3, triangles)
      tangent[k] = mix(tangents, 4, atlas.corners)
    }
    look.normalAt(point, normal, seen)
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

/** Vertices in cells of space, to find those near a point. */
class Neighbourhood {
  private readonly positions: Float32Array
  private readonly normals: Float32Array
  private readonly cell: number
  private readonly voxel: number
  /** Cells in order, by their vertices: starts by cell number. */
  private readonly starts = new Map<number, number>()
  private readonly order: Uint32Array
  private readonly keys: Float64Array

  constructor({ positions }: Mesh, normals: Float32Array, voxel: number) {
    this.positions = positions
    this.normals = normals
    this.voxel = voxel
    this.cell = REACH * voxel
    const count = positions.length / 3
    this.keys = Float64Array.from({ length: count }, (_, i) =>
      this.key(this.place(positions[3 * i]), this.place(positions[3 * i + 1]), this.place(positions[3 * i + 2])),
    )
    this.order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => this.keys[a] - this.keys[b])
    this.order.forEach((vertex, i) => {
      if (!this.starts.has(this.keys[vertex])) this.starts.set(this.keys[vertex], i)
    })
  }

  private place(coordinate: number): number {
    return Math.floor(coordinate / this.cell) + 2 ** 12
  }

  private key(x: number, y: number, z: number): number {
    return (x * 2 ** 13 + y) * 2 ** 13 + z
  }

  /** The mean normal of the vertices near `point` that look where `outward` does, into `into`; where none are, `outward`. */
  normalAt(point: Float64Array, outward: Float64Array, into: Float64Array): void {
    const { positions, normals, keys, order, starts } = this
    into.fill(0)
    const far = this.cell ** 2
    const fall = -0.5 / (WIDTH * this.voxel) ** 2
    // Half a cell either way reaches two cells along each axis.
    const [x, y, z] = [0, 1, 2].map((k) => this.place(point[k] - this.cell / 2))
    for (let cell = 0; cell < 8; cell++) {
      const key = this.key(x + (cell & 1), y + ((cell >> 1) & 1), z + (cell >> 2))
      const start = starts.get(key)
      if (start === undefined) continue
      for (let n = start; n < order.length && keys[order[n]] === key; n++) {
        const at = 3 * order[n]
        const [dx, dy, dz] = [positions[at] - point[0], positions[at + 1] - point[1], positions[at + 2] - point[2]]
        const distance = dx * dx + dy * dy + dz * dz
        if (distance > far) continue
        const cosine = normals[at] * outward[0] + normals[at + 1] * outward[1] + normals[at + 2] * outward[2]
        if (cosine <= 0) continue
        const weight = cosine * Math.exp(distance * fall)
        for (let k = 0; k < 3; k++) into[k] += weight * normals[at + k]
      }
    }
    if (into[0] === 0 && into[1] === 0 && into[2] === 0) into.set(outward)
  }
}
