/** Step 3: looking at the head, and taking it along. */
import { useState } from 'react'
import { LIMITS } from '../../src-main/engine/limits.ts'
import { PRESETS, type Preset, stage } from '../stage/stage.tsx'
import { actions, isChanged, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { ChangePanel } from './change-panel.tsx'
import { randomSeed } from './drop.tsx'
import { entriesOf, NumberField } from './fields.tsx'
import { Icon } from './icons.tsx'
import { SavePanel } from './save-panel.tsx'
import { Segments } from './segments.tsx'
import { StagePanel } from './stage-panel.tsx'
import { VerdictPanel } from './verdict.tsx'

const text = strings.look

export function LookPanel() {
  const state = useStore()
  const { project, mode, surface, surfaceStyle } = state
  if (!project?.head) return null
  // Nobody has photographed a made-up person, nor a head that was changed: there is nothing to tell apart.
  const hasEvidence = project.photos.length > 0 && !isChanged(state)
  return (
    <div className="panel">
      <VerdictPanel />
      {project.random && <RandomPerson {...project.random} key={project.id} />}
      <Segments
        legend={text.mode}
        value={mode}
        options={entriesOf(text.modes)}
        help={text.modeHelp[mode]}
        onChange={actions.setMode}
      />
      {mode === 'surface' && (
        <Segments
          legend={text.surfaceStyle}
          value={surfaceStyle}
          options={entriesOf(text.surfaceStyles).filter(([style]) => style !== 'evidence' || hasEvidence)}
          help={text.surfaceHelp[surfaceStyle]}
          disabled={!surface}
          onChange={actions.setSurfaceStyle}
        />
      )}
      <ChangePanel key={project.id} />
      <StagePanel />
      <SavePanel />
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
