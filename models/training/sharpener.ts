/**
 * Trains the super-resolution's third block on patches of fitted views; everything before it stays. Colours, edges and
 * contrast are to be the recorded ones, and the tone that of the picture before.
 */
import { FITTED_BLOCKS, type GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { trainable, unprefixed } from '../../src-main/engine/generator/adjoint.ts'
import { upsample2d } from '../../src-main/engine/generator/layers.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { superResolutionBlock } from '../../src-main/engine/generator/super-resolution.ts'
import {
  abs,
  constant,
  gradients,
  input,
  meanAll,
  mul,
  type Shape,
  sizeOf,
  slice,
  sub,
  type Tensor,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { uniform } from '../../src-main/engine/random.ts'
import { residents } from '../../src-main/engine/runtime/resident.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import type { FittedView } from './fitted-views.ts'
import { createOptimiser } from './graph-adam.ts'
import { contrastMiss, LOSS_WEIGHTS, lossOf, pictureTerms, windowMeans } from './objective.ts'
import type { Optimiser } from './optimiser.ts'

/** Of a step; and their side in pixels of what the block takes. */
const PATCHES = 4
const SIDE = 38
/** Pixels at a patch's border that its surroundings would have changed. */
const MARGIN = 5
const INNER = 2 * SIDE - 2 * MARGIN
/** Side in pixels of the cells that patches are drawn by. */
const CELL = 16
/** What a cell of no contrast has of it all the same, as mean difference of neighbours in -1..1. */
const LEAST_CONTRAST = 0.004
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
  private compiled: ReturnType<Sharpener['compile']> | undefined

  /** @param config of three blocks */
  constructor(
    runtime: Runtime,
    config: GeneratorConfig,
    shapes: ReadonlyMap<string, Weight>,
    views: readonly FittedView[],
    seed: number,
  ) {
    this.runtime = runtime
    this.config = config
    this.shapes = shapes
    this.views = views
    this.cells = views.map(({ picture }) => contrastOf(picture))
    this.seed = seed
    this.optimiser = createOptimiser(runtime, shapes, () => 1)
  }

  /** @returns the terms of the loss before the step */
  async step(rate: number): Promise<Record<string, number>> {
    const { optimiser } = this
    this.compiled ??= this.compile()
    const { program, found } = await this.compiled
    const patches = this.draw(uniform(this.seed, this.steps))
    const judgement = await program.run({ ...optimiser.weights, ...patches }, undefined, found)
    this.steps++
    await optimiser.step(unprefixed(found), rate, Math.min(AVERAGING, (this.steps + 1) / (this.steps + 20)))
    const terms = ['loss', ...Object.keys(LOSS_WEIGHTS)].filter((name) => judgement[name])
    return Object.fromEntries(terms.map((name) => [name, judgement[name][0]]))
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
      part(drawn['target.picture']).set(cut(view.picture, 2 * size, 2 * top, 2 * left, 2 * SIDE))
    }
    return drawn
  }

  private async compile() {
    const { runtime, config, shapes, views } = this
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
    const loss = lossOf(terms)
    const leaves = Object.entries(trainable(parameters)).filter(([name]) => !name.endsWith('affine.weight'))
    const results = gradients(
      loss,
      leaves.map(([, tensor]) => tensor),
    )
    const named = Object.fromEntries(leaves.map(([name], i) => [`d.${name}`, results[i]]))
    const empty = (shape: Shape) => new Float32Array(sizeOf(shape))
    return {
      program: await runtime.compile(writeModel({ ...terms, loss, ...named })),
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

/** What of a patch has all the surroundings that the picture has, [N, 3, INNER, INNER]. */
function inner(picture: Tensor): Tensor {
  return [2, 3].reduce((x, axis) => slice(x, axis, MARGIN, MARGIN + INNER), picture)
}
