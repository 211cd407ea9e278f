/** The 3D stage: the head, turned by hand or by itself, drawn as the person asked. */
import { OrbitControls } from '@react-three/drei'
import { Canvas, invalidate, useFrame, useThree } from '@react-three/fiber'
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import type { PerspectiveCamera } from 'three'
import type { OrbitControls as Controls } from 'three-stdlib'
import { message } from '../../src-main/words/message.ts'

import { actions, isEnhanced, leadingCrop, useStore, type Volume } from '../state/store.ts'

import { strings } from '../strings.ts'
import { type Eye, FIELD_OF_VIEW, FIRST_ZOOM, type Orbit, orbitOf, toEye, toLabel } from './camera.ts'
import { RAMP } from './evidence.ts'
import { backdropColour, inkOn } from './look.ts'
import { type Drawn, Painter } from './painter.ts'
import { SurfaceMesh } from './surface.tsx'

const LEVEL = Math.PI / 2
/** Nearly from above: at the pole itself there is no left and right. */
const ABOVE = 0.02
export const PRESETS = {
  front: { azimuth: 0, polar: LEVEL },
  left: { azimuth: Math.PI / 2, polar: LEVEL },
  right: { azimuth: -Math.PI / 2, polar: LEVEL },
  top: { azimuth: 0, polar: ABOVE },
  back: { azimuth: Math.PI, polar: LEVEL },
} as const satisfies Record<string, Orbit>
/** `photo`: where the photo was taken from. */
export type Preset = keyof typeof PRESETS | 'photo'

/** What other parts of the window may ask of the stage while it is there. */
interface StageHandle {
  turnTo(preset: Preset): void
  /** Radians. */
  turnBy(yaw: number, pitch: number): void
  zoom(factor: number): void
  label(): number[]
  eye(): Eye
  camera(): PerspectiveCamera
  painter: Painter
}

export const stage: { current: StageHandle | undefined } = { current: undefined }

/** Milliseconds without movement after which the finest picture is drawn, and the engine's view asked for. */
const REST = 220
const REST_REFINED = 450
/** Radians a second of the turntable, and of the one turn a head is shown with; milliseconds it is looked at before that. */
const TURN = 0.7
const GENTLY = 0.45
const PAUSE = 1500
/** Milliseconds the volume may be behind the newest picture before such pictures are shown in its place. */
const PATIENCE = 2000
const FRAME = 1000 / 60
const ARROW = Math.PI / 24
const [LEAST_ZOOM, MOST_ZOOM] = [0.6, 5]
/** Over the volume, which takes the pointer. A canvas' box has a style of its own, which no sheet comes before. */
const OVER = { position: 'absolute', inset: 0, pointerEvents: 'none' } as const

