/** Draws the volume onto a canvas from a thread of its own: the window never waits for the graphics driver. */
import { createBirpc } from 'birpc'
import type { Volume } from '../state/state.ts'
import type { Eye } from './camera.ts'

/** What is wanted on the stage. */
export interface Look {
  eye: Eye
  /** Of the stage, device pixels. */
  width: number
  height: number
  depth: boolean
  isMoving: boolean
  /** Something else is shown in its place. */
  isHidden: boolean
  /** The engine needs the processor. */
  isForming: boolean
}

/** The engine's own picture of a view. */
export interface Finer {
  eye: Eye
  /** Of the head it shows. */
  version: number
  /** Square, rows from the bottom. */
  picture: ImageBitmap
}

export interface Drawn {
  fps: number
  /** Part of the full resolution, 0..1. */
  scale: number
  /** Whether the exact picture is shown. */
  isExact: boolean
  /** Whether the engine's own picture is shown within it. */
  isRefined: boolean
  frames: number
  /** Of the head that is shown. */
  version: number
}

export interface WorkerFunctions {
  look(look: Look): void
  take(volume: Volume): void
  /** Shows it as soon as that view rests, and until it moves. */
  refine(finer: Finer): void
  /** See `VolumeRenderer.read`. */
  read(eye: Eye, size: number, exact: boolean): Promise<Uint8Array<ArrayBuffer>>
}

export interface PainterFunctions {
  /** @param adapter the driver's name for the graphics adapter */
  opened(adapter: string): void
  drawn(drawn: Drawn): void
}

export class Painter {
  adapter = ''
  readonly domElement: HTMLCanvasElement
  private readonly worker = new Worker(new URL('./painter-worker.ts', import.meta.url), { type: 'module' })
  private readonly remote

  constructor(canvas: HTMLCanvasElement, onDrawn: (drawn: Drawn) => void, onFailure: (message: string) => void) {
    const { worker } = this
    this.domElement = canvas
    worker.onerror = (event) => {
      event.preventDefault()
      onFailure(event.message.replace(/^Uncaught \w*Error: |\.$/g, ''))
    }
    const offscreen = canvas.transferControlToOffscreen()
    worker.postMessage(offscreen, [offscreen])
    this.remote = createBirpc<WorkerFunctions, PainterFunctions>(
      {
        opened: (adapter) => {
          this.adapter = adapter
        },
        drawn: onDrawn,
      },
      {
        post: (data) => worker.postMessage(data),
        on: (listener) => {
          worker.onmessage = ({ data }) => listener(data)
        },
        timeout: -1,
      },
    )
  }

  look(look: Look): void {
    this.remote.look.asEvent(look)
  }

  take(volume: Volume): void {
    this.remote.take.asEvent(volume)
  }

  refine(finer: Finer): void {
    this.remote.refine.asEvent(finer)
  }

  read(eye: Eye, size: number, exact: boolean): Promise<Uint8Array<ArrayBuffer>> {
    return this.remote.read(eye, size, exact)
  }

  // What React Three Fiber asks of a renderer; the stage says itself what it wants drawn.

  setPixelRatio(): void {}

  setSize(): void {}

  render(): void {}

  dispose(): void {
    this.worker.terminate()
  }
}
