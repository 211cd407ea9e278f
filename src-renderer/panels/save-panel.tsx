/** Taking a head along: as a model in one of the formats there are, as a picture, as a film, as a project. */
import { type DragEvent, useEffect, useState } from 'react'
import type { PerspectiveCamera } from 'three'
import { LIMITS } from '../../src-main/engine/limits.ts'
import { filmKinds } from '../stage/film.ts'
import { backdropColour } from '../stage/look.ts'
import { stage } from '../stage/stage.tsx'
import { type SurfacePen, surfacePen } from '../stage/surface.tsx'
import {
  PAPER,
  type Pen,
  pngOn,
  stagePicture,
  type Turn,
  turntableFrames,
  turntableVideo,
  videoFilms,
  volumePen,
} from '../stage/turntable-video.ts'
import {
  actions,
  type Film,
  films,
  host,
  isEnhanced,
  type MadeFiles,
  madeNow,
  surfaceNow,
  useStore,
} from '../state/store.ts'
import { count, inWords, megabytes, strings } from '../strings.ts'
import { ChoiceField, NumberField } from './fields.tsx'
import { FileOptions } from './file-options.tsx'
import { Icon } from './icons.tsx'
import { Segments } from './segments.tsx'

const text = strings.save
/** Side of a film of the surface, which any graphics draws in good time. */
const FILM_SIZE = 512
const PICTURE_SIZES = [1024, 2048]
/** Triangles as many as people animate. */
const EVEN = 20_000
const RESOLUTIONS = [96, 128, 192, 256, 384] as const

export function SavePanel() {
  const { busy } = useStore()
  return (
    <section className="save" aria-label={text.title}>
      <Model />
      <Picture />
      <h3>{text.project}</h3>
      <button type="button" className="wide" disabled={busy !== undefined} onClick={actions.saveProject}>
        {text.saveProject}
      </button>
      <p className="quiet small">{text.projectHelp}</p>
    </section>
  )
}

function Model() {
  const { hello, format, mesh, busy } = useStore()
  const made = useStore(madeNow)
  const chosen = hello?.formats.find(({ name }) => name === format)
  if (!hello || !chosen) return null
  const disabled = busy !== undefined
  const meshed = (even: boolean) => ({ even, ...(even && { triangles: Math.min(EVEN, mesh.triangles) }) })
  return (
    <>
      <Segments
        legend={text.mesh}
        value={format}
        options={hello.formats.map(({ name, label }) => [name, label])}
        help={text.hints[format]}
        onChange={actions.setFormat}
      />
      <div className="pair">
        <ChoiceField
          label={text.resolution}
          value={mesh.resolution}
          options={RESOLUTIONS.map((resolution) => [resolution, text.resolutions[resolution]])}
          onChange={(resolution) => actions.setMesh({ resolution })}
        />
        <NumberField
          label={text.triangles}
          value={mesh.triangles}
          {...LIMITS.triangles}
          onChange={(triangles) => actions.setMesh({ triangles })}
        />
      </div>
      <p className="quiet small">{text.meshHelp}</p>
      <label className="field">
        <span>{text.even}</span>
        <input type="checkbox" checked={mesh.even} onChange={({ target }) => actions.setMesh(meshed(target.checked))} />
        <small className="help">{text.evenHelp}</small>
      </label>
      <FileOptions options={chosen.options} />
      <Facts />
      {made?.notes.map((note) => (
        <p key={note.code} className="small">
          {inWords(note).text}
        </p>
      ))}
      {made && <Made {...made} />}
      <div className="save-buttons">
        <button
          type="button"
          className="primary"
          disabled={disabled}
          onClick={() => actions.saveModel(chosen.extension)}
        >
          {text.save(chosen.label)}
        </button>
        {!made && (
          <button type="button" title={text.makeHelp} disabled={disabled} onClick={actions.makeModel}>
            {text.make}
          </button>
        )}
      </div>
      <Saved />
    </>
  )
}

