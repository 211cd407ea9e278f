/** What all dialogs are; about and log, and the camera. */
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { message } from '../../src-main/words/message.ts'
import { stage } from '../stage/stage.tsx'
import { actions, report, useStore } from '../state/store.ts'
import { inWords, strings } from '../strings.ts'
import { ReportButton } from './report-button.tsx'

export function Dialog({ label, onClose, children }: { label: string; onClose(): void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-label={label} onClose={onClose}>
      {children}
    </dialog>
  )
}

export function LogDialog() {
  const { hello, hostState } = useStore()
  const [content, setContent] = useState('')
  const text = strings.log
  const adapter = stage.current?.painter.adapter
  // biome-ignore lint/correctness/useExhaustiveDependencies: the engine that comes back has another log
  useEffect(() => {
    report(adapter).then(setContent)
  }, [hostState, adapter])
  const close = () => actions.showLog(false)
  return (
    <Dialog label={text.title} onClose={close}>
      <h2>
        {strings.app} <span className="quiet">{hello?.version}</span>
      </h2>
      <p>{text.privacy}</p>
      {hello && (
        <dl>
          <dt>{text.provider}</dt>
          <dd>
            {strings.providers[hello.provider]}
            <span className="quiet"> {inWords(hello.reason).text}</span>
          </dd>
          {adapter && (
            <>
              <dt>{text.graphics}</dt>
              <dd>{adapter}</dd>
            </>
          )}
        </dl>
      )}
      <details>
        <summary>{text.licences}</summary>
        <p className="small">{text.licence}</p>
        <ul className="licences small">
          {LICENCES.map(({ name, version, licence }) => (
            <li key={name}>
              {name} {version} <span className="quiet">{licence}</span>
            </li>
          ))}
        </ul>
      </details>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section className="report" aria-label={text.report} tabIndex={0}>
        <pre>{content}</pre>
      </section>
      <p className="quiet small">{text.reportHelp}</p>
      <div className="buttons end">
        <ReportButton />
        <button type="button" className="primary" onClick={close}>
          {text.close}
        </button>
      </div>
    </Dialog>
  )
}

export function CameraDialog() {
  const video = useRef<HTMLVideoElement>(null)
  const text = strings.camera
  const close = () => actions.showCamera(false)
  useEffect(() => {
    let stream: MediaStream | undefined
    let wanted = true
    navigator.mediaDevices
      .getUserMedia({ video: { width: { ideal: 1920 }, height: { ideal: 1080 } } })
      .then((granted) => {
        stream = granted
        if (wanted && video.current) video.current.srcObject = granted
        else for (const track of granted.getTracks()) track.stop()
      })
      .catch(() => {
        actions.showCamera(false)
        actions.problem(message('camera-refused'))
      })
    return () => {
      wanted = false
      for (const track of stream?.getTracks() ?? []) track.stop()
    }
  }, [])
  const take = async () => {
    const { current } = video
    if (!current?.videoWidth) return
    const canvas = new OffscreenCanvas(current.videoWidth, current.videoHeight)
    canvas.getContext('2d')!.drawImage(current, 0, 0)
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })
    close()
    await actions.takeFiles([new File([blob], `${text.photoName}.jpg`)])
  }
  return (
    <Dialog label={text.title} onClose={close}>
      <h2>{text.title}</h2>
      <video ref={video} autoPlay muted playsInline />
      <div className="buttons end">
        <button type="button" onClick={close}>
          {text.cancel}
        </button>
        <button type="button" className="primary" onClick={take}>
          {text.take}
        </button>
      </div>
    </Dialog>
  )
}