export function Stage() {
  const element = useRef<HTMLElement>(null)
  const { volume, formed, mode, project, surface, surfacing, painting, surfaceStyle, mesh, look } = useStore()
  const [camera, setCamera] = useState<PerspectiveCamera>()
  const [resting, setResting] = useState(false)
  /** The head that the volume shows; 0 where it cannot be drawn. */
  const [drawn, setDrawn] = useState<number>()
  const [isTurned, setTurned] = useState(false)
  /** Draws the head as it was formed, where that is beside it. */
  const beside = useRef<Painter>(undefined)
  // The engine knows the changed one alone.
  useRefinement(resting && !formed)
  const isForming = project?.job.state === 'running'
  // biome-ignore lint/correctness/useExhaustiveDependencies: any of these is another surface
  useEffect(() => {
    // While the head forms each surface would be an old one at once.
    if (mode === 'surface' && (!isForming || !surface)) actions.loadSurface()
  }, [mode, isForming, volume?.version, mesh])
  const still = useStill(drawn, isTurned)
  // Until the volume is drawn for the first time, the surface that was made is the picture there is.
  const isSurface = surface !== undefined && (mode === 'surface' || drawn === undefined)
  const onDrawn = ({ fps, scale, isExact, isRefined, frames, version }: Drawn) => {
    setDrawn(version)
    if (!element.current) return
    const { dataset } = element.current
    dataset.fps = fps.toFixed(1)
    dataset.scale = scale.toFixed(2)
    dataset.resting = String(isExact)
    dataset.refined = String(isRefined)
    dataset.frames = String(frames)
  }
  const onFailure = (reason: string) => {
    setDrawn(0)
    actions.problem(message('no-stage', { reason }))
  }
  const backdrop = backdropColour(look)
  return (
    <section
      ref={element}
      className={look.backdrop === 'clear' ? 'stage clear' : 'stage'}
      style={{ background: backdrop, outlineColor: backdrop && inkOn(backdrop) }}
      aria-label={strings.look.stage}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the stage is turned with the keyboard
      tabIndex={0}
      onKeyDown={onKey}
      onWheel={(event) => stage.current?.zoom(Math.exp(-event.deltaY / 600))}
      data-mode={mode}
      data-painted={surface?.texture !== undefined}
    >
      {volume && (
        <Canvas
          frameloop="demand"
          flat
          linear
          dpr={[1, 2]}
          className={isSurface || still ? 'stage-covered' : formed && 'stage-right'}
          gl={({ canvas }) => new Painter(canvas as HTMLCanvasElement, onDrawn, onFailure)}
          camera={{
            fov: FIELD_OF_VIEW,
            position: [0, 0, volume.decoder.radius],
            near: 0.1,
            far: 20,
            zoom: FIRST_ZOOM,
          }}
          onCreated={({ camera }) => setCamera(camera as PerspectiveCamera)}
        >
          <Head
            onRest={setResting}
            onTurn={setTurned}
            beside={formed && beside}
            isTurned={isTurned}
            isDrawn={(drawn !== undefined && !still) || isSurface}
            key={project?.id}
          />
        </Canvas>
      )}
      {formed && <AsFormed volume={formed} beside={beside} />}
      {isSurface && camera && (
        <Canvas frameloop="demand" flat linear dpr={[1, 2]} className="stage-surface" style={OVER} camera={camera}>
          <SurfaceMesh surface={surface} style={surfaceStyle} light={look.light} exposure={look.exposure} />
        </Canvas>
      )}
      {still && !isSurface && <img className="stage-still" src={still} alt="" />}
      {surfacing !== undefined ? (
        <progress className="stage-line" value={surfacing || undefined} aria-label={strings.look.extracting} />
      ) : mode === 'surface' ? (
        painting && <progress className="stage-line" aria-label={strings.look.painting} />
      ) : (
        drawn === undefined && <progress className="stage-line" aria-label={strings.look.preparing} />
      )}
      {isSurface && surfaceStyle === 'evidence' && <Legend />}
      {drawn !== undefined && !isForming && !isTurned && <Hint />}
    </section>
  )
}

/** The head as it was formed, left of the one that was changed, which moves it. */
function AsFormed({ volume, beside }: { volume: Volume; beside: RefObject<Painter | undefined> }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isDrawn, setDrawn] = useState(false)
  useEffect(() => {
    const painter = new Painter(
      canvas.current!,
      () => setDrawn(true),
      (reason) => actions.problem(message('no-stage', { reason })),
    )
    beside.current = painter
    invalidate()
    return () => {
      beside.current = undefined
      painter.dispose()
    }
  }, [beside])
  useEffect(() => beside.current?.take(volume), [beside, volume])
  return (
    <>
      <canvas ref={canvas} className="stage-left" />
      {!isDrawn && <progress className="stage-line" aria-label={strings.look.preparing} />}
      <p className="stage-sides">
        <span>{strings.change.before}</span>
        <span>{strings.change.after}</span>
      </p>
    </>
  )
}

