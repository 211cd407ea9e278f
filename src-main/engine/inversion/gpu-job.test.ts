/**
 * A job on WebGPU, a software adapter if need be, and on a processor that goes its way: what lies in GPU memory alone is
 * brought before a head or a checkpoint is made of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../testing/golden-case.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { keeping, problem } from '../../../testing/webgpu.ts'
import { Runtime } from '../runtime/runtime.ts'
import { Inversion } from './inversion.ts'
import type { InversionContext } from './inversion-context.ts'
import { inversionSettings } from './inversion-settings.ts'
import { pixels } from './terms/pixels.ts'
import { DEFAULT_TERMS } from './terms/terms.ts'

const golden = new GoldenCase('tiny2x')
const GENERATOR = 'digest of the generator'
/** Of few rays, and asked for what a software adapter computes in seconds. */
const portraits = [{ portrait: portraitOf(48, 0.05), label: golden.at('det/c', 0) }]
const terms = {
  picture: { pixels, perceptual: { ...pixels, weight: () => 0 } },
  code: {},
  views: {},
  shape: { prior: DEFAULT_TERMS.shape.prior },
  detail: { prior: DEFAULT_TERMS.detail.prior },
}

describe.each([
  ['WebGPU', problem === undefined],
  ['a processor that keeps residents', true],
])('a job on %s', (where, isThere) => {
  let gpu: Runtime
  let context: InversionContext
  beforeAll(async () => {
    if (!isThere) return
    gpu =
      where === 'WebGPU'
        ? await Runtime.create({ provider: 'webgpu', allowSoftware: true })
        : keeping(await Runtime.create({ provider: 'cpu', threads: 1 }))
    context = { generator: golden.generator(gpu), extras: new Map(), faceRes: new Map(), terms }
  })
  afterAll(() => gpu?.dispose())

  it.skipIf(!isThere)('has its head and its checkpoint once they are brought, and goes on from there', async () => {
    const settings = inversionSettings.parse({ quality: 'fast', steps: 6, seed: 5 })
    const job = await Inversion.start(context, portraits, settings)
    const phases: string[] = []
    let saved: Uint8Array | undefined
    let after: number | undefined
    while (!job.progress.done) {
      const { phase, loss } = await job.step()
      if (saved) after ??= loss
      phases.push(phase)
      if (phase === 'shape' || phase === 'detail') {
        expect(() => job.head).toThrow("settle('head')")
        await job.settle('head')
        expect(job.head.shape).toBeDefined()
        expect(() => job.checkpoint(GENERATOR)).toThrow("settle('checkpoint')")
      }
      await job.settle('checkpoint')
      const bytes = Buffer.concat(job.checkpoint(GENERATOR))
      if (phase === 'detail') saved ??= bytes
    }
    expect(new Set(phases)).toEqual(new Set(['code', 'layers', 'shape', 'detail']))
    expect(job.head.detail!.data.some((value) => value !== 0)).toBe(true)
    expect(job.head.shape!.data.some((value) => value !== 0)).toBe(true)

    const resumed = await Inversion.resume(context, saved!, 'job.unfinished', GENERATOR)
    const { loss } = await resumed.step()
    expect(Math.abs(loss / after! - 1)).toBeLessThan(1e-3)
  })
})
