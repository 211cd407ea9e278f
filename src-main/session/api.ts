/**
 * The engine's API: what the window and the engine process say to each other, whatever carries it. Requests are checked
 * by these schemas at the engine's door; answers and events are plain data. Bytes travel apart from messages as blobs,
 * so that each carrier can move them its own best way.
 */

import { z } from 'zod'
import type { Message } from '../engine/errors.ts'
import { LABEL } from '../engine/generator/camera.ts'
import { type LoopFormat, loopFormats } from '../engine/images/pictures.ts'
import { type Phase, type Quality, qualities } from '../engine/inversion/schedule.ts'
import { LIMITS, type Range } from '../engine/limits.ts'
import type { Box } from '../engine/networks/mediapipe.ts'
import type { Verdict } from '../engine/quality/verdicts.ts'
import type { ProviderName } from '../engine/runtime/provider.ts'
import { type FormatName, formatNames } from '../engine/surface/formats/formats.ts'
import { type FileOption, fileChoices } from '../engine/surface/formats/options.ts'
import type { ErrorCode } from '../words/message.ts'
import { type Preferences, preferencesChange } from './preferences.ts'

/** Bytes the engine holds for a window: a photo on its way in, a picture, planes or a file on its way out. */
export type BlobId = string

const blob = z.string().regex(/^[0-9a-f]{32}$/)
const project = z.string().regex(/^[0-9a-f]{16}$/)
const name = z.string().min(1).max(300)
const upload = { file: blob, name }
/** Which one of the project's, from 0. */
const photo = z
  .int()
  .min(0)
  .max(LIMITS.photos.most - 1)
const within = ({ least, most }: Range) => z.number().min(least).max(most)
const whole = ({ least, most }: Range) => z.int().min(least).max(most)
const seed = whole(LIMITS.seed)
const finite = z.number().min(-1e6).max(1e6)
/** Label: cam2world and intrinsics. */
const camera = z.array(finite).length(LABEL)

const settings = z.strictObject({
  steps: whole(LIMITS.steps),
  quality: z.enum(qualities),
  learningRate: within(LIMITS.learningRate),
  seed,
})

/** On top of the automatic pose; lengths in window sides, angles in radians. */
const correction = z.strictObject({
  dx: finite,
  dy: finite,
  scale: z.number().min(0.05).max(20),
  roll: finite,
  yaw: finite,
  pitch: finite,
})

const meshOptions = {
  resolution: whole(LIMITS.meshResolution),
  triangles: whole(LIMITS.triangles),
  even: z.boolean().optional(),
}

/** One schema a method: every method takes one object. */
export const requests = {
  /** What the engine is and runs on. */
  hello: z.strictObject({}),
  /** Changes what is preferred for all heads to come. */
  prefer: preferencesChange,
  recent: z.strictObject({}),
  /** Removes a recent project from this machine. */
  forget: z.strictObject({ project }),
  /** Photos of one person; the project is called after the first. */
  openPhotos: z.strictObject({
    photos: z.array(z.strictObject(upload)).min(LIMITS.photos.least).max(LIMITS.photos.most),
    generator: z.string().max(300),
  }),
  openSample: z.strictObject({ name, generator: z.string().max(300) }),
  /** A `.halfturn` file. */
  openFile: z.strictObject(upload),
  /** A recent project; one that was interrupted while its head was forming goes on. */
  open: z.strictObject({ project }),
  /** A person nobody has photographed; in the place of `project`, where that is such a one as well. */
  random: z.strictObject({
    seed,
    truncation: within(LIMITS.truncation),
    generator: z.string().max(300),
    project: project.optional(),
  }),
  /** A generator file, or an official checkpoint. */
  importGenerator: z.strictObject(upload),
  /** Another photo of the same person. */
  addPhoto: z.strictObject({ project, ...upload }),
  removePhoto: z.strictObject({ project, photo }),
  chooseFace: z.strictObject({ project, photo, face: z.int().min(0).max(99) }),
  adjust: z.strictObject({ project, photo, correction }),
  /** Changes the head along its generator's directions, in the place of what was changed before. */
  edit: z.strictObject({ project, edit: z.record(z.string().max(100), within(LIMITS.edit)) }),
  start: z.strictObject({ project, settings, generator: z.string().max(300) }),
  pause: z.strictObject({ project }),
  resume: z.strictObject({ project }),
  /** Ends the job and keeps the best head so far. */
  cancel: z.strictObject({ project }),
  setSteps: z.strictObject({ project, steps: whole(LIMITS.steps) }),
  /** The head as the volume shader needs it, or as it was before it was changed. */
  planes: z.strictObject({ project, asFormed: z.boolean().optional() }),
  /** A full view of the head. Nobody waits for it: whatever else is asked goes first. */
  view: z.strictObject({ project, camera }),
  surface: z.strictObject({ project, ...meshOptions }),
  /** A coarse surface at once, to be shown until that one is made; nothing where it is at hand. */
  draft: z.strictObject({ project, ...meshOptions }),
  /** What a file of that surface is painted with; takes seconds the first time. */
  texture: z.strictObject({ project, ...meshOptions }),
  /** What is to be thought of a finished head; takes seconds the first time. Nothing for a made-up person. */
  verdict: z.strictObject({ project }),
  exportMesh: z.strictObject({
    project,
    format: z.enum(formatNames),
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\\/:*?"<>|\p{Cc}]+$/u),
    /** The usual where there are none. */
    choices: fileChoices.optional(),
    ...meshOptions,
  }),
  /** A picture the window rendered, or else the engine's view, as a file that says what made it. */
  exportPicture: z.strictObject({ project, camera, picture: blob.optional() }),
  /** Pictures the window rendered, [count, side, side, 4] 8 bits, as a film that begins anew for ever. */
  exportLoop: z.strictObject({
    project,
    frames: blob,
    side: whole(LIMITS.loopSide),
    milliseconds: z.int().min(20).max(1000),
    format: z.enum(loopFormats),
  }),
  exportProject: z.strictObject({ project }),
  log: z.strictObject({}),
} as const

