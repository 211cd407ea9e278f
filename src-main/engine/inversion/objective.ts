/** What a portrait asks of the picture from its camera: the terms of the picture, as one model that gives loss and gradients. */
import { FITTED_BLOCKS, pictureSide } from '../checkpoint/config.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { coloursOf, type Generator, type View, type Weights } from '../generator/generator.ts'
import { add, ancestors, gradients, input, mul, writeModel } from '../graph/index.ts'
import { residents } from '../runtime/resident.ts'
import type { Feeds, Program } from '../runtime/runtime.ts'
import { type DescribeLoss, DeviceObjective } from './device-objective.ts'
import { photoTarget } from './photo-target.ts'
import type { Aim, Judgement, Objective, PictureTensors, PictureTerm, ResidentObjective } from './terms/term.ts'
import { DEFAULT_TERMS } from './terms/terms.ts'

/**
 * With a generator that paints on white the background is compared as white; otherwise it is left out. Where colour alone
 * may move, nothing is asked outside the matte: there it could only paint the background on the head.
 */
export class PortraitObjective implements Objective {
  /** [3 * R * R] in -1..1: the portrait as the picture should become. */
  readonly target: Float32Array
  readonly resident: ResidentObjective | undefined
  private readonly generator: Generator
  private readonly plain: boolean
  private readonly program: Program
  private readonly fixed: Feeds
  private readonly terms: readonly string[]

  private constructor(
    generator: Generator,
    plain: boolean,
    target: Float32Array,
    program: Program,
    fixed: Feeds,
    terms: readonly string[],
    describe: DescribeLoss,
  ) {
    this.generator = generator
    this.plain = plain
    this.target = target
    this.program = program
    this.fixed = fixed
    this.terms = terms
    const { runtime } = generator
    this.resident = runtime.keepsResidents ? new DeviceObjective(generator, plain, fixed, describe) : undefined
  }

  /**
   * @param resolution side of the rendering, in rays
   * @param plain judges the rendering itself, not the super-resolution's picture that is fitted
   * @param faceRes weights of the perceptual network
   * @param aim what the loss is to move
   * @param terms by the names under which they are reported
   */
  static async create(
    generator: Generator,
    portrait: MattedPortrait,
    resolution: number,
    plain: boolean,
    faceRes: Weights,
    aim: Aim = 'head',
    terms: Readonly<Record<string, PictureTerm>> = DEFAULT_TERMS.picture,
  ): Promise<PortraitObjective> {
    const { config, runtime } = generator
    const white = config.rendering_kwargs.white_back
    const whole = white && aim !== 'colour'
    const side = plain ? resolution : pictureSide(config, FITTED_BLOCKS)
    const image = input('image', [1, 3, side, side])
    const opacity = input('opacity', [1, 1, resolution, resolution])
    const depth = input('depth', opacity.shape)
    const target = input('target', image.shape)
    const mask = input('mask', [1, 1, side, side])
    const rendered = input('rendered', [1, 3, resolution, resolution])
    const said = mapValues(terms, (term) => (term.ofPortrait ? term.ofPortrait(portrait, resolution, aim) : {}))
    const spoken = Object.fromEntries(Object.entries(terms).filter(([name]) => said[name] !== null))
    const describe: DescribeLoss = ({ image, opacity, depth, rendered }) => {
      const tensors: PictureTensors = {
        ...{ image, target, mask, opacity, depth, whole, faceRes },
        shown: input('shown', mask.shape),
        matte: input('matte', opacity.shape),
        known: input('known', opacity.shape),
        ...(!plain && {
          small: {
            image: rendered,
            target: input('small.target', rendered.shape),
            mask: input('small.mask', opacity.shape),
          },
        }),
      }
      const values = mapValues(spoken, (term) => term.describe(tensors))
      const [first, ...others] = Object.keys(spoken).filter((name) => spoken[name].weight(aim, white) > 0)
      const weighed = (name: string) => mul(values[name], spoken[name].weight(aim, white))
      return { loss: others.reduce((sum, name) => add(sum, weighed(name)), weighed(first)), values }
    }
    const { loss, values } = describe({ image, opacity, depth, rendered })
    const concerned = new Set(ancestors([loss]))
    const wrt = Object.fromEntries(
      Object.entries({ image, opacity, depth, rendered }).filter(([, tensor]) => concerned.has(tensor)),
    )
    const found = gradients(loss, Object.values(wrt))
    const named = Object.fromEntries(Object.keys(wrt).map((name, i) => [`d.${name}`, found[i]]))
    const program = await runtime.compile(writeModel({ loss, ...values, ...named }))

    const prepared = photoTarget(portrait, side, resolution, plain, white, aim)
    const fixed: Record<string, Float32Array> = { ...prepared }
    for (const arrays of Object.values(said)) Object.assign(fixed, arrays)
    for (const term of Object.values(spoken)) {
      if (!term.ofTarget) continue
      const look = await runtime.compile(writeModel({ ...term.ofTarget(input('target', image.shape), faceRes) }))
      Object.assign(fixed, await look.run({ target: prepared.target }))
    }
    return new PortraitObjective(
      generator,
      plain,
      prepared.target,
      program,
      residents(fixed),
      Object.keys(spoken),
      describe,
    )
  }

  async judge({ image, rendering }: View): Promise<Judgement> {
    const { features, opacity, depth } = rendering
    const rendered = !this.plain && coloursOf(features, this.generator.config.decoder_output_dim)
    const shown = { image, opacity, depth, ...(rendered && { rendered }) }
    const result = await this.program.run({ ...this.fixed, ...shown })
    return {
      loss: result.loss[0],
      terms: Object.fromEntries(this.terms.map((name) => [name, result[name][0]])),
      gradient: {
        image: result['d.image'],
        opacity: result['d.opacity'],
        depth: result['d.depth'],
        rendered: result['d.rendered'],
      },
    }
  }
}

const mapValues = <T, U>(record: Readonly<Record<string, T>>, of: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, of(value)]))
