/** Step 3: looking at the head, and taking it along. */
import { useState } from 'react'
import { LIMITS } from '../../src-main/engine/limits.ts'
import { backdropColour } from '../stage/look.ts'
import { PRESETS, type Preset, stage } from '../stage/stage.tsx'
import { surfacePicture } from '../stage/surface.tsx'
import { PAPER, pngOn, stagePicture, turntableVideo } from '../stage/turntable-video.ts'
import { actions, type Film, films, isEnhanced, type Mode, type SurfaceStyle, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { randomSeed } from './drop.tsx'
import { NumberField } from './form-panel.tsx'
import { Icon } from './icons.tsx'
import { StagePanel } from './stage-panel.tsx'
import { VerdictPanel } from './verdict.tsx'

const text = strings.look
/** Nobody has photographed a made-up person: there is nothing to tell apart. */
const { evidence: _, ...withoutEvidence } = text.surfaceStyles
const PICTURE_SIZES = [1024, 2048]
const RESOLUTIONS = [96, 128, 192, 256, 384] as const

export function LookPanel() {
  const { project, mode, surface, surfaceStyle } = useStore()
  if (!project?.head) return null
  return (
    <div className="panel">
      <VerdictPanel />
      {project.random && <RandomPerson {...project.random} key={project.id} />}
      <Segments
        legend={text.mode}
        value={mode}
        options={text.modes}
        help={text.modeHelp[mode]}
        onChange={(value) => actions.setMode(value as Mode)}
      />
      {mode === 'surface' && (
        <Segments
          legend={text.surfaceStyle}
          value={surfaceStyle}
          options={project.photos.length > 0 ? text.surfaceStyles : withoutEvidence}
          help={text.surfaceHelp[surfaceStyle]}
          disabled={!surface}
          onChange={(value) => actions.setSurfaceStyle(value as SurfaceStyle)}
        />
      )}
      <StagePanel />
      <Save />
      <p className="quiet small">{project.random ? text.honestRandom : text.honest(project.photos.length)}</p>
    </div>
  )
}

/** Buttons over the stage: where to look from. */
export function StageTools() {
  const { turntable, project } = useStore()
  const presets: Preset[] = [
    ...(project?.photos.length ? (['photo'] as const) : []),
    ...(Object.keys(PRESETS) as Preset[]),
  ]
  return (
    <fieldset className="stage-tools" aria-label={text.presets}>
      {presets.map((preset) => (
        <button
          key={preset}
          type="button"
          title={text.presetHelp[preset]}
          onClick={() => stage.current?.turnTo(preset)}
        >
          {text.presetNames[preset]}
        </button>
      ))}
      <button
        type="button"
        aria-pressed={turntable !== 'off'}
        onClick={() => actions.setTurntable(turntable === 'off' ? 'on' : 'off')}
      >
        <Icon name="turn" />
        {text.turntable}
      </button>
    </fieldset>
  )
}

function RandomPerson({ seed, truncation }: { seed: number; truncation: number }) {
  const [variety, setVariety] = useState(truncation)
  return (
    <section className="random">
      <h3>{strings.random.title}</h3>
      <NumberField
        label={strings.random.seed}
        value={seed}
        {...LIMITS.seed}
        onChange={(value) => actions.randomPerson(value, variety)}
      />
      <label className="field">
        <span>{strings.random.truncation}</span>
        <input
          type="range"
          min={0}
          max={1.2}
          step={0.05}
          value={variety}
          onChange={({ target }) => setVariety(Number(target.value))}
          onPointerUp={() => variety !== truncation && actions.randomPerson(seed, variety)}
          onKeyUp={() => variety !== truncation && actions.randomPerson(seed, variety)}
        />
      </label>
      <button type="button" className="wide" onClick={() => actions.randomPerson(randomSeed(), variety)}>
        <Icon name="dice" />
        {strings.random.next}
      </button>
    </section>
  )
}

function Save() {
  const state = useStore()
  const { mesh, mode, busy, volume, hello, look, pictureSize, film } = state
  const disabled = busy !== undefined
  /** What is behind a picture that is saved: nothing, where the stage has none. */
  const paper = () => (look.backdrop === 'clear' ? undefined : (backdropColour(look) ?? PAPER))
  const savePicture = () => {
    const { current } = stage
    if (!current) return
    const label = current.label()
    const surface = mode === 'surface' && surfacePicture.current
    if (surface) return actions.savePicture(label, () => pngOn(surface(pictureSize).getContext('2d')!, paper()))
    const finer = isEnhanced(state) ? () => actions.view(label) : undefined
    actions.savePicture(label, () => stagePicture(current.painter, current.camera(), pictureSize, paper(), finer))
  }
  const saveVideo = () => {
    const { current } = stage
    if (current && volume) {
      actions.saveVideo(film, (progress) =>
        turntableVideo(current.painter, volume.decoder.radius, film, paper() ?? PAPER, progress),
      )
    }
  }
  const { save } = strings
  return (
    <section className="save">
      <h3>{save.mesh}</h3>
      <div className="formats">
        {hello?.formats.map(({ name, label, extension }) => (
          <button
            key={name}
            type="button"
            title={save.hints[name]}
            disabled={disabled}
            onClick={() => actions.saveMesh(name, extension)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="pair">
        <label className="field">
          <span>{save.resolution}</span>
          <select
            value={mesh.resolution}
            onChange={({ target }) => actions.setMesh({ resolution: Number(target.value) })}
          >
            {RESOLUTIONS.map((resolution) => (
              <option key={resolution} value={resolution}>
                {save.resolutions[resolution]}
              </option>
            ))}
          </select>
        </label>
        <NumberField
          label={save.triangles}
          value={mesh.triangles}
          {...LIMITS.triangles}
          onChange={(triangles) => actions.setMesh({ triangles })}
        />
      </div>
      <p className="quiet small">{save.meshHelp}</p>
      <h3>{save.title}</h3>
      <div className="pair">
        <label className="field">
          <span>{save.pictureSize}</span>
          <select value={pictureSize} onChange={({ target }) => actions.setPictureSize(Number(target.value))}>
            {PICTURE_SIZES.map((size) => (
              <option key={size} value={size}>
                {save.pixels(size)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{save.film}</span>
          <select value={film} onChange={({ target }) => actions.setFilm(target.value as Film)}>
            {films.map((name) => (
              <option key={name} value={name}>
                {save.films[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="formats three">
        <button type="button" disabled={disabled} onClick={savePicture}>
          {save.picture}
        </button>
        <button type="button" disabled={disabled} onClick={saveVideo}>
          {save.video}
        </button>
        <button type="button" disabled={disabled} onClick={actions.saveProject}>
          {save.project}
        </button>
      </div>
    </section>
  )
}

interface SegmentsProps {
  legend: string
  value: string
  options: Record<string, string>
  /** What is chosen, in a line. */
  help: string
  disabled?: boolean
  onChange(value: string): void
}

function Segments({ legend, value, options, help, disabled = false, onChange }: SegmentsProps) {
  return (
    <fieldset disabled={disabled}>
      <legend>{legend}</legend>
      <div className="segments">
        {Object.entries(options).map(([key, label]) => (
          <label key={key}>
            <input type="radio" name={legend} checked={value === key} onChange={() => onChange(key)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
      <p className="help">{help}</p>
    </fieldset>
  )
}
