/** Taking a head along: as a model, a picture, a film, a project. */
import type { FileOption, FormatName, LoopFormat, Requests } from '../../src-main/session/api.ts'
import { type NamedBlob, safeName } from '../host.ts'
import type { FilmKind } from '../stage/film.ts'
import type { LoopFrames } from '../stage/turntable-video.ts'
import { strings } from '../strings.ts'
import { attempt, engine, host } from './line.ts'
import { surfaceKey } from './looking.ts'
import { type Film, get, type MadeFiles, type OptionValues, type State, set } from './state.ts'

/** What a model is called as long as nobody has said otherwise. */
const named = ({ project }: State) => safeName(project?.name ?? '')

/** What a model's files depend on. */
const keyOf = (state: State, name: string) => JSON.stringify([surfaceKey(), state.format, chosen(state), name])

/** What was chosen of the format's options; what is not named is as usual. */
function chosen({ hello, format, choices }: State): Requests['exportMesh']['choices'] {
  const names = hello?.formats.find(({ name }) => name === format)?.options.map(({ name }) => name) ?? []
  const entries = Object.entries(choices).filter(([name]) => names.includes(name as FileOption))
  return Object.fromEntries(entries) as Requests['exportMesh']['choices']
}

/** The model that was made, where it is still the one that is wanted. */
export const madeNow = (state: State): MadeFiles | undefined =>
  state.made?.key === keyOf(state, named(state)) ? state.made : undefined

/** Has the engine make a model's files, where they are not there yet. */
async function make(name: string): Promise<MadeFiles> {
  const state = get()
  const { project, mesh, format } = state
  const key = keyOf(state, name)
  if (state.made?.key === key) return state.made
  const made = {
    key,
    ...(await engine.exportMesh({ project: project!.id, format, name, choices: chosen(state), ...mesh })),
  }
  set({ made })
  return made
}

type Progress = (fraction: number) => void
const tell: Progress = (fraction) => set(({ busy }) => (busy ? { busy: { ...busy, fraction } } : {}))

interface Work {
  extension: string
  make(name: string): Promise<readonly NamedBlob[]>
}

/** Asks where, has it made, writes it there and says so. @returns its ticket; nothing where it was not saved */
async function save({ extension, make }: Work): Promise<number | undefined> {
  const { project } = get()
  const chosen = project && (await host.choose(project.name, extension))
  if (!chosen) return undefined
  const label = `${chosen.name}.${extension}`
  const isSaved = await attempt(async () => {
    const [first, ...others] = await make(chosen.name)
    await host.save(chosen, [{ ...first, name: label }, ...others])
    return true
  }, strings.save.saving(label))
  if (!isSaved) return undefined
  set({ notice: strings.save.saved(label), saved: { name: label, ticket: chosen.ticket } })
  return chosen.ticket
}

export const savingActions = {
  setPictureSize: (pictureSize: number) => set({ pictureSize }),
  setFilm: (film: Film) => set({ film }),
  setFormat: (format: FormatName) => set({ format }),
  setChoices: (change: OptionValues) => set(({ choices }) => ({ choices: { ...choices, ...change } })),

  async saveModel(extension: string): Promise<void> {
    const ticket = await save({ extension, make: async (name) => (await make(name)).files })
    const { made } = get()
    // What was saved can be dragged from there.
    if (made && ticket !== undefined) set({ made: { ...made, ticket } })
  },

  /** Makes the model's files without saving them: then their size is known, and they can be dragged out. */
  makeModel: () =>
    attempt(async () => {
      const made = await make(named(get()))
      const ticket = await host.outside?.place(made.files)
      set({ made: { ...made, ticket } })
    }, strings.save.making),

  saveProject: () => save({ extension: 'halfturn', make: () => engine.exportProject({ project: get().project!.id }) }),

  savePicture: (camera: number[], render: () => Promise<Uint8Array>) =>
    save({
      extension: 'png',
      make: async () => {
        const picture = await host.put(await render())
        return engine.exportPicture({ project: get().project!.id, camera, picture })
      },
    }),

  saveVideo: (film: FilmKind, encode: (progress: Progress) => Promise<Uint8Array>) =>
    save({
      extension: film,
      make: async (name) => [{ name: `${name}.${film}`, blob: await host.put(await encode(tell)) }],
    }),

  saveLoop: (format: LoopFormat, render: (progress: Progress) => Promise<LoopFrames>) =>
    save({
      extension: format,
      make: async () => {
        const { pixels, ...rest } = await render(tell)
        const frames = await host.put(pixels)
        return engine.exportLoop({ project: get().project!.id, format, frames, ...rest })
      },
    }),

  reveal: (ticket: number) => host.outside?.reveal(ticket),
  drag: (ticket: number) => host.outside?.drag(ticket),
}
