/**
 * A stage that bends planes where the runtime keeps them in GPU memory: what it adds, the gradient, Adam's moments and the
 * planes stay there. What crosses in a step are the pictures of its views. It goes the way of `shape-stage.ts` and
 * `detail.ts`, whose it is to say what is added and how much; their states are filled when they are asked for.
 */
import type { Generator } from '../generator/generator.ts'
import {
  addToPlanes,
  type PlaneLayout,
  type Planes,
  planesShape,
  type ResidentPlanes,
} from '../generator/plane-layout.ts'
import type { PlanesSum } from '../generator/planes-sum.ts'
import {
  add,
  gradients,
  greater,
  input,
  mul,
  pullBack,
  reduceSum,
  sumAll,
  type Tensor,
  where,
  writeModel,
} from '../graph/index.ts'
import { upsampleTensor } from '../head/graph-residual.ts'
import { addResidual } from '../head/residual.ts'
import { Resident } from '../runtime/resident.ts'
import type { Program } from '../runtime/runtime.ts'
import type { Adam } from './adam.ts'
import type { DetailStage } from './detail.ts'
import { adamFeeds, adamTensors } from './graph-adam.ts'
import type { LatentStep } from './latent.ts'
import { assertFinite, photoGradients } from './photo-gradients.ts'
import type { ShapeStage } from './shape-stage.ts'
import { addPlanesTerms, type PlanesTerm, type PosedView, type Probe } from './terms/term.ts'

/** What a stage adds to its pivot's planes. */
interface Addition {
  /** As it is, in main memory: [slices][resolution][resolution][channels]. */
  readonly data: Float32Array
  readonly adam: Adam
  readonly layout: PlaneLayout
  /** What each number is optimised in; without them as it is. */
  readonly units?: Float32Array
  /** At the planes' resolution. @param data [slices, resolution, resolution, channels] */
  spread(data: Tensor): Tensor
}

export class DeviceStage {
  readonly pivot: Planes
  private readonly generator: Generator
  private readonly ws: Float32Array
  private readonly terms: Readonly<Record<string, PlanesTerm>>
  private readonly addition: Addition
  private readonly units: Readonly<Record<string, Resident>>
  private readonly planes: ResidentPlanes
  private readonly gradient: Resident
  private readonly first: Resident
  private readonly second: Resident
  /** In units: what is added, what was best, and room for the next. */
  private readonly slots: readonly Resident[]
  private now: Resident
  /** What the last step began with, and what was best. */
  private before: Resident | undefined
  private best: Resident | undefined
  private readonly judge: Promise<Program>
  private readonly move: Promise<Program>

  private constructor(
    { generator, ws, pivot, terms }: Pick<ShapeStage, 'generator' | 'ws' | 'pivot' | 'terms'>,
    addition: Addition,
    planes: Planes,
    isColour: boolean,
  ) {
    const { data, adam, units } = addition
    this.generator = generator
    this.ws = ws
    this.pivot = pivot
    this.terms = terms
    this.addition = addition
    this.planes = { ...generator.renderer.resident(planes), isColour }
    this.units = units ? { units: new Resident(units) } : {}
    const empty = () => new Resident(new Float32Array(data.length))
    this.now = new Resident(units ? data.map((value, i) => value / units[i]) : data.slice())
    this.slots = [this.now, empty(), empty()]
    this.gradient = empty()
    this.first = new Resident(adam.first.slice())
    this.second = new Resident(adam.second.slice())
    const { runtime } = generator
    this.judge = runtime.compile(writeModel(this.describeJudgement()))
    this.move = runtime.compile(writeModel(this.describeMove()))
  }

  static shape(stage: ShapeStage): DeviceStage {
    const { pivot, units, state } = stage
    const { residual, adam } = state
    const addition = {
      ...{ data: residual.data, adam, units },
      layout: { ...pivot, resolution: residual.resolution },
      spread: (data: Tensor) => upsampleTensor(data, pivot.resolution),
    }
    return new DeviceStage(stage, addition, addResidual(pivot, residual), false)
  }

  static detail(stage: DetailStage): DeviceStage {
    const { pivot, state } = stage
    const { detail, adam } = state
    const addition = { data: detail.data, adam, layout: pivot, spread: (data: Tensor) => data }
    return new DeviceStage(stage, addition, addToPlanes(pivot, detail.data), true)
  }

