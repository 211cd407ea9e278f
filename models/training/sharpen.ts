/**
 * Gives a generator a third block that doubles its picture, or trains the one it has:
 * `tsx models/training/sharpen.ts --data DIR --generator FILE --out FILE [--heads 100] [--steps 5000] [--seed 0]`.
 * DIR holds records of twice the size of the picture that is fitted. All else in the file stays, to the bit.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readGeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import { UserError } from '../../src-main/engine/errors.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { saveGenerator } from './checkpoint.ts'
import { basisFromExtras } from './codes.ts'
import { type FittedView, viewFitter } from './fitted-views.ts'
import { initialWeights, withThirdBlock } from './network.ts'
import { eachRecord } from './records.ts'
import { Sharpener } from './sharpener.ts'

const RATE = 0.015
/** The rate falls over the last third of the steps, to this share. */
const LAST_RATE = 0.05
/** Steps that a line tells the mean of. */
const ROW = 100

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    generator: { type: 'string' },
    out: { type: 'string' },
    heads: { type: 'string', default: '100' },
    steps: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '0' },
  },
})
const { data, generator: path, out } = values
const [heads, steps, seed] = [values.heads, values.steps, values.seed].map(Number)
if (!data || !path || !out) throw new Error('--data, --generator and --out are needed')

const file = readGeneratorFile(await readFile(path), path)
const basis = basisFromExtras(file.extras)
const config = withThirdBlock(file.config)
if (!basis) throw new Error(`${path} has no code basis`)
const runtime = await Runtime.create({ provider: 'cpu' })
const fitViews = await viewFitter(runtime, file, basis)
const views: FittedView[] = []
for await (const record of eachRecord(data, { limit: heads })) {
  const [front, ...others] = record.views
  if (front.size !== config.image_resolution) {
    throw new UserError('tool', {
      text: `${data}: the records are ${front.size} pixels wide, the picture is to be ${config.image_resolution}.`,
      cure: `Take them anew: npm run records -- ${data} ${heads} --size ${config.image_resolution}`,
    })
  }
  views.push(...(await fitViews(record, [front, others[views.length % others.length]])))
}
console.log(`${views.length} views fitted`)

const shapes = initialWeights(config, file.weights, seed)
const sharpener = new Sharpener(runtime, config, shapes, views, seed)
let sums: Record<string, number> = {}
for (let step = 1; step <= steps; step++) {
  const left = 1 - (step - 1) / steps
  const terms = await sharpener.step(RATE * Math.min(1, Math.max(LAST_RATE, 3 * left)))
  for (const [name, value] of Object.entries(terms)) sums[name] = (sums[name] ?? 0) + value / ROW
  if (step % ROW !== 0) continue
  const told = Object.entries(sums).map(([name, value]) => `${name} ${value.toPrecision(3)}`)
  console.log(`step ${step} of ${steps}: ${told.join(', ')}`)
  sums = {}
}
const { average } = await sharpener.optimiser.read()
await saveGenerator(out, config, shapes, average, file.extras)
await runtime.dispose()
