/**
 * What training minimises, as one model: decoder, marcher and, for whole patches, super-resolution run forward and
 * backward over samples whose plane features the host has gathered. It gives the loss' terms and the gradients of the
 * features, of the weights it used, and of w.
 */
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { decode, decodeDensity } from '../../src-main/engine/generator/decoder.ts'
import type { Weights } from '../../src-main/engine/generator/generator.ts'
import { march } from '../../src-main/engine/generator/march.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { superResolution } from '../../src-main/engine/generator/super-resolution.ts'
import {
  abs,
  add,
  div,
  gradients,
  greater,
  input,
  meanAll,
  mul,
  neg,
  reduceMean,
  reshape,
  type Shape,
  slice,
  softplus,
  square,
  sub,
  sumAll,
  type Tensor,
  transpose,
  where,
} from '../../src-main/engine/graph/index.ts'
import { judged, middles } from './adversary.ts'
import { perceptualDistance } from './perceptual.ts'

export const LOSS_WEIGHTS = {
  colour: 3,
  squares: 5,
  mask: 3,
  depth: 1,
  occupancy: 0.1,
  surface: 0.05,
  normals: 0.2,
  perceptual: 1.5,
  emptiness: 0.05,
  picture: 3,
  edges: 3,
  contrast: 60,
  tone: 4,
  adversarial: 0.3,
  smoothness: 2e-3,
}

/**
 * The raw density where the surface is, how steeply it rises there, a world unit, and how far from it a sample is plainly
 * inside or outside. The ramp begins LEVEL / SLOPE before the surface. That is short, because rays along the outline run for
 * long within its beginning; half of a ray that meets the surface squarely is spent where the density has reached
 * sqrt(2 ln 2 SLOPE), 0.007 behind it. What planes learn rises less than half as steeply (README.md, "Heads were too wide").
 *
 * Where a code does not tell where the surface is, what is learned is the middle of what is taught of heads that share it.
 * That should let light through, otherwise all the places where a surface may be are opaque. So most points close to the
 * surface lie outside of it (batch.ts), where LEVEL is half way down to nothing.
 */
const LEVEL = 50
const SLOPE = 10000
const SOFTNESS = 25
/** So deep behind the recorded surface the head is solid, world units: less than an ear is thick. */
const SOLID = 0.012

/** The terms, each as much as it weighs, added up. @param terms named as in LOSS_WEIGHTS */
export function lossOf(terms: Readonly<Record<string, Tensor>>): Tensor {
  return Object.entries(terms)
    .map(([name, term]) => mul(term, LOSS_WEIGHTS[name as keyof typeof LOSS_WEIGHTS]))
    .reduce((sum, term) => add(sum, term))
}

export interface ObjectiveShape {
  /** Rays and samples on each. */
  readonly rays: number
  readonly samples: number
  /** Square patches the rays make, for the super-resolution; absent for single rays. With the weights of who judges them. */
  readonly patches?: { readonly count: number; readonly side: number; readonly adversary?: ReadonlyMap<string, Weight> }
  /** Each head's last rays are a square of its face, as FaceRes sees it. */
  readonly faces?: { readonly heads: number; readonly side: number; readonly network: Weights }
  /** Points where nothing should be. */
  readonly empty: number
  /** Points close to the surface, two and two close to each other. */
  readonly near: number
}

/**
 * Inputs beside the weights: features [rays * samples, C]; depths [rays, samples]; farthest []; and, each with 'target.'
 * before its name, colour [rays, 3] in -1..1, mask, covered and distance [rays]. With patches also w [patches, w_dim]
 * target.picture [patches, 3, 2n, 2n] in -1..1 and target.inner [patches, 1, 2n, 2n]; with faces FaceRes's weights and what `perceptualTargets` gives of
 * target.faces; with an adversary its weights and label [patches, 25]; with empty points empty [points, C];
 * with points near the surface near [points, C] and target.outside [points], how far outside of it each lies, world units.
 * @returns the terms (colour and pictures as L1 in 0..1), `loss`, and 'd.<input>' of features, w and each weight; with an
 *   adversary also 'made.image' and 'made.raw', what it was shown
 */
