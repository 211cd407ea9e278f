/** The turntable as a film, frame by frame, by the browser's own encoder: as smooth on a slow machine as on a fast one. */
import {
  BufferTarget,
  CanvasSource,
  canEncodeVideo,
  Mp4OutputFormat,
  Output,
  QUALITY_HIGH,
  WebMOutputFormat,
} from 'mediabunny'
import { PerspectiveCamera } from 'three'
import { message } from '../../src-main/words/message.ts'
import { Refusal } from '../host.ts'
import { type Eye, FIELD_OF_VIEW, FIRST_ZOOM, toEye } from './camera.ts'
import type { Painter } from './painter.ts'

/** Side of the video, on a fast GPU and without one. */
const SIZE = 512
const SLOW_SIZE = 384
const FRAMES = 60
const RATE = 20
/** What pictures are on where the stage has no colour of its own. */
export const PAPER = '#f7f6f3'
const CODECS = { webm: 'vp8', mp4: 'avc' } as const
/** Side of a trial picture, and the milliseconds it may take where exact pictures are to be had in good time. */
const TRIAL = 32
const PATIENCE = 15

/** Whether this GPU is up to exact pictures; otherwise the lattice has to do. */
async function isFast(painter: Painter, radius: number): Promise<boolean> {
  // The first one may wait for the shaders.
  await painter.read(turntableEye(0, radius), TRIAL, true)
  const began = performance.now()
  await painter.read(turntableEye(0, radius), TRIAL, true)
  return performance.now() - began < PATIENCE
}

/**
 * @param film the kind of file
 * @param paper what is behind the head, a colour of CSS
 */
export async function turntableVideo(
  painter: Painter,
  radius: number,
  film: keyof typeof CODECS,
  paper: string,
  progress: (fraction: number) => void,
): Promise<Uint8Array> {
  const exact = await isFast(painter, radius)
  const size = exact ? SIZE : SLOW_SIZE
  const codec = CODECS[film]
  if (typeof VideoEncoder === 'undefined' || !(await canEncodeVideo(codec, { width: size, height: size }))) {
    throw new Refusal(message('no-video'))
  }
  const canvas = new OffscreenCanvas(size, size)
  const context = canvas.getContext('2d')!
  const format = film === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat()
  const output = new Output({ format, target: new BufferTarget() })
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH })
  output.addVideoTrack(source, { frameRate: RATE })
  await output.start()
  for (let frame = 0; frame < FRAMES; frame++) {
    const pixels = await painter.read(turntableEye((frame / FRAMES) * 2 * Math.PI, radius), size, exact)
    context.putImageData(upright(pixels, size), 0, 0)
    fillBehind(context, paper)
    await source.add(frame / RATE, 1 / RATE)
    progress((frame + 1) / FRAMES)
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

/**
 * A picture of the head from a camera as a PNG.
 * @param paper what is behind the head, a colour of CSS; nothing where that is to be transparent
 * @param finer the engine's own view, rows from the bottom, where it shows more
 */
export async function stagePicture(
  painter: Painter,
  camera: PerspectiveCamera,
  size: number,
  paper: string | undefined,
  finer?: () => Promise<ImageBitmap | undefined>,
): Promise<Uint8Array> {
  const exact = await isFast(painter, camera.position.length())
  const canvas = new OffscreenCanvas(size, size)
  const context = canvas.getContext('2d')!
  context.putImageData(upright(await painter.read(toEye(camera), size, exact), size), 0, 0)
  const picture = await finer?.()
  if (picture) {
    // Within the volume's outline, as on the stage.
    context.globalCompositeOperation = 'source-atop'
    context.imageSmoothingQuality = 'high'
    context.setTransform(1, 0, 0, -1, 0, size)
    context.drawImage(picture, 0, 0, size, size)
    context.resetTransform()
  }
  return pngOn(context, paper)
}

/** What a canvas shows as a PNG. */
export function pngOn(context: OffscreenCanvasRenderingContext2D, paper: string | undefined): Promise<Uint8Array> {
  if (paper !== undefined) fillBehind(context, paper)
  return context.canvas
    .convertToBlob({ type: 'image/png' })
    .then(async (blob) => new Uint8Array(await blob.arrayBuffer()))
}

function fillBehind(context: OffscreenCanvasRenderingContext2D, paper: string): void {
  const { width, height } = context.canvas
  context.globalCompositeOperation = 'destination-over'
  context.fillStyle = paper
  context.fillRect(0, 0, width, height)
  context.globalCompositeOperation = 'source-over'
}

function turntableEye(yaw: number, radius: number): Eye {
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1)
  camera.zoom = FIRST_ZOOM
  camera.position.set(radius * Math.sin(yaw), 0, radius * Math.cos(yaw))
  camera.lookAt(0, 0, 0)
  return toEye(camera)
}

/** Rows from the bottom, colours times opacity, to rows from the top and colours by themselves. */
function upright(pixels: Uint8Array, size: number): ImageData {
  const image = new ImageData(size, size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = 4 * ((size - 1 - row) * size + column)
      const at = 4 * (row * size + column)
      const opacity = pixels[from + 3] / 255
      for (let channel = 0; channel < 3; channel++) {
        image.data[at + channel] = opacity > 0 ? pixels[from + channel] / opacity : 0
      }
      image.data[at + 3] = pixels[from + 3]
    }
  }
  return image
}
