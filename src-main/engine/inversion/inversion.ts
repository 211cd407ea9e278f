/**
 * A job: from photos of one person to a head, one step at a time. The caller drives it, so to pause is not to call; everything it
 * needs to go on is in its checkpoint, and what it draws at random depends on the seed and the step alone, so that a job
 * that was interrupted ends in the same bits as one that was not.
 */

import type { Text } from '../errors.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { View } from '../generator/generator.ts'
import { layoutOf, type Planes } from '../generator/plane-layout.ts'
import type { Head } from '../head/head.ts'
import { uniform } from '../random.ts'
import { moveCamera } from './camera-fit.ts'
import { DetailStage, DetailState } from './detail.ts'
import { DeviceStage } from './device-stage.ts'
import { startingCode } from './encoder.ts'
import { type Best, readCheckpoint, writeCheckpoint } from './inversion-checkpoint.ts'
import type { InversionContext } from './inversion-context.ts'
import type { InversionSettings } from './inversion-settings.ts'
import { LatentStage, LatentState, type LatentStep, parametersOf } from './latent.ts'
import { PhotoViews } from './photo-views.ts'
import { type Phase, type Plan, phaseAt, phases, plans, rateAt, stepsWhen } from './schedule.ts'
import { ShapeStage, ShapeState } from './shape-stage.ts'
import {
  type AddOfCode,
  beginCodeTerms,
  type CodePhase,
  type PlanesPhase,
  type PosedView,
  type Probe,
  type ViewsOf,
} from './terms/term.ts'
import { DEFAULT_TERMS, type Terms } from './terms/terms.ts'

export interface Progress {
  /** Steps done, of how many. */
  readonly step: number
  readonly steps: number
  readonly phase: Phase
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
}

const CAMERA = { rate: 0.05, prior: 1e-3 }
/**
 * The detail leaves shape alone, so what its fixed views see of it is found once for each of so many draws of samples, and
 * the draws take turns.
 */
const DRAWS = 4
/**
 * Novel views to hold the head from: yaw and pitch at most, and how they are looked at. All the way round, because what
 * a plane holds for the face it holds for the back of the head too.
 */
const PROBE = { yaw: Math.PI, pitch: 0.4, resolution: 64, pixels: 768, coarse: 20, fine: 12 }
/** So many of them take turns, for what they show of the pivot is found once for each. */
const PROBES = 24
export class Inversion {
  readonly settings: InversionSettings
  readonly portraits: readonly PosedPortrait[]
  private readonly context: InversionContext
  private readonly plan: Plan
  private readonly latent: LatentState
  private readonly views: PhotoViews
  /** Measured when the latent stage first needs it. */
  private termsOfCode: Promise<Record<string, AddOfCode>> | undefined
  /** What the terms look at beside the photos: found when the stage begins. */
  private termViews: Promise<ViewsOf> | undefined
  private shape: ShapeState | null = null
  private shapeStage: ShapeStage | null = null
  private detail: DetailState | null = null
  private detailStage: DetailStage | null = null
  /** Does their work where planes are kept in GPU memory: of the phase that bends them. */
  private device: DeviceStage | null = null
  /** What has been brought from there since the last step. */
  private settled: 'nothing' | 'head' | 'checkpoint' = 'checkpoint'
  /** How the detail stage looks, by draw. */
  private readonly fixedViews: PosedView[][] = []
  /** Of the phase, in their order. */
  private probes: Probe[] = []
  private best: Best | null = null
  private phase: Phase = 'code'
  private stepsDone = 0
  private stepsWanted: number
  private lastView: View | null = null

  private constructor(
    context: InversionContext,
    portraits: readonly PosedPortrait[],
    settings: InversionSettings,
    latent: LatentState,
  ) {
    this.context = context
    this.portraits = portraits
    this.settings = settings
    this.plan = plans[settings.quality]
    this.views = new PhotoViews(context, this.terms, portraits, this.plan, settings.seed)
    this.stepsWanted = settings.steps ?? this.plan.steps
    this.latent = latent
  }

  /** @param portraits one to five photos of one person; the first, best seen from the front, gives the start and the light */
  static async start(
    context: InversionContext,
    portraits: readonly PosedPortrait[],
    settings: InversionSettings,
  ): Promise<Inversion> {
    const { generator, extras } = context
    const [{ portrait }] = portraits
    const ws = await startingCode(generator, extras, portrait)
    const inversion = new Inversion(context, portraits, settings, new LatentState(ws, portraits.length))
    await inversion.matchLight()
    return inversion
  }

  private get terms(): Terms {
    return this.context.terms ?? DEFAULT_TERMS
  }

  /** The photos with their cameras as the best head has them. */
  get photos(): PosedPortrait[] {
    const { cameras } = this
    return this.portraits.map(({ portrait }, i) => ({ portrait, label: cameras[i] }))
  }

  /** What makes the same head again. */
  get choices(): Required<InversionSettings> {
    const { quality, learningRate, seed } = this.settings
    return { quality, steps: this.stepsWanted, learningRate, seed }
  }

