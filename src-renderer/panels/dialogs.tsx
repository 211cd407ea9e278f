/** The two dialogs: about and log, and the camera. */
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Language } from '../../src-main/words/languages.ts'
import { message } from '../../src-main/words/message.ts'
import { stage } from '../stage/stage.tsx'
import { actions, host, useStore } from '../state/store.ts'
import { choose, inWords, language, languageNames, strings } from '../strings.ts'

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
  const { hello, latency, hostState } = useStore()
  const [log, setLog] = useState('')
  const [copied, setCopied] = useState(false)
  const text = strings.log
  useEffect(() => {
    if (hostState === 'ready') actions.log().then(setLog)
  }, [hostState])
  const adapter = stage.current?.painter.adapter
  const report = [
    `${strings.app} ${hello?.version} (${host.kind})`,
    navigator.userAgent,
    hello && `provider: ${hello.provider}: ${inWords(hello.reason).text}`,
    adapter && `graphics: ${adapter}`,
    latency.preview !== undefined && `preview latency: ${latency.preview.toFixed(0)} ms`,
    latency.pose !== undefined && `photo to pose: ${latency.pose.toFixed(0)} ms`,
    log,
  ]
    .filter(Boolean)
    .join('\n')
  const close = () => actions.showLog(false)
  return (
    <Dialog label={text.title} onClose={close}>
      <h2>
        {strings.app} <span className="quiet">{hello?.version}</span>
      </h2>
      <p>{text.privacy}</p>
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section className="report" aria-label={text.title} tabIndex={0}>
        <pre>{report}</pre>
      </section>
      <div className="buttons end">
        <button
          type="button"
          onClick={async () => {
            await copy(report)
            setCopied(true)
          }}
        >
          {copied ? text.copied : text.copy}
        </button>
        <button type="button" className="primary" onClick={close}>
          {text.close}
        </button>
      </div>
    </Dialog>
  )
}

/** The clipboard permission is denied like all others; copying a selection needs none. */
async function copy(content: string): Promise<void> {
  const area = document.createElement('textarea')
  area.value = content
  const dialog = document.querySelector('dialog[open]') ?? document.body
  dialog.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
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
