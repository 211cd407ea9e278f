/** The window: a stage on the left, three numbered steps on the right. */
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { PHOTO_ACCEPT } from '../src-main/engine/images/photo-formats.ts'
import { type Message, message } from '../src-main/words/message.ts'
import { Compare } from './panels/compare.tsx'
import { CameraDialog, LogDialog } from './panels/dialogs.tsx'
import { Drop } from './panels/drop.tsx'
import { FileInput } from './panels/file-input.tsx'
import { FormPanel } from './panels/form-panel.tsx'
import { Icon, type IconName } from './panels/icons.tsx'
import { LookPanel, StageTools } from './panels/look-panel.tsx'
import { OfferedDialog } from './panels/offered-dialog.tsx'
import { PhotoEditor } from './panels/photo-editor.tsx'
import { PhotoPanel } from './panels/photo-panel.tsx'
import { PreferencesDialog } from './panels/preferences-dialog.tsx'
import { ReportButton } from './panels/report-button.tsx'
import { Stage } from './stage/stage.tsx'
import { actions, isTyping, type Step, useStore } from './state/store.ts'
import { inWords, strings } from './strings.ts'
import { showTheme } from './theme.ts'

const STEPS: readonly Step[] = ['photo', 'form', 'look']
const ACCEPTED = `${PHOTO_ACCEPT},.halfturn,.pkl,.safetensors`

export function App() {
  const { project, step, hello, offered, showCamera, showLog, showPreferences } = useStore()
  const input = useRef<HTMLInputElement>(null)
  const dragging = useDropAndPaste()
  useShortcuts()
  const choose = () => input.current?.click()
  return (
    <div className="app">
      <header>
        <button type="button" className="wordmark" onClick={actions.leave} disabled={!project}>
          <img src="./icon.svg" alt="" />
          {strings.app}
        </button>
        <span className="project-name">{project?.name}</span>
        {hello && (
          <span className="provider" title={inWords(hello.reason).text}>
            {strings.engine.runsOn(strings.providers[hello.provider])}
          </span>
        )}
        {project && <IconButton icon="plus" label={strings.newHead} onClick={actions.leave} />}
        <ThemeButton />
        <IconButton icon="gear" label={strings.preferences.title} onClick={() => actions.showPreferences(true)} />
        <IconButton icon="info" label={strings.about} onClick={() => actions.showLog(true)} />
      </header>
      <Banner />
      <main className={project ? undefined : 'empty'}>
        {project ? (
          <>
            <div className="view">
              <View step={step} />
            </div>
            <aside aria-label={strings.way}>
              <Steps />
            </aside>
          </>
        ) : (
          <Drop onChoose={choose} />
        )}
      </main>
      <Messages />
      {dragging && <div className="dragging">{strings.drop.release}</div>}
      {showCamera && <CameraDialog />}
      {showLog && <LogDialog />}
      {showPreferences && <PreferencesDialog />}
      {offered.length > 0 && <OfferedDialog />}
      <FileInput ref={input} id="file-input" accept={ACCEPTED} onFiles={actions.takeFiles} />
    </div>
  )
}

function View({ step }: { step: Step }) {
  const { previewUrl, project } = useStore()
  // Without a head there is nothing to see but the photo.
  if (step === 'photo' || (!project?.head && project?.photos.length)) return <PhotoEditor />
  return (
    <div className={step === 'form' && previewUrl ? 'stage-and-compare' : 'stage-alone'}>
      <div className="stage-box">
        <Stage key={project?.id} />
        <StageTools />
      </div>
      {step === 'form' && <Compare />}
    </div>
  )
}

function Steps() {
  const { project, step } = useStore()
  if (!project) return null
  const panels: Record<Step, ReactNode> = { photo: <PhotoPanel />, form: <FormPanel />, look: <LookPanel /> }
  const reachable: Record<Step, boolean> = {
    photo: project.photos.length > 0,
    form: project.photos.length > 0,
    look: project.head,
  }
  const done: Record<Step, boolean> = {
    photo: project.photos.length > 0 && step !== 'photo',
    form: project.job.state === 'done',
    look: false,
  }
  return (
    <ol className="steps">
      {STEPS.map((name, index) => (
        <li key={name} className={name === step ? 'current' : undefined}>
          <button
            type="button"
            className="step"
            aria-expanded={name === step}
            aria-current={name === step ? 'step' : undefined}
            disabled={!reachable[name]}
            onClick={() => actions.goTo(name)}
          >
            <span className="number">{done[name] ? <Icon name="check" /> : index + 1}</span>
            <span>
              <b>{strings.steps[name]}</b>
              {name === step && <small>{strings.stepHints[name]}</small>}
            </span>
          </button>
          {name === step && panels[name]}
        </li>
      ))}
    </ol>
  )
}

