/** Looking at a head: as what, with which light, and its surface. */
import type { BlobId, SurfaceState } from '../../src-main/session/api.ts'
import { keepLook, type StageLook } from '../stage/look.ts'
import { attempt, engine, host } from './line.ts'
import { get, type Mode, type State, type SurfaceData, type SurfaceStyle, set, type Turning } from './state.ts'

/** The head as it is shown. */
const headKey = ({ project, volume }: State) => `${project?.id}/${volume?.version}`

/** What a surface is made from. */
export function surfaceKey(): string {
  const state = get()
  const { resolution, triangles, even } = state.mesh
  return `${headKey(state)}/${resolution}/${triangles}/${even}`
}

/** The surface that is at hand, where it is the one that is wanted. */
export const surfaceNow = ({ surface }: State): SurfaceData | undefined =>
  surface?.key === surfaceKey() ? surface : undefined

/** The generator's final picture shows more than the rendering a volume is drawn with. */
const SHARPER = 256

/** Whether the engine's own view of the head is the finer one. */
export const isEnhanced = ({ hello, project }: State): boolean =>
  (hello?.generators.find(({ id }) => id === project?.generator)?.resolution ?? 0) >= SHARPER

const whole = (bytes: Uint8Array) => bytes.slice().buffer as ArrayBuffer

/**
 * Fetches the surface of the head as it is now, where it is not there yet: where nothing of that head is, a coarse one
 * first, and no other while it forms. Then what it is painted with.
 */
async function loadSurface(): Promise<void> {
  const { project, volume, mesh, surface, surfacing } = get()
  const key = surfaceKey()
  const head = headKey(get())
  // Before its planes are here nobody knows which head it would be of.
  if (!project?.head || !volume || surfacing !== undefined) return
  if (surface?.key === key) return loadTexture()
  set({ surfacing: 0 })
  await attempt(async () => {
    const { id } = project
    const draft = surface?.head === head ? undefined : await engine.draft({ project: id, ...mesh })
    if (draft) await take(id, draft, { head, key: `${head}/draft` })
    if (isForming() || surfaceKey() !== key) return
    await take(id, await engine.surface({ project: id, ...mesh }), { head, key })
  })
  set({ surfacing: undefined })
  if (isForming() || get().mode !== 'surface') return
  // Something else may have been asked for meanwhile.
  if (surfaceKey() === key) await loadTexture()
  else await loadSurface()
}

/** While the head forms, each surface would be an old one at once. */
const isForming = () => get().project?.job.state === 'running'

/** Brings a surface here, and on the stage. */
async function take(id: string, state: SurfaceState, of: Pick<SurfaceData, 'head' | 'key'>): Promise<void> {
  const blobs = [state.positions, state.normals, state.colours, state.triangles]
  if (state.evidence) blobs.push(state.evidence)
  const [positions, normals, colours, triangles, evidence] = await Promise.all(blobs.map((blob) => host.get(blob)))
  if (get().project?.id !== id) return
  set({
    surface: {
      positions: new Float32Array(whole(positions)),
      normals: new Float32Array(whole(normals)),
      colours,
      triangles: new Uint32Array(whole(triangles)),
      evidence,
      ...of,
    },
  })
}

async function loadTexture(): Promise<void> {
  const { project, mesh, surface, painting } = get()
  if (!project || surface?.key !== surfaceKey() || surface.texture || painting || isForming()) return
  set({ painting: true })
  await attempt(async () => {
    const state = await engine.texture({ project: project.id, ...mesh })
    const [corners, uvs, tangents] = await Promise.all(
      [state.corners, state.uvs, state.tangents].map(async (blob) => whole(await host.get(blob))),
    )
    const [colours, normals] = await Promise.all([state.colours, state.normals].map(bitmap))
    const texture = {
      corners: new Uint32Array(corners),
      uvs: new Float32Array(uvs),
      tangents: new Float32Array(tangents),
      colours,
      normals,
    }
    const now = get().surface
    if (now?.key === surface.key) set({ surface: { ...now, texture } })
  })
  set({ painting: false })
  if (get().mode === 'surface' && get().surface?.key !== surface.key) await loadTexture()
}

/** A picture as textures want it: rows from the bottom, colours as they are. */
async function bitmap(blob: BlobId): Promise<ImageBitmap> {
  const options = { imageOrientation: 'flipY', premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const
  return createImageBitmap(new Blob([await host.get(blob)]), options)
}

/**
 * Shows the surface with the photos on it once the engine has made it: nothing shows the person better. Whoever has said
 * meanwhile as what the head is to be shown keeps that.
 */
export async function showPainted(): Promise<void> {
  const isWanted = () => {
    const { mode, isModeChosen, formed, volume } = get()
    return mode === 'volume' && !isModeChosen && !formed && volume !== undefined && !isForming()
  }
  const { project, mesh } = get()
  if (!project?.head || project.photos.length === 0 || !isWanted()) return
  const key = surfaceKey()
  const texture = await attempt(() => engine.texture({ project: project.id, ...mesh }))
  if (!texture || get().project?.id !== project.id || !isWanted()) return
  // The head's last planes may have come meanwhile, or another fineness be asked for.
  if (surfaceKey() === key) set({ mode: 'surface' })
  else await showPainted()
}

export const lookingActions = {
  setMode: (mode: Mode) => set({ mode, isModeChosen: true, ...(mode === 'surface' && { formed: undefined }) }),
  setSurfaceStyle: (surfaceStyle: SurfaceStyle) => set({ surfaceStyle }),
  setTurntable: (turntable: Turning) => set({ turntable }),
  setMesh: (change: Partial<State['mesh']>) => set(({ mesh }) => ({ mesh: { ...mesh, ...change } })),

  setLook(change: Partial<StageLook>): void {
    const look = { ...get().look, ...change }
    set({ look })
    keepLook(look)
  },

  loadSurface,

  /** The engine's own view from a camera, rows from the bottom. */
  async view(camera: number[]): Promise<ImageBitmap | undefined> {
    const { project } = get()
    if (!project?.head) return undefined
    const { picture } = await engine.view({ project: project.id, camera })
    return bitmap(picture)
  },
}
