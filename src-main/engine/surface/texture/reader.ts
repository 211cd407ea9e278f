/** What a surface's vertices hold, read at one texel after another. */
import type { Mesh } from '../mesh.ts'
import type { Texels } from './texels.ts'

/** Numbers of the vertices: [n, width]. */
export type Held = readonly [values: Float32Array, width: number]

export class Reader {
  /** The triangle's vertices, and the texel's weights of them. */
  readonly vertices = new Uint32Array(3)
  readonly weights = new Float64Array(3)
  private readonly held: readonly Held[]
  /** [3, all widths] of the three vertices. */
  private readonly values: Float64Array
  private readonly width: number
  private readonly triangles: Uint32Array
  private readonly texels: Texels
  private triangle = -1

  /** @param held what is read, one after another */
  constructor({ triangles }: Mesh, texels: Texels, ...held: readonly Held[]) {
    this.triangles = triangles
    this.texels = texels
    this.held = held
    this.width = held.reduce((sum, [, width]) => sum + width, 0)
    this.values = new Float64Array(3 * this.width)
  }

  /** Goes to the nth texel; fastest in their order. */
  move(n: number): void {
    const { triangles, weights } = this.texels
    if (triangles[n] !== this.triangle) this.load(triangles[n])
    const [wb, wc] = [weights[2 * n], weights[2 * n + 1]]
    this.weights[0] = 1 - wb - wc
    this.weights[1] = wb
    this.weights[2] = wc
  }

  /** The `k`th number of all that is read. */
  at(k: number): number {
    const { values, weights, width } = this
    return weights[0] * values[k] + weights[1] * values[width + k] + weights[2] * values[2 * width + k]
  }

  /** The largest that it is, and the least, on the texel's triangle. */
  most(k: number): number {
    const { values, width } = this
    return Math.max(values[k], values[width + k], values[2 * width + k])
  }

  least(k: number): number {
    const { values, width } = this
    return Math.min(values[k], values[width + k], values[2 * width + k])
  }

  private load(triangle: number): void {
    this.triangle = triangle
    let at = 0
    for (let corner = 0; corner < 3; corner++) {
      const vertex = this.triangles[triangle + corner]
      this.vertices[corner] = vertex
      for (const [values, width] of this.held) {
        for (let k = 0; k < width; k++) this.values[at++] = values[vertex * width + k]
      }
    }
  }
}
