/** The thread that draws the volume. Its first message is the canvas. */
import { createBirpc } from 'birpc'
import { LinearSRGBColorSpace, WebGLRenderer } from 'three'
import type { Volume } from '../state/store.ts'
import type { Eye } from './camera.ts'
import { Pace } from './pace.ts'
import type { Finer, Look, PainterFunctions, WorkerFunctions } from './painter.ts'
import { VolumeRenderer } from './volume-renderer.ts'

/** Part of the time the GPU may work while the head forms: where it is the processor, the engine needs that. */
const FORMING_SHARE = 0.25

/** Milliseconds between looks at whether the GPU is done. */
const POLL = 3

self.onmessage = ({ data }: MessageEvent<OffscreenCanvas>) => open(data)

function open(canvas: OffscreenCanvas): void {
  const remote = createBirpc<PainterFunctions, WorkerFunctions>(
    {
      look(next) {
        look = next
        isNew = true
        schedule()
      },
      take(next) {
        volume = next
        schedule()
      },
      refine(next) {
        finer = next
        isRefined = false
        schedule()
      },
      read: (eye, size, exact) => renderer.read(eye, size, exact),
    },
    {
      post: (data) => self.postMessage(data),
      on: (listener) => {
        self.onmessage = ({ data }) => listener(data)
      },
    },
  )
  const gl = new WebGLRenderer({ canvas, alpha: true, premultipliedAlpha: true, powerPreference: 'high-performance' })
  gl.outputColorSpace = LinearSRGBColorSpace
  const renderer = new VolumeRenderer(gl)
  const pace = new Pace()
  let look: Look | undefined
  let volume: Volume | undefined
  /** The head that the last frame shows. */
  let shown = 0
  let finer: Finer | undefined
  let isRefined = false
  /** A look that was not drawn yet; whether the last piece of work was a frame. */
  let [isNew, wasFrame] = [false, false]
  let isScheduled = false
  let frames = 0
  remote.opened.asEvent(adapterName(gl))

  function schedule(): void {
    // Not with the display's frames: without a GPU these come late, and what a piece took would not be known.
    if (isScheduled) return
    isScheduled = true
    self.setTimeout(draw, POLL)
  }

  function draw(): void {
    isScheduled = false
    if (!look || !volume) return
    // The first head is waited for.
    if (!renderer.isFree(look.isForming && frames > 0 ? FORMING_SHARE : 1)) {
      schedule()
      return
    }
    const { eye, width, height, depth, isMoving, isHidden, isForming } = look
    const isTaken = renderer.holds(volume)
    // Heads may come faster than they are taken: each that was is shown before the next.
    const isDue = isNew || renderer.version !== shown
    if (!isTaken && (wasFrame || !isDue || isHidden)) {
      wasFrame = false
      renderer.take(volume)
      schedule()
      return
    }
    if (isHidden) return
    resize(width, height)
    // The exact picture takes a while: until a quick one is there, the stage would show the head as it was.
    if (isDue) {
      const cost = renderer.renderMoving(eye, pace.scale, depth)
      wasFrame = true
      if (cost === undefined) {
        schedule()
        return
      }
      pace.frame(performance.now(), cost, !isForming)
      isNew = false
      isRefined = false
      shown = renderer.version
      if (!isMoving || !isTaken) schedule()
    } else if (isMoving) return
    else {
      pace.rest()
      if (!renderer.isExact && !renderer.renderResting(eye, depth)) schedule()
      else if (finer && !depth && finer.version === shown && isSame(finer.eye, eye)) {
        renderer.renderRefined(finer.picture)
        isRefined = true
      }
    }
    const { fps, scale } = pace
    remote.drawn.asEvent({ fps, scale, isExact: renderer.isExact, isRefined, frames: ++frames, version: shown })
  }

  function resize(width: number, height: number): void {
    if (canvas.width !== width || canvas.height !== height) gl.setSize(width, height, false)
  }
}

const isSame = (a: Eye, b: Eye) => a.reach === b.reach && a.toWorld.every((value, i) => value === b.toWorld[i])

function adapterName(gl: WebGLRenderer): string {
  const context = gl.getContext()
  const extension = context.getExtension('WEBGL_debug_renderer_info')
  return String(context.getParameter(extension ? extension.UNMASKED_RENDERER_WEBGL : context.RENDERER))
}
