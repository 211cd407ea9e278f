/** The turntable as a film, frame by frame: as smooth on a slow machine as on a fast one. */
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
export type VideoFilm = keyof typeof CODECS
export const videoFilms = Object.keys(CODECS) as VideoFilm[]
/** Loops are looked at small, and sent to others. */
const LOOP = { side: 384, frames: 40, milliseconds: 80 }
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

/** Films that this browser's own encoders can make; the others are made by the engine out of pictures. */
export async function encodable(): Promise<VideoFilm[]> {
  const able = await Promise.all(
    videoFilms.map(async (film) => {
      const size = { width: SIZE, height: SIZE }
      return typeof VideoEncoder !== 'undefined' && (await canEncodeVideo(CODECS[film], size)) ? [film] : []
    }),
  )
  return able.flat()
}

/**
 * @param film the kind of file
 * @param paper what is behind the head, a colour of CSS
 */
export async function turntableVideo(
  painter: Painter,
  radius: number,
  film: VideoFilm,
  paper: string,
  progress: (fraction: number) => void,
): Promise<Uint8Array> {
  if (!(await encodable()).includes(film)) throw new Refusal(message('no-video'))
  const format = film === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat()
  const output = new Output({ format, target: new BufferTarget() })
  const exact = await isFast(painter, radius)
  const canvas = new OffscreenCanvas(exact ? SIZE : SLOW_SIZE, exact ? SIZE : SLOW_SIZE)
  const source = new CanvasSource(canvas, { codec: CODECS[film], bitrate: QUALITY_HIGH })
  output.addVideoTrack(source, { frameRate: RATE })
  await output.start()
  await turn(painter, radius, canvas, { frames: FRAMES, exact, paper }, async (frame) => {
    await source.add(frame / RATE, 1 / RATE)
    progress((frame + 1) / FRAMES)
  })
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

export interface LoopFrames {
  /** [count, side, side, 4] 8 bits. */
  pixels: Uint8Array
  side: number
  milliseconds: number
}

/** @param paper what is behind the head, a colour of CSS; nothing where that is to be transparent */
export async function turntableFrames(
  painter: Painter,
  radius: number,
  paper: string | undefined,
  progress: (fraction: number) => void,
): Promise<LoopFrames> {
  const canvas = new OffscreenCanvas(LOOP.side, LOOP.side)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const size = 4 * LOOP.side ** 2
  const pixels = new Uint8Array(LOOP.frames * size)
  const options = { frames: LOOP.frames, exact: await isFast(painter, radius), paper }
  await turn(painter, radius, canvas, options, (frame) => {
    pixels.set(context.getImageData(0, 0, LOOP.side, LOOP.side).data, frame * size)
    progress((frame + 1) / LOOP.frames)
  })
  return { pixels, side: LOOP.side, milliseconds: LOOP.milliseconds }
}

/** Draws a whole turn onto a canvas, and has each picture taken. */
async function turn(
  painter: Painter,
  radius: number,
  canvas: OffscreenCanvas,
  { frames, exact, paper }: { frames: number; exact: boolean; paper: string | undefined },
  take: (frame: number) => Promise<void> | void,
): Promise<void> {
  const context = canvas.getContext('2d')!
  const { width: size } = canvas
  for (let frame = 0; frame < frames; frame++) {
    const pixels = await painter.read(turntableEye((frame / frames) * 2 * Math.PI, radius), size, exact)
    context.putImageData(upright(pixels, size), 0, 0)
    if (paper !== undefined) fillBehind(context, paper)
    await take(frame)
  }
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
