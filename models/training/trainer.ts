/**
 * One training step: codes read off portraits of a few heads, their planes, samples along rays of their recorded views, the objective, and Adam on
 * every weight the stage trains. Batched over heads; the planes are sampled by the host, as everywhere in the engine.
 */
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { adjoint, unprefixed } from '../../src-main/engine/generator/adjoint.ts'
import { backbone } from '../../src-main/engine/generator/backbone.ts'
import type { Weights } from '../../src-main/engine/generator/generator.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { layoutOf, planesLength, sliceCount, stridesOf } from '../../src-main/engine/generator/plane-layout.ts'
import { borrowSampler, PlaneProjection, releaseSampler } from '../../src-main/engine/generator/planes.ts'
import { READER, readCode, readingSide } from '../../src-main/engine/generator/reader.ts'
import { expand, input, reshape, sizeOf, transpose, writeModel } from '../../src-main/engine/graph/index.ts'
import { uniform } from '../../src-main/engine/random.ts'
import { type Resident, residents } from '../../src-main/engine/runtime/resident.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { ADVERSARIAL_PATCH, Adversary } from './adversary.ts'
import { drawTone, dressPortrait, mirrorHead, mirrorPicture, toneHead, tonePicture } from './augment.ts'
import { type Batch, type BatchShape, drawBatch, drawPortrait, ofHead, raysOfHead, SAMPLES } from './batch.ts'
import { createOptimiser } from './graph-adam.ts'
import { FAR, layersBehind, PAINTER } from './network.ts'
import { describeObjective, LOSS_WEIGHTS, type ObjectiveShape } from './objective.ts'
import type { Optimiser } from './optimiser.ts'
import { FACE_SIDE, perceptualTargets } from './perceptual.ts'
import type { RecordedHead } from './records.ts'
import { roughness } from './roughness.ts'

/**
 * What is trained, on what. 'reader': the reader alone, on single rays. 'behind': what paints the layers of the first plane
 * that are behind where that plane faces the camera, the first half of them; everything else stays, and so does
 * what lies from the first layer in front on. 'planes': reader, backbone and decoder on single rays. 'picture': super-resolution and
 * decoder on patches, the planes as they are. 'all': everything, on patches. 'adversarial': the same against a discriminator.
 */
export type TrainingStage = 'reader' | 'behind' | 'planes' | 'picture' | 'all' | 'adversarial'

const BATCHES: Record<TrainingStage, BatchShape> = {
  reader: { heads: 6, views: 3, rays: 320, face: FACE_SIDE, empty: 0, near: 240 },
  behind: { heads: 4, views: 2, rays: 480, face: 0, empty: 512, near: 480 },
  planes: { heads: 4, views: 3, rays: 640, face: FACE_SIDE, empty: 512, near: 480 },
  picture: { heads: 1, views: 3, rays: { patch: 48 }, face: 0, empty: 0, near: 0 },
  all: { heads: 2, views: 2, rays: { patch: 36 }, face: 0, empty: 512, near: 480 },
  adversarial: { heads: 2, views: 2, rays: { patch: ADVERSARIAL_PATCH }, face: 0, empty: 512, near: 480 },
}

interface TrainerOptions {
  readonly stage: TrainingStage
  readonly seed: number
  /** FaceRes, for the perceptual distance of faces; without it faces are not looked at on their own. */
  readonly faceRes?: Weights
  /** Weights that start anew in a network that is trained already: they learn faster than the others. */
  readonly fresh?: ReadonlySet<string>
  /** Half life of the averaged weights is about 350 steps. */
  readonly averaging?: number
}

/** How much faster fresh weights learn. */
const FRESH_GAIN = 4
/** How much slower than others the reader's do: its last layer sums thousands of pixels that go up and down together. */
const READER_GAIN = 0.15

export type TermValues = Record<string, number>

export class Trainer {
  readonly config: GeneratorConfig
  /** Holds the weights being trained, their running average (what is shipped) and their moments. */
  readonly optimiser: Optimiser
  readonly adversary: Adversary | undefined
  steps = 0
  private readonly shapes: ReadonlyMap<string, Weight>
  private readonly runtime: Runtime
  private readonly records: readonly RecordedHead[]
  private readonly options: TrainerOptions
  private readonly projection: PlaneProjection
  /** FaceRes's weights as a model takes them. */
  private readonly network: Record<string, Resident>
  private programs: ReturnType<Trainer['compile']> | undefined

  /** @param shapes the generator's weights and its reader's, as they start */
  constructor(
    runtime: Runtime,
    config: GeneratorConfig,
    shapes: ReadonlyMap<string, Weight>,
    records: readonly RecordedHead[],
    options: TrainerOptions,
  ) {
    this.runtime = runtime
    this.config = config
    this.shapes = shapes
    this.records = records
    this.options = options
    this.projection = new PlaneProjection(config)
    this.network = residents(Object.fromEntries([...(options.faceRes ?? [])].map(([name, { data }]) => [name, data])))
    this.optimiser = createOptimiser(runtime, shapes, (name) => this.gain(name))
    const { heads, views } = this.batch
    if (options.stage === 'adversarial') this.adversary = new Adversary(runtime, heads * views, options.seed)
  }

