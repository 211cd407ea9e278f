/** The latent stage against recorded optimiser runs of the reference projector, step by step. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, GoldenCase } from '../../../testing/golden-case.ts'
import { SquaredError } from '../../../testing/squared-error.ts'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { Runtime } from '../runtime/runtime.ts'
import { LatentStage, LatentState, rampedRate } from './latent.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

function recording(name: string) {
  const { tensors } = readSafetensors(readFileSync(new URL(`./fixtures/${name}.safetensors`, import.meta.url)), name)
  return (key: string): number[] | Float32Array => {
    const tensor = tensors.get(key)!
    if (tensor.dtype !== 'F64') return toFloat32(tensor)
    return [...new Float64Array(Uint8Array.from(tensor.data).buffer)]
  }
}

describe('the projector', () => {
  const golden = new GoldenCase('tiny8x')
  const generator = golden.generator(runtime)
  it.each([
    ['w_const_lr0.02', true],
    ['wplus_const_lr0.02', false],
    ['w_schedule_lr0.01', true],
  ])('repeats 20 steps of %s', async (name, shared) => {
    const read = recording(name)
    const width = golden.config.w_dim
    const start = generator.repeat(read('w_start').slice(0, width) as Float32Array)
    const state = new LatentState(start)
    state.shared = shared
    const stage = new LatentStage(generator, [read('c') as Float32Array], state, {
      terms: {},
      camera: null,
    })
    const objective = new SquaredError(read('target') as Float32Array)
    const [losses, rates, latents] = [read('loss'), read('lr'), read('w_per_step') as Float32Array]
    const size = latents.length / 21
    for (let i = 0; i < 20; i++) {
      const rate = name.includes('schedule') ? rampedRate(0.01, i / 20) : 0.02
      expect(rate).toBeCloseTo(rates[i], 7)
      const { loss } = await stage.step([{ objective, rendering: {}, weight: 1 }], rate)
      expect(Math.abs(loss - losses[i]) / losses[i]).toBeLessThan(1e-3)
      const expected = latents.subarray((i + 1) * size, (i + 2) * size)
      expectClose(state.ws.subarray(0, size), expected, `w after step ${i}`, 2e-4)
    }
  })
})
