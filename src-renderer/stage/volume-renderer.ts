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
  Matrix4,
  Mesh,
  NearestFilter,
  NoBlending,
  OneFactor,
  OneMinusSrcAlphaFactor,
  RawShaderMaterial,
  RGBAFormat,
  Scene,
  Texture,
  Vector2,
  Vector3,
  WebGL3DRenderTarget,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three'
import type { PlaneLayout } from '../../src-main/engine/generator/plane-layout.ts'
import { fillTexture, textureSize } from '../../src-main/engine/generator/plane-texture.ts'
import type { Volume } from '../state/store.ts'
import type { Eye } from './camera.ts'
import { GpuQueue, inPieces, type Pieces } from './gpu-work.ts'
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
  refinedFragment,
  spreadFragment,
} from './volume-shaders.ts'

/** Made for one decoder: its numbers are in the shaders. */
interface Made {
  readonly key: string
  readonly probe: RawShaderMaterial
  readonly bake: RawShaderMaterial
  readonly exact: RawShaderMaterial
}

/** A head as the GPU has it. */
interface Held {
  readonly cells: WebGLRenderTarget
  readonly lattice: WebGL3DRenderTarget
  volume?: Volume
  made?: Made
  planes?: DataArrayTexture
  /** The last planes that density came from, where it came from others. */
  shape?: DataArrayTexture
  /** What the shaders are told of it. */
  uniforms: Uniforms
}

type Uniforms = Record<string, { value: unknown }>

/** Samples along the side of the box: at rest, and while it moves. */
const FINE = 110
const COARSE = 80

export class VolumeRenderer {
  /** Whether the exact picture is on the stage. */
  isExact = false
  private readonly gl: WebGLRenderer
  private readonly scene = new Scene()
  private readonly triangle: Mesh<BufferGeometry, RawShaderMaterial>
  private readonly probed = target(CELLS * CELL_TILES[0], CELLS * CELL_TILES[1])
  private readonly small = target(1, 1, true)
  private readonly full = target(1, 1, true)
  private readonly spread = material(spreadFragment, { cells: { value: this.probed.texture } })
  private readonly copy = material(copyFragment, { picture: { value: null } }, true)
  private readonly quick = material(latticeMarchFragment, marchUniforms())
  private readonly refined = material(
    refinedFragment,
    { picture: { value: null }, finer: { value: null }, aspect: { value: 1 } },
    true,
  )
  private readonly queue: GpuQueue
  /** What is on the stage, and what the next head goes into meanwhile. */
  private shown: Held | undefined
  private next: Held = hold()
  private taking: Pieces | undefined
  private exact: Pieces | undefined
  /** Whether the last piece of work was a moving frame, and what such a one took. */
  private isMoving = false
  private movingCost = 0
  /** Pictures under way; meanwhile the head stays as it is. */
  private reading = 0

