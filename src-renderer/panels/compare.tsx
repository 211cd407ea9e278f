/** Photo and head over each other, with a slider between them. */
import { useState } from 'react'
import { leadingCrop, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'

export function Compare() {
  const { previewUrl, latency } = useStore()
  const cropUrl = useStore(leadingCrop)
  const [cut, setCut] = useState(50)
  if (!cropUrl || !previewUrl) return null
  return (
    <figure className="compare" data-latency={latency.preview}>
      <img src={cropUrl} alt={strings.form.before} style={{ clipPath: `inset(0 ${100 - cut}% 0 0)` }} />
      <img src={previewUrl} alt={strings.form.after} style={{ clipPath: `inset(0 0 0 ${cut}%)` }} />
      <div className="compare-line" style={{ left: `${cut}%` }} />
      <input
        type="range"
        min={0}
        max={100}
        value={cut}
        aria-label={strings.form.compare}
        onChange={({ target }) => setCut(Number(target.value))}
      />
      <figcaption>
        <span>{strings.form.before}</span>
        <span>{strings.form.after}</span>
      </figcaption>
    </figure>
  )
}
