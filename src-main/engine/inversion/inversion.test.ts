/**
 * A whole job on small random generators with a thin perceptual network: what it promises about interruption, the best so
 * far, changed plans and foreign checkpoints.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../testing/golden-case.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { thinFaceRes } from '../../../testing/thin-faceres.ts'
import { threeBlocks, twoBlocks } from '../../../testing/third-block.ts'
import { readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts'
import { UserError } from '../errors.ts'
import { uniform } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { Inversion } from './inversion.ts'
import type { InversionContext } from './inversion-context.ts'
import { type InversionSettings, inversionSettings } from './inversion-settings.ts'
import { type Phase, phases } from './schedule.ts'

const GENERATOR = 'digest of the generator'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const faceRes = await thinFaceRes()

const contextOf = (golden: GoldenCase): InversionContext => ({
  generator: golden.generator(runtime),
  extras: new Map(),
  faceRes,
})
// One with a white background, whose opacity is compared too, and one without.
const [white, dark] = [new GoldenCase('tiny2x'), new GoldenCase('tiny8x')]
const portrait = { ...portraitOf(48), wide: portraitOf(48) }
const settingsOf = (change: Partial<InversionSettings> = {}) =>
  inversionSettings.parse({ quality: 'fast', steps: 4, seed: 5, ...change })
const posedOf = (golden: GoldenCase, n: number) => ({ portrait, label: golden.at('det/c', n) })
const startOn = (golden: GoldenCase, change: Partial<InversionSettings> = {}) =>
  Inversion.start(contextOf(golden), [posedOf(golden, 0)], settingsOf(change))

const bytesOf = ({ buffer }: Float32Array) => Buffer.from(buffer)
const checkpointOf = (job: Inversion) => Buffer.concat(job.checkpoint(GENERATOR))
const resumeOn = (golden: GoldenCase, file: Uint8Array) =>
  Inversion.resume(contextOf(golden), file, 'job.unfinished', GENERATOR)

async function finish(job: Inversion): Promise<Inversion> {
  while (!job.progress.done) await job.step()
  return job
}

/** A job of one photo, with a step of each phase. */
const finished = await finish(await startOn(white))

describe.each([
  ['a generator on white', white, 7],
  ['a generator with super-resolution', dark, 5],
])('a job with %s', (_, golden, steps) => {
  /** A checkpoint after every step, and what each step said. */
  const checkpoints: Uint8Array[] = []
  const seen: { phase: Phase; loss: number }[] = []
  let whole: Inversion

  beforeAll(async () => {
    whole = await startOn(golden, { steps })
    checkpoints.push(checkpointOf(whole))
    while (!whole.progress.done) {
      seen.push(await whole.step())
      checkpoints.push(checkpointOf(whole))
    }
  })

  it('goes through every phase', () => {
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(phases))
    expect(seen.length).toBe(steps)
    expect(whole.head.shape).toBeDefined()
    expect(whole.head.detail).toBeDefined()
    expect(whole.view).not.toBeNull()
  })

  it('ends in the same bits after an interruption at any step', async () => {
    for (let step = 0; step < steps; step++) {
      const resumed = await resumeOn(golden, checkpoints[step])
      expect(resumed.progress.step).toBe(step)
      // The bits of the next step are the bits of all that follow, for every checkpoint is of one state.
      const { loss } = await resumed.step()
      expect(loss).toBe(seen[step].loss)
      expect(checkpointOf(resumed).equals(checkpoints[step + 1]), `after step ${step + 1}`).toBe(true)
    }
  })

  it('reads its finished state back', async () => {
    const resumed = await resumeOn(golden, checkpoints[steps])
    expect(resumed.progress).toEqual(whole.progress)
    expect(resumed.photos[0].portrait).toEqual(portrait)
    expect(bytesOf(resumed.head.detail!.data).equals(bytesOf(whole.head.detail!.data))).toBe(true)
    expect({ ...resumed.head, detail: null }).toEqual({ ...whole.head, detail: null })
  })

  it('descends', () => {
    const losses = seen.filter(({ phase }) => phase === 'detail').map(({ loss }) => loss)
    expect(losses.at(-1)).toBeLessThan(losses[0])
  })
})

