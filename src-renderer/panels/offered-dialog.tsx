/** Photos came where it is not plain whom they show: that is asked. */
import { useEffect, useState } from 'react'
import { actions, takesPhotos, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { Dialog } from './dialogs.tsx'

const text = strings.offered
/** Of pictures that are shown. */
const SHOWN = 8

export function OfferedDialog() {
  const { offered, project } = useStore()
  const [urls, setUrls] = useState<string[]>([])
  const count = offered.length
  useEffect(() => {
    const made = offered.slice(0, SHOWN).map((file) => URL.createObjectURL(file))
    setUrls(made)
    return () => {
      for (const url of made) URL.revokeObjectURL(url)
    }
  }, [offered])
  return (
    <Dialog label={text.title(count)} onClose={actions.declineOffered}>
      <h2>{text.title(count)}</h2>
      <div className="offered">
        {urls.map((url) => (
          <img key={url} src={url} alt="" />
        ))}
      </div>
      <p>{text.question(count)}</p>
      <div className="choices">
        {takesPhotos(project) && (
          <Choice label={text.add(project.name)} help={text.addHelp} onClick={actions.acceptToAdd} />
        )}
        <Choice label={text.together(count)} help={text.togetherHelp(count)} onClick={actions.acceptTogether} />
        {count > 1 && <Choice label={text.apart} help={text.apartHelp} onClick={actions.acceptApart} />}
      </div>
      <div className="buttons end">
        <button type="button" onClick={actions.declineOffered}>
          {text.cancel}
        </button>
      </div>
    </Dialog>
  )
}

function Choice({ label, help, onClick }: { label: string; help: string; onClick(): void }) {
  return (
    <button type="button" className="choice" onClick={onClick}>
      <b>{label}</b>
      <span className="quiet">{help}</span>
    </button>
  )
}