  /** Of the portraits that the reader is shown. */
  private get side(): number {
    return readingSide([...this.shapes.keys()].filter((name) => /^reader\.conv\d+\.weight$/.test(name)).length)
  }

  private get batch(): BatchShape {
    const { stage, faceRes } = this.options
    return { ...BATCHES[stage], ...(!faceRes && { face: 0 }) }
  }

  /** @returns the terms of the loss before the step */
  async step(rate: number): Promise<TermValues> {
    const { config, batch: shape, adversary } = this
    const { weights } = this.optimiser
    const random = uniform(this.options.seed, this.steps)
    const batch = drawBatch(this.records, shape, config.rendering_kwargs.box_warp, random)
    this.programs ??= this.compile()
    const { look, paint, judge, paintBackward, gradients } = await this.programs

    const portraits = new Float32Array(shape.heads * 3 * this.side ** 2)
    batch.heads.forEach((head, i) => {
      const portrait = drawPortrait(this.records[head], this.side, random)
      const tone = drawTone(random)
      toneHead(batch, i, tone)
      tonePicture(portrait, tone)
      dressPortrait(portrait, this.side, random)
      const mirrored = random() < 0.5
      if (mirrored) mirrorHead(batch, i)
      portraits.set(mirrored ? mirrorPicture(portrait, this.side) : portrait, i * portrait.length)
    })
    const { planes, w } = await paint.run({ ...weights, portraits })
    const partOf = (array: Float32Array, head: number) => ofHead(array, head, shape.heads)
    const samplers = batch.heads.map((_, head) => {
      return borrowSampler({ data: partOf(planes, head), ...layoutOf(config) }, this.projection)
    })
    const sampleAt = (points: Float32Array, head: number) => samplers[head].samplePoints(partOf(points, head))
    // Points beside the rays, by the name of their features.
    const points = { empty: batch.empty, near: batch.near }
    const featuresAt = Object.entries(points).map(([name, at]): [string, Float32Array] => {
      const found = new Float32Array((at.length / 3) * config.plane_channels)
      if (at.length > 0) for (const head of samplers.keys()) partOf(found, head).set(sampleAt(at, head))
      return [name, found]
    })
    const features = new Float32Array(batch.depths.length * config.plane_channels)
    for (const [head, sampler] of samplers.entries()) {
      const rays = { origins: partOf(batch.origins, head), directions: partOf(batch.directions, head) }
      partOf(features, head).set(sampler.sample(rays, partOf(batch.depths, head), SAMPLES))
    }

    const { colour, mask, covered, distance, outside, picture, inner, label } = batch
    const targets = { colour, mask, covered, distance, outside, ...(picture && { picture, inner }) }
    const feeds = {
      ...weights,
      ...(adversary && { ...adversary.optimiser.weights, label: label! }),
      ...Object.fromEntries(Object.entries(targets).map(([name, values]) => [`target.${name}`, values])),
      ...(look && { ...this.network, ...(await look.run({ ...this.network, faces: facesOf(batch, shape) })) }),
      features,
      ...Object.fromEntries(featuresAt),
      depths: batch.depths,
      farthest: Float32Array.of(FAR),
      w: repeatRows(w, config.w_dim, shape.views),
    }
    const judged = await judge.run(feeds, undefined, gradients)
    const { 'd.features': dFeatures, 'd.w': dW } = judged

    if (this.options.stage !== 'picture') {
      const dPlanes = new Float32Array(planes.length)
      for (const [head, sampler] of samplers.entries()) {
        const scatter = (gradient: Float32Array) => {
          sampler.cotangent.set(partOf(gradient, head))
          sampler.scatter()
        }
        scatter(dFeatures)
        for (const [name, at] of Object.entries(points)) {
          const gradient = judged[`d.${name}`]
          if (!gradient) continue
          sampleAt(at, head)
          scatter(gradient)
        }
        partOf(dPlanes, head).set(sampler.gradient)
      }
      judged.smoothness = Float32Array.of(roughness(planes, config, LOSS_WEIGHTS.smoothness, dPlanes))
      if (this.options.stage === 'behind') keepBehind(dPlanes, config)
      const cotangents = {
        'cotangent.planes': dPlanes,
        'cotangent.w': dW ? sumRows(dW, config.w_dim, shape.views) : new Float32Array(w.length),
      }
      await paintBackward.run({ ...weights, portraits, ...cotangents }, undefined, gradients)
    }
    samplers.forEach(releaseSampler)
    this.steps++
    const keep = Math.min(this.options.averaging ?? 0.998, (this.steps + 1) / (this.steps + 20))
    await this.optimiser.step(unprefixed(gradients), rate, keep)
    const patches = { 'target.picture': picture!, 'target.colour': colour, label: label! }
    const made = { 'made.image': judged['made.image'], 'made.raw': judged['made.raw'] }
    const against = adversary && (await adversary.step({ ...patches, ...made }, rate))
    const terms = ['loss', ...Object.keys(LOSS_WEIGHTS)].filter((name) => judged[name])
    return { ...Object.fromEntries(terms.map((name) => [name, judged[name][0]])), ...against }
  }

