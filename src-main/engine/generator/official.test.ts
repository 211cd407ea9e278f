/**
 * A checkpoint with the official layout and sizes, the whole way: read as data, written as a generator file, read back,
 * rendered and differentiated, against what the reference gave for it. The recording is too large for the repository:
 * it is looked for in HALFTURN_SHARED, next to the repository by default.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, expectRelative, toRays } from '../../../testing/golden-case.ts'
import { readGeneratorFile, writeGeneratorFile } from '../checkpoint/generator-file.ts'
import { importCheckpoint, sha256Of } from '../checkpoint/import.ts'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { Runtime } from '../runtime/runtime.ts'
import { Generator } from './generator.ts'

const shared = resolve(process.env.HALFTURN_SHARED ?? join(import.meta.dirname, '../../../../shared'))
const folder = join(shared, 'eg3d/goldens/official_thin')
const here = existsSync(folder)
if (!here) console.warn(`Skipped: parity with the official sizes. ${folder} is not there (set HALFTURN_SHARED).`)

function recording(name: string) {
  const { tensors } = readSafetensors(readFileSync(join(folder, `${name}.safetensors`)), name)
  return (key: string) => toFloat32(tensors.get(key)!)
}

/** The recording's targets, by formula: [3 * size * size]. */
function targetOf(size: number): Float32Array {
  return Float32Array.from({ length: 3 * size * size }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size]
    return 0.5 * Math.sin((2 * Math.PI * (channel + 1) * x) / size) * Math.cos((2 * Math.PI * y) / size)
  })
}

describe.skipIf(!here)('the official sizes', async () => {
  if (!here) return
  const runtime = await Runtime.create({ provider: 'cpu' })
  afterAll(() => runtime.dispose())
  const stages = recording('stages_det')
  const grads = recording('grads_det')

  const pickle = readFileSync(join(folder, 'model.pkl'))
  const imported = importCheckpoint(pickle, 'model.pkl', sha256Of(pickle))
  const bytes = Buffer.concat(writeGeneratorFile(imported.config, imported.weights))
  const { config, weights } = readGeneratorFile(bytes, 'model.safetensors')
  const generator = new Generator(runtime, config, weights)
  const [ws, label] = [stages('ws'), stages('c')]
  const painted = await generator.planes(ws)
  const view = await generator.view(ws, label, { planes: painted, resolution: 32, coarse: 16, fine: 16 })

  it('map a code as recorded', async () => {
    const w = await generator.map(stages('z'), stages('c_cond'), 0.7)
    expectClose(generator.repeat(w), ws, 'ws', 1e-5)
  })

  it('paint, render and enhance as recorded', () => {
    const { plane_resolution: size, plane_channels: channels, image_resolution: side } = config
    expect([size, channels, side, config.num_ws, config.w_dim]).toEqual([256, 32, 512, 14, 512])
    // Every fourth texel, from [plane][R][R][C] to [plane * C][R/4][R/4].
    const planes = Float32Array.from({ length: 96 * 64 * 64 }, (_, i) => {
      const [channel, row, column] = [Math.floor(i / 4096), 4 * (Math.floor(i / 64) % 64), 4 * (i % 64)]
      const plane = Math.floor(channel / channels)
      return painted.data[((plane * size + row) * size + column) * channels + (channel % channels)]
    })
    expectClose(planes, stages('planes_strided'), 'planes')
    expectClose(view.rendering.features, toRays(stages('feature_image'), 32), 'features')
    expectClose(view.rendering.depth, stages('image_depth'), 'depth')
    expectClose(view.raw, stages('image_raw'), 'raw')
    const cut = (from: number, count: number, step: number) =>
      Float32Array.from({ length: 3 * count * count }, (_, i) => {
        const [channel, row, column] = [Math.floor(i / count / count), Math.floor(i / count) % count, i % count]
        return view.image[(channel * side + from + step * row) * side + from + step * column]
      })
    expectClose(cut(0, 256, 2), stages('image_strided2'), 'image')
    expectClose(cut(200, 64, 1), stages('image_crop'), 'crop')
  })

  it('find the recorded gradients of code, camera and weights', async () => {
    const { image, raw, rendering } = view
    const [target, rawTarget] = [targetOf(512), targetOf(32)]
    expectClose(rawTarget, grads('target_raw'), 'target', 1e-6)
    const squares = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length
    expect(squares(image, target) / grads('loss.l2_image')[0]).toBeCloseTo(1, 4)
    expect(squares(raw, rawTarget) / grads('loss.l2_raw')[0]).toBeCloseTo(1, 4)

    const found = await generator.backward(
      view,
      {
        image: image.map((value, i) => (2 * (value - target[i])) / image.length),
        raw: raw.map((value, i) => (value - rawTarget[i]) / raw.length),
        depth: rendering.depth.map(() => 0.1 / rendering.depth.length),
      },
      { label: true, weights: true },
    )
    expectRelative(
      found.ws.map((g, i) => g + (0.02 * ws[i]) / ws.length),
      grads('grad.ws'),
      'ws',
    )
    expectRelative(found.label!, grads('grad.c'), 'camera')
    for (const name of [
      'backbone.synthesis.b256.torgb.bias',
      'backbone.synthesis.b4.const',
      'decoder.net.0.bias',
      'decoder.net.0.weight',
      'decoder.net.2.bias',
      'decoder.net.2.weight',
      'superresolution.block0.torgb.weight',
      'superresolution.block1.conv1.affine.bias',
    ]) {
      expectRelative(found.weights![name], grads(`grad.${name}`), name)
    }
  })
})
