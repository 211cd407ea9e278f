/** What holds for every head, and for this window. */
import { useState } from 'react'
import { LIMITS } from '../../src-main/engine/limits.ts'
import type { Language } from '../../src-main/words/languages.ts'
import { actions, host, useStore } from '../state/store.ts'
import { choose, language, languageNames, strings } from '../strings.ts'
import { themes } from '../theme.ts'
import { Dialog } from './dialogs.tsx'
import { ChoiceField, entriesOf, NumberField } from './fields.tsx'

const text = strings.preferences

export function PreferencesDialog() {
  const { hello, theme } = useStore()
  const [moved, setMoved] = useState<string>()
  const close = () => actions.showPreferences(false)
  const move = async () => setMoved(await actions.moveFolder())
  return (
    <Dialog label={text.title} onClose={close}>
      <h2>{text.title}</h2>
      <label className="field">
        <span>{text.language}</span>
        <select value={language} onChange={({ target }) => choose(target.value as Language)}>
          {languageNames.map(({ id, name }) => (
            <option key={id} value={id} lang={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <ChoiceField
        label={text.theme}
        value={theme}
        options={themes.map((name) => [name, text.themes[name]])}
        onChange={actions.setTheme}
      />
      {hello && (
        <>
          <ChoiceField
            label={text.quality}
            value={hello.preferences.quality}
            options={entriesOf(strings.form.qualities)}
            onChange={(quality) => actions.prefer({ quality })}
          />
          <ChoiceField
            label={text.provider}
            value={hello.preferences.provider}
            options={entriesOf({ automatic: text.automatic, ...strings.providers })}
            onChange={(provider) => actions.prefer({ provider })}
          />
          <NumberField
            label={text.threads}
            help={text.threadsHelp}
            value={hello.preferences.threads}
            {...LIMITS.threads}
            onChange={(threads) => actions.prefer({ threads })}
          />
          <dl>
            <dt>{text.folder}</dt>
            <dd className="path">{hello.folder}</dd>
          </dl>
          {host.outside && (
            <div className="buttons">
              <button type="button" onClick={() => host.outside?.showFolder()}>
                {text.showFolder}
              </button>
              <button type="button" onClick={move}>
                {text.moveFolder}
              </button>
            </div>
          )}
          <p className="help" aria-live="polite">
            {moved ? text.moved(moved) : host.outside ? text.moveHelp : text.folderHelp}
          </p>
        </>
      )}
      <div className="buttons end">
        <button type="button" className="primary" onClick={close}>
          {strings.log.close}
        </button>
      </div>
    </Dialog>
  )
}
