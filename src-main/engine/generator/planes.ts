/**
 * Sampling the feature planes at points in space, and its adjoint (docs/eg3d.md, Planes). This runs in the host and not
 * in the graph: with the channels of a texel side by side in memory one pass does for every channel what GridSample
 * does once per channel, and the adjoint, a scatter with collisions, has no sound fast form on the CPU provider. The
 * loops themselves are WebAssembly (`planes.kernel.ts`), four channels at a time.
 */
import type { GeneratorConfig, Matrix3 } from '../checkpoint/config.ts'
import { type Planes, stridesOf } from './plane-layout.ts'
import wasm from './planes.wasm.ts'
import type { Rays } from './rays.ts'

/**
 * How world points fall on the planes, already scaled to -1..1 in the box: where on the plane, and where along its normal,
 * which tells between the layers of a plane that has several.
 */
export class PlaneProjection {
  /** [plane][axis u, v or n][x, y, z] */
  readonly rows: Float64Array

  constructor({ plane_axes, rendering_kwargs }: Pick<GeneratorConfig, 'plane_axes' | 'rendering_kwargs'>) {
    const scale = 2 / rendering_kwargs.box_warp
    this.rows = new Float64Array(27)
    plane_axes.forEach((axes, plane) => {
      const inverse = invert(axes)
      for (let axis = 0; axis < 3; axis++) {
        for (let k = 0; k < 3; k++) this.rows[plane * 9 + axis * 3 + k] = inverse[k][axis] * scale
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

/** The parts of the kernel's memory, one after another; sizes in bytes. */
const PARTS = [
  'projection',
  'layers',
  'planes',
  'gradient',
  'origins',
  'directions',
  'depths',
  'features',
  'cotangent',
  'rays',
] as const
type Part = (typeof PARTS)[number]

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly base: WebAssembly.Global<'i32'>
  sample(...args: number[]): void
  scatter(...args: number[]): void
  bend(...args: number[]): void
}

const PAGE = 1 << 16
let compiled: WebAssembly.Module | undefined

/**
 * A kernel that holds one head's planes, their gradient and a batch of rays in its own memory. The arrays it hands out
 * are windows of that memory, so that models read and write them without a copy; the next `sample` ends their validity.
 */
export class PlaneSampler {
  private readonly kernel: Kernel
  private readonly sizes: Record<Part, number>
  private readonly addresses: Record<Part, number>
  private planes: Planes = { data: new Float32Array(), resolution: 0, channels: 0, layers: [1, 1, 1] }
  private count = { rays: 0, samples: 0 }

  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(wasm, 'base64'))
    this.kernel = new WebAssembly.Instance(compiled).exports as unknown as Kernel
    const none = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>
    this.sizes = { ...none, projection: 27 * 8, layers: 3 * 4 }
    this.addresses = none
  }

  holds(planes: Planes): boolean {
    return this.planes === planes
  }

  /** Takes planes in (those it holds are not copied again) and sets their gradient to zero. */
  load(planes: Planes, projection: PlaneProjection): void {
    if (!this.holds(planes)) {
      this.place({ planes: planes.data.byteLength, gradient: planes.data.byteLength })
      this.window('planes').set(planes.data)
      this.planes = planes
    }
    const { buffer } = this.kernel.memory
    new Float64Array(buffer, this.addresses.projection, 27).set(projection.rows)
    new Int32Array(buffer, this.addresses.layers, 3).set(planes.layers)
    this.window('gradient').fill(0)
  }

  /**
   * Bilinear samples, zeros outside, pixel centres at half coordinates; of the two layers a point lies between the linear
   * mixture, beyond the outermost ones the outermost one; the mean over the three planes.
   * @param rays M of them
   * @param depths [M * samples]: the points are origin + depth * direction
   * @returns [M * samples * C], a window
   */
  sample({ origins, directions }: Rays, depths: Float32Array, samples: number): Float32Array {
    const bytes = depths.length * this.planes.channels * 4
    this.count = { rays: origins.length / 3, samples }
    this.place({
      origins: origins.byteLength,
      directions: directions.byteLength,
      depths: depths.byteLength,
      features: bytes,
      cotangent: bytes,
      rays: this.count.rays * 6 * 4,
    })
    this.window('origins').set(origins)
    this.window('directions').set(directions)
    this.window('depths').set(depths)
    this.kernel.sample(...this.common(), this.addresses.features)
    return this.window('features')
  }

  /** `sample` for single points. @param points [M * 3] world @returns [M * C], a window */
  samplePoints(points: Float32Array): Float32Array {
    const rays = { origins: points, directions: new Float32Array(points.length) }
    return this.sample(rays, new Float32Array(points.length / 3), 1)
  }

  /** Where the gradient of what `sample` gave is to be written before `scatter`. */
  get cotangent(): Float32Array {
    return this.window('cotangent')
  }

  /**
   * The adjoint of the last `sample`: adds to `gradient`.
   * @param rays whether their gradient is wanted too
   * @returns [M][6] of origin and direction
   */
  scatter(want: { rays?: boolean } = {}): Float32Array | undefined {
    const { cotangent, gradient, rays } = this.addresses
    const [, ...others] = this.common()
    for (let plane = 0; plane < 3; plane++) {
      this.kernel.scatter(plane, 0, this.planes.resolution, 0, ...others, cotangent, gradient)
    }
    if (!want.rays) return undefined
    this.kernel.bend(...this.common(), cotangent, rays)
    return this.window('rays')
  }

  /** Like the planes, what `scatter` added up since `load`; a window. */
  get gradient(): Float32Array {
    return this.window('gradient')
  }

  private common(): number[] {
    const { planes, layers, projection, origins, directions, depths } = this.addresses
    const { column, row, slice } = stridesOf(this.planes)
    const { rays, samples } = this.count
    const [size, ...strides] = [this.planes.resolution, 4 * column, 4 * row, 4 * slice]
    return [planes, layers, size, ...strides, projection, origins, directions, depths, rays, samples]
  }

  /** Gives parts their sizes and moves what lies behind them; earlier parts keep their content. */
  private place(sizes: Partial<Record<Part, number>>): void {
    Object.assign(this.sizes, sizes)
    let end = this.kernel.base.value
    for (const part of PARTS) {
      this.addresses[part] = end
      end = Math.ceil((end + this.sizes[part]) / 64) * 64
    }
    const { memory } = this.kernel
    const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE)
    if (missing > 0) memory.grow(missing)
  }

  private window(part: Part): Float32Array {
    return new Float32Array(this.kernel.memory.buffer, this.addresses[part], this.sizes[part] / 4)
  }
}

const idle: PlaneSampler[] = []

/**
 * A sampler with the planes loaded, to be handed back with `releaseSampler`: one caller at a time, and the next one with
 * the same planes finds them there.
 */
export function borrowSampler(planes: Planes, projection: PlaneProjection): PlaneSampler {
  const loaded = idle.findIndex((sampler) => sampler.holds(planes))
  const sampler = (loaded >= 0 ? idle.splice(loaded, 1)[0] : idle.pop()) ?? new PlaneSampler()
  sampler.load(planes, projection)
  return sampler
}

export function releaseSampler(sampler: PlaneSampler): void {
  idle.push(sampler)
}

/** sum += values */
export function accumulate(sum: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += values[i]
}