export function describeObjective(
  config: GeneratorConfig,
  shapes: ReadonlyMap<string, { readonly shape: Shape }>,
  { rays, samples, patches, faces, empty, near }: ObjectiveShape,
): Record<string, Tensor> {
  const parameters = new Parameters(shapes)
  const features = input('features', [rays * samples, config.plane_channels])
  const depths = input('depths', [rays, samples])
  const farthest = input('farthest', [])
  const [mask, covered, distance] = ['mask', 'covered', 'distance'].map((name) => input(`target.${name}`, [rays]))
  const { sigma, colour } = decode(config, parameters, features)
  const view = march(
    depths,
    reshape(sigma, [rays, samples]),
    reshape(colour, [rays, samples, -1]),
    farthest,
    config.rendering_kwargs.white_back,
  )
  const miss = mul(sub(slice(view.features, 1, 0, 3), input('target.colour', [rays, 3])), 0.5)
  const terms: Record<string, Tensor> = {
    colour: meanAll(abs(miss)),
    // What is small and dark, as an iris, L1 alone paints over until its place is exact.
    squares: meanAll(square(miss)),
    mask: meanAll(square(sub(view.opacity, mask))),
    // Only where the head covers the whole pixel: elsewhere the recorded distance means little. Of what is there, because a
    // ray that is missed is told so by colour and mask already, as much as one that should have missed.
    depth: meanAll(mul(covered, mul(view.opacity, abs(sub(view.depth, distance))))),
    occupancy: occupancy(reshape(sigma, [rays, samples]), depths, { mask, covered, distance }),
  }
  const leaves: Record<string, Tensor> = { features }
  let shown: Record<string, Tensor> = {}
  if (empty > 0) {
    leaves.empty = input('empty', [empty, config.plane_channels])
    // What the marcher makes of a density.
    terms.emptiness = meanAll(softplus(sub(decodeDensity(config, parameters, leaves.empty), 1)))
  }
  if (near > 0) {
    leaves.near = input('near', [near, config.plane_channels])
    const density = decodeDensity(config, parameters, leaves.near)
    Object.assign(terms, surfaceProfile(reshape(density, [near]), input('target.outside', [near])))
  }
  if (faces) {
    const { heads, side, network } = faces
    const ofHead = reshape(slice(view.features, 1, 0, 3), [heads, rays / heads, 3])
    const face = slice(ofHead, 1, rays / heads - side * side, rays / heads)
    terms.perceptual = perceptualDistance(network, transpose(reshape(face, [heads, side, side, 3]), [0, 3, 1, 2]))
  }
  if (patches) {
    const { count, side, adversary } = patches
    const w = input('w', [count, config.w_dim])
    leaves.w = w
    const network = {
      ...config,
      super_resolution: config.super_resolution && { ...config.super_resolution, input_resolution: side },
    }
    const rendered = transpose(reshape(view.features, [count, side, side, config.decoder_output_dim]), [0, 3, 1, 2])
    const { image } = superResolution(network, parameters, rendered, w)
    const inner = input('target.inner', [count, 1, image.shape[2], image.shape[3]])
    Object.assign(terms, pictureTerms(sub(image, input('target.picture', image.shape)), inner))
    if (adversary) {
      const made = middles(image, slice(rendered, 1, 0, 3))
      terms.adversarial = meanAll(softplus(neg(judged(adversary, made))))
      shown = { 'made.image': made.image, 'made.raw': made.raw }
    }
  }
  const loss = lossOf(terms)
  for (const [name, tensor] of parameters.used) if (!name.endsWith('.noise_const')) leaves[name] = tensor
  const names = Object.keys(leaves)
  const found = gradients(loss, Object.values(leaves))
  return { ...terms, ...shown, loss, ...Object.fromEntries(names.map((name, i) => [`d.${name}`, found[i]])) }
}

/**
 * Geometry taught where it is: a sample before the recorded surface, or on a ray that meets none, is outside, one close
 * behind it is inside, and the density says which. Mean cross entropy.
 * @param sigma [rays, samples], raw, and so the depths; the targets [rays]
 */
export function occupancy(
  sigma: Tensor,
  depths: Tensor,
  target: { mask: Tensor; covered: Tensor; distance: Tensor },
): Tensor {
  const [mask, covered, distance] = [target.mask, target.covered, target.distance].map((x) => reshape(x, [-1, 1]))
  const behind = sub(depths, distance)
  const isBehind = greaterThan(behind, 0)
  const empty = sub(1, greaterThan(mask, 0))
  const outside = add(mul(covered, sub(1, isBehind)), empty)
  const inside = mul(covered, mul(isBehind, sub(1, greaterThan(behind, SOLID))))
  const logit = mul(sub(sigma, LEVEL / 2), 1 / SOFTNESS)
  return meanAll(add(mul(outside, softplus(logit)), mul(inside, softplus(neg(logit)))))
}