  get progress(): { step: number; steps: number; phase: Phase; done: boolean } {
    return {
      step: this.stepsDone,
      steps: this.stepsWanted,
      phase: this.phase,
      done: this.stepsDone >= this.stepsWanted,
    }
  }

  /** May be changed while the job runs; what is done stays done. */
  set steps(count: number) {
    this.stepsWanted = Math.max(count, this.stepsDone)
  }

  /**
   * Brings what is in GPU memory alone to main memory: what the head takes, or all that a checkpoint takes. To be awaited
   * before either, after any step; not while one is made.
   */
  async settle(what: 'head' | 'checkpoint'): Promise<void> {
    const { device, best, settled } = this
    if (!device || settled === 'checkpoint' || settled === what) return
    if (best && settled === 'nothing') {
      const found = await device.readBest()
      if (found) best[this.phase as PlanesPhase] = found
    }
    if (what === 'checkpoint') await device.fillState()
    this.settled = what
  }

  private requireSettled(what: 'head' | 'checkpoint'): void {
    if (this.settled === 'checkpoint' || this.settled === what) return
    throw new Error(`Inversion.${what}: it is in GPU memory; await settle('${what}') before`)
  }

  /** The best found so far. Valid at any time, from before the first step on, once `settle` has brought it. */
  get head(): Head {
    this.requireSettled('head')
    const { best, latent, shape, detail } = this
    const bent = this.phase === 'shape' ? best?.shape : shape?.residual.data
    const data = best ? best.detail : null
    return {
      ws: (best?.ws ?? latent.ws).slice(),
      label: this.cameras[0],
      ...(bent && shape && { shape: { resolution: shape.residual.resolution, data: bent.slice() } }),
      ...(data && detail && { detail: { resolution: detail.detail.resolution, data: data.slice() } }),
    }
  }

  /** The photos' cameras as the best head has them. */
  get cameras(): Float32Array[] {
    return this.camerasOf(this.best?.cameras ?? this.latent.cameras)
  }

  /** What the last step saw of the first photo: the picture of the state before it. Null before the first step, and where it is in GPU memory alone. */
  get view(): View | null {
    return this.lastView
  }

  /** One optimiser step. */
  async step(): Promise<Progress> {
    const { plan, stepsDone: step, stepsWanted: steps, settings } = this
    const phase = later(this.phase, phaseAt(plan, step, steps))
    if (phase !== this.phase) await this.enter(phase)
    const rate = rateAt(plan, phase, settings.learningRate, step, steps)
    const before = { ws: this.latent.ws.slice(), cameras: this.latent.cameras.slice() }
    // What is in GPU memory is kept there.
    const added = this.device ? undefined : { shape: this.shape?.residual.data, detail: this.detail?.detail.data }
    const shapeBefore = phase === 'shape' ? (added?.shape?.slice() ?? null) : null
    const detailBefore = phase === 'detail' ? (added?.detail?.slice() ?? null) : null
    const result =
      phase === 'detail'
        ? await this.detailStep(step, rate)
        : phase === 'shape'
          ? await this.shapeStep(step, rate)
          : await this.latentStep(phase, step, rate)
    if (!this.best || result.loss < this.best.loss) {
      this.best = { loss: result.loss, ...before, shape: shapeBefore, detail: detailBefore }
      this.device?.keep()
    }
    if (this.device) this.settled = 'nothing'
    this.lastView = result.view
    this.stepsDone++
    if (phase === 'detail') {
      this.stepsWanted = stepsWhen(plan, this.stepsWanted, this.stepsDone, result.terms.perceptual)
    }
    return { step: this.stepsDone, steps: this.stepsWanted, phase, loss: result.loss, terms: result.terms }
  }

  /**
   * Everything needed to go on, as chunks of a safetensors file.
   * @param generator digest of the generator's file, so that no other one is taken for it
   * @param notes what the caller wants to find in the file's metadata
   */
  checkpoint(generator: string, notes: Record<string, string> = {}): Uint8Array[] {
    this.requireSettled('checkpoint')
    const { settings, phase, stepsDone: step, stepsWanted: steps, portraits, latent, shape, detail, best, views } = this
    const state = { settings, phase, step, steps, portraits, gains: views.gains, latent, shape, detail, best }
    return writeCheckpoint(state, generator, notes)
  }

  /**
   * Goes on from a checkpoint, with the generator it was made with.
   * @param name of the file, for messages
   * @param generator digest of the generator's file
   * @throws UserError when the file is damaged or was made with another generator
   */
  static async resume(context: InversionContext, file: Uint8Array, name: Text, generator: string): Promise<Inversion> {
    const state = readCheckpoint(file, name, context.generator, generator)
    const inversion = new Inversion(context, state.portraits, state.settings, state.latent)
    inversion.views.gains.set(state.gains)
    inversion.stepsDone = state.step
    inversion.stepsWanted = state.steps
    inversion.phase = state.phase
    inversion.shape = state.shape
    inversion.detail = state.detail
    inversion.best = state.best
    return inversion
  }