  constructor(gl: WebGLRenderer) {
    this.gl = gl
    this.queue = this.newQueue()
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3))
    this.triangle = new Mesh(geometry, this.copy)
    this.triangle.frustumCulled = false
    this.scene.add(this.triangle)
  }

  /**
   * Whether the GPU is done with what was asked last: only then may the stage ask for more.
   * @param share of the time that the GPU may be kept at work, 0..1
   */
  isFree(share: number): boolean {
    if (!this.queue.isFree(share)) return false
    if (this.isMoving) this.movingCost = this.queue.cost
    return true
  }

  /** Of the head that it draws; 0 as long as there is none. */
  get version(): number {
    return this.shown?.volume?.version ?? 0
  }

  /** Whether it draws these planes. */
  holds(volume: Volume): boolean {
    return this.shown?.volume === volume
  }

  /**
   * Has the next piece done of what it takes to draw the planes of another head, or of the same one a step later; until
   * all is done, the last one stays on the stage. Heads that come faster than that are passed over.
   */
  take(volume: Volume): void {
    if (this.reading > 0) return
    this.taking ??= this.fill(this.next, volume)
    if (!this.step(this.taking)) return
    const before = this.shown ?? hold()
    this.shown = this.next
    this.next = before
    this.taking = undefined
    this.exact = undefined
    if (before.made !== this.shown.made) dispose(before.made)
  }

  /**
   * Draws onto the stage through the lattice.
   * @param scale part of the full resolution, 0..1
   * @returns milliseconds the last such frame took; nothing where there is no head yet
   */
  renderMoving(eye: Eye, scale: number, depth: boolean): number | undefined {
    const { shown } = this
    if (!shown) return undefined
    this.exact = undefined
    this.isExact = false
    this.queue.begin(() => {
      const { x, y } = this.gl.getDrawingBufferSize(new Vector2())
      resize(this.small, Math.max(1, Math.round(x * scale)), Math.max(1, Math.round(y * scale)))
      this.aim(this.quick, shown, eye, x / y, COARSE, depth)
      this.draw(this.quick, this.small)
      this.show(this.small)
    })
    this.isMoving = true
    return this.movingCost
  }

  /**
   * Draws the exact picture, a piece a call, and shows it when it is whole; until then what is on the stage stays.
   * @returns whether it is
   */
  renderResting(eye: Eye, depth: boolean): boolean {
    const { shown } = this
    if (!shown) return true
    if (this.reading > 0) return false
    if (!this.exact) {
      const { x, y } = this.gl.getDrawingBufferSize(new Vector2())
      resize(this.full, x, y)
      this.exact = this.exactPieces(shown, this.full, eye, depth)
    }
    this.isExact = this.step(this.exact)
    if (this.isExact) this.show(this.full)
    return this.isExact
  }

  /**
   * Puts the engine's picture of the same view in the place of the exact one.
   * @param finer square, rows from the bottom, colours not times opacity
   */
  renderRefined(finer: ImageBitmap): void {
    const { uniforms } = this.refined
    const texture = new Texture(finer)
    texture.minFilter = LinearFilter
    texture.generateMipmaps = false
    texture.needsUpdate = true
    uniforms.picture.value = this.full.texture
    uniforms.finer.value = texture
    uniforms.aspect.value = this.full.width / this.full.height
    this.queue.begin(() => this.draw(this.refined, null))
    texture.dispose()
  }

  /**
   * @param exact through planes and decoder rather than the lattice
   * @returns RGBA, 8 bits, colours times opacity, rows from the bottom: a square picture of `size` pixels
   */
  async read(eye: Eye, size: number, exact = true): Promise<Uint8Array<ArrayBuffer>> {
    const { shown } = this
    if (!shown) throw new Error('There is no head to draw.')
    const memory = target(size, size)
    this.reading++
    try {
      if (exact) {
        const turn = this.newQueue()
        const pieces = this.exactPieces(shown, memory, eye, false)
        while (!turn.begin(() => pieces.next(turn.cost)).done) {
          while (!turn.isFree()) await new Promise((resolve) => setTimeout(resolve, 2))
        }
      } else {
        this.aim(this.quick, shown, eye, 1, COARSE, false)
        this.draw(this.quick, memory)
      }
      const pixels = new Uint8Array(4 * size * size)
      await this.gl.readRenderTargetPixelsAsync(memory, 0, 0, size, size, pixels)
      return pixels
    } finally {
      this.reading--
      memory.dispose()
    }
  }

  private newQueue(): GpuQueue {
    return new GpuQueue(this.gl.getContext() as WebGL2RenderingContext)
  }

  /** @returns whether there was nothing left to do */
  private step(pieces: Pieces): boolean {
    this.isMoving = false
    return this.queue.begin(() => pieces.next(this.queue.cost)).done === true
  }

  private *fill(held: Held, volume: Volume): Pieces {
    const made = yield* this.compiled(volume)
    held.volume = volume
    held.made = made
    held.planes = layered(volume, held.planes)
    this.gl.initTexture(held.planes)
    yield
    const { shape = volume } = volume
    if (shape !== volume) {
      held.shape = layered({ ...shape, channels: volume.channels, layers: volume.layers }, held.shape)
      this.gl.initTexture(held.shape)
      yield
    }
    const { projection, box, bounds, radius } = volume.decoder
    held.uniforms = {
      planes: { value: held.planes },
      resolution: { value: volume.resolution },
      shape: { value: shape === volume ? held.planes : held.shape },
      shapeResolution: { value: shape.resolution },
      rows: { value: Array.from({ length: 9 }, (_, i) => new Vector3(...projection.slice(3 * i, 3 * i + 3))) },
      box: { value: box },
      lowest: { value: new Vector3(...bounds.low) },
      highest: { value: new Vector3(...bounds.high) },
      cells: { value: held.cells.texture },
      lattice: { value: held.lattice.texture },
      depths: { value: new Vector2(radius - 0.5 * box, radius + 0.25 * box) },
    }
    Object.assign(made.probe.uniforms, held.uniforms)
    this.draw(made.probe, this.probed)
    yield
    this.draw(this.spread, held.cells)
    yield
    Object.assign(made.bake.uniforms, held.uniforms)
    yield* inPieces(LATTICE, (from, howMany) => {
      for (let slice = from; slice < from + howMany; slice++) {
        made.bake.uniforms.slice.value = slice
        this.draw(made.bake, held.lattice, slice)
      }
    })
    if (this.shown) return
    // A driver may put off compiling until something is drawn: better here than in the first frame.
    for (const one of [this.quick, this.copy]) {
      Object.assign(one.uniforms, held.uniforms)
      this.draw(one, this.small)
      yield
    }
  }

  private *compiled(volume: Volume): Pieces<Made> {
    const { decoder, channels, layers } = volume
    const { weight0, bias0, weight1, bias1 } = decoder
    const key = `${channels} ${layers} ${weight0} ${bias0} ${weight1} ${bias1}`
    const { made } = this.shown ?? {}
    if (made?.key === key) return made
    const probe = material(probeFragment(decoder, volume), {})
    const bake = material(latticeFragment(decoder, volume), { slice: { value: 0 } })
    const exact = material(exactFragment(decoder, volume), marchUniforms())
    const all = new Scene()
    for (const one of [probe, bake, exact, this.spread, this.quick, this.copy, this.refined]) {
      all.add(new Mesh(this.triangle.geometry, one))
    }
    let isDone = false
    this.gl.compileAsync(all, NO_CAMERA).then(() => {
      isDone = true
    })
    do yield
    while (!isDone)
    return { key, probe, bake, exact }
  }

  private *exactPieces(held: Held, into: WebGLRenderTarget, eye: Eye, depth: boolean): Pieces {
    const { exact } = held.made!
    yield* inPieces(into.height, (from, rows) => {
      // Another picture may have been drawn since the last piece.
      this.aim(exact, held, eye, into.width / into.height, FINE, depth)
      into.scissorTest = true
      into.scissor.set(0, from, into.width, rows)
      this.draw(exact, into)
      into.scissorTest = false
    })
  }

  private aim(march: RawShaderMaterial, held: Held, eye: Eye, aspect: number, samples: number, depth: boolean): void {
    const { uniforms } = march
    Object.assign(uniforms, held.uniforms)
    uniforms.cameraToWorld.value.fromArray(eye.toWorld)
    uniforms.reach.value.set(eye.reach * aspect, eye.reach)
    uniforms.stride.value = held.volume!.decoder.box / samples
    uniforms.depthOnly.value = depth
  }

  private show(picture: WebGLRenderTarget): void {
    this.copy.uniforms.picture.value = picture.texture
    this.draw(this.copy, null)
  }

  private draw(what: RawShaderMaterial, into: WebGLRenderTarget | WebGL3DRenderTarget | null, layer?: number): void {
    const { gl } = this
    this.triangle.material = what
    const before = gl.getRenderTarget()
    gl.setRenderTarget(into, layer)
    gl.render(this.scene, NO_CAMERA)
    gl.setRenderTarget(before)
  }
}

/** @param before a texture that may be filled anew */
function layered(planes: PlaneLayout & { readonly data: Uint16Array }, before?: DataArrayTexture): DataArrayTexture {
  const { side, layers } = textureSize(planes)
  let texture = before
  if (texture?.image.width !== side || texture.image.depth !== layers) {
    texture?.dispose()
    texture = new DataArrayTexture(new Uint16Array(side * side * layers * 4), side, side, layers)
    texture.format = RGBAFormat
    texture.type = HalfFloatType
    texture.magFilter = LinearFilter
    texture.minFilter = LinearFilter
  }
  fillTexture(planes, planes.data, texture.image.data as unknown as Uint16Array)
  texture.needsUpdate = true
  return texture
}

function hold(): Held {
  const cells = target(CELLS * CELL_TILES[0], CELLS * CELL_TILES[1])
  return { cells, lattice: latticeTarget(), uniforms: {} }
}

function dispose(made: Made | undefined): void {
  for (const one of [made?.probe, made?.bake, made?.exact]) one?.dispose()
}

/** The shaders know where they look from by themselves. */
const NO_CAMERA = new Camera()

const marchUniforms = (): Uniforms => ({
  cameraToWorld: { value: new Matrix4() },
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
