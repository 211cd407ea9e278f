/**
 * Turns a trained generator into the one that is shipped: the mean latent, the starter that reads a code off a picture,
 * and directions of the code along which single traits change.
 * `tsx models/training/finish.ts --generator FILE --out FILE [--data DIR [--earlier FILE [--keep SHARE]]] [--changes DIR]`
 *
 * With an earlier finished generator, that this one was trained on from, its starter is corrected instead of one begun
 * anew: it knows heads that may no longer be at hand. So do its weights: a share of them may be kept. Without data the
 * generator is a finished one, and all but its directions stays as it is, to the bit. Without changes there are none.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type GeneratorFile, readGeneratorFile, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { readChangedHeads } from './changes.ts'
import { saveGenerator } from './checkpoint.ts'
import { basisFromExtras, basisToExtras, codeOf, describeHead, THUMBNAIL } from './codes.ts'
import { fitDirections } from './directions.ts'
import { fits } from './network.ts'
import { readRecords, thumbnail } from './records.ts'
import { centredRows, type Matrix, matrixOf, means, product, ridge } from './regression.ts'

/** Ridge strengths tried for the starter; the best on heads left out is used. */
const STRENGTHS = [0.03, 0.1, 0.3, 1, 3]
/** Every so many heads one is left out to measure with. */
const LEFT_OUT = 8

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    changes: { type: 'string' },
    generator: { type: 'string' },
    out: { type: 'string' },
    earlier: { type: 'string' },
    /** Of the earlier generator's weights, 0 to 1. */
    keep: { type: 'string', default: '0' },
  },
})
const { data, changes, generator: path, out, earlier } = values
const keep = Number(values.keep)
if (!path || !out || !(data || changes)) throw new Error('--generator, --out and --data or --changes are needed')

const runtime = await Runtime.create({ provider: 'cpu' })
const { config, weights: trained, extras } = readGeneratorFile(await readFile(path), path)
const finished = data
  ? await finish(data)
  : { weights: trained, extras: [...extras].filter(([name]) => !name.startsWith('direction.')) }
const directions: [string, Weight][] = []
if (changes) {
  const generator = new Generator(runtime, config, finished.weights)
  const heads = await readChangedHeads(changes)
  for await (const { trait, changes, direction, error } of fitDirections(generator, new Map(finished.extras), heads)) {
    console.log(`${trait}: ${(100 * (1 - error)).toFixed(0)} % of ${changes} changes' power`)
    directions.push([`direction.${trait}`, { shape: [config.num_ws, config.w_dim], data: direction }])
  }
}
const shipped = Object.fromEntries([...finished.weights].map(([name, { data }]) => [name, data]))
await saveGenerator(out, config, finished.weights, shipped, [...finished.extras, ...directions])
await runtime.dispose()

/** Mean latent and starter, from records; the code basis stays, so that training can go on from the file. */
async function finish(folder: string): Promise<{ weights: GeneratorFile['weights']; extras: [string, Weight][] }> {
  const before = earlier === undefined ? undefined : readGeneratorFile(await readFile(earlier), earlier)
  const weights = before && keep > 0 ? mixed(trained, before.weights, keep) : trained
  const basis = basisFromExtras(extras)
  if (!basis) throw new Error(`${path} has no code basis`)
  const generator = new Generator(runtime, config, weights)
  const records = await readRecords(folder)
  const noLabel = new Float32Array(config.c_dim)
  const codes = records.map((record) => codeOf(basis, describeHead(record), config.z_dim))
  const latents: Float32Array[] = []
  for (const z of codes) latents.push(await generator.map(z, noLabel))

  const meanLatent = means(matrixOf(latents))
  const thumbnails = matrixOf(records.map(({ views }) => thumbnail(views[0], THUMBNAIL)))
  const known = before?.extras
  const toZ = await fitStarter('z', thumbnails, matrixOf(codes), known?.get('starter.matrix'))
  const toW = await fitStarter('w', thumbnails, matrixOf(latents), known?.get('starter.w.matrix'))
  const completed = new Map(weights).set('backbone.mapping.w_avg', { shape: [config.w_dim], data: meanLatent })
  return {
    weights: completed,
    extras: [
      ['starter.mean', { shape: [thumbnails.columns], data: toW.mean }],
      ['starter.matrix', { shape: [thumbnails.columns, config.z_dim], data: toZ.matrix.data }],
      ['starter.w.matrix', { shape: [thumbnails.columns, config.w_dim], data: toW.matrix.data }],
      ['starter.w.offset', { shape: [config.w_dim], data: toW.offset }],
      ...basisToExtras(basis),
    ],
  }
}

/**
 * The linear map from a front thumbnail to a code: code = offset + (thumbnail - mean) @ matrix. Prints how far it is
 * off on heads left out of the fit, relative to the codes' spread.
 * @param earlier a matrix that only what it leaves over is fitted to
 */
async function fitStarter(what: string, x: Matrix, y: Matrix, earlier?: Weight) {
  const start: Matrix = {
    rows: x.columns,
    columns: y.columns,
    data: earlier?.data ?? new Float32Array(x.columns * y.columns),
  }
  /** The matrix for centred pictures and codes. */
  const solve = async (pictures: Matrix, codes: Matrix, strength: number): Promise<Matrix> => {
    const guess = await product(runtime, pictures, start, 'ab')
    const rest = { ...codes, data: codes.data.map((value, i) => value - guess.data[i]) }
    const { data } = await ridge(runtime, pictures, rest, strength)
    return { ...start, data: data.map((value, i) => value + start.data[i]) }
  }
  const kept = (rest: boolean) => (source: Matrix) =>
    matrixOf(rowsOf(source).filter((_, i) => (i % LEFT_OUT === 0) === !rest))
  const [fitted, probe] = [kept(true), kept(false)]
  const errors: number[] = []
  for (const strength of STRENGTHS) {
    const [mx, my] = [means(fitted(x)), means(fitted(y))]
    const matrix = await solve(centredRows(fitted(x), mx), centredRows(fitted(y), my), strength)
    const guess = await product(runtime, centredRows(probe(x), mx), matrix, 'ab')
    const truth = centredRows(probe(y), my)
    const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0)
    errors.push(Math.sqrt(power(truth.data.map((value, i) => value - guess.data[i])) / power(truth.data)))
  }
  const best = errors.indexOf(Math.min(...errors))
  console.log(`starter to ${what}: relative error ${errors[best].toFixed(3)} at ridge ${STRENGTHS[best]}`)
  const [mean, offset] = [means(x), means(y)]
  return { mean, offset, matrix: await solve(centredRows(x, mean), centredRows(y, offset), STRENGTHS[best]) }
}

/** @param share of `others`, which are of the same network */
function mixed(weights: GeneratorFile['weights'], others: GeneratorFile['weights'], share: number) {
  return new Map(
    [...weights].map(([name, { shape, data }]): [string, Weight] => {
      const other = others.get(name)
      if (!fits(other, { shape })) throw new Error(`The earlier generator has another ${name}`)
      return [name, { shape, data: data.map((value, i) => (1 - share) * value + share * other!.data[i]) }]
    }),
  )
}

function rowsOf({ rows, columns, data }: Matrix): Float32Array[] {
  return Array.from({ length: rows }, (_, i) => data.subarray(i * columns, (i + 1) * columns))
}