describe('a job', () => {
  it('is the same, to the bit, where the generator has a block more for what it shows', async () => {
    const [two, three] = await Promise.all(
      [twoBlocks(runtime, 96), threeBlocks(runtime, 96)].map(async (generator) => {
        const context = { generator, extras: new Map(), faceRes }
        // Its detail stage looks at the super-resolution's picture.
        const settings = settingsOf({ quality: 'balanced', steps: 5 })
        return checkpointOf(await finish(await Inversion.start(context, [posedOf(white, 0)], settings)))
      }),
    )
    expect(three.equals(two)).toBe(true)
  })

  it('has a head before its first step: where it starts, seen by the camera it was given', async () => {
    const job = await startOn(white)
    const { generator } = contextOf(white)
    expect(job.view).toBeNull()
    expect(job.head.ws).toEqual(generator.repeat(generator.meanLatent))
    expect(job.head.detail).toBeUndefined()
    job.head.label.forEach((value, i) => {
      expect(value).toBeCloseTo(job.portraits[0].label[i], 6)
    })
  })

  it('keeps the best of a phase, whatever comes after it', async () => {
    // A rate that overshoots: some steps are worse than those before.
    const job = await startOn(white, { learningRate: 1, steps: 24 })
    let best = Number.POSITIVE_INFINITY
    let worsened = 0
    let head = job.head
    for (let step = 0; step < 5; step++) {
      const before = { ws: currentCode(job), head }
      const { loss, phase } = await job.step()
      expect(phase).toBe('code')
      head = job.head
      if (loss < best) {
        best = loss
        // The loss is that of the state before the step.
        expect(head.ws).toEqual(before.ws)
      } else {
        worsened++
        expect(head).toEqual(before.head)
      }
    }
    expect(worsened).toBeGreaterThan(0)
  })

  it('is shortened and lengthened while it runs', async () => {
    const job = await startOn(white, { steps: 20 })
    await job.step()
    job.steps = 3
    await finish(job)
    expect(job.progress).toMatchObject({ step: 3, steps: 3, phase: 'detail', done: true })
    job.steps = 4
    expect((await job.step()).phase).toBe('detail')
    // Less than what is done: it ends here.
    job.steps = 2
    expect(job.progress).toMatchObject({ step: 4, steps: 4, done: true })
    expect(job.head.detail).toBeDefined()
  })

  it('draws other numbers for another seed and the same ones for the same', async () => {
    const first = async (seed: number) => (await (await startOn(white, { seed })).step()).loss
    expect(await first(1)).toBe(await first(1))
    expect(await first(1)).not.toBe(await first(2))
  })

  it('says so when the loss is no number, and is left as it was', async () => {
    const context = contextOf(white)
    context.generator.weights['decoder.net.2.bias'] = new Float32Array(9).fill(Number.NaN)
    const job = await Inversion.start(context, [posedOf(white, 0)], settingsOf())
    const before = checkpointOf(job)
    await expect(job.step()).rejects.toThrow(UserError)
    expect(checkpointOf(job).equals(before)).toBe(true)
  })

  it('asks for sensible settings', () => {
    for (const wrong of [
      { steps: 2 },
      { steps: 1.5 },
      { learningRate: 0 },
      { seed: -1 },
      { quality: 'best' },
      { x: 1 },
    ]) {
      expect(inversionSettings.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
    }
    expect(inversionSettings.parse({})).toMatchObject({ quality: 'balanced', seed: 0 })
  })
})

/** The code as it stands, which need not be the best one. */
function currentCode(job: Inversion): Float32Array {
  const { data } = readSafetensors(checkpointOf(job), 'job').tensors.get('latent.ws')!
  return new Float32Array(Uint8Array.from(data).buffer)
}

describe('a job with two photos', () => {
  const portraits = [posedOf(white, 0), posedOf(white, 1)]
  /** One of each phase. */
  const settings = settingsOf()
  let whole: Inversion
  const losses: number[] = []
  beforeAll(async () => {
    whole = await Inversion.start(contextOf(white), portraits, settings)
    while (!whole.progress.done) losses.push((await whole.step()).loss)
  })

  it('ends in the same bits after an interruption at any step', async () => {
    let resumed = await Inversion.start(contextOf(white), portraits, settings)
    for (const loss of losses) {
      resumed = await resumeOn(white, checkpointOf(resumed))
      expect((await resumed.step()).loss).toBe(loss)
    }
    expect(checkpointOf(resumed).equals(checkpointOf(whole))).toBe(true)
    expect(resumed.portraits).toEqual(portraits)
  })

  it('refines a camera for each, and forms one head', async () => {
    whole.cameras.forEach((camera, i) => {
      expect(camera).not.toEqual(portraits[i].label)
    })
    expect(whole.head.label).toEqual(whole.cameras[0])
    expect(whole.head.ws).not.toEqual(finished.head.ws)
  })
})

describe('a checkpoint', () => {
  const file = checkpointOf(finished)

  const expectRefused = async (bytes: Uint8Array, what: string, golden = white, generator = GENERATOR) => {
    const refused = await Inversion.resume(contextOf(golden), bytes, 'job.unfinished', generator).catch((e) => e)
    expect(refused, what).toBeInstanceOf(UserError)
    expect(refused.message, what).toContain('job.unfinished')
    expect(refused.cure, what).not.toBe('')
  }

  it('of another generator is refused', async () => {
    await expectRefused(file, 'another digest', white, 'another')
    await expectRefused(file, 'other sizes under the same digest', dark)
  })

  it('cut off anywhere is refused', async () => {
    const draw = uniform(1)
    const lengths = [
      0,
      1,
      8,
      9,
      100,
      file.length - 1,
      ...Array.from({ length: 12 }, () => Math.floor(draw() * file.length)),
    ]
    for (const length of lengths) await expectRefused(file.subarray(0, length), `${length} of ${file.length} bytes`)
  })

  it('that is something else, lacks a tensor or has wrong facts is refused', async () => {
    await expectRefused(new TextEncoder().encode('a letter to a friend'), 'text')
    const { tensors, metadata } = readSafetensors(file, 'job')
    const state = JSON.parse(metadata.inversion)
    const written = (change: object, without = '') =>
      Buffer.concat(
        writeSafetensors(new Map([...tensors].filter(([name]) => name !== without)), {
          inversion: JSON.stringify({ ...state, ...change }),
        }),
      )
    await expect(resumeOn(white, written({}))).resolves.toBeInstanceOf(Inversion)
    // An edition that left shape alone said nothing of it.
    expect((await resumeOn(white, written({ shape: undefined }))).head.shape).toBeUndefined()
    for (const name of tensors.keys()) {
      // Absent, it is a phase that had not found anything yet.
      if (!['best.shape', 'best.detail'].includes(name)) await expectRefused(written({}, name), `without ${name}`)
    }
    for (const change of [
      { version: 99 },
      { phase: 'lunch' },
      { step: -1 },
      { step: 1.5 },
      { sizes: [47] },
      { sizes: [1e9] },
      { sizes: [48, 48] },
      { sizes: [] },
      { detail: { resolution: 64, steps: 3 } },
      { detail: { resolution: 1e6, steps: 3 } },
      { settings: { quality: 'fast', learningRate: 5, seed: 0 } },
      { surprise: true },
    ]) {
      await expectRefused(written(change), JSON.stringify(change))
    }
    const bare = Buffer.concat(writeSafetensors(tensors, {}))
    await expectRefused(bare, 'without metadata')
  })
})
