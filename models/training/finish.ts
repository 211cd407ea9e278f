/**
 * Turns a trained generator into the one that is shipped: the mapping that draws random heads, its mean latent, and
 * directions of the code along which single traits change.
 * `tsx models/training/finish.ts --generator FILE --out FILE [--data DIR] [--average FILE] [--changes DIR]`
 *
 * Half of the weights may be those of another generator that this one was trained on from: what a step's few heads leave of
 * noise in either is halved. Without data the generator is a finished one, and all but its directions stays as it is, to the
 * bit. Without changes there are none.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type GeneratorFile, readGeneratorFile, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { READER } from '../../src-main/engine/generator/reader.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { readChangedHeads } from './changes.ts'
import { saveGenerator } from './checkpoint.ts'
import { fitDirections } from './directions.ts'
import { drawnMapping, MAPPING } from './drawing.ts'
import { hidesHair, isPlain, kindOf } from './kinds.ts'
import { fits, readerOf } from './network.ts'
import { eachRecord, thumbnail } from './records.ts'
import { matrixOf, means } from './regression.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    changes: { type: 'string' },
    generator: { type: 'string' },
    out: { type: 'string' },
    average: { type: 'string' },
  },
})
const { data, changes, generator: path, out, average } = values
if (!path || !out || !(data || changes)) throw new Error('--generator, --out and --data or --changes are needed')

const runtime = await Runtime.create({ provider: 'cpu' })
const file = await readTrained(path)
const { weights: trained, extras } = file
const reader = readerOf(runtime, file, path)
const config = data ? { ...file.config, ...MAPPING } : file.config
const weights = data ? await finish(data) : trained
const directions: [string, Weight][] = []
if (changes) {
  const generator = new Generator(runtime, config, weights)
  const heads = await readChangedHeads(changes)
  for await (const { trait, changes, direction, error } of fitDirections(generator, reader, heads)) {
    console.log(`${trait}: ${(100 * (1 - error)).toFixed(0)} % of ${changes} changes' power`)
    directions.push([`direction.${trait}`, { shape: [config.num_ws, config.w_dim], data: direction }])
  }
}
const shipped = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
const others = [...extras].filter(([name]) => !name.startsWith('direction.'))
await saveGenerator(out, config, weights, shipped, [...others, ...directions])
await runtime.dispose()

/** The generator's file, averaged with the other one. */
async function readTrained(path: string): Promise<GeneratorFile> {
  const file = readGeneratorFile(await readFile(path), path)
  if (average === undefined) return file
  const other = readGeneratorFile(await readFile(average), average)
  const known = new Map([...other.weights, ...other.extras])
  const halved = (tensors: GeneratorFile['weights']) => {
    const pairs = [...tensors].map(([name, weight]): [string, Weight] => {
      const same = known.get(name)
      if (!fits(same, weight)) throw new Error(`${average} has another ${name}`)
      return [name, { ...weight, data: weight.data.map((value, i) => (value + same!.data[i]) / 2) }]
    })
    return new Map(pairs)
  }
  const readers = new Map([...file.extras].filter(([name]) => name.startsWith(READER)))
  return { ...file, weights: halved(file.weights), extras: new Map([...file.extras, ...halved(readers)]) }
}

/** The weights with a mapping that draws codes as they are read off the records. */
async function finish(folder: string): Promise<GeneratorFile['weights']> {
  const [codes, plain]: Float32Array[][] = [[], []]
  const kinds: string[] = []
  for await (const record of eachRecord(folder)) {
    if (hidesHair(record)) continue
    const w = await reader.read(thumbnail(record.views[0], reader.side))
    codes.push(w)
    kinds.push(kindOf(record))
    if (isPlain(record)) plain.push(w)
  }
  console.log(`${codes.length} heads of ${new Set(kinds).size} kinds`)
  const mapping = await drawnMapping(runtime, config, codes, kinds, means(matrixOf(plain)))
  return new Map([...trained, ...mapping])
}
