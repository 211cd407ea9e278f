/** Directions found again that pictures were changed along. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { toFloat32 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { Reader, readerShapes } from '../../src-main/engine/generator/reader.ts'
import { sizeOf } from '../../src-main/engine/graph/index.ts'
import { toRgb } from '../../src-main/engine/images/pictures.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { TINY_CONFIG, tinyWeights } from '../../testing/generator.ts'
import type { ChangedHead } from './changes.ts'
import { type FittedDirection, fitDirections } from './directions.ts'
import type { RecordedPicture } from './records.ts'

const SIZE = 32
const config = parseConfig(TINY_CONFIG)
const weights = new Map(
  [...tinyWeights(config)].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]),
)
const code = normalArray(config.w_dim, 1)
/** A reader that reads the same code off every picture. */
function readerOfOneCode() {
  const shapes = readerShapes([4, 4, 4], config.w_dim)
  const still = new Map([...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]))
  still.get('reader.fc.bias')!.data.set(code)
  return Reader.among(runtime, still, config.w_dim)!
}
let runtime: Runtime
let generator: Generator
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  generator = new Generator(runtime, config, weights)
})
afterAll(() => runtime.dispose())

async function photograph(ws: Float32Array, label: Float32Array): Promise<RecordedPicture> {
  const { image } = await generator.view(ws, label, { plain: true, resolution: SIZE, keep: false })
  return { size: SIZE, rgb: Uint8Array.from(toRgb(image)), mask: new Uint8Array(SIZE * SIZE).fill(255), label }
}

test('what moved the pictures is found, with its sign', async () => {
  const ws = generator.repeat(code)
  const along = normalArray(ws.length, 2).map((value) => 0.3 * value)
  const labels = [0, 0.4].map((yaw) => orbitCamera(config.rendering_kwargs, yaw))
  const seen = (strength: number) =>
    Promise.all(
      labels.map((label) =>
        photograph(
          ws.map((value, k) => value + strength * along[k]),
          label,
        ),
      ),
    )
  const views = await seen(0)
  const head: ChangedHead = {
    seed: 0,
    views,
    changes: [
      { trait: 'more', strength: 2, views: await seen(2) },
      { trait: 'more', strength: -2, views: await seen(-2) },
    ],
  }
  const found: FittedDirection = (await fitDirections(generator, readerOfOneCode(), [head], 60).next()).value
  expect(found).toMatchObject({ trait: 'more', changes: 2 })
  expect(found.error).toBeLessThan(0.5)
  const both = found.direction.reduce((sum, value, k) => sum + value * along[k], 0)
  expect(both).toBeGreaterThan(0)
})
