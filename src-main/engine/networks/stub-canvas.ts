/**
 * The least canvas MediaPipe can live with. Even on the CPU it carries an image into its graph through a WebGL texture:
 * the image goes in by `texImage2D` and comes back by `readPixels`. So these textures only keep the bytes.
 */

const GL_TEXTURE0 = 0x84c0
const GL_VENDOR = 0x1f00
const GL_RENDERER = 0x1f01
const GL_VERSION = 0x1f02
const GL_FRAMEBUFFER_COMPLETE = 0x8cd5
const GL_CONDITION_SATISFIED = 0x911c

/** An image as MediaPipe takes it; a stand-in for the browser's class of that name. */
export class StubImageData {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number

  /** @param data RGBA, 8 bits a channel, `4 * width * height` bytes. */
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data
    this.width = width
    this.height = height
  }
}

export class StubCanvas {
  width: number
  height: number
  readonly #context = new StubWebGL()

  constructor(width: number, height: number) {
    this.width = width
    this.height = height
  }

  getContext() {
    return this.#context
  }

  addEventListener() {}
  removeEventListener() {}
}

interface Texture {
  image?: StubImageData
}

interface Framebuffer {
  texture: Texture | null
}

export class StubWebGL {
  readonly TEXTURE_2D = 0x0de1
  readonly RGBA = 0x1908
  readonly UNSIGNED_BYTE = 0x1401
  readonly UNPACK_FLIP_Y_WEBGL = 0x9240
  readonly #bound: (Texture | null)[] = []
  #unit = 0
  #framebuffer: Framebuffer | null = null

  getContextAttributes() {
    return { alpha: true, depth: false, stencil: false, antialias: false }
  }

  getSupportedExtensions() {
    return ['EXT_color_buffer_float', 'OES_texture_float_linear']
  }

  getExtension() {
    return {}
  }

  getParameter(name: number) {
    if (name === GL_VERSION) return 'WebGL 2.0 (stub)'
    if (name === GL_VENDOR || name === GL_RENDERER) return 'stub'
    return 16 // every limit MediaPipe asks for
  }

  getError() {
    return 0
  }

  activeTexture(unit: number) {
    this.#unit = unit - GL_TEXTURE0
  }

  createTexture(): Texture {
    return {}
  }

  bindTexture(_target: number, texture: Texture | null) {
    this.#bound[this.#unit] = texture
  }

  /** MediaPipe passes an image only in the form with six arguments. */
  texImage2D(...args: unknown[]) {
    const texture = this.#bound[this.#unit]
    const image = args[5]
    if (!texture || !(image instanceof StubImageData)) throw new Error('the WebGL stub keeps images only')
    texture.image = image
  }

  createFramebuffer(): Framebuffer {
    return { texture: null }
  }

  bindFramebuffer(_target: number, framebuffer: Framebuffer | null) {
    this.#framebuffer = framebuffer
  }

  framebufferTexture2D(_target: number, _attachment: number, _textureTarget: number, texture: Texture | null) {
    if (this.#framebuffer) this.#framebuffer.texture = texture
  }

  checkFramebufferStatus() {
    return GL_FRAMEBUFFER_COMPLETE
  }

  readPixels(
    x: number,
    y: number,
    width: number,
    height: number,
    _format: number,
    _type: number,
    into: Uint8Array,
    offset = 0,
  ) {
    const image = this.#framebuffer?.texture?.image
    if (!image) throw new Error('the WebGL stub has no image to read')
    for (let row = 0; row < height; row++) {
      const from = 4 * ((y + row) * image.width + x)
      into.set(image.data.subarray(from, from + 4 * width), offset + 4 * width * row)
    }
  }

  fenceSync() {
    return {}
  }

  clientWaitSync() {
    return GL_CONDITION_SATISFIED
  }

  deleteTexture() {}
  deleteFramebuffer() {}
  deleteSync() {}
  pixelStorei() {}
  texParameteri() {}
}
