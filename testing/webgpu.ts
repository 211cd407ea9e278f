/** For tests that hold WebGPU against the CPU: both runtimes, and a generator that a software adapter gets through. */
import { expect } from 'vitest'
import { inEnglish } from '../src-main/engine/errors.ts'
import { probe } from '../src-main/engine/runtime/provider.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { tinyConfig } from './generator.ts'

const report = await probe('webgpu')
/** Why there is none on this machine: such tests are then left out. */
export const problem = report.problem && inEnglish(report.problem)
if (problem !== undefined) console.warn(`Skipped: what needs WebGPU. ${problem}`)

/** To be disposed of when the tests are done. */
export async function bothRuntimes(): Promise<{ cpu: Runtime; gpu: Runtime; dispose(): Promise<void> }> {
  const cpu = await Runtime.create({ provider: 'cpu', threads: 1 })
  const gpu = await Runtime.create({ provider: 'webgpu', allowSoftware: true })
  const dispose = async () => {
    await cpu.dispose()
    await gpu.dispose()
  }
  return { cpu, gpu, dispose }
}

/** A CPU's runtime that goes a GPU's way: what is computed where residents are kept can be tried without an adapter. */
export const keeping = (runtime: Runtime): Runtime => Object.create(runtime, { keepsResidents: { value: true } })

/** On white, without super-resolution, of planes that are large beside its pictures. */
export const largePlanes = tinyConfig({
  num_ws: 8,
  backbone_channels: { 4: 2, 8: 2, 16: 2, 32: 2 },
  plane_resolution: 32,
  plane_channels: 16,
  decoder_hidden_dim: 8,
  image_resolution: 8,
  super_resolution: null,
  rendering_kwargs: { ...tinyConfig().rendering_kwargs, white_back: true },
})

/** As a share of the largest value. */
export function largestDifference(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0) / scale
}
