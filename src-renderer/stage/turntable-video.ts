/** The turntable as a WebM, frame by frame, by the browser's own encoder: as smooth on a slow machine as on a fast one. */
import { BufferTarget, CanvasSource, Output, QUALITY_HIGH, WebMOutputFormat } from 'mediabunny'
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
const PAPER = [247, 246, 243]
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

export async function turntableVideo(
  painter: Painter,
  radius: number,
  progress: (fraction: number) => void,
): Promise<Uint8Array> {
  if (typeof VideoEncoder === 'undefined') throw new Refusal(message('no-video'))
  const exact = await isFast(painter, radius)
  const size = exact ? SIZE : SLOW_SIZE
  const canvas = new OffscreenCanvas(size, size)
  const context = canvas.getContext('2d')!
  const output = new Output({ format: new WebMOutputFormat(), target: new BufferTarget() })
  const source = new CanvasSource(canvas, { codec: 'vp8', bitrate: QUALITY_HIGH })
  output.addVideoTrack(source, { frameRate: RATE })
  await output.start()
  for (let frame = 0; frame < FRAMES; frame++) {
    const pixels = await painter.read(turntableEye((frame / FRAMES) * 2 * Math.PI, radius), size, exact)
    context.putImageData(onPaper(pixels, size), 0, 0)
    await source.add(frame / RATE, 1 / RATE)
    progress((frame + 1) / FRAMES)
  }
  await output.finalize()
  return new Uint8Array(output.target.buffer!)
}

/** A picture of the head from a camera as a PNG. */
export async function stagePicture(painter: Painter, camera: PerspectiveCamera): Promise<Uint8Array> {
  const size = 1024
  const exact = await isFast(painter, camera.position.length())
  const canvas = new OffscreenCanvas(size, size)
  canvas.getContext('2d')!.putImageData(onPaper(await painter.read(toEye(camera), size, exact), size), 0, 0)
  return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
}

function turntableEye(yaw: number, radius: number): Eye {
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1)
  camera.zoom = FIRST_ZOOM
  camera.position.set(radius * Math.sin(yaw), 0, radius * Math.cos(yaw))
  camera.lookAt(0, 0, 0)
  return toEye(camera)
}

/** Rows from the bottom, colours times opacity, to rows from the top on plain paper. */
function onPaper(pixels: Uint8Array, size: number): ImageData {
  const image = new ImageData(size, size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = 4 * ((size - 1 - row) * size + column)
      const at = 4 * (row * size + column)
      const rest = 1 - pixels[from + 3] / 255
      for (let channel = 0; channel < 3; channel++) {
        image.data[at + channel] = pixels[from + channel] + rest * PAPER[channel]
      }
      image.data[at + 3] = 255
    }
  }
  return image
}
