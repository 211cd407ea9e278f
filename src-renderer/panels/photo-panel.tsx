/** Step 1: what was found on the photo, and putting it right. */
import { DEGREE } from '../../src-main/engine/generator/camera.ts'
import type { PoseCorrection } from '../../src-main/session/api.ts'
import { actions, takesPhotos, useStore } from '../state/store.ts'
import { inWords, strings } from '../strings.ts'
import { Icon } from './icons.tsx'
import { PhotoStrip } from './photo-strip.tsx'

const text = strings.photo
const AUTOMATIC: PoseCorrection = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }

export function PhotoPanel() {
  const { project, photo: index, pictures, history, corrected } = useStore()
  const photo = project?.photos.at(index)
  if (!project || !photo) return null
  const { portrait } = photo
  const { warnings } = portrait
  const correction = corrected?.photo === index ? corrected.correction : portrait.correction
  const cropUrl = pictures[portrait.crop]
  const locked = !takesPhotos(project)
  const changed = JSON.stringify(correction) !== JSON.stringify(AUTOMATIC)
  const angle = (key: 'yaw' | 'pitch' | 'roll', limit: number) => (
    <Dial
      label={text[key]}
      value={(portrait[key] - portrait.correction[key] + correction[key]) / DEGREE}
      limit={limit}
      disabled={locked}
      onChange={(value, keep) =>
        actions.correct({ ...correction, [key]: value * DEGREE - portrait[key] + portrait.correction[key] }, keep)
      }
    />
  )
  return (
    <div className="panel">
      <PhotoStrip />
      {warnings.length === 0 ? (
        <p className="good">
          <Icon name="check" />
          {text.good}
        </p>
      ) : (
        <ul className="warnings" aria-live="polite">
          {warnings.map((warning) => (
            <li key={warning.code}>
              <Icon name="warn" />
              {inWords(warning).text}
            </li>
          ))}
        </ul>
      )}
      {photo.faces.length > 1 && <p className="quiet">{text.faces(photo.faces.length)}</p>}
      <details>
        <summary>{text.correct}</summary>
        <div className="correct">
          {cropUrl && <img className="crop-picture" src={cropUrl} alt={text.cropAlt} title={text.crops} />}
          <div className="dials">
            {angle('yaw', 90)}
            {angle('pitch', 60)}
            {angle('roll', 180)}
          </div>
        </div>
        <p className="quiet">{text.correctHint}</p>
        <div className="buttons tight">
          <button type="button" disabled={locked || history.past.length === 0} onClick={actions.undo}>
            <Icon name="undo" />
            {text.undo}
          </button>
          <button type="button" disabled={locked || history.future.length === 0} onClick={actions.redo}>
            <Icon name="redo" />
            {text.redo}
          </button>
          <button
            type="button"
            title={text.resetHint}
            disabled={locked || !changed}
            onClick={() => actions.correct(AUTOMATIC)}
          >
            {text.reset}
          </button>
        </div>
      </details>
      <button type="button" className="primary wide" onClick={() => actions.goTo('form')}>
        {text.next}
      </button>
    </div>
  )
}

interface DialProps {
  label: string
  /** Degrees. */
  value: number
  limit: number
  disabled: boolean
  onChange(value: number, keep: boolean): void
}

function Dial({ label, value, limit, disabled, onChange }: DialProps) {
  return (
    <label className="dial">
      <span>{label}</span>
      <input
        type="range"
        min={-limit}
        max={limit}
        step={0.5}
        value={Math.round(value * 2) / 2}
        disabled={disabled}
        onChange={(event) => onChange(Number(event.target.value), false)}
        onPointerUp={(event) => onChange(Number(event.currentTarget.value), true)}
        onKeyUp={(event) => onChange(Number(event.currentTarget.value), true)}
      />
      <output>{value.toFixed(0)}°</output>
    </label>
  )
}
