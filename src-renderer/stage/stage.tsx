/** The 3D stage: the head, turned by hand or by itself, drawn as the person asked. */
import { OrbitControls } from '@react-three/drei'
import { Canvas, invalidate, useFrame, useThree } from '@react-three/fiber'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { PerspectiveCamera } from 'three'
import type { OrbitControls as Controls } from 'three-stdlib'
import { message } from '../../src-main/words/message.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { FIELD_OF_VIEW, FIRST_ZOOM, toEye, toLabel } from './camera.ts'
import { RAMP } from './evidence.ts'
import { type Drawn, Painter } from './painter.ts'
import { SurfaceMesh } from './surface.tsx'

export const PRESETS = { front: 0, threeQuarter: Math.PI / 5, profile: Math.PI / 2, back: Math.PI } as const
export type Preset = keyof typeof PRESETS

/** What other parts of the window may ask of the stage while it is there. */
export interface StageHandle {
  turnTo(preset: Preset): void
  /** Radians. */
  turnBy(yaw: number, pitch: number): void
  zoom(factor: number): void
  label(): number[]
  camera(): PerspectiveCamera
  painter: Painter
}

export const stage: { current: StageHandle | undefined } = { current: undefined }

/** Milliseconds without movement after which the finest picture is drawn, and the engine's view asked for. */
const REST = 220
const REST_RENDERED = 450
/** Radians a second of the turntable; half the swing while the head forms, and its speed. */
const TURN = 0.7
const SWING = 0.7
const SWING_SPEED = 0.6
const FRAME = 1000 / 60
const ARROW = Math.PI / 24
const [LEAST_ZOOM, MOST_ZOOM] = [0.6, 5]

export function Stage() {
  const element = useRef<HTMLElement>(null)
  const { volume, mode, project, surface, surfaceStyle } = useStore()
  const [camera, setCamera] = useState<PerspectiveCamera>()
  const [resting, setResting] = useState(false)
  const [isWaiting, setWaiting] = useState(true)
  const view = useRenderedView(resting)
  if (!volume) return null
  const { radius } = volume.decoder
  const isSurface = mode === 'surface' && surface !== undefined
  const onDrawn = ({ fps, scale, isExact, frames }: Drawn) => {
    setWaiting(false)
    if (!element.current) return
    const { dataset } = element.current
    dataset.fps = fps.toFixed(1)
    dataset.scale = scale.toFixed(2)
    dataset.resting = String(isExact)
    dataset.frames = String(frames)
  }
  const onFailure = (reason: string) => {
    setWaiting(false)
    actions.problem(message('no-stage', { reason }))
  }
  return (
    <section
      ref={element}
      className="stage"
      aria-label={strings.look.stage}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the stage is turned with the keyboard
      tabIndex={0}
      onKeyDown={onKey}
      onWheel={(event) => stage.current?.zoom(Math.exp(-event.deltaY / 600))}
      data-mode={mode}
    >
      <Canvas
        frameloop="demand"
        flat
        linear
        dpr={[1, 2]}
        className={isSurface ? 'stage-covered' : undefined}
        gl={({ canvas }) => new Painter(canvas as HTMLCanvasElement, onDrawn, onFailure)}
        camera={{ fov: FIELD_OF_VIEW, position: [0, 0, radius], near: 0.1, far: 20, zoom: FIRST_ZOOM }}
        onCreated={({ camera }) => setCamera(camera as PerspectiveCamera)}
      >
        <Head onRest={setResting} key={project?.id} />
      </Canvas>
      {isSurface && camera && (
        <Canvas frameloop="demand" flat linear dpr={[1, 2]} className="stage-surface" camera={camera}>
          <SurfaceMesh surface={surface} style={surfaceStyle} />
        </Canvas>
      )}
      {isWaiting && !isSurface && mode !== 'rendered' && <p className="stage-note">{strings.look.preparing}</p>}
      {mode === 'rendered' && resting && view && <img className="stage-view" src={view} alt="" />}
      {mode === 'rendered' && resting && !view && <p className="stage-note">{strings.look.rendering}</p>}
      {isSurface && surfaceStyle === 'evidence' && <Legend />}
    </section>
  )
}

/** Which colour is which. */
function Legend() {
  const { evidence, evidenceLabel } = strings.look
  const gradient = `linear-gradient(90deg, ${RAMP.map((colour) => `rgb(${colour.join(' ')})`).join(', ')})`
  return (
    <figure className="legend" role="img" aria-label={evidenceLabel}>
      <span>{evidence.invented}</span>
      <i style={{ background: gradient }} />
      <span>{evidence.seen}</span>
    </figure>
  )
}

function onKey(event: React.KeyboardEvent): void {
  const { current } = stage
  if (!current) return
  const turns = new Map<string, () => void>([
    ['ArrowLeft', () => current.turnBy(-ARROW, 0)],
    ['ArrowRight', () => current.turnBy(ARROW, 0)],
    ['ArrowUp', () => current.turnBy(0, -ARROW)],
    ['ArrowDown', () => current.turnBy(0, ARROW)],
    ['Home', () => current.turnTo('front')],
    ['+', () => current.zoom(1.15)],
    ['=', () => current.zoom(1.15)],
    ['-', () => current.zoom(1 / 1.15)],
    ['1', () => current.turnTo('front')],
    ['2', () => current.turnTo('threeQuarter')],
    ['3', () => current.turnTo('profile')],
    ['4', () => current.turnTo('back')],
    [' ', () => actions.setTurntable(!useStore.getState().turntable)],
  ])
  const work = turns.get(event.key)
  if (!work) return
  event.preventDefault()
  work()
}

