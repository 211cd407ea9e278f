/** The first thing a visitor sees: where the photo goes, and what else there is to begin with. */
import { TRUNCATION } from '../../src-main/engine/limits.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { Icon } from './icons.tsx'

const text = strings.drop

export function Drop({ onChoose }: { onChoose(): void }) {
  const { recent, thumbnails } = useStore()
  return (
    <div className="drop">
      <div className="drop-zone">
        <Halfhead />
        <h1>{text.title}</h1>
        <ol className="way">
          {Object.values(strings.steps).map((step, index) => (
            <li key={step}>
              <span className="number">{index + 1}</span>
              {step}
            </li>
          ))}
        </ol>
        <p>{text.body}</p>
        <div className="buttons">
          <button type="button" className="primary" onClick={onChoose}>
            <Icon name="folder" />
            {text.choose}
          </button>
          <button type="button" onClick={() => actions.showCamera(true)}>
            <Icon name="photo" />
            {text.camera}
          </button>
          <button type="button" onClick={actions.openSample}>
            <Icon name="face" />
            {text.sample}
          </button>
        </div>
        <p className="quiet">
          {text.hint}{' '}
          <button type="button" className="link" onClick={() => actions.randomPerson(randomSeed(), TRUNCATION)}>
            {text.random}
          </button>
        </p>
      </div>
      {recent.length > 0 && (
        <section className="recent" aria-label={text.recent}>
          <h2>{text.recent}</h2>
          <ul>
            {recent.slice(0, 6).map(({ id, name, state }) => (
              <li key={id}>
                <button type="button" className="recent-open" onClick={() => actions.openRecent(id)}>
                  {thumbnails[id] ? (
                    <img src={thumbnails[id]} alt="" />
                  ) : (
                    <span className="recent-blank">
                      <Icon name="dice" />
                    </span>
                  )}
                  <span className="recent-name">{name}</span>
                  {(state === 'running' || state === 'paused') && <span className="quiet">{text.unfinished}</span>}
                </button>
                <button
                  type="button"
                  className="recent-forget"
                  aria-label={text.forget(name)}
                  onClick={() => actions.forget(id)}
                >
                  <Icon name="close" />
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

export const randomSeed = () => Math.floor(Math.random() * 100_000)

/** The sign of the product: half a portrait, half a wire frame. */
function Halfhead() {
  return (
    <svg className="halfhead" viewBox="0 0 120 120" aria-hidden="true">
      <path className="solid" d="M60 10C37 10 24 27 24 51c0 30 15 57 36 57z" />
      <g className="mesh">
        <path d="M60 10c23 0 36 17 36 41 0 30-15 57-36 57" />
        <path d="M60 10c10 6 16 20 16 41 0 26-7 50-16 57M60 30h31M60 51h36M60 72h33M60 91h23" />
      </g>
    </svg>
  )
}