/**
 * The surface taught as a surface: close to it, along the recorded normal and across it, the raw density is to be the
 * straight ramp that is LEVEL at the surface. Mean absolute misses: of the ramp, and of what it rises by between two points
 * that are close to each other, which is about its normal wherever the surface lies.
 * @param sigma [N], raw, and so `outside`, world units; the first two are close to each other, the next two, and so on
 */
export function surfaceProfile(sigma: Tensor, outside: Tensor): Record<'surface' | 'normals', Tensor> {
  const miss = reshape(mul(sub(sigma, sub(LEVEL, mul(outside, SLOPE))), 1 / LEVEL), [-1, 2])
  return {
    surface: meanAll(abs(miss)),
    normals: meanAll(abs(sub(slice(miss, 1, 0, 1), slice(miss, 1, 1, 2)))),
  }
}

/** 1 where x is greater, otherwise 0. */
const greaterThan = (x: Tensor, value: number): Tensor => where(greater(x, value), 1, 0)

/**
 * How far a final picture is off: its values and its differences between neighbours, L1 of colours in 0..1.
 * @param difference from what is wanted, [N, 3, H, W] in units of -1..1
 * @param inner [N, 1, H, W] 1 where it counts, 0 elsewhere
 */
export function pictureTerms(difference: Tensor, inner: Tensor): Record<'picture' | 'edges', Tensor> {
  const edges = [2, 3].map((axis) => {
    const [before, after] = [slice(inner, axis, 0, inner.shape[axis] - 1), slice(inner, axis, 1, inner.shape[axis])]
    return meanSize(step(difference, axis), mul(before, after))
  })
  return { picture: mul(meanSize(difference, inner), 0.5), edges: mul(edges.reduce(add), 0.25) }
}

/**
 * How much a picture's contrast differs from another one's around each place, whatever edge exactly it is in: mean
 * differences of neighbours along rows, columns and both diagonals, over windows. Strands that run another way are told
 * apart by them. L1 of colours in 0..1.
 * @param made [N, 3, H, W] in -1..1, and so `wanted`
 */
export function contrastMiss(made: Tensor, wanted: Tensor): Tensor {
  const [of, from] = [contrasts(made), contrasts(wanted)]
  return mul(of.map((contrast, i) => meanAll(abs(sub(contrast, from[i])))).reduce(add), 0.5 / of.length)
}

/** Means over windows of a picture [N, 3, H, W]; what is left over at its end is left out. */
export function windowMeans(x: Tensor): Tensor {
  const [count, channels, ...sizes] = x.shape
  const [rows, columns] = sizes.map((size) => Math.floor(size / WINDOW))
  const whole = slice(slice(x, 2, 0, rows * WINDOW), 3, 0, columns * WINDOW)
  return reduceMean(reshape(whole, [count, channels, rows, WINDOW, columns, WINDOW]), [3, 5])
}

/** Of the windows that contrast and tone are compared in, pixels. */
const WINDOW = 8

function contrasts(x: Tensor): Tensor[] {
  const part = (down: number, right: number) =>
    slice(slice(x, 2, down, down + x.shape[2] - 1), 3, right, right + x.shape[3] - 1)
  const [here, beside, below, across] = [part(0, 0), part(0, 1), part(1, 0), part(1, 1)]
  const pairs = [[here, beside], [here, below], [here, across], [beside, below]] // biome-ignore format: pairs
  return pairs.map(([a, b]) => windowMeans(abs(sub(a, b))))
}

/** Mean absolute value of pictures [N, 3, H, W] where the mask [N, 1, H, W] is 1. */
function meanSize(x: Tensor, mask: Tensor): Tensor {
  return div(sumAll(mul(abs(x), mask)), mul(sumAll(mask), 3))
}

/** Differences of neighbours along an axis. */
function step(x: Tensor, axis: number): Tensor {
  return sub(slice(x, axis, 1, x.shape[axis]), slice(x, axis, 0, x.shape[axis] - 1))
}
