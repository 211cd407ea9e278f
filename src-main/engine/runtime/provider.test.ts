import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { inEnglish, UserError } from '../errors.ts'
import {
  adapterNamed,
  describeProviders,
  type ProviderName,
  plainMessage,
  probe,
  probeProblem,
  providerNames,
  selectProvider,
} from './provider.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfturn-probe-'))
afterAll(() => rmSync(folder, { recursive: true }))

function script(source: string): URL {
  const path = join(folder, `${Math.random()}.mjs`)
  writeFileSync(path, source)
  return pathToFileURL(path)
}

describe('selectProvider', () => {
  it('takes the CPU at a word, without trying the others', async () => {
    const { name, adapter, reason } = await selectProvider({ provider: 'cpu' })
    expect(name).toBe('cpu')
    expect(adapter).toContain(cpus()[0].model.trim())
    expect(inEnglish(reason)).toBe(`The CPU (${adapter}), because it was asked for.`)
  })

  it('takes the first that works, and says why not the ones before', async () => {
    const reports = await describeProviders()
    expect(reports.map(({ name }) => name)).toEqual([...providerNames])
    expect(reports.at(-1)).toMatchObject({ name: 'cpu', available: true })
    const { name, reason } = await selectProvider()
    expect(name).toBe(reports.find(({ available }) => available)?.name)
    for (const report of reports) {
      if (report.available) break
      const { code } = report.problem!
      if (code !== 'provider-not-built') expect(inEnglish(reason)).toContain(inEnglish(report.problem!))
    }
  })

  it('refuses one that is not there, naming those that are', async () => {
    // DirectML is Windows' own, CoreML Apple's.
    const absent: ProviderName = process.platform === 'win32' ? 'coreml' : 'dml'
    const refusal = await selectProvider({ provider: absent }).catch((error) => error)
    expect(refusal).toBeInstanceOf(UserError)
    expect(refusal.message).toBe(
      `The provider '${absent}' cannot be used here: there is none for ${process.platform} (${process.arch}).`,
    )
    expect(refusal.cure).toMatch(/^Available: .*\bcpu \(/)
  })

  it('refuses one that does not exist', async () => {
    const refusal = await selectProvider({ provider: 'gpu' as ProviderName }).catch((error) => error)
    expect(refusal).toBeInstanceOf(UserError)
    expect(refusal.cure).toContain('cuda, dml, coreml, webgpu, cpu')
  })
})

describe('a probe', () => {
  it('finds nothing wrong with a provider that computes as the CPU does', async () => {
    expect((await probe('cpu')).problem).toBeUndefined()
  })

  it('survives a provider that ends its process', async () => {
    const result = await probe('webgpu', script('console.log(\'Using "GPU" with driver: "x"\'); process.abort()'))
    expect(inEnglish(result.problem!)).toMatch(/^it crashed \(/)
    expect(result.adapter).toBe('GPU')
  })

  it('ends a provider that hangs', async () => {
    const result = await probe('webgpu', script('setInterval(() => {}, 1000)'), 0.2)
    expect(inEnglish(result.problem!)).toBe('it did not answer within 0.2 s')
  })

  it('believes an answer given before a crash', async () => {
    const late = script('process.send({ deviation: 1e-6 }, () => process.abort())')
    expect((await probe('webgpu', late)).problem).toBeUndefined()
  })

  it('is judged by its numbers', () => {
    expect(probeProblem({ deviation: 0 })).toBeUndefined()
    expect(probeProblem({ deviation: 2e-3 })).toBeUndefined()
    expect(inEnglish(probeProblem({ deviation: 1 })!)).toBe('its results are wrong, by 100 %')
    expect(inEnglish(probeProblem({ deviation: Number.POSITIVE_INFINITY })!)).toBe('its results are wrong, by 999 %')
    expect(inEnglish(probeProblem({ deviation: Number.NaN })!)).toBe('its results are not numbers')
  })

  it('is judged by what onnxruntime says', () => {
    const fallback =
      'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.'
    expect(inEnglish(probeProblem({ error: fallback })!)).toBe('it does not have every operation')
    const library = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library'
    expect(inEnglish(probeProblem({ error: library })!)).toBe('its libraries are not installed')
    const source = '/onnxruntime_src/core/context.cc:1 Initialize()::<lambda()> status == Status::Success was false. '
    expect(
      inEnglish(probeProblem({ error: `${source}Failed to get a WebGPU adapter: No supported adapters\n` })!),
    ).toBe('it finds no adapter')
    expect(inEnglish(probeProblem({ error: `${source}Device lost\nat 0x1` })!)).toBe("it says 'Device lost'")
    expect(plainMessage('Plain enough')).toBe('Plain enough')
  })
})

describe('the name of the adapter', () => {
  const device = (fields: string) =>
    `2026-01-01 12:00:00.0 [I:onnxruntime:onnxruntime-node, device_discovery_common.cc:34 operator()] Discovered OrtHardwareDevice {${fields}}\n`
  const processor = device('vendor_id:0x1022, device_id:0x0, vendor:AMD, type:0, metadata: [Description=AMD Ryzen 7, ]')

  it('is the one the Vulkan loader hands out', () => {
    const said = `[0] llvmpipe\n[1] NVIDIA A10\n       Using "NVIDIA A10" with driver: "/usr/lib/libGLX_nvidia.so.0"\n`
    expect(adapterNamed(said, 'webgpu', 'linux')).toBe('NVIDIA A10')
  })

  it('is the one Direct3D prefers', () => {
    const said =
      device(
        'vendor_id:0x8086, device_id:0x46a6, vendor:Intel, type:1, metadata: [Description=Intel(R) Iris(R) Xe, DxgiHighPerformanceIndex=1, LUID=1, ]',
      ) +
      device(
        'vendor_id:0x10de, device_id:0x2520, vendor:NVIDIA, type:1, metadata: [Description=NVIDIA GeForce RTX 3060, DxgiHighPerformanceIndex=0, LUID=2, ]',
      ) +
      processor
    expect(adapterNamed(said, 'webgpu', 'win32')).toBe('NVIDIA GeForce RTX 3060')
  })

  it('is at least the vendor, and for CUDA always NVIDIA', () => {
    const said =
      device('vendor_id:0x1002, device_id:0x744c, vendor:, type:1, metadata: [card_idx=0, ]') +
      device('vendor_id:0x10de, device_id:0x2330, vendor:, type:1, metadata: [card_idx=1, ]') +
      processor
    expect(adapterNamed(said, 'cuda', 'linux')).toBe('NVIDIA GPU')
  })

  it('is unknown where nothing was said', () => {
    expect(adapterNamed(processor, 'webgpu', 'linux')).toBe('unknown')
  })
})