export type Method = keyof typeof requests
export type Requests = { [M in Method]: z.output<(typeof requests)[M]> }
export type Settings = z.output<typeof settings>
export type { FileOption, FormatName, LoopFormat, Phase, Preferences }
export type PoseCorrection = z.output<typeof correction>

export interface Hello {
  version: string
  provider: ProviderName
  /** Why this provider. */
  reason: Message
  generators: GeneratorSummary[]
  defaults: Settings
  /** What a head can be saved as. */
  formats: { name: FormatName; label: string; extension: string; options: readonly OptionState[] }[]
  /** Steps each quality is made for. */
  qualitySteps: Record<Quality, number>
  preferences: Preferences
  /** Where projects and imported generators are kept. */
  folder: string
  /** Why nothing can be saved by this engine; absent where it can. */
  unsaved?: Unsaved
  /** The folder that was chosen for heads, where it is not there: then they are in `folder`. */
  missing?: string
}

/** Why work is not saved at the moment. It goes on in memory, and saving is tried again. */
export type Unsaved = Message<Extract<ErrorCode, `unsaved-${string}`>>

export interface GeneratorSummary {
  /** What requests call it. */
  id: string
  name: string
  licence: string
  /** Side of its final picture. */
  resolution: number
  /** What it can change of a head. */
  traits: string[]
}

export interface ProjectSummary {
  id: string
  name: string
  /** Milliseconds since 1970. */
  saved: number
  thumbnail?: BlobId
  state: JobState
  /** Whether the engine has it open, for this window or another. */
  open: boolean
}

/** `interrupted`: the engine or the app ended in the middle; opening the project goes on. */
export type JobState = 'none' | 'running' | 'paused' | 'done' | 'interrupted' | 'failed'

export interface JobView {
  state: JobState
  step: number
  steps: number
}

/** What may be chosen of a format's files. */
export type OptionState = { name: FileOption } & (
  | { kind: 'choice'; choices: readonly string[]; usual: string }
  | { kind: 'millimetres'; range: Range; usual: number }
  | { kind: 'switch'; usual: boolean }
  | { kind: 'text'; most: number; usual: string }
)

/** A project as the window needs to know it. */
export interface Project {
  id: string
  name: string
  generator: string
  /** None where the person is made up. */
  photos: PhotoState[]
  settings: Settings
  job: JobView
  /** How alike head and photo were after every step so far, 0 to 1. */
  likeness: number[]
  /** Whether there is a head to look at. */
  head: boolean
  /** What was changed of the head: strengths by trait. What is thought of it is of it as it was formed. */
  edit?: Readonly<Record<string, number>>
  /** Seed and truncation of a made-up person. */
  random?: { seed: number; truncation: number }
  /** Of the finished head, where it has been judged. */
  verdict?: VerdictState
  /** Why it is not on disk as it is; absent where it is. */
  unsaved?: Unsaved
  /** Why the head it had cannot be shown. */
  problem?: Message
}

export interface PhotoState {
  name: string
  /** What faces and windows are measured in; the picture shown may be smaller. */
  width: number
  height: number
  picture: BlobId
  faces: Box[]
  portrait: PortraitState
}

export interface VerdictState {
  verdict: Verdict
  reason: Message
}

