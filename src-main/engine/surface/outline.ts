/**
 * Bends a field until the outline of its surface is the photos': a rendering's edge is translucent for some millimetres, and a
 * surface, which is nowhere translucent, lies inside it. What moves is the space, and the colours with it; the bend is
 * smooth and fades away from where a photo shows an outline.
 */

import { setImmediate as breathe } from 'node:timers/promises'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { WIDE, zoom } from '../generator/camera.ts'
import { type Field, moved, type Watch } from './field.ts'
import { MILLIMETRES_PER_UNIT } from './formats/units.ts'
import type { Mesh } from './mesh.ts'
import { rasterize } from './rasterize.ts'
import { closedMesh, keptBounds } from './surface.ts'

/** Density samples along a side of the surface whose outline is looked at: outlines are smooth. */
const RESOLUTION = 96
/** How far from the surface's outline the photo's is looked for, and how far it is moved: what is farther off is another thing. */
const FARTHEST = 16 / MILLIMETRES_PER_UNIT
/** Cosine between the directions of two outlines that may be the same one. */
const ALIKE = 0.5
/** Pixels around one of an outline that tell its direction. */
const AROUND = 4
/** Points along a side of the lattice that holds the bend. */
const POINTS = 48
/** Each time that the outlines are compared, how often a lattice point takes the mean of its neighbours and itself. */
const PASSES = [6, 6, 4, 4, 2, 2, 1, 1]
/** Steps to where a displacement ends. */
const STEPS = 4
/** Outline pixels a lattice point with which it follows them half. */
const FEW = 0.1
/** Height over the lower end of what is kept, in shares of the cube's side, in which the bend fades: the bust's cut stays. */
const FADING = 0.15

/**
 * @param photos with their cameras as refined; none: nothing is bent
 * @returns what puts a field's densities and colours in other places, for this field in any form
 */
export async function fitOutline(
  field: Field,
  photos: readonly PosedPortrait[],
  watch: Watch = {},
): Promise<(field: Field) => Field> {
  if (photos.length === 0) return (straight) => straight
  const level = await field.level?.()
  const { mesh } = await closedMesh(field, { resolution: RESOLUTION, level }, watch)
  const bend = new Bend(field.side)
  const outlines = photos.map(photoOutline)
  for (const passes of PASSES) {
    const bent = { ...mesh, positions: bend.forwards(mesh.positions) }
    bend.add(
      outlines.flatMap((outline) => misses(bent, outline)),
      passes,
    )
    // Each takes a good part of a second: who asks for something meanwhile is heard.
    await breathe()
  }
  return (straight) => moved(straight, level, (points) => bend.backwards(points))
}

/** Pixels at the border of what is inside, each with the direction out of it. */
interface Outline {
  /** Row by row. */
  readonly pixels: readonly OutlinePixel[]
  /** [size + 1] with which pixel a row begins. */
  readonly rows: Uint32Array
}

interface OutlinePixel {
  readonly x: number
  readonly y: number
  readonly out: readonly [number, number]
}

interface PhotoOutline extends Outline {
  readonly label: Float32Array
  readonly size: number
  readonly valid: Uint8Array
}

function photoOutline({ portrait, label }: PosedPortrait): PhotoOutline {
  const { matte, valid, size } = portrait.wide ?? portrait
  const inside = Uint8Array.from(matte, (alpha) => (alpha >= 0.5 ? 1 : 0))
  return { ...outlineOf(inside, valid, size), label: portrait.wide ? zoom(label, 1 / WIDE) : label, size, valid }
}

/** @param valid [size * size] 1 where it is known what is inside; nothing is next to where it is not, nor at the frame. */
function outlineOf(inside: Uint8Array, valid: Uint8Array, size: number): Outline {
  const pixels: OutlinePixel[] = []
  const rows = new Uint32Array(size + 1)
  for (let y = AROUND; y < size - AROUND; y++) {
    for (let x = AROUND; x < size - AROUND; x++) {
      const i = y * size + x
      if (!inside[i] || (inside[i - 1] && inside[i + 1] && inside[i - size] && inside[i + size])) continue
      let [right, down, known] = [0, 0, 1]
      for (let dy = -AROUND; dy <= AROUND; dy++) {
        for (let dx = -AROUND; dx <= AROUND; dx++) {
          const there = i + dy * size + dx
          known &= valid[there]
          if (inside[there]) continue
          right += dx
          down += dy
        }
      }
      const length = Math.hypot(right, down)
      if (known && length > 0) pixels.push({ x, y, out: [right / length, down / length] })
    }
    rows[y + 1] = pixels.length
  }
  rows.fill(pixels.length, size - AROUND)
  return { pixels, rows }
}

