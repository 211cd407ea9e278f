/** Copies what a report of trouble needs. */
import { useState } from 'react'
import { stage } from '../stage/stage.tsx'
import { copy, report } from '../state/store.ts'
import { strings } from '../strings.ts'

export function ReportButton() {
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      onClick={async () => {
        copy(await report(stage.current?.painter.adapter))
        setCopied(true)
      }}
    >
      {copied ? strings.log.copied : strings.log.copy}
    </button>
  )
}
