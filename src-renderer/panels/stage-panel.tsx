/** What is behind the head, and the light on its surface. */
import { backdrops, EXPOSURE, type Light, lights } from '../stage/look.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'

const text = strings.stage

export function StagePanel() {
  const { look, mode } = useStore()
  return (
    <details className="stage-panel">
      <summary>{text.title}</summary>
      <label className="field">
        <span>{text.backdrop}</span>
        <select
          value={look.backdrop}
          onChange={({ target }) => actions.setLook({ backdrop: backdrops[target.selectedIndex] })}
        >
          {backdrops.map((name) => (
            <option key={name} value={name}>
              {text.backdrops[name]}
            </option>
          ))}
        </select>
      </label>
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
          <label className="field">
            <span>{text.light}</span>
            <select value={look.light} onChange={({ target }) => actions.setLook({ light: target.value as Light })}>
              {lights.map((name) => (
                <option key={name} value={name}>
                  {text.lights[name]}
                </option>
              ))}
            </select>
          </label>
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