  /** Whether it is a weight, and one that the stage trains where a loss gives it a gradient. */
  private trains(name: string): boolean {
    if (this.options.stage === 'behind') return PAINTER.test(name)
    if (this.options.stage === 'reader') return name.startsWith(READER)
    return this.shapes.has(name)
  }

  /** How much faster than others a weight learns. */
  private gain(name: string): number {
    return (this.options.fresh?.has(name) ? FRESH_GAIN : 1) * (name.startsWith(READER) ? READER_GAIN : 1)
  }

  private async compile() {
    const { runtime, shapes, config, batch } = this
    const { faceRes } = this.options
    const paint = writeModel(this.describePaint(new Parameters(shapes)).outputs)
    const { heads, views, face, empty, near } = batch
    const shape: ObjectiveShape = {
      rays: heads * raysOfHead(batch),
      samples: SAMPLES,
      patches:
        typeof batch.rays === 'number'
          ? undefined
          : { count: heads * views, side: batch.rays.patch, adversary: this.adversary?.shapes },
      faces: face > 0 && faceRes ? { heads, side: face, network: faceRes } : undefined,
      empty: heads * empty,
      near: heads * near,
    }
    const judge = writeModel(describeObjective(config, shapes, shape))
    const look = shape.faces && writeModel(perceptualTargets(shape.faces.network, [heads, 3, face, face]))
    const paintBackward = writeModel(this.describePaintBackward())
    const outputs = [...judge.outputs, ...(this.options.stage === 'picture' ? [] : paintBackward.outputs)]
    const found = outputs.filter(({ name }) => this.trains(name.slice('d.'.length)))
    return {
      look: look && (await runtime.compile(look)),
      paint: await runtime.compile(paint),
      judge: await runtime.compile(judge),
      paintBackward: await runtime.compile(paintBackward),
      /** Of the weights that the stage trains, 'd.<weight>': what the last two models find. */
      gradients: residents(Object.fromEntries(found.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]))),
    }
  }

  /** Portraits [heads, 3, S, S] to planes [heads, slices, R, R, C] and w [heads, w_dim]. */
  private describePaint(parameters: Parameters) {
    const { config } = this
    const { heads } = this.batch
    const { w_dim, num_ws } = config
    const layout = layoutOf(config)
    const { resolution: size, channels } = layout
    const w = readCode(parameters, input('portraits', [heads, 3, this.side, this.side]))
    const image = backbone(config, parameters, expand(reshape(w, [heads, 1, w_dim]), [heads, num_ws, w_dim]))
    const planes = transpose(reshape(image, [heads, sliceCount(layout), channels, size, size]), [0, 1, 3, 4, 2])
    return { outputs: { planes, w } }
  }

  private describePaintBackward() {
    const parameters = new Parameters(this.shapes)
    const { outputs } = this.describePaint(parameters)
    return adjoint(outputs, Object.fromEntries([...parameters.used].filter(([name]) => this.trains(name))))
  }
}

/** Of a gradient of planes [heads, slices, R, R, C] leaves only the layers behind. */
function keepBehind(gradient: Float32Array, config: GeneratorConfig): void {
  const layout = layoutOf(config)
  const [all, behind] = [planesLength(layout), layersBehind(layout.layers) * stridesOf(layout).slice]
  for (let start = 0; start < gradient.length; start += all) gradient.fill(0, start + behind, start + all)
}

/** The recorded patches of faces, [heads, 3, side, side]. */
function facesOf({ colour }: Batch, shape: BatchShape): Float32Array {
  const [perHead, area] = [raysOfHead(shape), shape.face ** 2]
  return Float32Array.from({ length: shape.heads * 3 * area }, (_, i) => {
    const [head, channel, pixel] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area]
    return colour[((head + 1) * perHead - area + pixel) * 3 + channel]
  })
}

/** Each row `times` times in a row. */
function repeatRows(rows: Float32Array, width: number, times: number): Float32Array {
  return Float32Array.from(
    { length: rows.length * times },
    (_, i) => rows[Math.floor(i / (width * times)) * width + (i % width)],
  )
}

/** The adjoint of `repeatRows`. */
function sumRows(rows: Float32Array, width: number, times: number): Float32Array {
  const sums = new Float32Array(rows.length / times)
  rows.forEach((value, i) => {
    sums[Math.floor(i / (width * times)) * width + (i % width)] += value
  })
  return sums
}