export interface PortraitState {
  face: number
  /** The crop's square in the photo, turned by roll. */
  centre: [number, number]
  side: number
  roll: number
  yaw: number
  pitch: number
  /** Camera label, 25 numbers. */
  camera: number[]
  correction: PoseCorrection
  warnings: Message[]
  crop: BlobId
}

/** The volume shader's data: planes as half floats, laid out as in generator/plane-layout.ts, and the small decoder behind them. */
export interface PlanesState {
  /** Grows with every change of the head. */
  version: number
  /** Of the photo, as the head has it; from the front for a made-up person. 25 numbers. */
  camera: number[]
  planes: BlobId
  resolution: number
  channels: number
  /** Of each plane, along its normal. */
  layers: readonly [number, number, number]
  /** The planes that density comes from, where `planes` are of colour alone. */
  shape?: { planes: BlobId; resolution: number }
  decoder: DecoderState
}

export interface DecoderState {
  hidden: number
  /** [hidden][channels] and [hidden]: gains applied. */
  weight0: Float32Array
  bias0: Float32Array
  /** [4][hidden] and [4]: density, red, green, blue. */
  weight1: Float32Array
  bias1: Float32Array
  /** [27]: three rows a plane, world to -1..1: across it, down it, along its normal. */
  projection: number[]
  box: number
  /** The part of the box that its surface is taken from: corners, world units. */
  bounds: { low: [number, number, number]; high: [number, number, number] }
  near: number
  far: number
  white: boolean
  /** The camera orbit's distance and the point looked at. */
  radius: number
  pivot: [number, number, number]
}

interface ViewState {
  picture: BlobId
  size: number
  milliseconds: number
}

export interface SurfaceState {
  positions: BlobId
  normals: BlobId
  /** 8 bits a channel, sRGB. */
  colours: BlobId
  triangles: BlobId
  /** 8 bits a vertex: 0 invented, 255 seen by the photo. Absent for a made-up person. */
  evidence?: BlobId
  vertexCount: number
  triangleCount: number
}

/** The pictures on a surface, and where in them each corner of its triangles lies; see `Texture`. */
interface TextureState {
  /** For each corner of each triangle its entry in the following, 32 bits. */
  corners: BlobId
  /** [n, 2], v up. */
  uvs: BlobId
  /** [n, 4]. */
  tangents: BlobId
  /** JPEGs: base colours, and directions in tangent space. */
  colours: BlobId
  normals: BlobId
}

export interface FileOut {
  name: string
  blob: BlobId
  bytes: number
}

/** A model's files, the main one first. */
export interface ModelOut {
  files: FileOut[]
  /** Of the surface that was written. */
  triangles: number
  /** What is to be known of them. */
  notes: Message[]
}

// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type, in the table below
type Nothing = void

interface Responses {
  hello: Hello
  prefer: Preferences
  recent: ProjectSummary[]
  forget: Nothing
  openPhotos: Project
  openSample: Project
  openFile: Project
  open: Project
  random: Project
  importGenerator: GeneratorSummary
  addPhoto: Project
  removePhoto: Project
  chooseFace: Project
  adjust: PortraitState
  edit: PlanesState
  start: Project
  pause: Nothing
  resume: Nothing
  cancel: Nothing
  setSteps: Nothing
  planes: PlanesState
  view: ViewState
  surface: SurfaceState
  draft: SurfaceState | undefined
  texture: TextureState
  verdict: VerdictState | undefined
  exportMesh: ModelOut
  exportPicture: FileOut[]
  exportLoop: FileOut[]
  exportProject: FileOut[]
  log: string
}

export type EngineApi = { [M in Method]: (request: Requests[M]) => Promise<Responses[M]> }

/** What the engine tells the windows that have the project open; without a project, all of them. */
export type EngineEvent = ProjectEvent | { project?: undefined; type: 'storage'; unsaved?: Unsaved }

export type ProjectEvent = { project: string } & (
  | {
      type: 'progress'
      step: number
      steps: number
      phase: Phase
      /** 0 to 1. */
      likeness: number
      /** Until the head is formed, its surface made and judged. Nothing where no step tells yet. */
      secondsLeft?: number
    }
  | { type: 'preview'; step: number; picture: Uint8Array; planes: PlanesState; sent: number }
  | { type: 'job'; job: JobView; problem?: Message }
  | { type: 'saving'; unsaved?: Unsaved }
  | { type: 'task'; task: 'surface' | 'export' | 'verdict'; fraction: number }
)

/** What crosses the carrier for a call: errors travel as messages, because not every carrier keeps their class. */
export type Reply<T> = { value: T } | { failure: Message }
