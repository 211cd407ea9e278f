/** One of a few, side by side, and what the chosen one is in a line. */
interface SegmentsProps {
  legend: string
  value: string
  options: Record<string, string>
  help: string
  disabled?: boolean
  onChange(value: string): void
}

export function Segments({ legend, value, options, help, disabled = false, onChange }: SegmentsProps) {
  return (
    <fieldset disabled={disabled}>
      <legend>{legend}</legend>
      <div className="segments">
        {Object.entries(options).map(([key, label]) => (
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
