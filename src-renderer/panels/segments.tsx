/** One of a few, side by side, and what the chosen one is in a line. */
interface SegmentsProps<T extends string> {
  legend: string
  value: T
  /** Each with what it is called, in their order. */
  options: readonly (readonly [value: T, name: string])[]
  help: string
  disabled?: boolean
  onChange(value: T): void
}

export function Segments<T extends string>(props: SegmentsProps<T>) {
  const { legend, value, options, help, disabled = false, onChange } = props
  return (
    <fieldset disabled={disabled}>
      <legend>{legend}</legend>
      <div className="segments">
        {options.map(([key, label]) => (
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
