/**
 * What a term of the loss is, by what it speaks of: the picture from a photo's camera, other views, the planes that a
 * stage bends, the code. Each term is a file of this folder and a line in `terms.ts`.
 */
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import type { Generator, View, ViewGradient, ViewOptions, Weights } from '../../generator/generator.ts'
import type { Planes, ResidentPlanes } from '../../generator/plane-layout.ts'
import type { PlanesSum } from '../../generator/planes-sum.ts'
import type { RenderOptions } from '../../generator/renderer.ts'
import type { ResidentGradient, ResidentRendering } from '../../generator/resident-rendering.ts'
import type { Tensor } from '../../graph/index.ts'
import type { RaySelection } from '../ray-selection.ts'
import type { Phase } from '../schedule.ts'

/** What a loss may move of a head. */
export type Aim = 'head' | 'outline' | 'colour'

/** A scalar loss of a view with its parts, and its gradient. */
export interface Judgement {
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
  readonly gradient: ViewGradient
}

/** What a view is asked for. */
export interface Objective {
  judge(view: View): Promise<Judgement>
  /** The same where the view lies in GPU memory, and so does its gradient. Of one that needs none of it here. */
  readonly resident?: ResidentObjective
}

/** A loss with its parts, of a rendering in GPU memory, and its gradient there. */
export interface ResidentJudgement {
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
  readonly gradient: ResidentGradient
  /** Of the super-resolution's code, where it was asked for and there is any. */
  readonly w?: Float32Array
}

export interface ResidentObjective {
  /** Whether it looks at the rendering itself. */
  readonly plain: boolean
  /** @param ws what the super-resolution takes */
  judge(rendering: ResidentRendering, ws: Float32Array, wantsW: boolean): Promise<ResidentJudgement>
}

/** A view as a step takes it, and what it is asked for. */
export interface PosedView {
  /** Its camera, 25 numbers. */
  readonly label: Float32Array
  readonly objective: Objective
  readonly rendering: ViewOptions
  /** How much it counts; photos: 1 by their number. */
  readonly weight: number
}

/** The picture from a photo's camera and the photo, as tensors. R is the picture's side, n the rendering's, in rays. */
export interface PictureTensors {
  /** [1, 3, R, R] in -1..1. */
  readonly image: Tensor
  readonly target: Tensor
  /** [1, 1, R, R]: how much a pixel counts, and how much of it the photo shows. */
  readonly mask: Tensor
  readonly shown: Tensor
  /** The rendering before a super-resolution, where one makes the picture: [1, 3, n, n] and [1, 1, n, n]. */
  readonly small?: { readonly image: Tensor; readonly target: Tensor; readonly mask: Tensor }
  /** [1, 1, n, n]: of the head, of the person in the photo, and how much of a pixel the photo shows. */
  readonly opacity: Tensor
  /** [1, 1, n, n]: lengths of the rendering's rays, world units. */
  readonly depth: Tensor
  readonly matte: Tensor
  readonly known: Tensor
  /** Whether the background counts too: it is white. */
  readonly whole: boolean
  readonly faceRes: Weights
}

/** A term of the picture from a photo's camera. */
export interface PictureTerm {
  /**
   * How much it counts; 0: it is only reported.
   * @param white whether the generator paints on white
   */
  weight(aim: Aim, white: boolean): number
  /** A scalar; its gradient is derived. */
  describe(tensors: PictureTensors): Tensor
  /** What it needs of the portrait, found once: `describe` takes it as inputs of these names. Null: it has nothing to say. */
  ofPortrait?(portrait: MattedPortrait, resolution: number, aim: Aim): Readonly<Record<string, Float32Array>> | null
  /** What it needs to know of the photo, found once: `describe` takes it as inputs of these names. */
  ofTarget?(target: Tensor, faceRes: Weights): Readonly<Record<string, Tensor>>
}

/** The stages that bend planes. */
export type PlanesPhase = 'shape' | 'detail'
/** Those that find the code. */
export type CodePhase = Exclude<Phase, PlanesPhase>

/** One that bends planes knows those before it. */
export type Stage =
  | { readonly phase: CodePhase; readonly pivot: null }
  | { readonly phase: PlanesPhase; readonly pivot: Planes }

/** Where a stage begins. */
export type StageStart = Stage & {
  readonly generator: Generator
  readonly aim: Aim
  /** In the head's light, with the cameras that the code was found with; before it is, with those of their landmarks. */
  readonly photos: readonly PosedPortrait[]
  /** Side of the stage's renderings, in rays. */
  readonly resolution: number
  /**
   * How a step looks, at the rendering itself.
   * @param photo, stream apart for each view, for what is drawn at random
   */
  rendering(step: number, photo: number, stream: number, rays: RaySelection | Uint32Array): ViewOptions
}

/** The views of a step. */
export type ViewsOf = (step: number) => PosedView[]

/** A term of views from elsewhere. */
export interface ViewTerm {
  /** @returns null where it has nothing to say */
  begin(start: StageStart): Promise<ViewsOf | null>
}

/** A camera to hold the head to its pivot from, and the pixels to look at. */
export interface Probe {
  readonly label: Float32Array
  readonly rendering: RenderOptions
}

/** A step of a stage that bends planes. */
export interface PlanesStep {
  readonly generator: Generator
  /** The planes before the stage, and as they are now. */
  readonly pivot: Planes
  readonly planes: Planes | ResidentPlanes
  /** What the stage has added: [slices][resolution][resolution][channels], in units of the stage. */
  readonly added: { readonly resolution: number; readonly data: Float32Array | Float64Array }
  readonly probe: Probe
}

/** A term of the planes that a stage bends, or of what it adds to them. */
export interface PlanesTerm {
  /**
   * Adds its gradient, of the planes or of what was added; that of the planes may lie in no array yet, so who speaks of what
   * was added asks for it last.
   * @returns its value
   */
  add(step: PlanesStep, planes: PlanesSum, added: () => Float32Array | Float64Array): number | Promise<number>
  /**
   * The same as a scalar, for where what was added lies in GPU memory; its gradient is derived. Of a term that speaks of
   * nothing else.
   * @param added [slices, resolution, resolution, channels], in units of the stage
   */
  describe?(added: Tensor): Tensor
}

/** Values by term. */
export async function addPlanesTerms(
  terms: Readonly<Record<string, PlanesTerm>>,
  step: PlanesStep,
  planes: PlanesSum,
  added: () => Float32Array | Float64Array,
): Promise<Record<string, number>> {
  const values: Record<string, number> = {}
  for (const [name, term] of Object.entries(terms)) values[name] = await term.add(step, planes, added)
  return values
}

/**
 * Adds the gradient of a term of the code.
 * @param ws, gradient [layers * w_dim]
 * @returns its value
 */
export type AddOfCode = (ws: Float32Array, gradient: Float32Array) => number

/** A term of the code. */
export interface CodeTerm {
  /** Measures what it needs of the generator. */
  begin(generator: Generator): Promise<AddOfCode>
}

export async function beginCodeTerms(
  terms: Readonly<Record<string, CodeTerm>>,
  generator: Generator,
): Promise<Record<string, AddOfCode>> {
  const begun: Record<string, AddOfCode> = {}
  for (const [name, term] of Object.entries(terms)) begun[name] = await term.begin(generator)
  return begun
}
