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
  Vector2,
  Vector3,
  WebGL3DRenderTarget,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import type { Volume } from '../state/store.ts'
import {
  CELL_TILES,
  CELLS,
  copyFragment,
  exactFragment,
  fullscreenVertex,
  LATTICE,
  latticeFragment,
  latticeMarchFragment,
  probeFragment,
  spreadFragment,
} from './volume-shaders.ts'

/** Made for one decoder: its numbers are in the shaders. */
interface Made {
  key: string
  probe: RawShaderMaterial
  bake: RawShaderMaterial
  exact: RawShaderMaterial
  /** Tells that the GPU has compiled them. */
  fence: Fence | undefined
}

type Uniforms = Record<string, { value: unknown }>

/** Samples along the side of the box: at rest, and while it moves. */
const FINE = 110
const COARSE = 80
/** Milliseconds a strip of the exact picture should take: short enough to stop for a touch. */
const STRIP_TIME = 30

export class VolumeRenderer {
  private readonly gl: WebGLRenderer
  private readonly scene = new Scene()
  private readonly triangle: Mesh<BufferGeometry, RawShaderMaterial>
  private readonly probed = target(CELLS * CELL_TILES[0], CELLS * CELL_TILES[1])
  private readonly cells = target(CELLS * CELL_TILES[0], CELLS * CELL_TILES[1])
  private readonly lattice = latticeTarget()
  private readonly small = target(1, 1, true)
  private readonly full = target(1, 1, true)
  private readonly spread = material(spreadFragment, { cells: { value: this.probed.texture } })
  private readonly copy = material(copyFragment, { picture: { value: null } }, true)
  private readonly quick = material(latticeMarchFragment, {
    lattice: { value: this.lattice.texture },
    ...marchUniforms(),
  })
  private made: Made | undefined
  /** What is to take its place as soon as it is compiled. */
  private compiling: Made | undefined
  private texture: DataArrayTexture | undefined
  private volume: Volume | undefined
  private baking: Fence | undefined
  private moving: { fence: Fence; began: number } | undefined
  private exact: Strips | undefined
  /** Pictures under way; meanwhile the stage waits with its own. */
  private reading = 0

