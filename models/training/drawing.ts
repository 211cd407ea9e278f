/**
 * How random heads are drawn: a mapping network whose codes are spread as the ones read off recorded heads are. Of z its
 * first number chooses what kind of person it is (hair, hat, glasses, beard: between two of them lies no third), the
 * others how that person differs from the mean of the kind. That is a mixture of normal distributions of one covariance,
 * and the weights that draw it are written down, not trained; training itself never asks for the mapping, because there
 * every code is read off a portrait.
 */
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { principalComponents } from './components.ts'
import { centredRows, type Matrix, matrixOf, means, product } from './regression.ts'

/** One layer chooses and passes on, one adds up, one takes back what leaky ReLU makes of negative numbers. */
export const MAPPING = { mapping_layers: 3, mapping_lr_multiplier: 1 }

/** Fewer heads of a kind do not tell its mean. */
const LEAST = 3
/** How far people of a kind are from their mean, as a share of how far codes are. Part of that is the reader's noise. */
const SPREAD = 0.8
/** Of the choice between two kinds: a thousandth of a deviation lies between them. Half precision holds its weight. */
const STEEPNESS = 1000
/** What is added to a number of z, so that leaky ReLU passes it on as it is: none is as far below 0. */
const LIFT = 7
/** Slope of leaky ReLU below 0; every layer's gain, that of its activation (docs/eg3d.md, Layers). */
const SLOPE = 0.2
const GAIN = Math.SQRT2
/** Draws of z from which the kinds' borders are read. */
const DRAWS = 20_000

/**
 * @param codes w of recorded heads, each [w_dim], @param kinds of each of them
 * @param mean latent: where truncation leads to
 * @returns the mapping's weights, for a config with MAPPING
 */
export async function drawnMapping(
  runtime: Runtime,
  { z_dim, w_dim }: Pick<GeneratorConfig, 'z_dim' | 'w_dim'>,
  codes: readonly Float32Array[],
  kinds: readonly string[],
  mean: Float32Array,
): Promise<Map<string, Weight>> {
  const groups = [...new Set(kinds)]
    .map((kind) => matrixOf(codes.filter((_, i) => kinds[i] === kind)))
    .filter(({ rows }) => rows >= LEAST)
  const centres = groups.map(means)
  const known = groups.reduce((sum, { rows }) => sum + rows, 0)
  const within = new Float32Array(known * w_dim)
  let filled = 0
  for (const [kind, group] of groups.entries()) {
    const { data } = centredRows(group, centres[kind])
    within.set(data, filled)
    filled += data.length
  }
  // A border between two kinds takes two units of the first layer, whatever is passed on one.
  const borders = bordersOf(
    groups.map(({ rows }) => rows / known),
    z_dim,
  )
  const passed = Math.min(w_dim - 2 * borders.length, z_dim - 1, known - groups.length)
  if (passed < 1) throw new Error(`${known} heads of ${groups.length} kinds make no mapping ${w_dim} wide`)
  const directions = await spreadOf(runtime, { rows: known, columns: w_dim, data: within }, passed)

  const inputs = z_dim + w_dim
  const layers = [inputs, w_dim, w_dim].map((width) => ({
    weight: { shape: [w_dim, width], data: new Float32Array(w_dim * width) },
    bias: { shape: [w_dim], data: new Float32Array(w_dim) },
    // What fullyConnected divides by.
    scale: Math.sqrt(width),
  }))
  const [choose, addUp, takeBack] = layers
  for (const [i, border] of borders.entries()) {
    // Of two ramps a unit of height apart the difference goes from SLOPE to 1 at the border.
    for (const unit of [2 * i, 2 * i + 1]) {
      choose.weight.data[unit * inputs] = STEEPNESS * choose.scale
      choose.bias.data[unit] = -STEEPNESS * border - (unit % 2)
    }
  }
  for (let i = 0; i < passed; i++) {
    const unit = 2 * borders.length + i
    choose.weight.data[unit * inputs + 1 + i] = choose.scale
    choose.bias.data[unit] = LIFT
  }
  for (let k = 0; k < w_dim; k++) {
    // Less the code: leaky ReLU of that is undone by leaky ReLU.
    const put = (unit: number, value: number) => {
      addUp.weight.data[k * w_dim + unit] = (-value / GAIN) * addUp.scale
    }
    let offset = centres[0][k]
    for (const i of borders.keys()) {
      const jump = (centres[i + 1][k] - centres[i][k]) / (1 - SLOPE)
      put(2 * i, jump)
      put(2 * i + 1, -jump)
      offset -= SLOPE * jump
    }
    for (let i = 0; i < passed; i++) {
      const value = SPREAD * directions[i * w_dim + k]
      put(2 * borders.length + i, value)
      offset -= LIFT * value
    }
    addUp.bias.data[k] = -offset
    takeBack.weight.data[k * w_dim + k] = -takeBack.scale / (SLOPE * GAIN ** 2)
  }
  const weights = new Map<string, Weight>([['backbone.mapping.w_avg', { shape: [w_dim], data: mean }]])
  for (const [i, { weight, bias }] of layers.entries()) {
    weights.set(`backbone.mapping.fc${i}.weight`, weight).set(`backbone.mapping.fc${i}.bias`, bias)
  }
  return weights
}

/** Below which first number of a normalised z so many of all draws lie as the shares up to each kind but the last one say. */
function bordersOf(shares: readonly number[], z_dim: number): number[] {
  const firsts = Array.from({ length: DRAWS }, (_, seed) => {
    const z = normalArray(z_dim, seed)
    return z[0] / Math.sqrt(z.reduce((sum, value) => sum + value * value, 0) / z_dim)
  }).sort((a, b) => a - b)
  let share = 0
  return shares.slice(0, -1).map((part) => {
    share += part
    return firsts[Math.round(share * DRAWS)]
  })
}

/** @returns [count, columns]: normal numbers times these rows have the covariance of centred examples, as far as it goes */
async function spreadOf(runtime: Runtime, examples: Matrix, count: number): Promise<Float32Array> {
  const whitening = {
    rows: examples.columns,
    columns: count,
    data: await principalComponents(runtime, examples, count),
  }
  const whitened = await product(runtime, examples, whitening, 'ab')
  // z have covariance one, so a code's part in them is their product with all codes.
  const { data } = await product(runtime, whitened, examples, 'aTb')
  return data.map((value) => value / examples.rows)
}
