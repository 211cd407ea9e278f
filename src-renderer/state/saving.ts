/** Taking a head along: as a model, a picture, a film, a project. */
import type { FormatName } from '../../src-main/session/api.ts'
import { strings } from '../strings.ts'
import { attempt, engine, host } from './line.ts'
import { type Film, get, set } from './state.ts'

/** Asks where, has it made, writes it there and says so. */
async function save(
  extension: string,
  make: (name: string) => Promise<{ name: string; blob: string }[]>,
): Promise<void> {
  const { project } = get()
  if (!project) return
  const chosen = await host.choose(project.name, extension)
  if (!chosen) return
  const label = `${chosen.name}.${extension}`
  const saved = await attempt(async () => {
    const files = await make(chosen.name)
    const [first, ...others] = files
    await host.save(chosen, [{ ...first, name: label }, ...others])
    return true
  }, strings.save.saving(label))
  if (saved) set({ notice: strings.save.saved(label) })
}

export const savingActions = {
  setPictureSize: (pictureSize: number) => set({ pictureSize }),
  setFilm: (film: Film) => set({ film }),

  saveMesh: (format: FormatName, extension: string) => {
    const { project, mesh } = get()
    return save(extension, async (name) => engine.exportMesh({ project: project!.id, format, name, ...mesh }))
  },

  saveProject: () => save('halfturn', async () => engine.exportProject({ project: get().project!.id })),

  savePicture: (camera: number[], render: () => Promise<Uint8Array>) =>
    save('png', async () => {
      const picture = await host.put(await render())
      return engine.exportPicture({ project: get().project!.id, camera, picture })
    }),

  saveVideo: (film: Film, encode: (progress: (fraction: number) => void) => Promise<Uint8Array>) =>
    save(film, async (name) => {
      const bytes = await encode((fraction) => set(({ busy }) => (busy ? { busy: { ...busy, fraction } } : {})))
      return [{ name: `${name}.${film}`, blob: await host.put(bytes) }]
    }),
}
