/** Heads that are wider than recorded, found so, and narrower with less density. */
import { afterAll, expect, test } from 'vitest'
import { parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { encodeFloat16, toFloat32 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { toRgb } from '../../src-main/engine/images/pictures.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { TINY_CONFIG, tinyWeights } from '../../testing/generator.ts'
import { lessDense, lookAtOutlines } from './outline.ts'
import type { RecordedHead } from './records.ts'

const SIZE = 64
const config = parseConfig({
  ...TINY_CONFIG,
  rendering_kwargs: { ...TINY_CONFIG.rendering_kwargs, white_back: true },
})
const weights = new Map(
  [...tinyWeights(config)].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]),
)
const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())
const code = normalArray(config.w_dim, 1)

/** What a generator shows of the code, as a record. */
async function photograph(generator: Generator): Promise<RecordedHead> {
  const label = orbitCamera(config.rendering_kwargs, 0)
  const look = { plain: true, resolution: SIZE, coarse: 24, fine: 24, keep: false }
  const { image, rendering } = await generator.view(generator.repeat(code), label, look)
  const mask = Uint8Array.from(rendering.opacity, (value) => Math.round(255 * value))
  const depth = new Uint16Array(encodeFloat16(rendering.depth))
  // Records stand on grey 188, what is rendered here on white.
  const rgb = Uint8Array.from(toRgb(image), (value, i) => {
    return Math.max(0, value - (255 - 188) * (1 - mask[Math.floor(i / 3)] / 255))
  })
  const view = { size: SIZE, rgb, mask, depth, label, normal: new Int8Array(3 * SIZE ** 2) }
  return { seed: 0, views: [view] }
}

test('a generator that is too dense is told to be too large, and as dense as the recorded one it is not', async () => {
  const denser = lessDense(weights, -3)
  const recorded = await photograph(new Generator(runtime, config, weights))
  const before = await lookAtOutlines(new Generator(runtime, config, denser), [recorded], [code])
  const after = await lookAtOutlines(new Generator(runtime, config, lessDense(denser, 3)), [recorded], [code])
  expect(before.area).toBeGreaterThan(0.02)
  expect(Math.abs(after.area)).toBeLessThan(0.005)
  expect(after.psnr).toBeGreaterThan(before.psnr + 3)
  for (const [name, { data }] of weights) {
    const changed = denser.get(name)!.data.filter((value, i) => value !== data[i]).length
    expect(changed, name).toBe(name === 'decoder.net.2.bias' ? 1 : 0)
  }
})
