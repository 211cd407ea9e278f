/**
 * Sets how dense a generator's heads are, and so how far they reach: one number is taken from every raw density.
 * `tsx models/training/outline.ts --data DIR --generator FILE [--heads 16]`, then the same with `--shift N --out FILE`.
 *
 * A density that is taught to rise in a ramp across the surface begins before it. Seen from the front that is right where
 * half of a ray is spent at the surface; along the outline rays run within the ramp's beginning for long, which is opaque
 * there, and heads come out wider than recorded. Less density everywhere makes them narrower and lets rays run deeper.
 * Told of every shift, over recorded heads whose codes are read off their fronts: how near pictures are, by how much the
 * head's area is too large, how far its depth is off. The choice between them is written with --shift. All else in the file
 * stays, to the bit.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type GeneratorFile, readGeneratorFile, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { Reader } from '../../src-main/engine/generator/reader.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { saveGenerator } from './checkpoint.ts'
import { areaError, depthErrors, mean, psnr } from './compare.ts'
import { type RecordedHead, readRecords, thumbnail } from './records.ts'

const SHIFTS = [0, 4, 8, 12, 16, 20, 24]
/** Side of the pictures compared. */
const SIDE = 64
const LOOKING = { resolution: SIDE, coarse: 24, fine: 24, plain: true, keep: false }

interface Figures {
  /** Mean squared error of colours in 0..1, over all views, as decibels. */
  readonly psnr: number
  /** The head's area against the recorded one, less 1. */
  readonly area: number
  /** Mean distance of the front view's depths from the recorded ones, world units; and with its sign. */
  readonly depth: number
  readonly bias: number
}

/** The weights with `shift` taken from every raw density. */
export function lessDense(weights: GeneratorFile['weights'], shift: number): GeneratorFile['weights'] {
  const name = 'decoder.net.2.bias'
  const { shape, data } = weights.get(name)!
  const moved = Float32Array.from(data)
  // The decoder's first output is the density.
  moved[0] -= shift
  return new Map<string, Weight>([...weights]).set(name, { shape, data: moved })
}

/** @param codes w of each head, [w_dim] */
export async function lookAtOutlines(
  generator: Generator,
  heads: readonly RecordedHead[],
  codes: readonly Float32Array[],
): Promise<Figures> {
  const [decibels, areas, misses]: number[][] = [[], [], []]
  for (const [i, { views }] of heads.entries()) {
    const ws = generator.repeat(codes[i])
    const planes = await generator.planes(ws)
    for (const view of views) {
      const { image, rendering } = await generator.view(ws, view.label, { ...LOOKING, planes })
      decibels.push(psnr(image, thumbnail(view, SIDE)))
      areas.push(areaError(rendering.opacity, view))
      if (view === views[0]) misses.push(...depthErrors(rendering.depth, view))
    }
  }
  const depth = mean(misses.map(Math.abs))
  return { psnr: mean(decibels), area: mean(areas), depth, bias: mean(misses) }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      generator: { type: 'string' },
      heads: { type: 'string', default: '16' },
      shift: { type: 'string' },
      out: { type: 'string' },
    },
  })
  const { data, generator: path, shift, out } = values
  if (!data || !path) throw new Error('--data and --generator are needed')
  const { config, weights, extras } = readGeneratorFile(await readFile(path), path)
  if (shift !== undefined) {
    if (!out) throw new Error('--out is needed')
    const moved = lessDense(weights, Number(shift))
    const values = Object.fromEntries([...moved].map(([name, { data }]) => [name, data]))
    return saveGenerator(out, config, moved, values, extras)
  }
  const runtime = await Runtime.create({ provider: 'cpu' })
  const heads = await readRecords(data, { limit: Number(values.heads) })
  const reader = Reader.among(runtime, extras, config.w_dim)
  if (!reader) throw new Error(`${path} has no reader`)
  const codes: Float32Array[] = []
  for (const { views } of heads) codes.push(await reader.read(thumbnail(views[0], reader.side)))
  for (const shift of SHIFTS) {
    const generator = new Generator(runtime, config, lessDense(weights, shift))
    const { psnr, area, depth, bias } = await lookAtOutlines(generator, heads, codes)
    const [larger, off, beyond] = [`${(100 * area).toFixed(1)} %`, depth.toFixed(4), bias.toFixed(4)]
    console.log(
      `shift ${shift}: ${psnr.toFixed(2)} dB, area ${larger} too large, depth off by ${off}, too deep by ${beyond}`,
    )
  }
  await runtime.dispose()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
