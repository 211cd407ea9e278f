/**
 * Sampling the three feature planes at points in space, and its adjoint (spec section 5). This runs in the host and not
 * in the graph: with the channels of a texel side by side in memory one pass does for every channel what GridSample
 * does once per channel, and the adjoint, a scatter with collisions, has no sound fast form on the CPU provider.
 */
import type { GeneratorConfig, Matrix3 } from '../checkpoint/config.ts'

/** The planes of one head: [3][R][R][C], the channels of a texel side by side. */
export interface Planes {
  readonly data: Float32Array
  readonly resolution: number
  readonly channels: number
}

/** How world points fall on the planes: two rows of numbers a plane, already scaled to -1..1 in the box. */
export class PlaneProjection {
  /** [plane][axis u or v][x, y, z] */
  readonly rows: Float64Array

  constructor({ plane_axes, rendering_kwargs }: Pick<GeneratorConfig, 'plane_axes' | 'rendering_kwargs'>) {
    const scale = 2 / rendering_kwargs.box_warp
    this.rows = new Float64Array(18)
    plane_axes.forEach((axes, plane) => {
      const inverse = invert(axes)
      for (let k = 0; k < 3; k++) {
        this.rows[plane * 6 + k] = inverse[k][0] * scale
        this.rows[plane * 6 + 3 + k] = inverse[k][1] * scale
      }
    })
  }
}

function invert([[a, b, c], [d, e, f], [g, h, i]]: Matrix3): Matrix3 {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  return [
    [(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
    [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
    [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det],
  ]
}

/**
 * Bilinear samples, zeros outside, pixel centres at half coordinates; the mean over the three planes.
 * @param points [M * 3] world
 * @returns [M * C]
 */
export function samplePlanes(planes: Planes, projection: PlaneProjection, points: Float32Array): Float32Array {
  const { data, resolution, channels } = planes
  const count = points.length / 3
  const result = new Float32Array(count * channels)
  const { rows } = projection
  const area = resolution * resolution * channels
  for (let i = 0; i < count; i++) {
    const x = points[i * 3]
    const y = points[i * 3 + 1]
    const z = points[i * 3 + 2]
    const out = i * channels
    for (let plane = 0; plane < 3; plane++) {
      const at = plane * 6
      const u = rows[at] * x + rows[at + 1] * y + rows[at + 2] * z
      const v = rows[at + 3] * x + rows[at + 4] * y + rows[at + 5] * z
      const px = ((u + 1) * resolution - 1) / 2
      const py = ((v + 1) * resolution - 1) / 2
      if (!(px > -1 && px < resolution && py > -1 && py < resolution)) continue
      const column = Math.floor(px)
      const row = Math.floor(py)
      const fx = px - column
      const fy = py - row
      // A tap outside gets weight 0 and any address inside, so that the inner loop needs no branch.
      const left = column >= 0 ? (1 - fx) / 3 : 0
      const right = column + 1 < resolution ? fx / 3 : 0
      const top = row >= 0 ? 1 - fy : 0
      const bottom = row + 1 < resolution ? fy : 0
      const c0 = Math.max(column, 0) * channels
      const c1 = Math.min(column + 1, resolution - 1) * channels
      const r0 = plane * area + Math.max(row, 0) * resolution * channels
      const r1 = plane * area + Math.min(row + 1, resolution - 1) * resolution * channels
      const w00 = left * top
      const w01 = right * top
      const w10 = left * bottom
      const w11 = right * bottom
      const a = r0 + c0
      const b = r0 + c1
      const c = r1 + c0
      const d = r1 + c1
      for (let k = 0; k < channels; k++) {
        result[out + k] += w00 * data[a + k] + w01 * data[b + k] + w10 * data[c + k] + w11 * data[d + k]
      }
    }
  }
  return result
}

/**
 * The adjoint of `samplePlanes`: adds to `planesGradient` [3][R][R][C] and, where given, to `pointsGradient` [M * 3].
 * @param cotangent [M * C]
 */
export function samplePlanesBackward(
  planes: Planes,
  projection: PlaneProjection,
  points: Float32Array,
  cotangent: Float32Array,
  planesGradient: Float32Array,
  pointsGradient?: Float32Array,
): void {
  const { data, resolution, channels } = planes
  const count = points.length / 3
  const { rows } = projection
  const area = resolution * resolution * channels
  for (let i = 0; i < count; i++) {
    const x = points[i * 3]
    const y = points[i * 3 + 1]
    const z = points[i * 3 + 2]
    const g = i * channels
    for (let plane = 0; plane < 3; plane++) {
      const at = plane * 6
      const u = rows[at] * x + rows[at + 1] * y + rows[at + 2] * z
      const v = rows[at + 3] * x + rows[at + 4] * y + rows[at + 5] * z
      const px = ((u + 1) * resolution - 1) / 2
      const py = ((v + 1) * resolution - 1) / 2
      if (!(px > -1 && px < resolution && py > -1 && py < resolution)) continue
      const column = Math.floor(px)
      const row = Math.floor(py)
      const fx = px - column
      const fy = py - row
      const hasLeft = column >= 0 ? 1 / 3 : 0
      const hasRight = column + 1 < resolution ? 1 / 3 : 0
      const hasTop = row >= 0 ? 1 : 0
      const hasBottom = row + 1 < resolution ? 1 : 0
      const c0 = Math.max(column, 0) * channels
      const c1 = Math.min(column + 1, resolution - 1) * channels
      const r0 = plane * area + Math.max(row, 0) * resolution * channels
      const r1 = plane * area + Math.min(row + 1, resolution - 1) * resolution * channels
      const a = r0 + c0
      const b = r0 + c1
      const c = r1 + c0
      const d = r1 + c1
      const w00 = hasLeft * (1 - fx) * hasTop * (1 - fy)
      const w01 = hasRight * fx * hasTop * (1 - fy)
      const w10 = hasLeft * (1 - fx) * hasBottom * fy
      const w11 = hasRight * fx * hasBottom * fy
      if (pointsGradient) {
        let s00 = 0
        let s01 = 0
        let s10 = 0
        let s11 = 0
        for (let k = 0; k < channels; k++) {
          const value = cotangent[g + k]
          s00 += value * data[a + k]
          s01 += value * data[b + k]
          s10 += value * data[c + k]
          s11 += value * data[d + k]
        }
        s00 *= hasLeft * hasTop
        s01 *= hasRight * hasTop
        s10 *= hasLeft * hasBottom
        s11 *= hasRight * hasBottom
        const du = (((s01 - s00) * (1 - fy) + (s11 - s10) * fy) * resolution) / 2
        const dv = (((s10 - s00) * (1 - fx) + (s11 - s01) * fx) * resolution) / 2
        pointsGradient[i * 3] += du * rows[at] + dv * rows[at + 3]
        pointsGradient[i * 3 + 1] += du * rows[at + 1] + dv * rows[at + 4]
        pointsGradient[i * 3 + 2] += du * rows[at + 2] + dv * rows[at + 5]
      }
      for (let k = 0; k < channels; k++) {
        const value = cotangent[g + k]
        planesGradient[a + k] += w00 * value
        planesGradient[b + k] += w01 * value
        planesGradient[c + k] += w10 * value
        planesGradient[d + k] += w11 * value
      }
    }
  }
}
