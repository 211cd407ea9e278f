/**
 * Gives the plane that faces the camera layers behind that do not know the face:
 * `tsx models/training/behind.ts --generator FILE --out FILE [--heads N]`. Nothing is trained and no record is needed.
 *
 * The plane gets four layers: between the two in front lie faces, 0.15 to 0.24 before the middle, and they stay what they
 * were; the two behind are alone from 0.125 behind the middle on, which is all of a head's back. Of these the finest
 * blocks, which paint faces, are silenced; but elsewhere they draw the outlines of hair. What paints a layer (the toRGBs'
 * weights) is linear in the backbone's features, so that comes back by ridge regression: random heads give many texels of
 * features, and of what they should say again outside of faces.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import { type GeneratorFile, readGeneratorFile, type Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { stridesOf } from '../../src-main/engine/generator/plane-layout.ts'
import { normalArray, uniform } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { saveGenerator } from './checkpoint.ts'
import { layersBehind, PAINTER, withLayers } from './network.ts'
import { type Matrix, product, solve } from './regression.ts'

const LAYERS: GeneratorConfig['plane_layers'] = [4, 1, 1]
/** What is left where faces are of the finest blocks, by how much coarser than the planes they are. */
const LEFT: Readonly<Record<number, number>> = { 1: 0, 2: 0, 4: 0.3 }
/** Where faces and the edges of hair around them are: an ellipse on the facing plane, in shares of the box, and its soft edge. */
const FACE = { centre: [0, 0.06], reach: [0.16, 0.24], edge: 0.25 }
/** Texels that count: those of heads and their surroundings, in shares of the box. */
const HEADS = { left: -0.35, right: 0.35, low: -0.45, high: 0.45 }
const TEXELS = 800
/** How much more than others a texel of a face counts, where nothing is to come back. */
const FACE_WEIGHT = 16
/**
 * Of the features' mean power. On heads left out 3 % of the silenced power comes back in faces, and 82 % outside of them;
 * a tenth or a third of the strength makes it 4 % and 83 %, equal weights 13 % and 95 %.
 */
const STRENGTH = 0.03

/** 1 where faces are, 0 where none is. */
export function faceShare(x: number, y: number): number {
  const radius = Math.hypot((x - FACE.centre[0]) / FACE.reach[0], (y - FACE.centre[1]) / FACE.reach[1])
  const t = Math.min(1, Math.max(0, (1 + FACE.edge - radius) / FACE.edge))
  return t * t * (3 - 2 * t)
}

/** A toRGB of the backbone, and where its features are among all. */
interface Painter {
  readonly name: string
  readonly size: number
  readonly width: number
  readonly first: number
}

/** A generator that paints, instead of planes, the features that its toRGBs paint planes from, as fine as planes. */
function featuresOf(runtime: Runtime, { config, weights }: Pick<GeneratorFile, 'config' | 'weights'>) {
  const painters: Painter[] = []
  let count = 0
  for (const [name, { shape }] of weights) {
    const [, size, kind] = PAINTER.exec(name) ?? []
    if (kind !== 'weight') continue
    painters.push({ name, size: Number(size), width: shape[1], first: count })
    count += shape[1]
  }
  const channels = Math.ceil(count / 3)
  const probing = new Map<string, Weight>(weights)
  for (const { name, width, first } of painters) {
    const rows = 3 * channels
    const one = new Float32Array(rows * width)
    for (let i = 0; i < width; i++) one[(first + i) * width + i] = 1
    probing.set(name, { shape: [rows, width, 1, 1], data: one })
    probing.set(name.replace(/weight$/, 'bias'), { shape: [rows], data: new Float32Array(rows) })
  }
  const probe = new Generator(runtime, { ...config, plane_channels: channels, plane_layers: [1, 1, 1] }, probing)
  /** @returns the features of a texel, given as row * resolution + column */
  const paint = async (ws: Float32Array) => {
    const planes = await probe.planes(ws)
    const strides = stridesOf(planes)
    return (texel: number) =>
      Float32Array.from({ length: count }, (_, i) => {
        const slice = Math.floor(i / channels)
        return planes.data[slice * strides.slice + texel * strides.column + (i % channels)]
      })
  }
  return { painters, count, paint }
}

/** The weights of `file` for planes of LAYERS; those behind do not know the face. */
export async function facelessBehind(
  runtime: Runtime,
  file: Pick<GeneratorFile, 'config' | 'weights'>,
  heads: number,
): Promise<Map<string, Weight>> {
  const { config, weights } = file
  const { plane_channels, plane_resolution: size } = config
  const channels = layersBehind(LAYERS) * plane_channels
  const made = withLayers(file, LAYERS)
  const generator = new Generator(runtime, config, weights)
  const { painters, count, paint } = featuresOf(runtime, file)
  const features: Matrix = { rows: heads * TEXELS, columns: count, data: new Float32Array(heads * TEXELS * count) }
  const changes: Matrix = { rows: features.rows, columns: channels, data: new Float32Array(features.rows * channels) }
  for (let head = 0; head < heads; head++) {
    const w = await generator.map(normalArray(config.z_dim, head), new Float32Array(config.c_dim))
    const featuresAt = await paint(generator.repeat(w))
    const random = uniform(0, head)
    for (let i = 0; i < TEXELS; i++) {
      const x = HEADS.left + random() * (HEADS.right - HEADS.left)
      const y = HEADS.low + random() * (HEADS.high - HEADS.low)
      const at = (share: number) => Math.floor((share + 0.5) * size)
      const row = head * TEXELS + i
      const share = faceShare(x, y)
      const weight = Math.sqrt(1 + (FACE_WEIGHT - 1) * share)
      const found = featuresAt(at(y) * size + at(x)).map((value) => value * weight)
      features.data.set(found, row * count)
      for (const { name, size: side, width, first } of painters) {
        const left = LEFT[size / side] ?? 1
        if (share === 1 || left === 1) continue
        const { data } = made.get(name)!
        for (let channel = 0; channel < channels; channel++) {
          let said = 0
          for (let k = 0; k < width; k++) said += data[channel * width + k] * found[first + k]
          changes.data[row * channels + channel] += (1 - share) * (1 - left) * said
        }
      }
    }
  }

  const gram = Float64Array.from((await product(runtime, features, features, 'aTb')).data)
  let trace = 0
  for (let i = 0; i < count; i++) trace += gram[i * (count + 1)]
  for (let i = 0; i < count; i++) gram[i * (count + 1)] += (STRENGTH * trace) / count
  const change = solve(gram, count, await product(runtime, features, changes, 'aTb'))
  for (const { name, size: side, width, first } of painters) {
    const { data } = made.get(name)!
    for (let channel = 0; channel < channels; channel++) {
      for (let k = 0; k < width; k++) {
        const at = channel * width + k
        data[at] = (LEFT[size / side] ?? 1) * data[at] + change[(first + k) * channels + channel]
      }
    }
  }
  return made
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { generator: { type: 'string' }, out: { type: 'string' }, heads: { type: 'string', default: '72' } },
  })
  const { generator: path, out } = values
  if (!path || !out) throw new Error('--generator and --out are needed')
  const file = readGeneratorFile(await readFile(path), path)
  const runtime = await Runtime.create({ provider: 'cpu' })
  const weights = await facelessBehind(runtime, file, Number(values.heads))
  const data = Object.fromEntries([...weights].map(([name, weight]) => [name, weight.data]))
  await saveGenerator(out, { ...file.config, plane_layers: LAYERS }, weights, data, file.extras)
  await runtime.dispose()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
