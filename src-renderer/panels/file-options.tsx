/** What may be chosen of a format's files: whatever the table of formats says there is. */
import { useId } from 'react'
import type { OptionState } from '../../src-main/session/api.ts'
import { actions, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { NumberField } from './fields.tsx'

const text = strings.save
const names: Readonly<Record<string, string>> = text.choices

export function FileOptions({ options }: { options: readonly OptionState[] }) {
  if (options.length === 0) return null
  return (
    <details className="file-options">
      <summary>{text.more}</summary>
      {options.map((option) => (
        <Option key={option.name} {...option} />
      ))}
    </details>
  )
}

function Option(option: OptionState) {
  const { name, usual } = option
  const { choices } = useStore()
  const id = useId()
  const value = choices[name] ?? usual
  const choose = (value: string | number | boolean) => actions.setChoices({ [name]: value })
  const label = text.options[name]
  if (option.kind === 'millimetres') {
    return <NumberField label={label} value={Number(value)} {...option.range} step={0.1} onChange={choose} />
  }
  return (
    <label className="field" htmlFor={id}>
      <span>{label}</span>
      {option.kind === 'choice' && (
        <select id={id} value={String(value)} onChange={({ target }) => choose(target.value)}>
          {option.choices.map((choice) => (
            <option key={choice} value={choice}>
              {names[choice] ?? choice}
            </option>
          ))}
        </select>
      )}
      {option.kind === 'switch' && (
        <input id={id} type="checkbox" checked={value === true} onChange={({ target }) => choose(target.checked)} />
      )}
      {option.kind === 'text' && (
        <input
          id={id}
          type="text"
          maxLength={option.most}
          defaultValue={String(value)}
          onBlur={({ target }) => choose(target.value)}
        />
      )}
    </label>
  )
}
