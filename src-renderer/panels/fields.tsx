/** What is filled in: a number, or one of several. */

interface NumberFieldProps {
  label: string
  help?: string
  value: number
  least: number
  most: number
  step?: number
  onChange(value: number): void
}

/** A number that counts once it is complete and within its limits. */
export function NumberField({ label, help, value, least, most, step = 1, onChange }: NumberFieldProps) {
  const commit = (input: HTMLInputElement) => {
    const wanted = Math.min(most, Math.max(least, Number(input.value)))
    if (Number.isFinite(wanted) && input.value !== '' && wanted !== value)
      onChange(step === 1 ? Math.round(wanted) : wanted)
    input.value = String(value)
  }
  return (
    <label className="field">
      <span>{label}</span>
      <input
        key={value}
        type="number"
        defaultValue={value}
        min={least}
        max={most}
        step={step}
        onBlur={({ target }) => commit(target)}
        onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget)}
        aria-label={label}
      />
      {help && <small className="help">{help}</small>}
    </label>
  )
}

interface ChoiceFieldProps<T extends string | number> {
  label: string
  value: T
  /** Each with what it is called, in their order. */
  options: readonly (readonly [value: T, name: string])[]
  onChange(value: T): void
}

export function ChoiceField<T extends string | number>({ label, value, options, onChange }: ChoiceFieldProps<T>) {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={({ target }) => onChange(options[target.selectedIndex][0])}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What there is to choose from by what it is called. */
export const entriesOf = <T extends string>(names: Readonly<Record<T, string>>) =>
  Object.entries(names) as [T, string][]