/** What concerns the whole window: the engine's state, and whether what is made is saved. */
function Banner() {
  const { hostState, hello, project } = useStore()
  if (hostState !== 'ready') {
    return (
      <p className="banner" role="status">
        {strings.engine[hostState]}
        {hostState === 'lost' && ` ${strings.engine.lostCure}`}
      </p>
    )
  }
  const unsaved =
    project?.unsaved ??
    hello?.unsaved ??
    (hello?.missing && message('data-folder-missing', { missing: hello.missing, folder: hello.folder }))
  if (!unsaved) return null
  return (
    <p className="banner warning" role="status">
      <Icon name="warn" />
      <Problem {...unsaved} />
    </p>
  )
}

/** Where nobody but we can help. */
const DEFECTS = new Set(['defect', 'job-failed'])

function Messages() {
  const { problem, notice, busy, refused, crash } = useStore()
  useEffect(() => {
    if (!notice) return
    const timer = window.setTimeout(actions.dismiss, 5000)
    return () => window.clearTimeout(timer)
  }, [notice])
  return (
    <div className="messages">
      {busy && (
        <div className="message" role="status">
          {busy.fraction === undefined && <span className="spinner" />}
          <span>{busy.what}</span>
          {busy.fraction !== undefined && <progress value={busy.fraction} aria-label={busy.what} />}
        </div>
      )}
      {problem && (
        <div className="message problem" role="alert">
          <Icon name="warn" />
          <Problem {...problem} />
          {DEFECTS.has(problem.code) && <ReportButton />}
          <IconButton icon="close" label={strings.dismiss} onClick={actions.dismiss} />
        </div>
      )}
      {crash && (
        <div className="message problem" role="alert">
          <Icon name="warn" />
          <span>
            <b>{strings.engine.ended}</b> {crash}
          </span>
          <ReportButton />
          <IconButton icon="close" label={strings.dismiss} onClick={actions.dismiss} />
        </div>
      )}
      {refused.length > 0 && (
        <div className="message problem" role="alert">
          <Icon name="warn" />
          <ul>
            {refused.map(({ name, problem }) => (
              <li key={name}>
                {strings.drop.refused(name)} <Problem {...problem} />
              </li>
            ))}
          </ul>
          <IconButton icon="close" label={strings.dismiss} onClick={actions.dismiss} />
        </div>
      )}
      {notice && (
        <div className="message" role="status">
          <Icon name="check" />
          <span>{notice}</span>
        </div>
      )}
    </div>
  )
}

function Problem(problem: Message) {
  const { text, cure } = inWords(problem)
  return (
    <span>
      <b>{text}</b> {cure}
    </span>
  )
}

function IconButton({ icon, label, onClick }: { icon: IconName; label: string; onClick(): void }) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

function ThemeButton() {
  const { theme } = useStore()
  const [isDark, setDark] = useState(false)
  useEffect(() => setDark(showTheme(theme)), [theme])
  const other = isDark ? 'light' : 'dark'
  return (
    <IconButton icon={isDark ? 'sun' : 'moon'} label={strings.theme[other]} onClick={() => actions.setTheme(other)} />
  )
}

/** Files may be dropped and pasted anywhere. @returns whether one hovers over the window */
function useDropAndPaste(): boolean {
  const [dragging, setDragging] = useState(false)
  useEffect(() => {
    let depth = 0
    const take = (files: FileList | undefined) => actions.takeFiles([...(files ?? [])])
    const on = {
      dragenter: () => setDragging(++depth > 0),
      dragleave: () => setDragging(--depth > 0),
      dragover: (event: DragEvent) => event.preventDefault(),
      drop: (event: DragEvent) => {
        event.preventDefault()
        depth = 0
        setDragging(false)
        take(event.dataTransfer?.files)
      },
      paste: (event: ClipboardEvent) => take(event.clipboardData?.files),
    }
    for (const [name, listener] of Object.entries(on)) window.addEventListener(name, listener as EventListener)
    return () => {
      for (const [name, listener] of Object.entries(on)) window.removeEventListener(name, listener as EventListener)
    }
  }, [])
  return dragging
}

/** Ctrl or Cmd with O, S, Z, Y; in the desktop app the menu has them too. */
function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return
      const key = event.key.toLowerCase()
      const work: Record<string, () => void> = {
        o: () => document.getElementById('file-input')?.click(),
        s: () => actions.saveProject(),
        z: () => (event.shiftKey ? actions.redo() : actions.undo()),
        y: () => actions.redo(),
        ',': () => actions.showPreferences(true),
      }
      if (!work[key] || (isTyping(event.target) && 'zy'.includes(key))) return
      event.preventDefault()
      work[key]()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