/** A place on the surface's outline, and what it misses the photo's by; world units. */
interface Miss {
  readonly at: readonly [number, number, number]
  readonly by: readonly [number, number, number]
}

/** From each pixel of either outline to the nearest of the other that looks the same way. */
function misses(mesh: Mesh, photo: PhotoOutline): Miss[] {
  const { label, size, valid } = photo
  const { depth } = rasterize(mesh, label, size)
  const ours = outlineOf(
    Uint8Array.from(depth, (far) => (far < Number.POSITIVE_INFINITY ? 1 : 0)),
    valid,
    size,
  )
  const found: Miss[] = []
  const front = depth.reduce((least, far) => Math.min(least, far), Number.POSITIVE_INFINITY)
  /** What is so many pixels off is farther than anything is moved. */
  const around = Math.ceil((FARTHEST * Math.max(label[16], label[20]) * size) / front)
  for (const [from, to] of [
    [ours, photo],
    [photo, ours],
  ]) {
    for (const pixel of from.pixels) {
      let nearest: OutlinePixel | undefined
      let least = Number.POSITIVE_INFINITY
      const last = to.rows[Math.min(pixel.y + around + 1, size)]
      for (let i = to.rows[Math.max(pixel.y - around, 0)]; i < last; i++) {
        const other = to.pixels[i]
        const distance = (other.x - pixel.x) ** 2 + (other.y - pixel.y) ** 2
        if (distance >= least || other.out[0] * pixel.out[0] + other.out[1] * pixel.out[1] < ALIKE) continue
        least = distance
        nearest = other
      }
      if (!nearest) continue
      const [here, there] = from === ours ? [pixel, nearest] : [nearest, pixel]
      const far = depth[here.y * size + here.x]
      /** What a pixel is at this distance. */
      const [width, height] = [far / label[16] / size, far / label[20] / size]
      const [right, down] = [(there.x - here.x) * width, (there.y - here.y) * height]
      if (Math.hypot(right, down) > FARTHEST) continue
      const [u, v] = [(here.x + 0.5 - label[18] * size) * width, (here.y + 0.5 - label[21] * size) * height]
      const along = (r: number, d: number, f: number): [number, number, number] => [
        label[0] * r + label[1] * d + label[2] * f,
        label[4] * r + label[5] * d + label[6] * f,
        label[8] * r + label[9] * d + label[10] * f,
      ]
      const [x, y, z] = along(u, v, far)
      found.push({ at: [x + label[3], y + label[7], z + label[11]], by: along(right, down, 0) })
    }
  }
  return found
}

/** A displacement for each place of a cube around the origin, between the points of a lattice. */
class Bend {
  private readonly vectors = new Float32Array(3 * POINTS ** 3)
  private readonly side: number
  /** Where in its cell of the lattice the place lies that was asked for last, 0 to 1. */
  private x = 0
  private y = 0
  private z = 0

  constructor(side: number) {
    this.side = side
  }

  /** Where what is at `points` [n, 3] comes from. */
  backwards(points: Float32Array): Float32Array {
    const from = points.slice()
    for (let i = 0; i < from.length; i += 3) this.move(points, i, -1, from)
    return from
  }

  /** Where what was at `points` goes. A displacement is kept at its end, which is found by going there. */
  forwards(points: Float32Array): Float32Array {
    let to = points
    for (let step = 0; step < STEPS; step++) {
      const next = points.slice()
      for (let i = 0; i < next.length; i += 3) this.move(to, i, 1, next)
      to = next
    }
    return to
  }