/** Said once, until it is put away or the head was turned. */
function Hint() {
  const isWanted = useStore(({ hello }) => hello?.preferences.hint)
  if (!isWanted) return null
  return (
    <p className="hint">
      {strings.hint.text}
      <button type="button" className="link" onClick={() => actions.prefer({ hint: false })}>
        {strings.hint.close}
      </button>
    </p>
  )
}

/** Who has turned a head needs no hint any more. */
function learn(): void {
  if (useStore.getState().hello?.preferences.hint) actions.prefer({ hint: false })
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
    ['2', () => current.turnTo('left')],
    ['3', () => current.turnTo('right')],
    ['4', () => current.turnTo('top')],
    ['5', () => current.turnTo('back')],
    ['0', () => current.turnTo('photo')],
    [' ', () => actions.setTurntable(useStore.getState().turntable === 'off' ? 'on' : 'off')],
  ])
  const work = turns.get(event.key)
  if (!work) return
  event.preventDefault()
  work()
}

/** Has the head drawn; everything that moves it ends here. */
interface HeadProps {
  onRest(resting: boolean): void
  /** Whether it was turned away from the photo's view. */
  onTurn(isTurned: boolean): void
  isTurned: boolean
  isDrawn: boolean
  /** What draws another head in the left half of the stage. */
  beside: RefObject<Painter | undefined> | undefined
}

