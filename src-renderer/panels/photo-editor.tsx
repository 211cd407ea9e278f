/**
 * The photo with what was found on it: every face outlined, the crop as a frame that can be moved, scaled and turned, and
 * the head's axes, which can be dragged to correct where it looks.
 */

import { type PointerEvent as ReactPointerEvent, useRef } from 'react'
import { DEGREE } from '../../src-main/engine/generator/camera.ts'
import type { PoseCorrection } from '../../src-main/session/api.ts'
import { cropToPhoto, projectPoint, windowUnder } from '../stage/camera.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'

const text = strings.photo
/** Length of the drawn axes, world units; where they begin, a little in front of the face's middle. */
const AXIS = 0.22
const NOSE: [number, number, number] = [0, 0, 0.3]
/** What dragging across the whole crop turns the head by. */
const TURN_BY_CROP = 120 * DEGREE
const NUDGE = 0.01
const GROWTH = 1.02

type Drag = (from: PoseCorrection, now: [number, number], start: [number, number]) => PoseCorrection

export function PhotoEditor() {
  const { project: current, photo: index, pictures, corrected } = useStore()
  const svg = useRef<SVGSVGElement>(null)
  const photo = current?.photos.at(index)
  const photoUrl = photo && pictures[photo.picture]
  if (!photo || !photoUrl) return null
  const { portrait } = photo
  const { camera, face } = portrait
  const correction = corrected?.photo === index ? corrected.correction : portrait.correction
  const window = windowUnder(portrait, correction)
  const unit = Math.max(photo.width, photo.height) / 640
  const toPhoto = (uv: [number, number]) => cropToPhoto(window, uv)
  const points = (
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ] as [number, number][]
  ).map(toPhoto)
  // Where the frame reaches beyond the photo, the knob stays within it.
  const room = 8 * unit
  const [knobX, knobY] = toPhoto([0.5, -0.07])
  const knob: [number, number] = [clamp(knobX, room, photo.width - room), clamp(knobY, room, photo.height - room)]

  /** Photo pixels under the pointer. */
  const place = (event: { clientX: number; clientY: number }): [number, number] => {
    const matrix = svg.current?.getScreenCTM()?.inverse()
    if (!matrix) return [0, 0]
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix)
    return [x, y]
  }
  const drag = (work: Drag) => (event: ReactPointerEvent<SVGElement>) => {
    event.preventDefault()
    event.stopPropagation()
    const target = event.currentTarget
    target.setPointerCapture(event.pointerId)
    const start = place(event)
    const from = correction
    let last = from
    const move = (event: PointerEvent) => {
      last = work(from, place(event), start)
      actions.correct(last, false)
    }
    const end = () => {
      target.removeEventListener('pointermove', move)
      target.removeEventListener('pointerup', end)
      target.removeEventListener('pointercancel', end)
      actions.correct(last)
    }
    target.addEventListener('pointermove', move)
    target.addEventListener('pointerup', end)
    target.addEventListener('pointercancel', end)
  }

  // Shifts count along the sides of the automatic window, which the correction's roll and scale do not change.
  const base = { roll: window.roll - correction.roll, side: window.side / correction.scale }
  const shifted = (from: PoseCorrection, x: number, y: number): PoseCorrection => {
    const [cos, sin] = [Math.cos(base.roll), Math.sin(base.roll)]
    return { ...from, dx: from.dx + (cos * x + sin * y) / base.side, dy: from.dy + (cos * y - sin * x) / base.side }
  }
  const move = drag((from, [x, y], [x0, y0]) => shifted(from, x - x0, y - y0))
  const scale = drag((from, now, start) => {
    const distance = ([x, y]: [number, number]) => Math.hypot(x - window.centre[0], y - window.centre[1])
    return scaled(from, distance(now) / Math.max(distance(start), 1))
  })
  const roll = drag((from, now, start) => {
    const angle = ([x, y]: [number, number]) => Math.atan2(y - window.centre[1], x - window.centre[0])
    return { ...from, roll: from.roll + wrap(angle(now) - angle(start)) }
  })
  // The head looks where the pointer goes: to the right of the picture is the camera moving to the head's other side.
  const pose = drag((from, [x, y], [x0, y0]) => ({
    ...from,
    yaw: from.yaw - ((x - x0) / window.side) * TURN_BY_CROP,
    pitch: from.pitch + ((y - y0) / window.side) * TURN_BY_CROP,
  }))

  const at = (point: [number, number, number]) => toPhoto(projectPoint(camera, point))
  const origin = at(NOSE)
  const axes = [
    { name: 'x', end: at([NOSE[0] + AXIS, NOSE[1], NOSE[2]]) },
    { name: 'y', end: at([NOSE[0], NOSE[1] + AXIS, NOSE[2]]) },
    { name: 'z', end: at([NOSE[0], NOSE[1], NOSE[2] + AXIS]) },
  ]
  return (
    <figure className="photo-editor">
      <svg ref={svg} viewBox={`0 0 ${photo.width} ${photo.height}`} aria-label={text.alt}>
        <title>{text.alt}</title>
        <image href={photoUrl} width={photo.width} height={photo.height} />
        <path
          className="outside"
          d={`M0 0H${photo.width}V${photo.height}H0zM${points.map((point) => point.join(' ')).join('L')}z`}
        />
        {photo.faces.length > 1 &&
          photo.faces.map((box, index) => (
            // biome-ignore lint/a11y/useSemanticElements: there is no button inside a drawing
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a face is its number
              key={index}
              className={index === face ? 'face chosen' : 'face'}
              {...box}
              rx={6 * unit}
              strokeWidth={2 * unit}
              role="button"
              tabIndex={0}
              aria-label={text.face(index + 1)}
              aria-pressed={index === face}
              onClick={() => index !== face && actions.chooseFace(index)}
              onKeyDown={(event) => event.key === 'Enter' && index !== face && actions.chooseFace(index)}
            />
          ))}
        <polygon
          className="crop"
          points={points.map((point) => point.join(',')).join(' ')}
          strokeWidth={2 * unit}
          role="slider"
          aria-label={text.crop}
          aria-valuenow={Math.round(correction.dx * 100)}
          tabIndex={0}
          onPointerDown={move}
          onKeyDown={(event) => {
            const grow = { '+': GROWTH, '=': GROWTH, '-': 1 / GROWTH }[event.key]
            if (grow) return actions.correct(scaled(correction, grow))
            const nudge = {
              ArrowLeft: [-1, 0],
              ArrowRight: [1, 0],
              ArrowUp: [0, -1],
              ArrowDown: [0, 1],
            }[event.key]
            if (!nudge) return
            event.preventDefault()
            actions.correct(shifted(correction, nudge[0] * NUDGE * window.side, nudge[1] * NUDGE * window.side))
          }}
        />
        {points.map(([x, y], index) => (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: a corner is its number
            key={index}
            className="handle corner"
            cx={x}
            cy={y}
            r={6 * unit}
            strokeWidth={2 * unit}
            aria-label={text.corner}
            onPointerDown={scale}
          />
        ))}
        <line className="knob-line" {...lineOf(toPhoto([0.5, 0]), knob)} strokeWidth={2 * unit} />
        <circle
          className="handle knob"
          cx={knob[0]}
          cy={knob[1]}
          r={6 * unit}
          strokeWidth={2 * unit}
          aria-label={text.rollHandle}
          onPointerDown={roll}
        />
        <g className="axes" strokeWidth={3.5 * unit} onPointerDown={pose} aria-label={text.pose}>
          <circle className="axes-grip" cx={origin[0]} cy={origin[1]} r={0.13 * window.side} />
          {axes.map(({ name, end }) => (
            <line key={name} className={`axis-${name}`} {...lineOf(origin, end)} />
          ))}
          <circle className="axis-z" cx={axes[2].end[0]} cy={axes[2].end[1]} r={4 * unit} />
        </g>
      </svg>
    </figure>
  )
}

const scaled = (from: PoseCorrection, factor: number): PoseCorrection => ({
  ...from,
  scale: clamp(from.scale * factor, 0.2, 5),
})
const lineOf = ([x1, y1]: [number, number], [x2, y2]: [number, number]) => ({ x1, y1, x2, y2 })
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value))
const wrap = (angle: number) => Math.atan2(Math.sin(angle), Math.cos(angle))
