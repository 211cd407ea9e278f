/** What is behind the head, and the light on its surface. */
import { backdrops, EXPOSURE, lights } from '../stage/look.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { ChoiceField } from './fields.tsx'

const text = strings.stage

export function StagePanel() {
  const { look, mode } = useStore()
  return (
    <details className="stage-panel">
      <summary>{text.title}</summary>
      <ChoiceField
        label={text.backdrop}
        value={look.backdrop}
        options={backdrops.map((name) => [name, text.backdrops[name]])}
        onChange={(backdrop) => actions.setLook({ backdrop })}
      />
      {look.backdrop === 'own' && (
        <label className="field">
          <span>{text.colour}</span>
          <input
            type="color"
            value={look.colour}
            onChange={({ target }) => actions.setLook({ colour: target.value })}
          />
        </label>
      )}
      {mode === 'surface' && (
        <>
          <ChoiceField
            label={text.light}
            value={look.light}
            options={lights.map((name) => [name, text.lights[name]])}
            onChange={(light) => actions.setLook({ light })}
          />
          <label className="field">
            <span>{text.exposure}</span>
            <input
              type="range"
              min={EXPOSURE.least}
              max={EXPOSURE.most}
              step={0.05}
              value={look.exposure}
              onChange={({ target }) => actions.setLook({ exposure: Number(target.value) })}
            />
          </label>
        </>
      )}
    </details>
  )
}
