/** What the engine survives: its disk, another engine on its folder, and commands that meet. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { builtDecoding } from '../../testing/built.ts'
import { sharedLandmarker } from '../../testing/face.ts'
import { tinyConfig, tinyWeights } from '../../testing/generator.ts'
import { writeGeneratorFile } from '../engine/checkpoint/generator-file.ts'
import { productFile } from '../engine/product-file.ts'
import type { EngineEvent, Settings } from './api.ts'
import { type Disk, disk } from './disk.ts'
import { Engine } from './engine.ts'

let folder: string
const engines = new Set<Engine>()
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-survival-'))
  await mkdir(join(folder, 'generators'))
  await writeFile(join(folder, 'generators', generator), tiny)
})
afterEach(async () => {
  for (const engine of engines) await engine.close()
  engines.clear()
  await rm(folder, { recursive: true })
})

const LONG: Settings = { steps: 400, quality: 'fast', learningRate: 0.02, seed: 0 }
/** Tiny and of random weights: its pictures show no head, and nobody looks at them here. */
const generator = 'generator-tiny.safetensors'
const config = tinyConfig()
const tiny = Buffer.concat(writeGeneratorFile(config, tinyWeights(config)))
const still = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const saved = (): Promise<string[]> => readdir(join(folder, 'projects')).catch(() => [])

/** An engine whose time the test makes pass, on a disk it can fill up. */
async function launch() {
  const timers = new Set<() => void>()
  const state = { code: undefined as string | undefined }
  const refuse = () => Promise.reject(Object.assign(new Error(`${state.code}`), { code: state.code }))
  const breakable: Disk = {
    ...disk,
    write: (...all) => (state.code ? refuse() : disk.write(...all)),
    rename: (...all) => (state.code ? refuse() : disk.rename(...all)),
  }
  const engine = await Engine.create({
    folder,
    runtime: { provider: 'cpu' },
    decoding: builtDecoding,
    landmarker: sharedLandmarker,
    disk: breakable,
    clock: {
      now: () => performance.now(),
      after: (_, work) => {
        timers.add(work)
        return () => timers.delete(work)
      },
    },
  })
  engines.add(engine)
  const events: EngineEvent[] = []
  engine.listen((event) => events.push(event))
  const steps = () => events.flatMap((event) => (event.type === 'progress' ? [event.step] : []))
  return {
    ...{ engine, events, steps, state },
    /** Lets all time pass that anything waits for. */
    pass: () => {
      for (const work of [...timers]) {
        timers.delete(work)
        work()
      }
    },
    /** The codes of what was told of saving. */
    saving: () => events.flatMap((event) => (event.type === 'saving' ? [event.unsaved?.code ?? 'saved'] : [])),
    close: async () => {
      engines.delete(engine)
      await engine.close()
    },
  }
}

const soon = { interval: 20 }

test('a full disk stops no work: the window is told, and all is saved when there is space', async () => {
  const { engine, state, saving, steps, pass, close } = await launch()
  state.code = 'ENOSPC'
  const { id, unsaved } = await engine.openSample({ name: 'Sample portrait', generator })
  expect(unsaved).toMatchObject({ code: 'unsaved-full' })
  expect(await engine.recent({})).toMatchObject([{ id, name: 'Sample portrait', open: true }])
  await engine.start({ project: id, generator, settings: LONG })
  await expect.poll(() => steps().length, soon).toBeGreaterThan(1)
  expect(saving()).toEqual(['unsaved-full'])
  expect(await saved()).toEqual([])
  // What cannot be saved here can still be taken away.
  const [{ blob }] = await engine.exportProject({ project: id })
  expect(Object.keys(unzipSync(engine.blobs.get(blob))).sort()).toEqual(['checkpoint', 'head', 'photo', 'project.json'])

  state.code = undefined
  pass()
  await expect.poll(() => saving(), soon).toEqual(['unsaved-full', 'saved'])
  expect(await saved()).toEqual([id])
  expect(steps()).toEqual(steps().map((_, i) => i + 1))
  await close()

  // Two windows come back at once: one loop goes on, from where it was.
  const next = await launch()
  const before = steps().length
  const [one, other] = await Promise.all([next.engine.open({ project: id }), next.engine.open({ project: id })])
  expect([one.job.state, other.job.state]).toEqual(['running', 'running'])
  await expect.poll(() => next.steps().length, soon).toBeGreaterThan(2)
  expect(next.steps()).toEqual(next.steps().map((_, i) => before + i + 1))

  // Forgotten in the middle of a step, it is gone, and does not come back.
  await next.engine.forget({ project: id })
  expect(await saved()).toEqual([])
  expect(await next.engine.recent({})).toEqual([])
  await expect(next.engine.open({ project: id })).rejects.toThrow('not on this machine')
})

