/** What the window knows, and what it knows at first. What it can do is in the files beside, a subject each. */
import { create } from 'zustand'
import type { Edit } from '../../src-main/engine/head/edit.ts'
import type {
  FileOption,
  FormatName,
  Hello,
  ModelOut,
  Phase,
  PlanesState,
  PoseCorrection,
  Project,
  ProjectSummary,
  Settings,
} from '../../src-main/session/api.ts'
import type { Message } from '../../src-main/words/message.ts'
import type { HostState } from '../host.ts'
import { recallLook, type StageLook } from '../stage/look.ts'
import { chosenTheme, type Theme } from '../theme.ts'
import { type History, noHistory } from './history.ts'

export type Step = 'photo' | 'form' | 'look'
export type Mode = 'volume' | 'surface' | 'depth'
export const films = ['webm', 'mp4', 'gif', 'webp'] as const
export type Film = (typeof films)[number]
/** `once`: all the way round, and still again. */
export type Turning = 'off' | 'once' | 'on'
export type SurfaceStyle = 'colour' | 'clay' | 'wire' | 'evidence'

/** The planes with their bytes, ready for textures. */
export interface Volume extends Omit<PlanesState, 'shape'> {
  /** Half floats, beginning at a multiple of four bytes. */
  data: Uint16Array
  shape?: { resolution: number; data: Uint16Array }
}

export interface SurfaceData {
  positions: Float32Array
  normals: Float32Array
  colours: Uint8Array
  triangles: Uint32Array
  /** A vertex each, 0 invented to 255 seen; absent for a made-up person. */
  evidence: Uint8Array | undefined
  /** What it is painted with, once that is there. */
  texture?: SurfaceTexture
  /** Which head it is of, and of what it was made altogether. */
  head: string
  key: string
}

/** The pictures on a surface, rows from the bottom, and where in them each corner of a triangle lies. */
export interface SurfaceTexture {
  /** For each corner its entry in the following. */
  corners: Uint32Array
  uvs: Float32Array
  tangents: Float32Array
  colours: ImageBitmap
  normals: ImageBitmap
}

export interface JobProgress {
  step: number
  steps: number
  phase: Phase
  secondsLeft: number | undefined
}

/** A correction of one of the photos. */
export interface Corrected {
  readonly photo: number
  readonly correction: PoseCorrection
}

/** A file that could not be used, and why. */
export interface RefusedFile {
  readonly name: string
  readonly problem: Message
}

/** Values by option. */
export type OptionValues = Partial<Record<FileOption, string | number | boolean>>

/** Model files that were made: they are the same until something else is wanted. */
export interface MadeFiles extends ModelOut {
  readonly key: string
  /** By which they can be dragged, where they are placed or saved. */
  readonly ticket?: number
}

/** What was saved last: its file's name, and by which ticket it can be shown. */
export interface SavedFile {
  readonly name: string
  readonly ticket: number
}

export interface State {
  hostState: HostState
  hello: Hello | undefined
  recent: ProjectSummary[]
  /** Object URLs of thumbnails by project. */
  thumbnails: Record<string, string>
  project: Project | undefined
  step: Step
  /** Object URLs of the project's pictures, by what the engine calls them. */
  pictures: Record<string, string>
  /** Which of the project's photos is shown and put right. */
  photo: number
  /** Photos of which it is to be said whether they show one person. */
  offered: readonly File[]
  refused: readonly RefusedFile[]
  /** The head from the photo's camera while it forms, an object URL, and which head it is. */
  previewUrl: string | undefined
  previewVersion: number | undefined
  progress: JobProgress | undefined
  volume: Volume | undefined
  surface: SurfaceData | undefined
  settings: Settings | undefined
  generator: string
  mode: Mode
  /** Whether somebody said as what the head is to be shown. */
  isModeChosen: boolean
  surfaceStyle: SurfaceStyle
  turntable: Turning
  look: StageLook
  /** Side in pixels of pictures that are saved, and how the turntable is. */
  pictureSize: number
  film: Film
  mesh: { resolution: number; triangles: number; even: boolean }
  /** What a model is saved as, what was made of it, and what was saved. */
  format: FormatName
  /** Of its options, those that are not as usual. */
  choices: OptionValues
  made: MadeFiles | undefined
  saved: SavedFile | undefined
  /** What takes longer than a moment, in words, with a fraction where it is known. */
  busy: { what: string; fraction?: number } | undefined
  problem: Message | undefined
  notice: string | undefined
  /** How far the head's verdict, and the surface that was asked for, are: 0..1, while they are being made. */
  judging: number | undefined
  surfacing: number | undefined
  /** Whether the surface is being painted. */
  painting: boolean
  /** A pose's correction by hand, before the engine has answered with the portrait it makes. */
  corrected: Corrected | undefined
  history: History<Corrected>
  /** The head as it was formed, while it is shown beside the one that is changed. */
  formed: Volume | undefined
  /** What is changed of the head, before the engine has answered, and what was. */
  changed: Edit | undefined
  changes: History<Edit>
  showCamera: boolean
  showLog: boolean
  showPreferences: boolean
  theme: Theme
  /** The engine ended unbidden, and is back: what was kept, in words. */
  crash: string | undefined
  /** Milliseconds from engine to window of the last preview, and from drop to pose; for the log. */
  latency: { preview?: number; pose?: number }
}

export const useStore = create<State>(() => ({
  hostState: 'connecting',
  hello: undefined,
  recent: [],
  thumbnails: {},
  project: undefined,
  step: 'photo',
  pictures: {},
  photo: 0,
  offered: [],
  refused: [],
  previewUrl: undefined,
  previewVersion: undefined,
  progress: undefined,
  volume: undefined,
  surface: undefined,
  settings: undefined,
  generator: 'default',
  mode: 'volume',
  isModeChosen: false,
  surfaceStyle: 'colour',
  turntable: 'off',
  look: recallLook(),
  pictureSize: 1024,
  film: 'webm',
  mesh: { resolution: 192, triangles: 60_000, even: false },
  format: 'glb',
  choices: {},
  made: undefined,
  saved: undefined,
  busy: undefined,
  problem: undefined,
  notice: undefined,
  judging: undefined,
  surfacing: undefined,
  painting: false,
  corrected: undefined,
  history: noHistory(),
  formed: undefined,
  changed: undefined,
  changes: noHistory(),
  showCamera: false,
  showLog: false,
  showPreferences: false,
  theme: chosenTheme(),
  crash: undefined,
  latency: {},
}))

export const set = useStore.setState
export const get = useStore.getState