  constructor(gl: WebGLRenderer) {
    this.gl = gl
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3))
    this.triangle = new Mesh(geometry, this.copy)
    this.triangle.frustumCulled = false
    this.scene.add(this.triangle)
  }

  /**
   * Takes the planes of another head, or of the same one a step later. While the GPU is still busy with the last ones, or
   * with compiling shaders for them, it does nothing: heads that come faster than it can take them must not pile up.
   * @returns whether it has taken them
   */
  setVolume(volume: Volume): boolean {
    if (volume === this.volume) return true
    if (this.baking && !this.baking.done()) return false
    const made = this.materials(volume)
    if (!made) return false
    this.volume = volume
    this.exact = undefined
    this.upload(volume)
    const { decoder, resolution } = volume
    const { projection, box, radius } = decoder
    const { probe, bake, exact } = made
    const shared: Uniforms = {
      planes: { value: this.texture },
      resolution: { value: resolution },
      rows: { value: Array.from({ length: 6 }, (_, i) => new Vector3(...projection.slice(3 * i, 3 * i + 3))) },
      box: { value: box },
      cells: { value: this.cells.texture },
      depths: { value: new Vector2(radius - 0.5 * box, radius + 0.25 * box) },
    }
    for (const user of [probe, bake, exact, this.quick]) Object.assign(user.uniforms, shared)
    this.draw(probe, this.probed)
    this.draw(this.spread, this.cells)
    for (let slice = 0; slice < LATTICE; slice++) {
      bake.uniforms.slice.value = slice
      this.draw(bake, this.lattice, slice)
    }
    this.baking = new Fence(this.gl)
    return true
  }

  /**
   * Draws onto the stage through the lattice, unless the GPU is busy with the last frame.
   * @param scale part of the full resolution, 0..1
   * @returns milliseconds the last frame took, where this one was drawn
   */
  renderMoving(camera: PerspectiveCamera, scale: number, depth: boolean): number | undefined {
    if (!this.volume || (this.moving && !this.moving.fence.done())) return undefined
    const now = performance.now()
    const cost = this.moving ? now - this.moving.began : 0
    this.exact = undefined
    const { x, y } = this.gl.getDrawingBufferSize(new Vector2())
    resize(this.small, Math.max(1, Math.round(x * scale)), Math.max(1, Math.round(y * scale)))
    this.aim(this.quick, camera, x / y, COARSE, depth)
    this.draw(this.quick, this.small)
    this.show(this.small)
    this.moving = { fence: new Fence(this.gl), began: now }
    return cost
  }

  /**
   * Draws the exact picture, a strip a call, and shows it when it is whole; until then what is on the stage stays.
   * @returns whether it is
   */
  renderResting(camera: PerspectiveCamera, depth: boolean): boolean {
    if (!this.volume || !this.made) return true
    if (this.reading > 0) return false
    const { x, y } = this.gl.getDrawingBufferSize(new Vector2())
    this.moving = undefined
    if (!this.exact) {
      resize(this.full, x, y)
      this.aim(this.made.exact, camera, x / y, FINE, depth)
      this.exact = new Strips(y, this.gl)
    }
    this.exact.draw((from, rows) => this.drawStrip(this.full, from, rows))
    if (this.exact.whole) this.show(this.full)
    return this.exact.whole
  }

  /**
   * @param exact through planes and decoder rather than the lattice
   * @returns RGBA, 8 bits, colours times opacity, rows from the bottom: a square picture of `size` pixels
   */
  async read(camera: PerspectiveCamera, size: number, exact = true): Promise<Uint8Array<ArrayBuffer>> {
    this.reading++
    try {
      return await this.readInto(target(size, size), camera, size, exact)
    } finally {
      this.reading--
    }
  }

  private async readInto(
    memory: WebGLRenderTarget,
    camera: PerspectiveCamera,
    size: number,
    exact: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.made) throw new Error('There is no head to draw.')
    const march = exact ? this.made.exact : this.quick
    if (exact) {
      const strips = new Strips(size, this.gl)
      while (!strips.whole) {
        strips.draw((from, rows) => {
          // The stage may have drawn something else meanwhile.
          this.aim(march, camera, 1, FINE, false)
          this.drawStrip(memory, from, rows)
        })
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      this.exact = undefined
    } else {
      this.aim(march, camera, 1, COARSE, false)
      this.draw(march, memory)
    }
    const pixels = new Uint8Array(4 * size * size)
    await this.gl.readRenderTargetPixelsAsync(memory, 0, 0, size, size, pixels)
    memory.dispose()
    return pixels
  }

  dispose(): void {
    const { probed, cells, lattice, small, full, spread, copy, quick, made, compiling, texture, triangle } = this
    for (const thing of [probed, cells, lattice, small, full, spread, copy, quick]) thing.dispose()
    for (const thing of [texture, triangle.geometry]) thing?.dispose()
    dispose(made)
    dispose(compiling)
  }

  /**
   * @returns nothing while they are being compiled: the first use would wait for that, and the window with it. Drivers
   * that cannot say when they are done (KHR_parallel_shader_compile) compile in the order of their commands, where a
   * fence tells.
   */
  private materials({ decoder, channels }: Volume): Made | undefined {
    const { weight0, bias0, weight1, bias1 } = decoder
    const key = `${channels} ${weight0} ${bias0} ${weight1} ${bias1}`
    if (this.made?.key === key) return this.made
    if (this.compiling?.key !== key) {
      dispose(this.compiling)
      const next: Made = {
        key,
        fence: undefined,
        probe: material(probeFragment(decoder, channels), {}),
        bake: material(latticeFragment(decoder, channels), { slice: { value: 0 } }),
        exact: material(exactFragment(decoder, channels), marchUniforms()),
      }
      const { probe, bake, exact } = next
      const all = new Scene()
      for (const one of [probe, bake, exact, this.spread, this.quick, this.copy]) {
        all.add(new Mesh(this.triangle.geometry, one))
      }
      this.gl.compileAsync(all, NO_CAMERA).then(() => {
        next.fence = new Fence(this.gl)
      })
      this.compiling = next
    }
    if (!this.compiling.fence?.done()) return undefined
    dispose(this.made)
    this.made = this.compiling
    this.compiling = undefined
    return this.made
  }

  private aim(march: RawShaderMaterial, camera: PerspectiveCamera, aspect: number, samples: number, depth: boolean) {
    camera.updateMatrixWorld()
    const half = Math.tan((camera.fov * Math.PI) / 360) / camera.zoom
    const { uniforms } = march
    uniforms.cameraToWorld.value = camera.matrixWorld.clone()
    uniforms.reach.value.set(half * aspect, half)
    uniforms.stride.value = this.volume!.decoder.box / samples
    uniforms.depthOnly.value = depth
  }

  private show(picture: WebGLRenderTarget): void {
    this.copy.uniforms.picture.value = picture.texture
    this.draw(this.copy, null)
  }

  private drawStrip(into: WebGLRenderTarget, from: number, rows: number): void {
    into.scissorTest = true
    into.scissor.set(0, from, into.width, rows)
    this.draw(this.made!.exact, into)
    into.scissorTest = false
  }

  private draw(what: RawShaderMaterial, into: WebGLRenderTarget | null, layer?: number): void {
    const { gl } = this
    this.triangle.material = what
    const before = gl.getRenderTarget()
    gl.setRenderTarget(into, layer)
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
      this.texture.format = RGBAFormat
      this.texture.type = HalfFloatType
      this.texture.magFilter = LinearFilter
      this.texture.minFilter = LinearFilter
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

function dispose(made: Made | undefined): void {
  for (const one of [made?.probe, made?.bake, made?.exact]) one?.dispose()
}

/** Tells when the GPU has done what was asked of it so far. */
class Fence {
  private readonly context: WebGL2RenderingContext
  private sync: WebGLSync | null

  constructor(gl: WebGLRenderer) {
    this.context = gl.getContext() as WebGL2RenderingContext
    this.sync = this.context.fenceSync(this.context.SYNC_GPU_COMMANDS_COMPLETE, 0)
    this.context.flush()
  }

  done(): boolean {
    if (!this.sync) return true
    if (this.context.clientWaitSync(this.sync, 0, 0) === this.context.TIMEOUT_EXPIRED) return false
    this.context.deleteSync(this.sync)
    this.sync = null
    return true
  }
}

/** Cuts a picture into strips, each as high as the GPU manages in a moment, and waits for one before the next. */
class Strips {
  private readonly gl: WebGLRenderer
  private readonly height: number
  private from = 0
  private rows = 8
  private drawing: { fence: Fence; began: number } | undefined

  constructor(height: number, gl: WebGLRenderer) {
    this.height = height
    this.gl = gl
  }

  get whole(): boolean {
    return this.from >= this.height && !this.drawing
  }

  /** Has the next strip drawn, unless the GPU is busy with the last one or all is drawn. */
  draw(work: (from: number, rows: number) => void): void {
    if (this.drawing) {
      const { fence, began } = this.drawing
      if (!fence.done()) return
      const factor = STRIP_TIME / Math.max(1, performance.now() - began)
      this.rows = Math.max(1, Math.round(this.rows * Math.min(4, Math.max(0.25, factor))))
      this.drawing = undefined
    }
    if (this.from >= this.height) return
    const rows = Math.min(this.rows, this.height - this.from)
    const began = performance.now()
    work(this.from, rows)
    this.from += rows
    this.drawing = { fence: new Fence(this.gl), began }
  }
}

/** The shaders know where they look from by themselves. */
const NO_CAMERA = new Camera()

const marchUniforms = (): Uniforms => ({
  cameraToWorld: { value: null },
  reach: { value: new Vector2() },
  stride: { value: 0 },
  depthOnly: { value: false },
})

function resize(picture: WebGLRenderTarget, width: number, height: number): void {
  if (picture.width !== width || picture.height !== height) picture.setSize(width, height)
}

function target(width: number, height: number, smooth = false): WebGLRenderTarget {
  const filter = smooth ? LinearFilter : NearestFilter
  return new WebGLRenderTarget(width, height, { depthBuffer: false, magFilter: filter, minFilter: filter })
}

function latticeTarget(): WebGL3DRenderTarget {
  return new WebGL3DRenderTarget(LATTICE, LATTICE, LATTICE, {
    depthBuffer: false,
    magFilter: LinearFilter,
    minFilter: LinearFilter,
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
