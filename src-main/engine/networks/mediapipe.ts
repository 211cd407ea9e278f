/**
 * MediaPipe's FaceLandmarker and FaceDetector in plain Node. Its two scripts are written for a browser; they are evaluated inside a
 * function whose parameters stand in for the browser's globals, so that nothing global changes, nothing is printed and
 * nothing can reach the network.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { compileFunction } from 'node:vm'
import type * as tasksVision from '@mediapipe/tasks-vision'
import { unzipSync } from 'fflate'
import { UserError } from '../errors.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import { networkFile } from './folder.ts'
import { StubCanvas, StubImageData, StubWebGL } from './stub-canvas.ts'

export const LANDMARKS = 478
const MOST_FACES = 10

/** One face: its 478 landmarks in pixels of the picture it was found in. */
export interface Face {
  /** x (right), y (down), z (away from the viewer, in the same unit) of each landmark; (0, 0) is the corner. */
  points: Float64Array
  box: Box
}

/** A place where the detector alone sees a face, in pixels of the picture it was found in. */
export interface Spot {
  centre: [x: number, y: number]
  /** Side of the square round brows, cheeks and chin. */
  size: number
  /** How far the line of the eyes is turned, clockwise as seen, radians; the detector is sure of it within about 50°. */
  roll: number
  /** 0.5 to 1: how sure the detector is. */
  score: number
}

/** An upright rectangle in pixels. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Landmarker {
  /** All faces MediaPipe finds in the picture as a whole, at most ten, in its order. Takes 20 to 60 ms. */
  detect(image: RgbImage): Face[]
  /** Where the detector sees faces; it looks at 128 x 128 pixels. Takes 5 ms. */
  spot(image: RgbImage): Spot[]
  close(): void
}

/** A bundle a user put there themselves (the official one) goes before the one the product is built with. */
const DETECTOR = 'face_detector.tflite'
const TASK_FILES = ['face_landmarker.official.task', 'face_landmarker.task']

/**
 * Loads the landmarker, by default with `resources/networks/face_landmarker.official.task` where a user has put it and
 * otherwise `face_landmarker.task`. Takes about 0.4 s, and the first detection as much again.
 *
 * @throws UserError where the bundle is missing or is not one.
 */
export async function createLandmarker(taskFile = networkFile(...TASK_FILES)): Promise<Landmarker> {
  const bundle = await readFile(taskFile).catch((cause) => {
    throw new UserError('landmarks-unreadable', { path: taskFile }, { cause })
  })
  const load = async () => {
    const { FaceLandmarker, fileset } = await loadMediaPipe()
    const landmarker = await FaceLandmarker.createFromOptions(fileset, {
      baseOptions: { modelAssetBuffer: new Uint8Array(bundle), delegate: 'CPU' },
      runningMode: 'IMAGE',
      numFaces: MOST_FACES,
    })
    const alone = await loadMediaPipe()
    const detector = await alone.FaceDetector.createFromOptions(alone.fileset, {
      baseOptions: { modelAssetBuffer: unzipSync(bundle)[DETECTOR], delegate: 'CPU' },
      runningMode: 'IMAGE',
    })
    return { landmarker, detector }
  }
  const { landmarker, detector } = await load().catch((cause) => {
    throw new UserError('landmarks-damaged', { path: taskFile }, { cause })
  })
  return {
    detect(image) {
      const { faceLandmarks } = landmarker.detect(toImageData(image) as unknown as ImageData)
      return faceLandmarks.map((landmarks) => toFace(landmarks, image))
    },
    spot(image) {
      const { detections } = detector.detect(toImageData(image) as unknown as ImageData)
      return detections.map((detection) => toSpot(detection, image))
    },
    close() {
      landmarker.close()
      detector.close()
    },
  }
}

// Not named `require`: the build declares one of its own in the same scope.
const { resolve } = createRequire(import.meta.url)
const wasm = resolve('@mediapipe/tasks-vision/vision_wasm_internal.wasm')
/** Compiled once: the library would read and compile its 11 MB for every task. */
let compiled: Promise<WebAssembly.Module> | undefined

