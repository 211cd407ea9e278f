/** Step 2: forming the head, and how it goes. */
import { useRef } from 'react'
import { LIMITS } from '../../src-main/engine/limits.ts'
import { actions, useStore } from '../state/store.ts'
import { number, strings } from '../strings.ts'
import { ChoiceField, entriesOf, NumberField } from './fields.tsx'
import { Icon } from './icons.tsx'
import { LikenessPlot } from './likeness-plot.tsx'
import { Segments } from './segments.tsx'

const text = strings.form

export function FormPanel() {
  const { project } = useStore()
  if (!project?.photos.length) return null
  const { state } = project.job
  return state === 'none' || state === 'done' ? <Before /> : <Forming />
}

function Before() {
  const { project, settings, hello, generator, busy } = useStore()
  const file = useRef<HTMLInputElement>(null)
  if (!settings || !hello || !project) return null
  const chosen = hello.generators.find(({ id }) => id === generator)
  return (
    <div className="panel">
      {project.likeness.length > 1 && <LikenessPlot likeness={project.likeness} steps={project.job.steps} />}
      <Segments
        legend={text.quality}
        value={settings.quality}
        options={entriesOf(text.qualities)}
        help={text.qualityHelp[settings.quality]}
        onChange={(quality) => actions.setSettings({ quality })}
      />
      <NumberField
        label={text.steps}
        help={text.stepsHelp}
        value={settings.steps}
        {...LIMITS.steps}
        onChange={(steps) => actions.setSettings({ steps })}
      />
      <details>
        <summary>{text.more}</summary>
        <ChoiceField
          label={text.generator}
          value={generator}
          options={hello.generators.map(({ id, name }) => [id, name])}
          onChange={actions.setGenerator}
        />
        <p className="help">{text.generatorHelp}</p>
        {chosen && <p className="quiet small">{chosen.licence}</p>}
        <button type="button" className="link" onClick={() => file.current?.click()}>
          {text.importGenerator}
        </button>
        <input
          ref={file}
          type="file"
          accept=".pkl,.safetensors"
          hidden
          onChange={({ target }) => target.files?.[0] && actions.takeFiles([target.files[0]])}
        />
        <NumberField
          label={text.seed}
          help={text.seedHelp}
          value={settings.seed}
          {...LIMITS.seed}
          onChange={(seed) => actions.setSettings({ seed })}
        />
        <NumberField
          label={text.learningRate}
          help={text.learningRateHelp}
          value={settings.learningRate}
          least={0.0001}
          most={1}
          step={0.001}
          onChange={(learningRate) => actions.setSettings({ learningRate })}
        />
      </details>
      {project.photos.length > 1 && <p className="quiet small">{text.together(project.photos.length)}</p>}
      <button type="button" className="primary wide" disabled={!!busy} onClick={actions.start}>
        {busy?.what === text.preparing ? text.preparing : project.head ? text.again : text.start}
      </button>
    </div>
  )
}

function Forming() {
  const { project, progress } = useStore()
  if (!project) return null
  const { state, step, steps } = project.job
  const isRunning = state === 'running'
  const stopped: string | undefined = text.stopped[state as keyof typeof text.stopped]
  const fraction = steps > 0 ? step / steps : 0
  return (
    <div className="panel">
      <p className="phase" aria-live="polite">
        {stopped ?? (progress ? text.phases[progress.phase] : text.preparing)}
      </p>
      <progress value={fraction} aria-label={text.stepOf(step, steps)} />
      <div className="facts" data-left={isRunning ? progress?.secondsLeft : undefined}>
        <span>{text.stepOf(step, steps)}</span>
        {isRunning && progress?.secondsLeft !== undefined && <span>{text.left(timeLeft(progress.secondsLeft))}</span>}
      </div>
      <LikenessPlot likeness={project.likeness} steps={steps} />
      <NumberField
        label={text.steps}
        value={steps}
        least={Math.max(3, step + 1)}
        most={LIMITS.steps.most}
        onChange={actions.setSteps}
      />
      <div className="buttons">
        {isRunning ? (
          <button type="button" onClick={actions.pause}>
            <Icon name="pause" />
            {text.pause}
          </button>
        ) : (
          <button type="button" className="primary" onClick={actions.resume}>
            <Icon name="play" />
            {text.resume}
          </button>
        )}
        <button type="button" title={text.cancelHint} onClick={actions.cancel}>
          <Icon name="stop" />
          {text.cancel}
        </button>
      </div>
    </div>
  )
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${number(minutes / 60, 1)} h`
}