  /** Adds the smoothed mean of what is missed, and nothing where nothing is near. */
  add(all: readonly Miss[], passes: number): void {
    let sums: Float32Array = new Float32Array(4 * POINTS ** 3)
    for (const { at, by } of all) {
      const first = this.corner(at, 0)
      if (first < 0) continue
      for (let corner = 0; corner < 8; corner++) {
        const point = 4 * (first + CORNERS[corner])
        const weight = this.share(corner)
        for (let k = 0; k < 3; k++) sums[point + k] += weight * by[k]
        sums[point + 3] += weight
      }
    }
    for (let pass = 0; pass < passes; pass++) {
      for (const stride of [4, 4 * POINTS, 4 * POINTS ** 2]) sums = blurred(sums, stride)
    }
    for (let point = 0; point < POINTS ** 3; point++) {
      const weight = sums[4 * point + 3] + FEW
      for (let k = 0; k < 3; k++) this.vectors[3 * point + k] += sums[4 * point + k] / weight
    }
    // What cannot be reached is asked for again and again.
    const bottom = keptBounds(this.side).low[1] / this.side + 0.5
    for (let i = 0; i < this.vectors.length; i += 3) {
      const height = (Math.trunc(i / 3 / POINTS) % POINTS) / (POINTS - 1) - bottom
      const most = FARTHEST * Math.min(1, Math.max(0, height / FADING))
      const length = Math.hypot(this.vectors[i], this.vectors[i + 1], this.vectors[i + 2])
      for (let k = i; k < i + 3; k++) this.vectors[k] *= Math.min(1, most / (length || 1))
    }
  }

  /** Moves what is at `i` by its displacement; what lies outside the cube stays. */
  private move(places: Float32Array, i: number, sign: number, into: Float32Array): void {
    const { vectors } = this
    const first = this.corner(places, i)
    if (first < 0) return
    for (let corner = 0; corner < 8; corner++) {
      const point = 3 * (first + CORNERS[corner])
      const weight = sign * this.share(corner)
      into[i] += weight * vectors[point]
      into[i + 1] += weight * vectors[point + 1]
      into[i + 2] += weight * vectors[point + 2]
    }
  }

  /** The first of the eight lattice points around the place at `i`, and how far it is from there; -1 outside the cube. */
  private corner(places: ArrayLike<number>, i: number): number {
    const scale = POINTS - 1
    const x = (places[i] / this.side + 0.5) * scale
    const y = (places[i + 1] / this.side + 0.5) * scale
    const z = (places[i + 2] / this.side + 0.5) * scale
    const [left, low, back] = [Math.floor(x), Math.floor(y), Math.floor(z)]
    if (Math.min(left, low, back) < 0 || Math.max(left, low, back) >= scale) return -1
    this.x = x - left
    this.y = y - low
    this.z = z - back
    return (back * POINTS + low) * POINTS + left
  }

  /** A corner's share of the place whose first corner was asked for last. */
  private share(corner: number): number {
    const { x, y, z } = this
    return (corner & 1 ? x : 1 - x) * (corner & 2 ? y : 1 - y) * (corner & 4 ? z : 1 - z)
  }
}

/** Where a cell's eight corners lie in the lattice, from the first: x fastest. */
const CORNERS = Int32Array.from(
  { length: 8 },
  (_, corner) => (corner & 1) + POINTS * (((corner >> 1) & 1) + POINTS * (corner >> 2)),
)

/** [1, 2, 1] / 4 along one axis of the lattice, four numbers a point; beyond its ends there is nothing. */
function blurred(values: Float32Array, stride: number): Float32Array {
  const result = new Float32Array(values.length)
  const line = stride * POINTS
  for (let start = 0; start < values.length; start += line) {
    const [second, last, end] = [start + stride, start + line - stride, start + line]
    for (let i = start; i < second; i++) result[i] = (2 * values[i] + values[i + stride]) / 4
    for (let i = second; i < last; i++) result[i] = (2 * values[i] + values[i - stride] + values[i + stride]) / 4
    for (let i = last; i < end; i++) result[i] = (2 * values[i] + values[i - stride]) / 4
  }
  return result
}
