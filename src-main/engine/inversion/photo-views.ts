/**
 * How a job looks at its photos: in the head's light, along which rays, and what each picture is asked for. What is drawn
 * at random depends on the seed and the step alone.
 */
import { FITTED_BLOCKS } from '../checkpoint/config.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { lit, matchColours, type PosedPortrait } from '../face/posed-portrait.ts'
import type { ViewOptions } from '../generator/generator.ts'
import { drawJitter } from '../generator/sampling.ts'
import type { InversionContext } from './inversion-context.ts'
import { PortraitObjective } from './objective.ts'
import { RaySelection } from './ray-selection.ts'
import type { Phase, Plan } from './schedule.ts'
import type { Aim, PosedView, Stage, StageStart, ViewsOf } from './terms/term.ts'
import type { Terms } from './terms/terms.ts'

/** What each phase moves. */
const AIMS: Readonly<Record<Phase, Aim>> = { code: 'head', layers: 'head', shape: 'outline', detail: 'colour' }
/** Keeps the draws for the background apart from those along the rays, and one photo's from the next one's. */
const BACKGROUND_STREAM = 1 << 20
const PHOTO_STREAM = 1 << 24
/** How the head is looked at to match the photos' colours to it. */
const GLANCE = { resolution: 48, coarse: 24, fine: 16, plain: true, keep: false }

export class PhotoViews {
  /** What each photo's channels are multiplied with: [photos * 3]. The first one's light is the head's. */
  readonly gains: Float32Array
  private readonly context: InversionContext
  private readonly terms: Terms
  private readonly portraits: readonly PosedPortrait[]
  private readonly plan: Plan
  private readonly seed: number
  private readonly selections = new Map<string, RaySelection>()
  private readonly objectives = new Map<string, Promise<PortraitObjective>>()

  constructor(context: InversionContext, terms: Terms, portraits: readonly PosedPortrait[], plan: Plan, seed: number) {
    this.context = context
    this.terms = terms
    this.portraits = portraits
    this.plan = plan
    this.seed = seed
    this.gains = new Float32Array(3 * portraits.length).fill(1)
  }

  /**
   * Gives all photos but the first the head's colours, as it is now.
   * @param ws [num_ws * w_dim]
   * @param cameras of the photos
   */
  async matchLight(ws: Float32Array, cameras: readonly Float32Array[]): Promise<void> {
    if (this.portraits.length === 1) return
    const { generator } = this.context
    const planes = await generator.planes(ws)
    for (const [i, { portrait }] of this.portraits.entries()) {
      if (i === 0) continue
      const view = await generator.view(ws, cameras[i], { ...GLANCE, planes })
      this.gains.set(matchColours(portrait, view.image, view.rendering.opacity), 3 * i)
    }
    this.objectives.clear()
  }

  /** How a step looks at the photos; their cameras are the stage's own. */
  async ofPhotos(phase: Phase, step: number): Promise<Omit<PosedView, 'label'>[]> {
    const views: Omit<PosedView, 'label'>[] = []
    for (const photo of this.portraits.keys()) {
      const rendering = this.rendering(phase, step, photo, 0, this.raysOf(photo, phase))
      views.push({ objective: await this.objective(photo, phase), weight: 1 / this.portraits.length, rendering })
    }
    return views
  }

  /**
   * How the steps of a stage look from elsewhere.
   * @param cameras of the photos
   */
  async ofTerms(stage: Stage, cameras: readonly Float32Array[]): Promise<ViewsOf> {
    const { phase } = stage
    const start: StageStart = {
      ...stage,
      generator: this.context.generator,
      aim: AIMS[phase],
      photos: this.portraits.map((_, photo) => ({ portrait: this.inHeadsLight(photo), label: cameras[photo] })),
      resolution: this.plan.phases[phase].resolution,
      rendering: (...look) => ({ ...this.rendering(phase, ...look), plain: true }),
    }
    const begun: ViewsOf[] = []
    for (const term of Object.values(this.terms.views)) {
      const views = await term.begin(start)
      if (views) begun.push(views)
    }
    return (step) => begun.flatMap((views) => views(step))
  }

  /** @param stream of random numbers, apart for each view of a photo */
  private rendering(
    phase: Phase,
    step: number,
    photo: number,
    stream: number,
    rays: RaySelection | Uint32Array,
  ): ViewOptions {
    const { seed } = this
    const { resolution, coarse, fine } = this.plan.phases[phase]
    const first = PHOTO_STREAM * photo + stream
    const pixels =
      rays instanceof Uint32Array
        ? rays
        : // Colour alone needs no background.
          AIMS[phase] === 'colour'
          ? rays.inside
          : rays.draw(seed, first + BACKGROUND_STREAM + step)
    const draw = { seed, stream: first + 3 * step }
    // On a GPU it is drawn there.
    const jitter = this.context.generator.runtime.keepsResidents ? draw : drawJitter(draw, pixels.length, coarse, fine)
    return { plain: this.isPlain(phase), blocks: FITTED_BLOCKS, resolution, pixels, coarse, fine, jitter }
  }

  /** Whether a phase looks at the rendering itself. */
  private isPlain(phase: Phase): boolean {
    return this.plan.phases[phase].plain || !this.context.generator.config.super_resolution
  }

  private objective(photo: number, phase: Phase): Promise<PortraitObjective> {
    const { resolution } = this.plan.phases[phase]
    const plain = this.isPlain(phase)
    const aim = AIMS[phase]
    return kept(this.objectives, `${photo}/${resolution}/${plain}/${aim}`, () => {
      const { generator, faceRes } = this.context
      const portrait = this.inHeadsLight(photo)
      return PortraitObjective.create(generator, portrait, resolution, plain, faceRes, aim, this.terms.picture)
    })
  }

  private inHeadsLight(photo: number): MattedPortrait {
    const { portrait } = this.portraits[photo]
    return photo === 0 ? portrait : lit(portrait, this.gains.subarray(3 * photo, 3 * photo + 3))
  }

  private raysOf(photo: number, phase: Phase): RaySelection {
    const { resolution } = this.plan.phases[phase]
    return kept(
      this.selections,
      `${photo}/${resolution}`,
      () => new RaySelection(this.portraits[photo].portrait, resolution),
    )
  }
}

/** What is there under a key, made when it is first asked for. */
function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