  /** As the other stages'. */
  async step(views: readonly PosedView[], rate: number, probe: Probe): Promise<LatentStep> {
    const { generator, pivot, planes, addition, first, second, gradient } = this
    const { adam } = addition
    const seen = await photoGradients(generator, planes, this.ws, views, { labels: 0, w: false })
    const ofViews = await this.addViewTerms(seen.planes, probe)
    const { total, ...found } = await (await this.judge).run(
      {
        added: this.now,
        ...this.units,
        'planes.gradient': seen.planes.values,
        begun: Float32Array.of(seen.planes.isEmpty ? 0 : 1),
      },
      undefined,
      { gradient },
    )
    // In their order.
    const terms = Object.fromEntries(
      Object.keys(this.terms).map((name) => [name, ofViews[name] ?? found[`term.${name}`][0]]),
    )
    const loss = Object.values(terms).reduce((sum, value) => sum + value, seen.loss)
    assertFinite(generator, loss, total)
    const next = this.slots.find((slot) => slot !== this.now && slot !== this.best)!
    await (await this.move).run(
      {
        added: this.now,
        ...this.units,
        pivot: generator.renderer.resident(pivot).resident,
        gradient,
        first,
        second,
        ...adamFeeds(adam.steps + 1, rate),
      },
      undefined,
      { next, 'next.first': first, 'next.second': second, planes: planes.resident },
    )
    adam.steps++
    this.before = this.now
    this.now = next
    return { view: seen.view, loss, terms: { ...seen.terms, ...terms } }
  }

  /** What the last step began with is the best so far. */
  keep(): void {
    this.best = this.before
  }

  /** What was kept, [slices][resolution][resolution][channels]. Nothing where nothing was since this began. */
  async readBest(): Promise<Float32Array | undefined> {
    return this.best && this.inPlanes(await this.generator.runtime.read(this.best))
  }

  /** Fills the state in main memory. */
  async fillState(): Promise<void> {
    const { generator, addition, now, first, second } = this
    const { runtime } = generator
    addition.data.set(this.inPlanes(await runtime.read(now)))
    addition.adam.first.set(await runtime.read(first))
    addition.adam.second.set(await runtime.read(second))
  }

  /** Terms that look at the planes. */
  private addViewTerms(sum: PlanesSum, probe: Probe): Promise<Record<string, number>> {
    const { generator, pivot, planes, terms } = this
    const away = (): never => {
      throw new Error('DeviceStage: what a stage adds is in GPU memory; a term that speaks of it describes itself')
    }
    const step = {
      ...{ generator, pivot, planes, probe },
      get added() {
        return away()
      },
    }
    const looking = Object.entries(terms).filter(([, { describe }]) => !describe)
    return addPlanesTerms(Object.fromEntries(looking), step, sum, away)
  }

  /** The gradient of what is added: through the planes, and of the terms that speak of it. */
  private describeJudgement(): Record<string, Tensor> {
    const { added, onPlanes } = this.describeAddition()
    const cotangent = where(greater(input('begun', []), 0), input('planes.gradient', onPlanes.shape), 0)
    let [gradient] = pullBack([onPlanes], [cotangent], [added])
    const named: Record<string, Tensor> = {}
    for (const [name, { describe }] of Object.entries(this.terms)) {
      if (!describe) continue
      named[`term.${name}`] = describe(added)
      gradient = add(gradient, gradients(named[`term.${name}`], [added])[0])
    }
    // Of no use but that it is a number where all of them are. By rows first: all at once would be one sum that nothing
    // shares.
    return { gradient, total: sumAll(reduceSum(gradient, [2, 3])), ...named }
  }

  private describeMove(): Record<string, Tensor> {
    const { added } = this.describeAddition()
    const { values, first, second } = adamTensors(added, input('gradient', added.shape))
    const { onPlanes } = this.describeAddition(values)
    const planes = add(input('pivot', onPlanes.shape), onPlanes)
    return { next: values, 'next.first': first, 'next.second': second, planes }
  }

  private describeAddition(added: Tensor = input('added', planesShape(this.addition.layout))) {
    const { units, spread } = this.addition
    return { added, onPlanes: spread(units ? mul(added, input('units', added.shape)) : added) }
  }

  private inPlanes(added: Float32Array): Float32Array {
    const { units } = this.addition
    return units ? added.map((value, i) => value * units[i]) : added.slice()
  }
}
