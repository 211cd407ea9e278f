/**
 * Trains the super-resolution's third block on patches of fitted views; everything before it stays. At first pictures and
 * their edges are to be right. Then they are to look right, too: FaceRes, and a discriminator that sees a patch beside the
 * coarser one it was made from, tell what colours alone do not.
 */
import { FITTED_BLOCKS, type GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { trainable, unprefixed } from '../../src-main/engine/generator/adjoint.ts'
import { LABEL } from '../../src-main/engine/generator/camera.ts'
import type { Weights } from '../../src-main/engine/generator/generator.ts'
import { upsample2d } from '../../src-main/engine/generator/layers.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { superResolutionBlock } from '../../src-main/engine/generator/super-resolution.ts'
import {
  abs,
  add,
  constant,
  gradients,
  input,
  meanAll,
  mul,
  neg,
  type Shape,
  sizeOf,
  slice,
  softplus,
  sub,
  type Tensor,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { uniform } from '../../src-main/engine/random.ts'
import { type Resident, residents } from '../../src-main/engine/runtime/resident.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { ADVERSARIAL_PATCH, Adversary, judged, middles } from './adversary.ts'
import type { FittedView } from './fitted-views.ts'
import { createOptimiser } from './graph-adam.ts'
import { contrastMiss, LOSS_WEIGHTS, pictureTerms, windowMeans } from './objective.ts'
import type { Optimiser } from './optimiser.ts'
import { perceptualDistance, perceptualTargets } from './perceptual.ts'

/** Of a step; and their side in pixels of what the block takes. */
const PATCHES = 4
const SIDE = ADVERSARIAL_PATCH
/** Pixels at a patch's border that its surroundings would have changed. */
const MARGIN = 5
const INNER = 2 * SIDE - 2 * MARGIN
/** Side in pixels of the cells that patches are drawn by. */
const CELL = 16
/** What a cell of no contrast has of it all the same, as mean difference of neighbours in -1..1. */
const LEAST_CONTRAST = 0.004
/** Of the third block's rate: the discriminator is made to learn beside a whole generator, whose rate is so much lower. */
const ADVERSARY_RATE = 1 / 30
/** Of the averaged weights: half life of about 140 steps. */
const AVERAGING = 0.995

export class Sharpener {
  /** Holds the weights of the whole generator; those of the third block are trained. */
  readonly optimiser: Optimiser
  private steps = 0
  private readonly runtime: Runtime
  private readonly config: GeneratorConfig
  private readonly shapes: ReadonlyMap<string, Weight>
  private readonly views: readonly FittedView[]
  private readonly cells: readonly Float64Array[]
  private readonly seed: number
  private readonly faceRes: Weights
  private readonly network: Record<string, Resident>
  private readonly adversary: Adversary
  private readonly programs = new Map<boolean, ReturnType<Sharpener['compile']>>()

  /** @param config of three blocks */
  constructor(
    runtime: Runtime,
    config: GeneratorConfig,
    shapes: ReadonlyMap<string, Weight>,
    views: readonly FittedView[],
    { seed, faceRes }: { readonly seed: number; readonly faceRes: Weights },
  ) {
    this.runtime = runtime
    this.config = config
    this.shapes = shapes
    this.views = views
    this.cells = views.map(({ picture }) => contrastOf(picture))
    this.seed = seed
    this.faceRes = faceRes
    this.network = residents(Object.fromEntries([...faceRes].map(([name, { data }]) => [name, data])))
    this.optimiser = createOptimiser(runtime, shapes, () => 1)
    this.adversary = new Adversary(runtime, PATCHES, seed)
  }

  /**
   * @param looks whether pictures are to look right, too
   * @returns the terms of the loss before the step
   */
  async step(rate: number, looks: boolean): Promise<Record<string, number>> {
    const { adversary, optimiser, network } = this
    const { colour, label, ...patches } = this.draw(uniform(this.seed, this.steps))
    const compiling = this.programs.get(looks) ?? this.compile(looks)
    this.programs.set(looks, compiling)
    const { judge, seen, found } = await compiling
    const feeds = {
      ...optimiser.weights,
      ...patches,
      ...(looks && { ...adversary.optimiser.weights, label, ...network }),
      ...(seen && (await seen.run({ ...network, faces: patches['target.picture'] }))),
    }
    const judgement = await judge.run(feeds, undefined, found)
    this.steps++
    await optimiser.step(unprefixed(found), rate, Math.min(AVERAGING, (this.steps + 1) / (this.steps + 20)))
    const terms = ['loss', ...Object.keys(LOSS_WEIGHTS)].filter((name) => judgement[name])
    const values = Object.fromEntries(terms.map((name) => [name, judgement[name][0]]))
    if (!looks) return values
    const made = { 'made.image': judgement['made.image'], 'made.raw': judgement['made.raw'] }
    const real = { 'target.picture': patches['target.picture'], 'target.colour': colour }
    return { ...values, ...(await adversary.step({ ...made, ...real, label }, ADVERSARY_RATE * rate)) }
  }

  /** Patches, most of them where there is contrast: eyes, brows, lips, strands of hair. */
  private draw(random: () => number) {
    const { w, x } = this.views[0]
    const channels = x.length / (this.views[0].image.length / 3)
    const area = SIDE * SIDE
    const drawn = {
      x: new Float32Array(PATCHES * channels * area),
      image: new Float32Array(PATCHES * 3 * area),
      w: new Float32Array(PATCHES * w.length),
      'target.picture': new Float32Array(PATCHES * 3 * 4 * area),
      /** The same at half the size, a row for each pixel. */
      colour: new Float32Array(PATCHES * area * 3),
      label: new Float32Array(PATCHES * LABEL),
    }
    for (let patch = 0; patch < PATCHES; patch++) {
      const at = Math.floor(random() * this.views.length)
      const view = this.views[at]
      const size = Math.sqrt(view.image.length / 3)
      const [top, left] = cornerOf(this.cells[at], size, random)
      const part = (array: Float32Array) =>
        array.subarray((patch * array.length) / PATCHES, ((patch + 1) * array.length) / PATCHES)
      part(drawn.x).set(cut(view.x, size, top, left, SIDE))
      part(drawn.image).set(cut(view.image, size, top, left, SIDE))
      part(drawn.w).set(view.w)
      const picture = cut(view.picture, 2 * size, 2 * top, 2 * left, 2 * SIDE)
      part(drawn['target.picture']).set(picture)
      part(drawn.colour).set(halved(picture, SIDE))
      const label = part(drawn.label)
      label.set(view.label)
      label[18] = (left + SIDE / 2) / size
      label[21] = (top + SIDE / 2) / size
    }
    return drawn
  }

  private async compile(looks: boolean) {
    const { runtime, config, shapes, views, faceRes, adversary } = this
    const parameters = new Parameters(shapes)
    const channels = (3 * views[0].x.length) / views[0].image.length
    const taken = { x: input('x', [PATCHES, channels, SIDE, SIDE]), image: input('image', [PATCHES, 3, SIDE, SIDE]) }
    const w = input('w', [PATCHES, config.w_dim])
    const options = { clamp: config.super_resolution!.conv_clamp, noise: 'none' as const, doubles: true }
    const { image } = superResolutionBlock(parameters, FITTED_BLOCKS, taken, w, options)
    const wanted = input('target.picture', image.shape)
    const difference = sub(inner(image), inner(wanted))
    const everywhere = constant(new Float32Array(PATCHES * INNER ** 2).fill(1), [PATCHES, 1, INNER, INNER])
    const terms: Record<string, Tensor> = pictureTerms(difference, everywhere)
    terms.contrast = contrastMiss(inner(image), inner(wanted))
    // It sharpens what is there, and paints no other colours.
    terms.tone = mul(meanAll(abs(sub(windowMeans(inner(image)), windowMeans(inner(upsample2d(taken.image)))))), 0.5)
    const made = middles(image, taken.image)
    if (looks) {
      terms.perceptual = perceptualDistance(faceRes, image)
      terms.adversarial = meanAll(softplus(neg(judged(adversary.shapes, made))))
    }
    const loss = Object.entries(terms)
      .map(([name, term]) => mul(term, LOSS_WEIGHTS[name as keyof typeof LOSS_WEIGHTS]))
      .reduce((sum, term) => add(sum, term))
    const leaves = Object.entries(trainable(parameters)).filter(([name]) => !name.endsWith('affine.weight'))
    const results = gradients(
      loss,
      leaves.map(([, tensor]) => tensor),
    )
    const named = Object.fromEntries(leaves.map(([name], i) => [`d.${name}`, results[i]]))
    const shown = looks && { 'made.image': made.image, 'made.raw': made.raw }
    const empty = (shape: Shape) => new Float32Array(sizeOf(shape))
    return {
      judge: await runtime.compile(writeModel({ ...terms, ...shown, loss, ...named })),
      seen: looks ? await runtime.compile(writeModel(perceptualTargets(faceRes, image.shape))) : undefined,
      found: residents(Object.fromEntries(leaves.map(([name, { shape }]) => [`d.${name}`, empty(shape)]))),
    }
  }
}

/** [3, R, R] in -1..1: the contrast of each cell and of all before it, added up. */
function contrastOf(picture: Float32Array): Float64Array {
  const side = Math.sqrt(picture.length / 3)
  const across = side / CELL
  const cells = new Float64Array(across * across)
  for (let i = 0; i < picture.length; i++) {
    const [row, column] = [Math.floor(i / side) % side, i % side]
    if (row === side - 1 || column === side - 1) continue
    const difference = Math.abs(picture[i + 1] - picture[i]) + Math.abs(picture[i + side] - picture[i])
    cells[Math.floor(row / CELL) * across + Math.floor(column / CELL)] += difference / (6 * CELL * CELL)
  }
  let sum = 0
  return cells.map((contrast) => (sum += Math.max(contrast, LEAST_CONTRAST)))
}

/** Upper left corner, in pixels of what the block takes, of a patch around a cell that is drawn by its contrast. */
function cornerOf(cells: Float64Array, size: number, random: () => number): [number, number] {
  const drawn = random() * cells[cells.length - 1]
  const cell = cells.findIndex((sum) => sum > drawn)
  const across = Math.sqrt(cells.length)
  const corner = (at: number) => Math.floor(((at + random()) * size) / across - SIDE / 2)
  const within = (at: number) => Math.min(Math.max(at, 0), size - SIDE)
  return [within(corner(Math.floor(cell / across))), within(corner(cell % across))]
}

/** A square of a picture [channels, size, size]. */
function cut(picture: Float32Array, size: number, top: number, left: number, side: number): Float32Array {
  const channels = picture.length / (size * size)
  const result = new Float32Array(channels * side * side)
  for (let row = 0; row < channels * side; row++) {
    const from = (Math.floor(row / side) * size + top + (row % side)) * size + left
    result.set(picture.subarray(from, from + side), row * side)
  }
  return result
}

/** [3, 2 * side, 2 * side] to rows [side * side, 3] of half the size. */
function halved(picture: Float32Array, side: number): Float32Array {
  return Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [channel, pixel] = [i % 3, Math.floor(i / 3)]
    const at = (channel * 2 * side + 2 * Math.floor(pixel / side)) * 2 * side + 2 * (pixel % side)
    return (picture[at] + picture[at + 1] + picture[at + 2 * side] + picture[at + 2 * side + 1]) / 4
  })
}

/** What of a patch has all the surroundings that the picture has, [N, 3, INNER, INNER]. */
function inner(picture: Tensor): Tensor {
  return [2, 3].reduce((x, axis) => slice(x, axis, MARGIN, MARGIN + INNER), picture)
}
