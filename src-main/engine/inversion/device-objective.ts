/**
 * A portrait's loss of a rendering that stays in GPU memory: from its rows to the picture, through the super-resolution where
 * there is one, to the terms and all the way back, as one model. What crosses is which pixels the rows are, and the values.
 */
import { FITTED_BLOCKS } from '../checkpoint/config.ts'
import type { Generator } from '../generator/generator.ts'
import { Parameters } from '../generator/parameters.ts'
import type { ResidentRendering } from '../generator/resident-rendering.ts'
import { superResolution } from '../generator/super-resolution.ts'
import {
  add,
  ancestors,
  gradients,
  greater,
  input,
  max,
  mul,
  reshape,
  scatterAdd,
  slice,
  sub,
  type Tensor,
  transpose,
  where,
  writeModel,
} from '../graph/index.ts'
import { Resident } from '../runtime/resident.ts'
import type { Feeds, Program } from '../runtime/runtime.ts'
import type { ResidentJudgement, ResidentObjective } from './terms/term.ts'

/** Of the picture [1, 3, R, R], and of the rendering: [1, 1, n, n] twice and its colours [1, 3, n, n]. */
export type DescribeLoss = (pictures: Readonly<Record<'image' | 'opacity' | 'depth' | 'rendered', Tensor>>) => {
  readonly loss: Tensor
  /** Of every term. */
  readonly values: Readonly<Record<string, Tensor>>
}

/** A model with what it writes its gradients to. */
interface Judge {
  readonly program: Program
  readonly into: Readonly<Record<string, Resident>>
}

export class DeviceObjective implements ResidentObjective {
  readonly plain: boolean
  private readonly generator: Generator
  private readonly fixed: Feeds
  private readonly describe: DescribeLoss
  private readonly judges = new Map<string, Promise<Judge>>()

  /** @param fixed what `describe` takes besides the pictures */
  constructor(generator: Generator, plain: boolean, fixed: Feeds, describe: DescribeLoss) {
    this.generator = generator
    this.plain = plain
    this.fixed = fixed
    this.describe = describe
  }

  async judge(rendering: ResidentRendering, ws: Float32Array, wantsW: boolean): Promise<ResidentJudgement> {
    const { features, depth, opacity, pixels, farthest, rows, resolution, channels } = rendering
    const withW = wantsW && !this.plain
    const key = [rows, resolution, channels, withW].join('/')
    const judging = this.judges.get(key) ?? this.create(rendering, withW)
    this.judges.set(key, judging)
    const { program, into } = await judging
    const { w_dim } = this.generator.config
    const {
      loss,
      'd.w': w,
      ...values
    } = await program.run(
      {
        ...this.generator.feeds,
        ...this.fixed,
        ...{ features, depth, opacity, pixels },
        farthest: Float32Array.of(farthest),
        w: ws.slice(ws.length - w_dim),
      },
      undefined,
      into,
    )
    return {
      loss: loss[0],
      terms: Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name.slice('term.'.length), value])),
      gradient: { features: into['d.features'], depth: into['d.depth'], opacity: into['d.opacity'] },
      ...(w && { w }),
    }
  }

  private async create(rendering: ResidentRendering, withW: boolean): Promise<Judge> {
    const { rows, channels } = rendering
    const leaves = {
      features: input('features', [rows, channels]),
      depth: input('depth', [rows]),
      opacity: input('opacity', [rows]),
    }
    const w = input('w', [1, this.generator.config.w_dim])
    const { loss, values } = this.describe(this.pictures(rendering, leaves, w))
    const concerned = new Set(ancestors([loss]))
    const wrt = Object.entries({ ...leaves, ...(withW && { w }) }).filter(([, leaf]) => concerned.has(leaf))
    const found = gradients(
      loss,
      wrt.map(([, leaf]) => leaf),
    )
    const named = Object.fromEntries(wrt.map(([name], i) => [`d.${name}`, found[i]]))
    const terms = Object.fromEntries(Object.entries(values).map(([name, value]) => [`term.${name}`, value]))
    const into = wrt.flatMap(([name, { shape }]) =>
      name === 'w' ? [] : [[`d.${name}`, new Resident(new Float32Array(shape[0] * (shape[1] ?? 1)))]],
    )
    const program = await this.generator.runtime.compile(writeModel({ loss, ...terms, ...named }))
    return { program, into: Object.fromEntries(into) }
  }

  /** From rows to pictures, as a view is spread: where no ray was cast there is nothing, on white. */
  private pictures(
    { rows, resolution: n, channels }: ResidentRendering,
    { features, depth, opacity }: Readonly<Record<'features' | 'depth' | 'opacity', Tensor>>,
    w: Tensor,
  ) {
    const { config, shapes } = this.generator
    const pixels = input('pixels', [rows])
    const place = max(pixels, 0)
    const isRay = reshape(where(greater(pixels, -0.5), 1, 0), [rows, 1])
    const none = sub(1, scatterAdd(place, isRay, n * n))
    const spread = (values: Tensor, width: number, empty: Tensor | number) => {
      const cast = scatterAdd(place, mul(reshape(values, [rows, width]), isRay), n * n)
      return transpose(reshape(add(cast, mul(none, empty)), [1, n, n, width]), [0, 3, 1, 2])
    }
    const whole = spread(features, channels, 1)
    const rendered = slice(whole, 1, 0, 3)
    return {
      image: this.plain ? rendered : superResolution(config, new Parameters(shapes), whole, w, FITTED_BLOCKS).image,
      rendered,
      opacity: spread(opacity, 1, 0),
      depth: spread(depth, 1, input('farthest', [])),
    }
  }
}