/** What the file will be, as far as that is known. */
function Facts() {
  const { mesh } = useStore()
  const made = useStore(madeNow)
  const surface = useStore(surfaceNow)
  const triangles = made?.triangles ?? (surface && surface.triangles.length / 3)
  return (
    <p className="file-facts" aria-live="polite">
      {triangles === undefined ? text.mostTriangles(count(mesh.triangles)) : text.hasTriangles(count(triangles))}
      {made && ` · ${megabytes(made.files.reduce((sum, { bytes }) => sum + bytes, 0))}`}
    </p>
  )
}

/** The files, to be dragged to another program where there is a way out of the window. */
function Made({ files, ticket }: MadeFiles) {
  const names = files.map(({ name }) => name).join(', ')
  if (ticket === undefined || !host.outside) return null
  const drag = (event: DragEvent) => {
    event.preventDefault()
    actions.drag(ticket)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dragged by the pointer is saved with the button below
    <div className="made" draggable title={text.dragHelp} onDragStart={drag}>
      <Icon name="drag" />
      <span>{names}</span>
      <small className="quiet">{text.drag}</small>
    </div>
  )
}

function Saved() {
  const { saved } = useStore()
  if (!saved || !host.outside) return null
  return (
    <p className="saved">
      <span>{text.saved(saved.name)}</span>
      <button type="button" className="link" onClick={() => actions.reveal(saved.ticket)}>
        {text.reveal}
      </button>
    </p>
  )
}

function Picture() {
  const state = useStore()
  const { mode, busy, volume, look, pictureSize, film } = state
  const disabled = busy !== undefined
  const [missing, setMissing] = useState<readonly Film[]>([])
  useEffect(() => {
    videoFilms().then((able) => setMissing(filmKinds.filter((kind) => !able.includes(kind))))
  }, [])
  /** What is behind a picture that is saved: nothing, where the stage has none. */
  const paper = () => (look.backdrop === 'clear' ? undefined : (backdropColour(look) ?? PAPER))
  const savePicture = () => {
    const { current } = stage
    if (!current) return
    const label = current.label()
    const finer = isEnhanced(state) ? () => actions.view(label) : undefined
    const volumePicture = () => stagePicture(current.painter, current.camera(), pictureSize, paper(), finer)
    actions.savePicture(label, () => withSurface((pen) => surfacePng(pen, current.camera())) ?? volumePicture())
  }
  const surfacePng = (pen: SurfacePen, camera: PerspectiveCamera) =>
    pngOn(pen.draw(camera, pictureSize).getContext('2d')!, paper())
  /** Does `work` with the surface, where that is what is shown. */
  const withSurface = <T,>(work: (pen: SurfacePen) => Promise<T>): Promise<T> | undefined => {
    const pen = mode === 'surface' ? surfacePen.current?.() : undefined
    return pen && work(pen).finally(() => pen.close())
  }
  const saveFilm = () => {
    const { current } = stage
    if (!current || !volume) return
    const { radius } = volume.decoder
    const draw = <T,>(work: (pen: Pen) => Promise<T>): Promise<T> =>
      withSurface((pen) => work({ ...pen, size: FILM_SIZE })) ?? volumePen(current.painter, radius).then(work)
    const turn = (progress: Turn['progress']) => ({ radius, paper: paper(), progress })
    if (film === 'gif' || film === 'webp') {
      actions.saveLoop(film, (progress) => draw((pen) => turntableFrames(pen, turn(progress))))
    } else actions.saveVideo(film, (progress) => draw((pen) => turntableVideo(pen, film, turn(progress))))
  }
  return (
    <>
      <h3>{text.pictures}</h3>
      <div className="pair">
        <ChoiceField
          label={text.pictureSize}
          value={pictureSize}
          options={PICTURE_SIZES.map((size) => [size, text.pixels(size)])}
          onChange={actions.setPictureSize}
        />
        <label className="field">
          <span>{text.film}</span>
          <select value={film} onChange={({ target }) => actions.setFilm(target.value as Film)}>
            {films.map((name) => (
              <option key={name} value={name} disabled={missing.includes(name)}>
                {missing.includes(name) ? text.noEncoder(text.films[name]) : text.films[name]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={disabled} onClick={savePicture}>
          {text.picture}
        </button>
        <button type="button" disabled={disabled} onClick={saveFilm}>
          {text.video}
        </button>
      </div>
    </>
  )
}
