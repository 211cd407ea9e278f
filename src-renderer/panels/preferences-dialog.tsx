/** What holds for every head, and for this window. */
import { LIMITS } from '../../src-main/engine/limits.ts'
import type { Preferences, Quality } from '../../src-main/session/api.ts'
import type { Language } from '../../src-main/words/languages.ts'
import { actions, useStore } from '../state/store.ts'
import { choose, language, languageNames, strings } from '../strings.ts'
import { type Theme, themes } from '../theme.ts'
import { Dialog } from './dialogs.tsx'
import { NumberField } from './form-panel.tsx'

const text = strings.preferences

export function PreferencesDialog() {
  const { hello, theme } = useStore()
  const close = () => actions.showPreferences(false)
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
      <Choice
        label={text.theme}
        value={theme}
        options={Object.fromEntries(themes.map((name) => [name, text.themes[name]]))}
        onChange={(name) => actions.setTheme(name as Theme)}
      />
      {hello && (
        <>
          <Choice
            label={text.quality}
            value={hello.preferences.quality}
            options={strings.form.qualities}
            onChange={(quality) => actions.prefer({ quality: quality as Quality })}
          />
          <Choice
            label={text.provider}
            value={hello.preferences.provider}
            options={{ automatic: text.automatic, ...strings.providers }}
            onChange={(provider) => actions.prefer({ provider: provider as Preferences['provider'] })}
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

interface ChoiceProps {
  label: string
  value: string
  options: Record<string, string>
  onChange(value: string): void
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={({ target }) => onChange(target.value)}>
        {Object.entries(options).map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
