/** The turntable as a film, frame by frame: as smooth on a slow machine as on a fast one. */
import { PerspectiveCamera } from 'three'
import { message } from '../../src-main/words/message.ts'
import { Refusal } from '../host.ts'
import { FIELD_OF_VIEW, FIRST_ZOOM, toEye } from './camera.ts'
import { encodable, Film, type FilmKind } from './film.ts'
import type { Painter } from './painter.ts'

/** Side of the video, on a fast GPU and without one. */
const SIZE = 512
const SLOW_SIZE = 384
const FRAMES = 60
const RATE = 20
/** What pictures are on where the stage has no colour of its own. */
export const PAPER = '#f7f6f3'
/** Loops are looked at small, and sent to others. */
const LOOP = { side: 384, frames: 40, milliseconds: 80 }
/** Side of a trial picture, and the milliseconds it may take where exact pictures are to be had in good time. */
const TRIAL = 32
const PATIENCE = 15

/** Whether this GPU is up to exact pictures; otherwise the lattice has to do. */
async function isFast(painter: Painter, radius: number): Promise<boolean> {
  // The first one may wait for the shaders.
  await painter.read(toEye(turntableCamera(0, radius)), TRIAL, true)
  const began = performance.now()
  await painter.read(toEye(turntableCamera(0, radius)), TRIAL, true)
  return performance.now() - began < PATIENCE
}

/** Films that this browser's own encoders can make; the others are made by the engine out of pictures. */
export const videoFilms = (): Promise<FilmKind[]> => encodable(SIZE, RATE)

/** Draws the head as it is shown, square, without anything behind it. */
export interface Pen {
  draw(camera: PerspectiveCamera, size: number): Promise<ImageData> | OffscreenCanvas
  /** Side of a film's pictures that can be drawn in good time. */
  readonly size: number
}

export async function volumePen(painter: Painter, radius: number): Promise<Pen> {
  const exact = await isFast(painter, radius)
  return {
    draw: async (camera, size) => upright(await painter.read(toEye(camera), size, exact), size),
    size: exact ? SIZE : SLOW_SIZE,
  }
}

/** A whole turn: how far its camera is from the head, and what is behind that, a colour of CSS or nothing. */
export interface Turn {
  radius: number
  paper: string | undefined
  progress(fraction: number): void
}

/** @throws Refusal where this browser cannot encode it */
export async function turntableVideo(pen: Pen, kind: FilmKind, turn: Turn): Promise<Uint8Array> {
  if (!(await videoFilms()).includes(kind)) throw new Refusal(message('no-video'))
  const canvas = new OffscreenCanvas(pen.size, pen.size)
  const film = new Film(kind, canvas, RATE)
  // A film knows no transparency.
  await drawTurn(pen, canvas, FRAMES, { ...turn, paper: turn.paper ?? PAPER }, () => film.add())
  return film.finish()
}

export interface LoopFrames {
  /** [count, side, side, 4] 8 bits. */
  pixels: Uint8Array
  side: number
  milliseconds: number
}

export async function turntableFrames(pen: Pen, turn: Turn): Promise<LoopFrames> {
  const { side, frames, milliseconds } = LOOP
  const canvas = new OffscreenCanvas(side, side)
  const size = 4 * side ** 2
  const pixels = new Uint8Array(frames * size)
  await drawTurn(pen, canvas, frames, turn, (frame, context) => {
    pixels.set(context.getImageData(0, 0, side, side).data, frame * size)
  })
  return { pixels, side, milliseconds }
}

/** Draws a whole turn onto a canvas, and has each picture taken. */
async function drawTurn(
  pen: Pen,
  canvas: OffscreenCanvas,
  frames: number,
  { radius, paper, progress }: Turn,
  take: (frame: number, context: OffscreenCanvasRenderingContext2D) => Promise<void> | void,
): Promise<void> {
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const { width: size } = canvas
  for (let frame = 0; frame < frames; frame++) {
    // The window goes on meanwhile, and shows how far it is.
    await new Promise((resolve) => setTimeout(resolve))
    const picture = await pen.draw(turntableCamera((frame / frames) * 2 * Math.PI, radius), size)
    context.clearRect(0, 0, size, size)
    if (picture instanceof ImageData) context.putImageData(picture, 0, 0)
    else context.drawImage(picture, 0, 0)
    if (paper !== undefined) fillBehind(context, paper)
    await take(frame, context)
    progress((frame + 1) / frames)
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

function turntableCamera(yaw: number, radius: number): PerspectiveCamera {
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1)
  camera.zoom = FIRST_ZOOM
  camera.position.set(radius * Math.sin(yaw), 0, radius * Math.cos(yaw))
  camera.lookAt(0, 0, 0)
  return camera
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
