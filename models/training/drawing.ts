/**
 * How random heads are drawn: the mapping network, fitted to give codes that are spread as the ones read off recorded
 * heads are. Training itself never asks for it, because there every code is read off a portrait.
 */
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { unprefixed } from '../../src-main/engine/generator/adjoint.ts'
import { mapping } from '../../src-main/engine/generator/mapping.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import {
  add,
  constant,
  gradients,
  input,
  matMul,
  meanAll,
  square,
  sub,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { residents } from '../../src-main/engine/runtime/resident.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { principalComponents } from './components.ts'
import { HostAdam } from './optimiser.ts'
import { centredRows, type Matrix, means, product } from './regression.ts'

const STEPS = 4000
/** Codes drawn in a step. */
const BATCH = 256
const RATE = 2e-3

/**
 * A mapping that makes of z, drawn from N(0, 1), codes of the mean and the covariance of given ones, as far as the z_dim
 * strongest components of these go.
 * @param weights of the generator: where the mapping starts
 * @param codes w of recorded heads, [N, w_dim], N > z_dim
 * @returns the mapping's weights, the mean latent among them, and what is left over of the codes' power, 0 to 1
 */
export async function fitMapping(
  runtime: Runtime,
  config: GeneratorConfig,
  weights: ReadonlyMap<string, Weight>,
  codes: Matrix,
  steps = STEPS,
): Promise<{ weights: Map<string, Weight>; error: number }> {
  const { z_dim, c_dim, w_dim, mapping_lr_multiplier: multiplier } = config
  const mean = means(codes)
  const centred = centredRows(codes, mean)
  const whitening = { rows: w_dim, columns: z_dim, data: await principalComponents(runtime, centred, z_dim) }
  // z have covariance one, so a code's part in them is their product with all codes.
  const whitened = await product(runtime, centred, whitening, 'ab')
  const { data: spread } = await product(runtime, whitened, centred, 'aTb')
  const linear = { rows: z_dim, columns: w_dim, data: spread.map((value) => value / codes.rows) }

  const parameters = new Parameters(weights)
  const label = constant(new Float32Array(BATCH * c_dim), [BATCH, c_dim])
  const z = input('z', [BATCH, z_dim])
  const drawn = mapping(config, parameters, z, label)
  const wanted = add(matMul(z, constant(linear.data, [z_dim, w_dim])), constant(mean, [w_dim]))
  const loss = meanAll(square(sub(drawn, wanted)))
  const leaves = [...parameters.used].filter(([name]) => name.includes('.fc'))
  const found = gradients(
    loss,
    leaves.map(([, tensor]) => tensor),
  )
  const program = await runtime.compile(
    writeModel({ loss, ...Object.fromEntries(leaves.map(([name], i) => [`d.${name}`, found[i]])) }),
  )
  const mapped = new Map([...parameters.used.keys()].map((name) => [name, weights.get(name)!]))
  // The run-time gain is undone: at its hundredth of the rate, it takes twice the steps.
  const optimiser = new HostAdam(mapped, () => 1 / multiplier)
  let left = 0
  for (let step = 0; step < steps; step++) {
    const z = normalArray(BATCH * z_dim, step)
    const { loss, ...gradient } = await program.run({ ...optimiser.weights, z })
    if (step >= steps / 2) left += loss[0] / (steps / 2)
    const rate = RATE * Math.min(1, (2 * (steps - step)) / steps)
    await optimiser.step(residents(unprefixed(gradient)), rate, Math.min(0.99, (step + 1) / (step + 20)))
  }
  const { average } = await optimiser.read()
  const power = linear.data.reduce((sum, value) => sum + value * value, 0) / w_dim
  const fitted = new Map([...mapped].map(([name, { shape }]) => [name, { shape, data: average[name] }]))
  fitted.set('backbone.mapping.w_avg', { shape: [w_dim], data: mean })
  return { weights: fitted, error: left / power }
}