test('of two starts at once one succeeds, and of forgetting and asking nothing is left', async () => {
  const { engine } = await launch()
  const { id } = await engine.openSample({ name: 'Sample portrait', generator })
  const start = () => engine.start({ project: id, generator, settings: LONG })
  const results = await Promise.allSettled([start(), start()])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(results[1]).toMatchObject({ reason: { message: 'The head is forming.' } })
  await expect(engine.adjust({ project: id, photo: 0, correction: still })).rejects.toThrow('The head is forming.')
  const meeting = await Promise.allSettled([
    engine.forget({ project: id }),
    engine.cancel({ project: id }),
    engine.forget({ project: id }),
    engine.open({ project: id }),
  ])
  expect(meeting.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
  expect(await saved()).toEqual([])
})

test('a second engine shows the projects of the first and changes none, and takes over when it has gone', async () => {
  const first = await launch()
  const { id } = await first.engine.openSample({ name: 'Sample portrait', generator })
  const record = () => readFile(join(folder, 'projects', id, 'project.json'), 'utf8')
  const before = await record()

  const second = await launch()
  expect((await first.engine.hello()).unsaved).toBeUndefined()
  expect((await second.engine.hello()).unsaved).toMatchObject({ code: 'unsaved-locked' })
  expect((await second.engine.open({ project: id })).photos).toHaveLength(1)
  for (const change of [
    () => second.engine.forget({ project: id }),
    () => second.engine.start({ project: id, generator, settings: LONG }),
    () => second.engine.adjust({ project: id, photo: 0, correction: { ...still, dx: 0.1 } }),
  ]) {
    await expect(change()).rejects.toThrow('can only be looked at')
  }
  // What is made here is here, if only in memory.
  const made = await second.engine.random({ seed: 5, truncation: 0.7, generator })
  expect(made.unsaved).toMatchObject({ code: 'unsaved-locked' })
  expect((await second.engine.recent({})).map(({ id }) => id).sort()).toEqual([id, made.id].sort())
  expect(await saved()).toEqual([id])
  expect(await record()).toBe(before)

  await first.engine.adjust({ project: id, photo: 0, correction: { ...still, dx: 0.2 } })
  await first.close()
  second.pass()
  await expect.poll(async () => (await saved()).sort(), soon).toEqual([id, made.id].sort())
  expect(second.events.filter(({ type }) => type === 'storage')).toEqual([{ type: 'storage' }])
  expect((await second.engine.open({ project: id })).photos[0].portrait.correction.dx).toBe(0.2)
  await second.engine.forget({ project: id })
  expect(await saved()).toEqual([made.id])
})

test('a head that is of no use any more does not keep its photo from its owner', async () => {
  const first = await launch()
  const { id } = await first.engine.openSample({ name: 'Sample portrait', generator })
  await first.engine.adjust({ project: id, photo: 0, correction: { ...still, dx: 0.1 } })
  await first.close()
  const path = join(folder, 'projects', id, 'project.json')
  const record = JSON.parse(await readFile(path, 'utf8'))
  // As an edition before this one left it, whose generator was another.
  const old = JSON.stringify({
    ...record,
    generator: { id: generator, sha256: 'b'.repeat(64) },
    job: { state: 'done', step: 1, steps: 1 },
  })
  await writeFile(path, old)

  const second = await launch()
  const project = await second.engine.open({ project: id })
  expect(project).toMatchObject({ head: false, job: { state: 'none' } })
  expect(project.photos).toMatchObject([{ portrait: { correction: { dx: 0.1 } } }])
  expect(project.problem).toMatchObject({
    code: 'head-not-shown',
    values: { what: { code: 'project-of-another-generator' } },
  })
  expect(await readFile(path, 'utf8')).toBe(old)
})

test('a file that is refused leaves nothing behind, wherever it fails', async () => {
  const { engine } = await launch()
  const sample = await readFile(productFile('resources', 'sample-portrait.jpg'))
  const { id } = await engine.openSample({ name: 'Sample portrait', generator })
  const [{ blob }] = await engine.exportProject({ project: id })
  const { 'project.json': text } = unzipSync(engine.blobs.get(blob))
  await engine.forget({ project: id })
  const record = JSON.parse(Buffer.from(text).toString())
  const running = { ...record, parts: undefined, job: { state: 'running', step: 5, steps: 9 } }
  const put = (change: object, parts: Record<string, Uint8Array>) =>
    engine.blobs.put(
      zipSync({ 'project.json': strToU8(JSON.stringify({ ...record, parts: undefined, ...change })), ...parts }),
    )
  for (const [file, words] of [
    [put({}, { photo: strToU8('no photo') }), /not a JPEG/],
    [put({}, { photo: sample.subarray(0, 5000) }), /./],
    [put({ generator: { id: generator, sha256: 'b'.repeat(64) } }, { photo: sample }), /another generator/],
    [put({ generator: { id: '../x', sha256: 'b'.repeat(64) } }, { photo: sample }), /no generator/],
    [put({}, { photo: sample, head: strToU8('no head') }), /The head of/],
    [put(running, { photo: sample }), /checkpoint of this job is missing/],
    [put(running, { photo: sample, checkpoint: strToU8('none') }), /The checkpoint/],
  ] as const) {
    await expect(engine.openFile({ file, name: 'x.halfturn' })).rejects.toThrow(words)
    expect(await saved()).toEqual([])
  }
  expect(await engine.recent({})).toEqual([])
  const whole = await engine.openFile({ file: put({}, { photo: sample }), name: 'x.halfturn' })
  expect(await saved()).toEqual([whole.id])
})