/** Has the head drawn; everything that moves it ends here. */
function Head({ onRest }: { onRest(resting: boolean): void }) {
  const { gl, camera, size, viewport } = useThree()
  const painter = gl as unknown as Painter
  const { volume, surface, mode, surfaceStyle, turntable, project } = useStore()
  const forming = project?.job.state === 'running'
  const controls = useRef<Controls>(null)
  const motion = useRef({ resting: false, swing: 0, timer: 0 })

  /** Turns by an angle, or to one; the controls take it from there. */
  const turn = useMemo(
    () => ({
      by: (angle: number) => controls.current?.setAzimuthalAngle(controls.current.getAzimuthalAngle() + angle),
      to: (angle: number) => {
        controls.current?.setAzimuthalAngle(angle)
        controls.current?.setPolarAngle(Math.PI / 2)
      },
      tilt: (angle: number) => controls.current?.setPolarAngle(controls.current.getPolarAngle() + angle),
    }),
    [],
  )

  const stir = useMemo(
    () => () => {
      const now = motion.current
      if (now.resting) {
        now.resting = false
        onRest(false)
      }
      window.clearTimeout(now.timer)
      now.timer = window.setTimeout(() => {
        now.resting = true
        onRest(true)
        invalidate()
      }, REST)
      invalidate()
    },
    [onRest],
  )
  useEffect(() => () => window.clearTimeout(motion.current.timer), [])

  // On a narrow stage the head is made to fit its width.
  const fit = Math.min(1, (1.15 * size.width) / size.height)
  useEffect(() => {
    const perspective = camera as PerspectiveCamera
    perspective.zoom = FIRST_ZOOM * fit
    perspective.updateProjectionMatrix()
    stir()
  }, [camera, fit, stir])

  useEffect(() => {
    const perspective = camera as PerspectiveCamera
    stage.current = {
      turnTo: (preset) => {
        actions.setTurntable(false)
        turn.to(PRESETS[preset])
        stir()
      },
      turnBy: (yaw, pitch) => {
        actions.setTurntable(false)
        turn.by(yaw)
        turn.tilt(pitch)
        stir()
      },
      zoom: (factor) => {
        perspective.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, perspective.zoom * factor))
        perspective.updateProjectionMatrix()
        stir()
      },
      label: () => toLabel(perspective),
      camera: () => perspective,
      painter,
    }
    return () => {
      stage.current = undefined
    }
  }, [camera, painter, stir, turn])

  useEffect(() => {
    if (volume) painter.take(volume)
  }, [painter, volume])

  // biome-ignore lint/correctness/useExhaustiveDependencies: any of these changes the picture
  useEffect(() => stir(), [volume, mode, surface, surfaceStyle, turntable, stir])

  // While the head forms it swings; the turntable turns it all the way. Both stop at a touch.
  useEffect(() => {
    if (!turntable) return
    const timer = window.setInterval(invalidate, FRAME)
    return () => window.clearInterval(timer)
  }, [turntable])

  useFrame((_, delta) => {
    const now = motion.current
    if (turntable) {
      const seconds = Math.min(delta, 0.3)
      if (forming) {
        now.swing += seconds * SWING_SPEED
        controls.current?.setAzimuthalAngle(SWING * Math.sin(now.swing))
      } else turn.by(seconds * TURN)
    }
    painter.look({
      eye: toEye(camera as PerspectiveCamera),
      width: Math.round(size.width * viewport.dpr),
      height: Math.round(size.height * viewport.dpr),
      depth: mode === 'depth',
      isMoving: turntable || !now.resting,
      isHidden: mode === 'surface' && surface !== undefined,
      isForming: forming,
    })
  }, 1)

  return (
    <OrbitControls
      ref={controls}
      enablePan={false}
      enableZoom={false}
      enableDamping={false}
      rotateSpeed={0.7}
      minPolarAngle={Math.PI / 2 - 1.1}
      maxPolarAngle={Math.PI / 2 + 1.1}
      onStart={() => actions.setTurntable(false)}
      onChange={stir}
    />
  )
}

/** The engine's own view, asked for whenever the camera has rested in that mode. */
function useRenderedView(resting: boolean) {
  const { mode, volume } = useStore()
  const [view, setView] = useState<string>()
  const version = volume?.version
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version of the head is another picture
  useEffect(() => {
    setView(undefined)
    if (mode !== 'rendered' || !resting) return
    let wanted = true
    const timer = window.setTimeout(async () => {
      const { current } = stage
      if (!current) return
      const url = await actions.view(current.label())
      if (!url) return
      if (wanted) setView(url)
      else URL.revokeObjectURL(url)
    }, REST_RENDERED - REST)
    return () => {
      wanted = false
      window.clearTimeout(timer)
    }
  }, [mode, resting, version])
  return view
}