function Head({ onRest, onTurn, isTurned, isDrawn, beside }: HeadProps) {
  const { gl, camera, size, viewport } = useThree()
  const painter = gl as unknown as Painter
  const { volume, surface, mode, surfaceStyle, turntable, project } = useStore()
  const forming = project?.job.state === 'running'
  /** For a surface: meanwhile the processor is its own, and the last picture stays unless a hand turns it. */
  const isWaiting = mode === 'surface' && surface === undefined
  const controls = useRef<Controls>(null)
  /** `left` of the one turn, radians. */
  const motion = useRef({ resting: false, isTurning: false, left: 0, timer: 0 })

  /** Turns by an angle, or to one; the controls take it from there. */
  const turn = useMemo(
    () => ({
      by: (angle: number) => controls.current?.setAzimuthalAngle(controls.current.getAzimuthalAngle() + angle),
      to: ({ azimuth, polar }: Orbit) => {
        controls.current?.setAzimuthalAngle(azimuth)
        controls.current?.setPolarAngle(polar)
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
  const width = beside ? size.width / 2 : size.width
  const fit = Math.min(1, (1.15 * width) / size.height)
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
        actions.setTurntable('off')
        learn()
        turn.to(preset === 'photo' ? photoOrbit() : PRESETS[preset])
        onTurn(preset !== 'photo')
        stir()
      },
      turnBy: (yaw, pitch) => {
        actions.setTurntable('off')
        learn()
        onTurn(true)
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
      eye: () => toEye(perspective),
      camera: () => perspective,
      painter,
    }
    return () => {
      stage.current = undefined
    }
  }, [camera, painter, stir, turn, onTurn])

  useEffect(() => {
    if (volume) painter.take(volume)
  }, [painter, volume])

  // biome-ignore lint/correctness/useExhaustiveDependencies: any of these changes the picture
  useEffect(() => stir(), [volume, mode, surface, surfaceStyle, turntable, beside, stir])

  // The photo's camera is put right while the head forms: the view goes with it until a hand turns it.
  const photoCamera = volume?.camera.join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another camera is another view
  useEffect(() => {
    if (turntable === 'off' && !isTurned) turn.to(photoOrbit())
  }, [photoCamera, turn])

  // The turntable stops at a touch. A finished head is looked at as the photo shows it, then once from all round.
  useEffect(() => {
    if (turntable === 'off' || isWaiting) return
    const now = motion.current
    const isOnce = turntable === 'once'
    if (isOnce) {
      now.left = 2 * Math.PI
      turn.to(photoOrbit())
      onTurn(false)
      if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return actions.setTurntable('off')
      // Nobody would see a turn before the first picture.
      if (!isDrawn) return
    }
    let frames = 0
    const pause = window.setTimeout(
      () => {
        now.isTurning = true
        frames = window.setInterval(invalidate, FRAME)
      },
      isOnce ? PAUSE : 0,
    )
    return () => {
      now.isTurning = false
      window.clearTimeout(pause)
      window.clearInterval(frames)
    }
  }, [turntable, isDrawn, isWaiting, turn, onTurn])

  useFrame((_, delta) => {
    const now = motion.current
    const seconds = Math.min(delta, 0.3)
    if (now.isTurning && turntable === 'on') turn.by(seconds * TURN)
    else if (now.isTurning) {
      const angle = Math.min(seconds * GENTLY, now.left)
      now.left -= angle
      turn.by(angle)
      if (now.left <= 0) actions.setTurntable('off')
    }
    const look = {
      eye: toEye(camera as PerspectiveCamera),
      width: Math.round(width * viewport.dpr),
      height: Math.round(size.height * viewport.dpr),
      depth: mode === 'depth',
      isMoving: now.isTurning || !now.resting,
      isHidden: mode === 'surface' && (surface !== undefined || now.resting),
      isForming: forming,
    }
    painter.look(look)
    beside?.current?.look(look)
  }, 1)

  return (
    <OrbitControls
      ref={controls}
      enablePan={false}
      enableZoom={false}
      enableDamping={false}
      rotateSpeed={0.7}
      minPolarAngle={ABOVE}
      maxPolarAngle={LEVEL + 1.1}
      onStart={() => {
        actions.setTurntable('off')
        onTurn(true)
        learn()
      }}
      onChange={stir}
    />
  )
}

/** The view the photo was taken from. */
function photoOrbit(): Orbit {
  const { volume } = useStore.getState()
  return volume ? orbitOf(volume.camera, volume.decoder.pivot) : PRESETS.front
}

/** Has the engine's own view drawn within the volume's outline, whenever the camera has rested. */
function useRefinement(resting: boolean): void {
  const state = useStore()
  const { mode, volume, project } = state
  const isWanted = resting && mode === 'volume' && project?.job.state !== 'running' && isEnhanced(state)
  const version = volume?.version
  useEffect(() => {
    if (!isWanted || version === undefined) return
    let isStill = true
    const timer = window.setTimeout(async () => {
      const { current } = stage
      if (!current) return
      const eye = current.eye()
      // Where it cannot be had, the volume is what there is to see.
      const picture = await actions.view(current.label()).catch(() => undefined)
      if (isStill && picture) current.painter.refine({ eye, version, picture })
    }, REST_REFINED - REST)
    return () => {
      isStill = false
      window.clearTimeout(timer)
    }
  }, [isWanted, version])
}

/**
 * The newest picture there is of the head, where the volume does not show that head yet: before its first frame at least
 * the photo, and where it cannot follow while the head forms the previews, until a hand turns the head.
 * @param drawn the head that the volume shows
 */
function useStill(drawn: number | undefined, isTurned: boolean): string | undefined {
  const { previewUrl, previewVersion, project } = useStore()
  const cropUrl = useStore(leadingCrop)
  const isForming = project?.job.state === 'running'
  const [isBehind, setBehind] = useState(false)
  const isLate = drawn !== undefined && drawn > 0 && previewVersion !== undefined && drawn < previewVersion
  useEffect(() => {
    // Once behind it would be so again: two kinds of pictures in turn are worse than one.
    if (!isLate) return isForming ? undefined : setBehind(false)
    const timer = window.setTimeout(() => setBehind(true), PATIENCE)
    return () => window.clearTimeout(timer)
  }, [isLate, isForming])
  if (drawn === undefined) return previewUrl ?? cropUrl
  return isBehind && !isTurned ? previewUrl : undefined
}
