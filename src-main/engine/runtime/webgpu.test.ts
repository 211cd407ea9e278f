/**
 * The same graphs on WebGPU: numbers, placement, residents. Needs an adapter; a software one is enough. With SwiftShader
 * out of a Chromium package (Debian: /usr/lib/chromium):
 *   VK_ICD_FILENAMES=<folder>/vk_swiftshader_icd.json LD_LIBRARY_PATH=<folder> npx vitest run src-main/engine/runtime
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as ort from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { bothRuntimes, problem } from '../../../testing/webgpu.ts'
import { cases, type GradientCase, graphOf } from '../graph/fixtures/gradient-cases.ts'
import { add, clip, conv, input, leakyRelu, matMul, mul, pullBack, sizeOf, writeModel } from '../graph/index.ts'
import { normalArray } from '../random.ts'
import { Resident } from './resident.ts'
import { Runtime } from './runtime.ts'

/** onnxruntime 1.30 computes grouped transposed convolutions wrong where a group has one output and several inputs. */
const isMiscomputed = ({ operation, of }: GradientCase) => operation === 'Conv' && of.includes('[4,1,3,3]')

describe.skipIf(problem !== undefined)(`WebGPU (${problem ?? 'available'})`, () => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(async () => {
    const both = await bothRuntimes()
    ;({ cpu, gpu } = both)
    return both.dispose
  })

  const named = cases.filter((each) => !isMiscomputed(each)).map((each) => [each.operation, each.of, each] as const)

  it.each(named)('%s: %s: values and gradients of the CPU, none of them computed there', async (_, __, each) => {
    const { tensors, output, cotangent, feeds } = graphOf(each)
    const adjoints = pullBack([output], [cotangent], Object.values(tensors))
    const model = writeModel({ output, ...Object.fromEntries(adjoints.map((adjoint, i) => [`d${i}`, adjoint])) })
    const strict = await ort.InferenceSession.create(model.bytes, {
      executionProviders: ['webgpu'],
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    })
    await strict.release()
    const expected = await (await cpu.compile(model)).run(feeds)
    const actual = await (await gpu.compile(model)).run(feeds)
    for (const [name, values] of Object.entries(expected)) {
      const scale = Math.max(1e-6, ...values.map(Math.abs))
      const deviation = Math.max(...values.map((value, i) => Math.abs(value - actual[name][i])))
      expect(deviation / scale, name).toBeLessThan(1e-5)
    }
  })

  it('activates and clamps what a convolution gave', async () => {
    const x = input('x', [1, 2, 4, 4])
    const w = input('w', [3, 2, 3, 3])
    const model = writeModel({ y: clip(leakyRelu(conv(x, w, { pads: [1, 1, 1, 1] }), 0.2), -0.5, 0.5) })
    const feeds = {
      x: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
      w: Float32Array.from({ length: 54 }, (_, i) => Math.cos(3 * i)),
    }
    const { y: expected } = await (await cpu.compile(model)).run(feeds)
    const { y } = await (await gpu.compile(model)).run(feeds)
    expect(expected).toContain(0.5)
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5)
    })
  })

  it.each([3, 5, 6, 9, 15, 24])('convolves %i channels as the CPU does', async (channels) => {
    for (const outputs of [3, 4, 8]) {
      const shapes = { x: [2, channels, 5, 5], w: [outputs, channels, 3, 3] }
      const model = writeModel({ y: conv(input('x', shapes.x), input('w', shapes.w), { pads: [1, 1, 1, 1] }) })
      const feeds = { x: normalArray(sizeOf(shapes.x), 1), w: normalArray(sizeOf(shapes.w), 2) }
      const { y: expected } = await (await cpu.compile(model)).run(feeds)
      const { y } = await (await gpu.compile(model)).run(feeds)
      y.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 3)
      })
    }
  })

  describe('a resident', () => {
    const x = Float32Array.of(1, 1)
    const flat = writeModel({ y: mul(input('x', [2]), input('w', [2])) })
    const column = writeModel({ y: matMul(input('x', [1, 2]), input('w', [2, 1])) })

    it('is uploaded once, until it is set', async () => {
      const w = new Resident(Float32Array.of(2, 3))
      const program = await gpu.compile(flat)
      expect([...(await program.run({ x, w })).y]).toEqual([2, 3])
      w.data[0] = 5
      expect([...(await program.run({ x, w })).y]).toEqual([2, 3])
      w.set(w.data)
      expect([...(await program.run({ x, w })).y]).toEqual([5, 3])
      w.set(Float32Array.of(7, 8))
      expect([...(await program.run({ x, w })).y]).toEqual([7, 8])
    })

    it('is shared by programs, whatever shape they take it in', async () => {
      const w = new Resident(Float32Array.of(2, 3))
      expect([...(await (await gpu.compile(flat)).run({ x, w })).y]).toEqual([2, 3])
      w.data.fill(0)
      expect([...(await (await gpu.compile(column)).run({ x, w })).y]).toEqual([5])
    })

    it('is whole in runs that overlap with a set', async () => {
      const program = await gpu.compile(flat)
      const w = new Resident(Float32Array.of(1, 1))
      const runs = Array.from({ length: 8 }, (_, i) => {
        w.set(Float32Array.of(i, i))
        return program.run({ x, w })
      })
      for (const { y } of await Promise.all(runs)) expect(y[0]).toBe(y[1])
      expect([...(await program.run({ x, w })).y]).toEqual([7, 7])
    })

    it('takes outputs without a copy in main memory, is fed again and read back', async () => {
      const fed = input('x', [2])
      const program = await gpu.compile(writeModel({ y: mul(fed, input('w', [2])), z: mul(fed, 10) }))
      const [w, y] = [new Resident(Float32Array.of(2, 3)), new Resident(Float32Array.of(9, 9))]
      expect(await program.run({ x, w }, undefined, { y })).toEqual({ z: Float32Array.of(10, 10) })
      expect(() => y.data).toThrow('GPU memory alone')
      expect([...(await (await gpu.compile(column)).run({ x: y, w })).y]).toEqual([13])
      expect(await gpu.read(y)).toEqual(Float32Array.of(2, 3))
      expect(y.data).toEqual(Float32Array.of(2, 3))
      y.set(Float32Array.of(1, 2))
      expect([...(await program.run({ x, w: y })).y]).toEqual([1, 2])
    })

    it('takes the place of what it was fed as, run after run', async () => {
      const fed = input('w', [2])
      const program = await gpu.compile(writeModel({ y: add(mul(input('x', [2]), fed), fed) }))
      const w = new Resident(Float32Array.of(2, 3))
      for (let i = 0; i < 4; i++) await program.run({ x, w }, undefined, { y: w })
      expect(await gpu.read(w)).toEqual(Float32Array.of(32, 48))
      w.set(Float32Array.of(1, 1))
      await program.run({ x, w }, undefined, { y: w })
      expect(await gpu.read(w)).toEqual(Float32Array.of(2, 2))
    })

    it('outlives its runtime and moves to the next', async () => {
      const w = new Resident(Float32Array.of(2, 3))
      const first = await Runtime.create({ provider: 'webgpu', allowSoftware: true })
      await (await first.compile(flat)).run({ x, w })
      await first.dispose()
      const second = await Runtime.create({ provider: 'webgpu', allowSoftware: true })
      expect([...(await (await second.compile(flat)).run({ x, w })).y]).toEqual([2, 3])
      await second.dispose()
    })

    it('gives its memory back when it is forgotten', async () => {
      setFlagsFromString('--expose-gc')
      const collect: () => void = runInNewContext('gc')
      const size = 4 << 20
      const program = await gpu.compile(writeModel({ y: mul(input('w', [size]), input('x', [1])) }))
      const values = new Float32Array(size)
      const touch = async () => {
        const w = new Resident(values)
        await program.run({ w, x: Float32Array.of(1) }, undefined, { y: w })
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 5))
        collect()
      }
      for (let i = 0; i < 4; i++) await touch()
      const before = process.memoryUsage().rss
      for (let i = 0; i < 12; i++) await touch()
      // Twelve copies and their spares would take 400 MB; on a software adapter, GPU memory is this process' memory.
      expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20)
    })
  })
})
