/** Draws a head from its planes with WebGL 2: at any resolution, onto the stage or into memory. */
import {
  BufferAttribute,
  BufferGeometry,
  Camera,
  CustomBlending,
  DataArrayTexture,
  GLSL3,
  HalfFloatType,
  LinearFilter,
  Mesh,
  NearestFilter,
  NoBlending,
  OneFactor,
  OneMinusSrcAlphaFactor,
  type PerspectiveCamera,
  RawShaderMaterial,
  RGBAFormat,
  Scene,
  UnsignedByteType,
  Vector2,
  Vector3,
  Vector4,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import type { Volume } from '../state/store.ts'
import {
  CELL_TILES,
  CELLS,
  cellFragment,
  copyFragment,
  fullscreenVertex,
  LATTICE,
  LATTICE_TILES,
  latticeFragment,
  marchFragment,
} from './volume-shaders.ts'

type Uniforms = Record<string, { value: unknown }>

/** Samples along the side of the box. */
const FINE = 110
const COARSE = 64

export interface Look {
  /** Part of the full resolution, 0..1. */
  scale: number
  /** Fewer samples, for while it moves. */
  moving: boolean
  depth: boolean
}

export class VolumeRenderer {
  private readonly gl: WebGLRenderer
  private readonly scene = new Scene()
  private readonly triangle: Mesh<BufferGeometry, RawShaderMaterial>
  private readonly lattice = target(LATTICE * LATTICE_TILES[0], LATTICE * LATTICE_TILES[1], NearestFilter)
  private readonly cells = target(CELLS * CELL_TILES[0], CELLS * CELL_TILES[1], NearestFilter)
  private readonly small = target(1, 1, LinearFilter)
  private readonly shared: Uniforms = {}
  private readonly copy = material(copyFragment, { picture: { value: this.small.texture } }, true)
  private readonly gather = material(cellFragment, { lattice: { value: this.lattice.texture } })
  private look: RawShaderMaterial | undefined
  private march: RawShaderMaterial | undefined
  private shape = ''
  private texture: DataArrayTexture | undefined
  private version: Volume | undefined

  constructor(gl: WebGLRenderer) {
    this.gl = gl
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3))
    this.triangle = new Mesh(geometry, this.copy)
    this.triangle.frustumCulled = false
    this.scene.add(this.triangle)
  }

  /** Takes the planes of another head, or of the same one a step later. */
  setVolume(volume: Volume): void {
    if (volume === this.version) return
    this.version = volume
    const { channels, resolution, decoder } = volume
    const groups = channels / 4
    const { hidden, projection, box, radius } = decoder
    this.upload(volume)
    Object.assign(this.shared, {
      planes: { value: this.texture },
      resolution: { value: resolution },
      rows: { value: Array.from({ length: 6 }, (_, i) => new Vector3(...projection.slice(3 * i, 3 * i + 3))) },
      weight0: { value: vectors(decoder.weight0) },
      bias0: { value: [...decoder.bias0] },
      // From one row an output to one vector a hidden unit.
      weight1: {
        value: Array.from(
          { length: hidden },
          (_, j) => new Vector4(...[0, 1, 2, 3].map((output) => decoder.weight1[output * hidden + j])),
        ),
      },
      bias1: { value: new Vector4(...decoder.bias1) },
      box: { value: box },
      depths: { value: new Vector2(radius - 0.5 * box, radius + 0.25 * box) },
    })
    const shape = `${groups}/${hidden}`
    if (shape !== this.shape) {
      this.look?.dispose()
      this.march?.dispose()
      this.shape = shape
      this.look = material(latticeFragment(groups, hidden), {})
      this.march = material(marchFragment(groups, hidden), {
        cells: { value: this.cells.texture },
        cameraToWorld: { value: null },
        reach: { value: new Vector2() },
        stride: { value: 0 },
        depthOnly: { value: false },
      })
    }
    for (const user of [this.look!, this.march!]) Object.assign(user.uniforms, this.shared)
    this.draw(this.look!, this.lattice)
    this.draw(this.gather, this.cells)
  }

  /** Draws onto the stage. */
  render(camera: PerspectiveCamera, look: Look): void {
    if (!this.march) return
    const size = this.gl.getDrawingBufferSize(new Vector2())
    const width = Math.max(1, Math.round(size.x * look.scale))
    const height = Math.max(1, Math.round(size.y * look.scale))
    if (this.small.width !== width || this.small.height !== height) this.small.setSize(width, height)
    this.cast(camera, width / height, look, this.small)
    this.draw(this.copy, null)
  }

  /** @returns RGBA, 8 bits, colours times opacity, rows from the bottom: a square picture of `size` pixels */
  async read(camera: PerspectiveCamera, size: number, depth = false): Promise<Uint8Array<ArrayBuffer>> {
    const memory = target(size, size, LinearFilter)
    this.cast(camera, 1, { scale: 1, moving: false, depth }, memory)
    const pixels = new Uint8Array(4 * size * size)
    await this.gl.readRenderTargetPixelsAsync(memory, 0, 0, size, size, pixels)
    memory.dispose()
    return pixels
  }

  dispose(): void {
    for (const thing of [this.lattice, this.cells, this.small, this.copy, this.gather, this.look, this.march]) {
      thing?.dispose()
    }
    this.texture?.dispose()
    this.triangle.geometry.dispose()
  }

  private cast(camera: PerspectiveCamera, aspect: number, look: Look, into: WebGLRenderTarget): void {
    const { march } = this
    if (!march || !this.version) return
    camera.updateMatrixWorld()
    const half = Math.tan((camera.fov * Math.PI) / 360) / camera.zoom
    const { uniforms } = march
    uniforms.cameraToWorld.value = camera.matrixWorld
    uniforms.reach.value.set(half * aspect, half)
    uniforms.stride.value = this.version.decoder.box / (look.moving ? COARSE : FINE)
    uniforms.depthOnly.value = look.depth
    this.draw(march, into)
  }

  private draw(what: RawShaderMaterial, into: WebGLRenderTarget | null): void {
    const { gl } = this
    this.triangle.material = what
    const before = gl.getRenderTarget()
    gl.setRenderTarget(into)
    gl.render(this.scene, NO_CAMERA)
    gl.setRenderTarget(before)
  }

  /** The planes as layers of four channels, with a border of zeros. */
  private upload({ data, resolution, channels }: Volume): void {
    const groups = channels / 4
    const side = resolution + 2
    const layers = 3 * groups
    if (this.texture?.image.width !== side || this.texture.image.depth !== layers) {
      this.texture?.dispose()
      this.texture = new DataArrayTexture(new Uint16Array(side * side * layers * 4), side, side, layers)
      Object.assign(this.texture, {
        format: RGBAFormat,
        type: HalfFloatType,
        magFilter: LinearFilter,
        minFilter: LinearFilter,
      })
    }
    const into = this.texture.image.data as unknown as Uint16Array
    for (let plane = 0; plane < 3; plane++) {
      for (let row = 0; row < resolution; row++) {
        for (let column = 0; column < resolution; column++) {
          const from = ((plane * resolution + row) * resolution + column) * channels
          const at = ((plane * groups * side + row + 1) * side + column + 1) * 4
          for (let k = 0; k < channels; k++) {
            into[at + (k >> 2) * side * side * 4 + (k & 3)] = data[from + k]
          }
        }
      }
    }
    this.texture.needsUpdate = true
  }
}

/** The shaders know where they look from by themselves. */
const NO_CAMERA = new Camera()

function target(width: number, height: number, filter: typeof LinearFilter | typeof NearestFilter): WebGLRenderTarget {
  return new WebGLRenderTarget(width, height, {
    depthBuffer: false,
    type: UnsignedByteType,
    magFilter: filter,
    minFilter: filter,
  })
}

function material(fragmentShader: string, uniforms: Uniforms, blends = false): RawShaderMaterial {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    vertexShader: fullscreenVertex,
    fragmentShader,
    uniforms,
    depthTest: false,
    depthWrite: false,
    toneMapped: false,
    ...(blends
      ? { blending: CustomBlending, blendSrc: OneFactor, blendDst: OneMinusSrcAlphaFactor }
      : { blending: NoBlending }),
  })
}

function vectors(values: Float32Array): Vector4[] {
  return Array.from({ length: values.length / 4 }, (_, i) => new Vector4(...values.subarray(4 * i, 4 * i + 4)))
}
