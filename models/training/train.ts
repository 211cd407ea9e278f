/**
 * Trains a generator: `npm run train -- --data DIR --out DIR --stage planes|picture|all --minutes M [--init FILE]`.
 * Goes on where OUT/training.safetensors stands; see README.md for what is read and written.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { readGeneratorFile, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { UserError } from '../../src-main/engine/errors.ts'
import { Reader } from '../../src-main/engine/generator/reader.ts'
import { readFaceRes } from '../../src-main/engine/networks/faceres.ts'
import { providerNames } from '../../src-main/engine/runtime/provider.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { progressLine, recordLosses, writeSheet } from './charts.ts'
import { loadTraining, saveGenerator, saveTraining } from './checkpoint.ts'
import { hidesHair } from './kinds.ts'
import { defaultConfig, fits, initialReader, initialWeights, withLayers, withoutReader } from './network.ts'
import { readRecords, thumbnail } from './records.ts'
import { type TermValues, Trainer } from './trainer.ts'

/** Steps over which the rate rises after a start. */
const WARM_UP = 100
/** The rate falls over the last two thirds of the time, to this share. */
const LAST_RATE = 0.05
/** Steps a row of the losses is the mean of. */
const ROW = 50
const SAVE_EVERY_SECONDS = 120
const PREVIEW_HEADS = 3
/** Fewer samples a ray than a picture to be kept has. */
const PREVIEW_SAMPLES = { coarse: 20, fine: 20 }

const options = z.object({
  data: z.string(),
  out: z.string(),
  stage: z.enum(['reader', 'behind', 'planes', 'picture', 'all', 'adversarial']).default('planes'),
  /** Of training, this time. */
  minutes: z.coerce.number().positive().default(60),
  /** A generator's file to start from; weights that do not fit are begun anew. */
  init: z.string().optional(),
  /** Of each plane, along its normal; default: as many as there are, or one. */
  layers: z
    .string()
    .regex(/^\d+,\d+,\d+$/, 'three numbers, as in 2,1,1')
    .transform((text) => text.split(',').map(Number) as [number, number, number])
    .optional(),
  rate: z.coerce.number().positive().default(2e-3),
  seed: z.coerce.number().int().default(0),
  heads: z.coerce.number().int().positive().optional(),
  /** Whether the planes' stage looks at faces through FaceRes. */
  perceptual: z.enum(['yes', 'no']).default('yes'),
  preview: z.coerce.number().int().positive().default(1000),
  provider: z.enum(providerNames).optional(),
  threads: z.coerce.number().int().positive().optional(),
})

async function main(): Promise<void> {
  const names = Object.keys(options.shape)
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  })
  const parsed = options.safeParse(values)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]
    throw new UserError('tool', { text: `--${path.join('.')}: ${message}.`, cure: 'See models/training/README.md.' })
  }
  const { data, out, stage, minutes, init, layers, rate, seed, heads, perceptual, preview, provider, threads } =
    parsed.data

  await mkdir(out, { recursive: true })
  const runtime = await Runtime.create({ provider, threads })
  const records = (await readRecords(data, { limit: heads })).filter((record) => !hidesHair(record))
  console.log(`${records.length} heads, ${records.reduce((sum, { views }) => sum + views.length, 0)} views`)
  const statePath = join(out, 'training.safetensors')
  const earlier = await loadTraining(statePath)
  const given = init === undefined ? undefined : readGeneratorFile(await readFile(init), init)
  // A super-resolution that is there already stays, though the planes' stage does not train it.
  const onRays = stage === 'planes' || stage === 'behind' || stage === 'reader'
  const enhances = !onRays || (given?.config.super_resolution ?? null) !== null
  const config = earlier?.config ?? defaultConfig(enhances, layers ?? given?.config.plane_layers)
  const size = records[0].views[0].size
  if (!onRays && size !== config.image_resolution) {
    throw new UserError('tool', {
      text: `The records are ${size} pixels wide, the generator's picture is ${config.image_resolution}.`,
      cure: 'Render the records at that size, or train the planes only.',
    })
  }
  const taken = given ? withLayers(given, config.plane_layers) : new Map<string, Weight>()
  const reader = initialReader(config.w_dim, given?.extras ?? new Map(), seed)
  const shapes = new Map([...initialWeights(config, taken, seed), ...reader])
  const known = new Map([...(given?.weights ?? []), ...(given?.extras ?? [])])
  const fresh = given && new Set([...shapes.keys()].filter((name) => !fits(known.get(name), shapes.get(name)!)))
  const faceRes = stage === 'planes' && perceptual === 'yes' ? await readFaceRes() : undefined
  const trainer = new Trainer(runtime, config, shapes, records, { stage, seed, fresh, faceRes })
  earlier?.restore(trainer)

  // What a finished generator has beside its weights holds as long as the code's meaning stays.
  const finished = stage === 'behind' || stage === 'picture' || stage === 'reader' ? given?.extras : undefined
  const carried = earlier?.extras ?? withoutReader(finished ?? new Map())
  const begun = performance.now()
  const before = earlier?.seconds ?? 0
  const elapsed = () => (performance.now() - begun) / 1000
  const save = async () => {
    await saveTraining(statePath, trainer, carried, before + elapsed())
    const { average } = await trainer.optimiser.read()
    await saveGenerator(join(out, 'generator.safetensors'), config, shapes, average, carried)
  }
  const show = async () => {
    const { average: values } = await trainer.optimiser.read()
    const average = new Map([...shapes].map(([name, { shape }]) => [name, { shape, data: values[name] }]))
    const reader = Reader.among(runtime, average, config.w_dim)!
    const rows = records.slice(0, PREVIEW_HEADS).map(async ({ views: [view] }) => {
      return { w: await reader.read(thumbnail(view, reader.side)), view }
    })
    return writeSheet(
      join(out, `preview-${trainer.steps}.png`),
      runtime,
      config,
      average,
      await Promise.all(rows),
      PREVIEW_SAMPLES,
    )
  }

  const first = trainer.steps
  let saved = 0
  let recent: TermValues[] = []
  while (elapsed() < minutes * 60) {
    const share = elapsed() / (minutes * 60)
    const factor =
      Math.min(1, (trainer.steps - first + 1) / WARM_UP) * Math.min(1, Math.max(LAST_RATE, 1.5 * (1 - share)))
    const terms = await trainer.step(rate * factor)
    if (!Number.isFinite(terms.loss)) throw new Error(`The loss is ${terms.loss} at step ${trainer.steps}`)
    recent.push(terms)
    if (process.stdout.isTTY) process.stdout.write(`\r${progressLine(share, trainer.steps, terms)}`)
    if (recent.length === ROW) {
      const mean = Object.fromEntries(
        Object.keys(terms).map((name) => [name, recent.reduce((sum, row) => sum + row[name], 0) / ROW]),
      )
      await recordLosses(join(out, 'losses.csv'), trainer.steps, before + elapsed(), mean)
      if (!process.stdout.isTTY) console.log(progressLine(share, trainer.steps, mean))
      recent = []
    }
    if (elapsed() - saved > SAVE_EVERY_SECONDS) {
      await save()
      saved = elapsed()
    }
    if (trainer.steps % preview === 0) await show()
  }
  await save()
  await show()
  await runtime.dispose()
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(`${error.message}\n${error.cure}`)
  process.exitCode = 2
}