/** Evaluates the library in a scope of its own; every call gives a fresh one, since a task uses up its WASM instance. */
async function loadMediaPipe() {
  compiled ??= readFile(wasm).then((bytes) => WebAssembly.compile(bytes))
  const module = await compiled
  const library = resolve('@mediapipe/tasks-vision')
  const loader = resolve('@mediapipe/tasks-vision/vision_wasm_internal.js')

  const quiet = () => {}
  const self: Record<string, unknown> = {
    // What Emscripten asks instead of instantiating by itself.
    Module: {
      instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) {
        const instance = new WebAssembly.Instance(module, imports)
        receive(instance)
        return instance.exports
      },
    },
  }
  const scope = {
    self,
    globalThis: { process },
    window: undefined,
    document: undefined,
    navigator: { userAgent: 'node' },
    console: { log: quiet, info: quiet, debug: quiet, warn: quiet, error: quiet },
    fetch: () => Promise.reject(new Error('nothing here reaches the network')),
    XMLHttpRequest: undefined,
    importScripts: quiet, // the loader below is there already
    OffscreenCanvas: StubCanvas,
    WebGLRenderingContext: class {}, // version 1, which the stub is not
    WebGL2RenderingContext: StubWebGL,
    ImageData: StubImageData,
  }
  const evaluate = (file: string): unknown => {
    const module = { exports: {} }
    const require = createRequire(file)
    const parameters = {
      ...scope,
      module,
      exports: module.exports,
      require,
      __filename: file,
      __dirname: dirname(file),
    }
    compileFunction(readFileSync(file, 'utf8'), Object.keys(parameters), { filename: file })(
      ...Object.values(parameters),
    )
    return module.exports
  }
  self.ModuleFactory = evaluate(loader)
  const { FaceLandmarker, FaceDetector } = evaluate(library) as typeof tasksVision
  return { FaceLandmarker, FaceDetector, fileset: { wasmLoaderPath: loader, wasmBinaryPath: wasm } }
}

function toImageData({ width, height, rgb }: RgbImage): StubImageData {
  const rgba = new Uint8ClampedArray(4 * width * height)
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = rgb[from]
    rgba[to + 1] = rgb[from + 1]
    rgba[to + 2] = rgb[from + 2]
    rgba[to + 3] = 255
  }
  return new StubImageData(rgba, width, height)
}

/** MediaPipe's coordinates are parts of the picture's width (x and z) and height (y). */
function toFace(landmarks: tasksVision.NormalizedLandmark[], { width, height }: RgbImage): Face {
  const points = new Float64Array(3 * LANDMARKS)
  for (const [i, { x, y, z }] of landmarks.entries()) points.set([x * width, y * height, z * width], 3 * i)
  return { points, box: boundingBox(points) }
}

/** Of the detector's points the first two are the eyes, image left first, as parts of width and height. */
function toSpot({ boundingBox, categories, keypoints }: tasksVision.Detection, { width, height }: RgbImage): Spot {
  const box = boundingBox!
  const [left, right] = keypoints
  return {
    centre: [box.originX + box.width / 2, box.originY + box.height / 2],
    size: Math.max(box.width, box.height),
    roll: Math.atan2((right.y - left.y) * height, (right.x - left.x) * width),
    score: categories[0].score,
  }
}

/** The smallest upright rectangle round all landmarks. */
export function boundingBox(points: Float64Array): Box {
  let left = Infinity
  let top = Infinity
  let right = -Infinity
  let bottom = -Infinity
  for (let i = 0; i < points.length; i += 3) {
    left = Math.min(left, points[i])
    right = Math.max(right, points[i])
    top = Math.min(top, points[i + 1])
    bottom = Math.max(bottom, points[i + 1])
  }
  return { x: left, y: top, width: right - left, height: bottom - top }
}
