/** What is to be thought of the head, in plain words: the reason and the cure. */
import type { VerdictState } from '../../src-main/session/api.ts'
import { useStore } from '../state/store.ts'
import { inWords, strings } from '../strings.ts'
import { Icon } from './icons.tsx'

const text = strings.verdict

export function VerdictPanel() {
  const { project, judging } = useStore()
  if (project?.verdict) return <Said {...project.verdict} />
  if (judging === undefined) return null
  return (
    <div className="verdict" role="status">
      <span>{text.judging}</span>
      <progress value={judging} aria-label={text.judging} />
    </div>
  )
}

function Said({ verdict, reason }: VerdictState) {
  const { text: said, cure } = inWords(reason)
  return (
    <div className={`verdict ${verdict}`} role="status">
      <Icon name={verdict === 'good' ? 'check' : 'warn'} />
      <p>
        <b>{text.titles[verdict]}</b> {said}
        {cure && <span className="quiet"> {cure}</span>}
      </p>
    </div>
  )
}