  private async enter(phase: Phase): Promise<void> {
    await this.settle('checkpoint')
    this.device = null
    this.phase = phase
    this.termViews = undefined
    this.probes = []
    if (phase === 'shape') this.shape = new ShapeState(this.context.generator.config)
    if (phase === 'layers') this.latent.shared = false
    if ((phase === 'shape' || phase === 'detail') && this.best) {
      // The pivot is the best code found, the cameras that went with it, and then the best shape.
      this.latent.ws.set(this.best.ws)
      this.latent.cameras.set(this.best.cameras)
      if (this.best.shape) this.shape?.residual.data.set(this.best.shape)
      this.detail = null
    }
    this.best = null
    await this.matchLight()
  }

  /** Gives all photos the head's light, as it is now. */
  private matchLight(): Promise<void> {
    return this.views.matchLight(this.latent.ws, this.camerasOf(this.latent.cameras))
  }

  private async latentStep(phase: CodePhase, step: number, rate: number): Promise<LatentStep> {
    // A job that goes on from its checkpoint begins a stage anew: what a term looks at must not depend on how far it came.
    this.termViews ??= this.views.ofTerms(
      { phase, pivot: null },
      this.portraits.map(({ label }) => label),
    )
    const stage = await this.latentStage()
    return stage.step(await this.views.ofPhotos(phase, step), rate, (await this.termViews)(step))
  }

  private async shapeStep(step: number, rate: number): Promise<LatentStep> {
    const { generator } = this.context
    this.shapeStage ??= await ShapeStage.create(generator, this.latent.ws, this.shape!, this.terms.shape)
    if (generator.runtime.keepsResidents) this.device ??= DeviceStage.shape(this.shapeStage)
    const views = await this.stageViews('shape', step, this.shapeStage.pivot)
    return (this.device ?? this.shapeStage).step(views, rate, this.probe(step))
  }

  private async detailStep(step: number, rate: number): Promise<LatentStep> {
    this.detailStage ??= await this.beginDetail()
    if (this.context.generator.runtime.keepsResidents) this.device ??= DeviceStage.detail(this.detailStage)
    const draw = step % DRAWS
    this.fixedViews[draw] ??= await this.detailViews(this.detailStage.pivot, draw)
    return (this.device ?? this.detailStage).step(this.fixedViews[draw], rate, this.probe(step))
  }

  private beginDetail(): Promise<DetailStage> {
    const { generator } = this.context
    const resolution = Math.max(this.plan.detailResolution, generator.config.plane_resolution)
    this.detail ??= new DetailState({ ...layoutOf(generator.config), resolution })
    return DetailStage.create(generator, this.head, this.detail, this.terms.detail)
  }

  /** With what they see of the pivot. */
  private async detailViews(pivot: Planes, draw: number): Promise<PosedView[]> {
    const { renderer, weights } = this.context.generator
    const views = await this.stageViews('detail', draw, pivot)
    for (const [i, view] of views.entries()) {
      const sight = await renderer.see(weights, pivot, view.label, view.rendering)
      views[i] = { ...view, rendering: { ...view.rendering, sight } }
    }
    return views
  }

  /** The photos from the cameras that the latent stage found, and what the terms look at. */
  private async stageViews(phase: PlanesPhase, step: number, pivot: Planes): Promise<PosedView[]> {
    const cameras = this.camerasOf(this.latent.cameras)
    const photos = await this.views.ofPhotos(phase, step)
    this.termViews ??= this.views.ofTerms({ phase, pivot }, cameras)
    return [...photos.map((view, photo) => ({ ...view, label: cameras[photo] })), ...(await this.termViews)(step)]
  }

  private async latentStage(): Promise<LatentStage> {
    const { generator } = this.context
    const labels = this.portraits.map(({ label }) => label)
    this.termsOfCode ??= beginCodeTerms(this.terms.code, generator)
    return new LatentStage(generator, labels, this.latent, { terms: await this.termsOfCode, camera: CAMERA })
  }

  private probe(step: number): Probe {
    const turn = step % PROBES
    this.probes[turn] ??= this.drawProbe(turn)
    return this.probes[turn]
  }

  /** A random camera around the head, and the pixels of it to look at. */
  private drawProbe(turn: number): Probe {
    const draw = uniform(this.settings.seed, 3 * turn + 2)
    const yaw = (2 * draw() - 1) * PROBE.yaw
    const pitch = (2 * draw() - 1) * PROBE.pitch
    const count = PROBE.resolution * PROBE.resolution
    const pixels = Uint32Array.from({ length: PROBE.pixels }, () => Math.floor(draw() * count))
    const { resolution, coarse, fine } = PROBE
    const label = orbitCamera(this.context.generator.config.rendering_kwargs, yaw, pitch)
    return { label, rendering: { resolution, pixels, coarse, fine } }
  }

  private camerasOf(parameters: Float32Array): Float32Array[] {
    const pivot = this.context.generator.config.rendering_kwargs.avg_camera_pivot
    return this.portraits.map(({ label }, i) => moveCamera(label, pivot, parametersOf(parameters, i)))
  }
}

const later = (a: Phase, b: Phase): Phase => (phases.indexOf(b) > phases.indexOf(a) ? b : a)
