/** The engine through its API, with the embedded generator. Forming a head is tried through the window too, in e2e/. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeIO } from '@gltf-transform/core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtDecoding } from '../../testing/built.ts'
import { sharedLandmarker } from '../../testing/face.ts'
import { changedGenerator, quick } from '../../testing/generator.ts'
import { samplePlanes } from '../../testing/planes.ts'
import { decodeFloat16 } from '../engine/checkpoint/safetensors.ts'
import { paintHead } from '../engine/head/head.ts'
import { headField } from '../engine/head/head-field.ts'
import { readHead } from '../engine/head/head-file.ts'
import { productFile } from '../engine/product-file.ts'
import { Runtime } from '../engine/runtime/runtime.ts'
import type { DecoderState, EngineEvent } from './api.ts'
import { Engine } from './engine.ts'
import { Library } from './library.ts'
import { unpackProject } from './project-file.ts'

let folder: string
let engine: Engine
const launch = () =>
  Engine.create({ folder, runtime: { provider: 'cpu' }, decoding: builtDecoding, landmarker: sharedLandmarker })
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-engine-'))
  engine = await launch()
})
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true })
})

/** The decoder as the volume shader computes it: density, red, green, blue. */
function decode(features: Float32Array, { hidden, weight0, bias0, weight1, bias1 }: DecoderState): number[] {
  const result = [...bias1]
  for (let j = 0; j < hidden; j++) {
    let x = bias0[j]
    features.forEach((value, k) => {
      x += value * weight0[j * features.length + k]
    })
    const active = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
    for (let output = 0; output < 4; output++) result[output] += active * weight1[output * hidden + j]
  }
  return [result[0], ...result.slice(1).map((value) => 1.002 / (1 + Math.exp(-value)) - 0.001)]
}

test('what the volume shader is given says what the generator says', async () => {
  const { id } = await engine.random({ seed: 7, truncation: 0.7, generator: 'default' })
  const { planes, resolution, channels, layers, decoder } = await engine.planes({ project: id })
  const halves = engine.blobs.get(planes)
  const data = decodeFloat16(new Uint16Array(halves.buffer, halves.byteOffset, halves.byteLength / 2))
  // In the face and round it, where densities of both signs are.
  const points = Float32Array.from({ length: 3 * 200 }, (_, i) => Math.sin(i * 1.7) * 0.3)
  const projection = { rows: Float64Array.from(decoder.projection) }
  const features = samplePlanes({ data, resolution, channels, layers }, projection as never, points)
  const shader = Array.from({ length: 200 }, (_, i) =>
    decode(features.subarray(i * channels, (i + 1) * channels), decoder),
  )

  const [{ blob }] = await engine.exportProject({ project: id })
  const runtime = await Runtime.create({ provider: 'cpu' })
  try {
    const { generator } = await new Library(runtime, folder).load('default')
    const { head } = readHead(unpackProject(engine.blobs.get(blob), 'x').parts.head!, generator)
    const own = await paintHead(generator, head)
    const field = headField(generator, own)
    // Not the field's density: a surface is taken from a smoothed one.
    const densities = await generator.renderer.query(generator.weights, own, points, 'sigma')
    const colours = await field.colour(points)
    // Half floats have eleven bits; densities go up to some hundreds.
    shader.forEach(([density, ...colour], i) => {
      expect(Math.abs(density - densities[i])).toBeLessThan(0.05 + 0.005 * Math.abs(densities[i]))
      for (let k = 0; k < 3; k++) expect(colour[k]).toBeCloseTo(colours[3 * i + k], 2)
    })
    expect(Math.max(...densities)).toBeGreaterThan(10)
    expect(Math.min(...densities)).toBeLessThan(0)
    expect(Math.max(...colours) - Math.min(...colours)).toBeGreaterThan(0.3)
  } finally {
    await runtime.dispose()
  }
})

test('another made-up person takes the place of the one before', async () => {
  const first = await engine.random({ seed: 1, truncation: 0.7, generator: 'default' })
  const count = (await engine.recent({})).length
  const second = await engine.random({ seed: 2, truncation: 0.7, generator: 'default', project: first.id })
  expect(second.id).toBe(first.id)
  expect(await engine.recent({})).toHaveLength(count)
})

test('a head is changed, comes back as it was changed, and can be as it was formed', async () => {
  const { id } = await engine.random({ seed: 3, truncation: 0.7, generator: 'default' })
  const shown = ({ planes }: { planes: string }) => Buffer.from(engine.blobs.get(planes))
  const before = await engine.planes({ project: id })
  const formed = shown(before)
  const after = await engine.edit({ project: id, edit: { age: 2, hair: 0 } })
  expect(after.version).toBeGreaterThan(before.version)
  const changed = shown(after)
  expect(changed.equals(formed)).toBe(false)
  expect(shown(await engine.planes({ project: id, asFormed: true })).equals(formed)).toBe(true)
  await expect(engine.edit({ project: id, edit: { hat: 1 } })).rejects.toThrow("no 'hat'")

  const [{ blob }] = await engine.exportProject({ project: id })
  const carried = await engine.openFile({ file: blob, name: 'x.halfturn' })
  expect(carried.edit).toEqual({ age: 2 })
  expect(shown(await engine.planes({ project: carried.id })).equals(changed)).toBe(true)
  expect(shown(await engine.edit({ project: carried.id, edit: {} })).equals(formed)).toBe(true)
  expect((await engine.open({ project: carried.id })).edit).toBeUndefined()
})

test('a project that was put away comes back when it is asked for', async () => {
  const first = await engine.random({ seed: 10, truncation: 0.7, generator: 'default' })
  for (let seed = 11; seed < 17; seed++) await engine.random({ seed, truncation: 0.7, generator: 'default' })
  await expect.poll(async () => (await engine.recent({})).find(({ id }) => id === first.id)?.open).toBe(false)
  expect((await engine.planes({ project: first.id })).resolution).toBeGreaterThan(0)
})

test('a project has several photos, each with its face and correction, wherever it is opened', async () => {
  const small = sharp(productFile('resources', 'sample-portrait.jpg')).resize(480)
  const [sample, other] = [await small.jpeg().toBuffer(), await small.flop().jpeg().toBuffer()]
  const upload = (name: string, bytes: Buffer) => ({ name, file: engine.blobs.put(bytes) })
  const broken = upload('broken', sample.subarray(0, 50))
  const open = (...photos: ReturnType<typeof upload>[]) => engine.openPhotos({ photos, generator: 'default' })
  await expect(open(upload('first', sample), broken)).rejects.toThrow('broken: ')

  const project = await open(upload('first', sample), upload('second', other))
  expect(project.name).toBe('first')
  const [first, second] = project.photos.map(({ portrait }) => portrait)
  expect(second.yaw).toBeCloseTo(-first.yaw, 1)
  const correction = { ...second.correction, yaw: 0.1 }
  const { id } = project
  expect((await engine.adjust({ project: id, photo: 1, correction })).yaw).toBeCloseTo(second.yaw + 0.1, 5)
  const third = await engine.addPhoto({ project: id, ...upload('third', sample) })
  expect(third.photos.map(({ name }) => name)).toEqual(['first', 'second', 'third'])
  const left = (await engine.removePhoto({ project: id, photo: 0 })).photos
  expect(left).toMatchObject([{ name: 'second', portrait: { correction } }, { name: 'third' }])
  const chosen = engine.chooseFace({ project: id, photo: 1, face: 3 })
  await expect(chosen).rejects.toThrow('face')
  await expect(engine.removePhoto({ project: id, photo: 2 })).rejects.toThrow('no such photo')

  // From disk, and from a file.
  const [{ blob }] = await engine.exportProject({ project: id })
  const carried = await engine.openFile({ file: blob, name: 'x.halfturn' })
  const next = await launch()
  try {
    for (const { photos } of [carried, await next.open({ project: id })]) {
      expect(photos).toMatchObject(
        left.map(({ name, portrait: { yaw, correction } }) => ({ name, portrait: { yaw, correction } })),
      )
    }
  } finally {
    await next.close()
  }
  await engine.removePhoto({ project: id, photo: 1 })
  await expect(engine.removePhoto({ project: id, photo: 0 })).rejects.toThrow('keeps its last photo')
})

test('a finished head is judged once, and says in its files what is evidence', async () => {
  const file = engine.blobs.put(changedGenerator(quick))
  const generator = (await engine.importGenerator({ file, name: 'quick' })).id
  const events: EngineEvent[] = []
  const ignore = engine.listen((event) => events.push(event))
  const { id } = await engine.openSample({ name: 'Sample portrait', generator })
  await engine.start({
    project: id,
    generator,
    settings: { steps: 3, quality: 'fast', learningRate: 0.02, seed: 0 },
  })
  expect(await engine.verdict({ project: id }), 'while it forms').toBeUndefined()
  const isDone = () => events.some((event) => event.type === 'job' && event.job.state === 'done')
  await expect.poll(isDone).toBe(true)
  // Who asks for a picture, or for the surface, does not wait for what the engine thinks of the head.
  const judged = { project: id, resolution: 192, triangles: 60_000 }
  const [{ portrait }] = (await engine.open({ project: id })).photos
  const order: string[] = []
  const [verdict, again, draft] = await Promise.all([
    engine.verdict({ project: id }).finally(() => order.push('verdict')),
    engine.verdict({ project: id }),
    engine.draft(judged).finally(() => order.push('draft')),
    engine.exportPicture({ project: id, camera: portrait.camera }).finally(() => order.push('picture')),
  ])
  expect(order).toEqual(['draft', 'picture', 'verdict'])
  expect(verdict).toEqual({ verdict: 'failed', reason: { code: 'head-unconverged', values: {} } })
  expect(again).toEqual(verdict)
  const told = events.flatMap((event) => (event.type === 'task' && event.task === 'verdict' ? [event.fraction] : []))
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(told.at(-1)).toBe(1)
  expect(told.filter((fraction) => fraction === 0)).toHaveLength(1)
  ignore()

  // From the front a photo shows the nose, and not the back of the head. This is the surface it was judged by.
  const surface = await engine.surface(judged)
  expect(draft!.triangleCount).toBeLessThan(surface.triangleCount)
  expect(engine.blobs.get(draft!.evidence!)).toHaveLength(draft!.vertexCount)
  expect(await engine.draft(judged), 'what is wanted is there').toBeUndefined()
  const vertices = new Float32Array(engine.blobs.get(surface.positions).slice().buffer)
  const evidence = engine.blobs.get(surface.evidence!)
  expect(evidence).toHaveLength(surface.vertexCount)
  const mean = (isPart: (x: number, y: number, z: number) => boolean) => {
    const part = [...evidence].filter((_, i) => isPart(vertices[3 * i], vertices[3 * i + 1], vertices[3 * i + 2]))
    expect(part.length).toBeGreaterThan(100)
    return part.reduce((sum, value) => sum + value, 0) / part.length / 255
  }
  expect(mean((x, y, z) => Math.hypot(x, y) < 0.08 && z > 0.15)).toBeGreaterThan(0.5)
  expect(mean((_, __, z) => z < -0.1)).toBeLessThan(0.05)

  const coarse = { project: id, resolution: 64, triangles: 2000 }
  const {
    files: [glb],
  } = await engine.exportMesh({ ...coarse, format: 'glb', name: 'x' })
  const root = (await new NodeIO().readBinary(engine.blobs.get(glb.blob))).getRoot()
  const primitive = root.listMeshes()[0].listPrimitives()[0]
  const written = primitive.getAttribute('_EVIDENCE')!
  expect(written.getCount()).toBe(primitive.getAttribute('POSITION')!.getCount())
  expect(Math.max(...written.getArray()!)).toBeGreaterThan(0.8)
  expect(root.getAsset().extras).toMatchObject({ generated: true, quality: verdict! })

  // What the window shows on the surface is what the file has.
  const texture = await engine.texture(coarse)
  expect(engine.blobs.get(texture.uvs)).toHaveLength(8 * written.getCount())
  expect(engine.blobs.get(texture.corners)).toHaveLength(4 * primitive.getIndices()!.getCount())
  expect(Buffer.from(engine.blobs.get(texture.colours))).toEqual(
    Buffer.from(primitive.getMaterial()!.getBaseColorTexture()!.getImage()!),
  )

  // The next process knows it without judging again, and another front door can tell evidence apart just as well.
  const next = await launch()
  next.listen((event) => events.push(event))
  const before = events.length
  try {
    expect((await next.open({ project: id })).verdict).toEqual(verdict)
    expect(await next.verdict({ project: id })).toEqual(verdict)
    expect(events).toHaveLength(before)
    const [one, other] = [await engine.surface(coarse), await next.surface(coarse)]
    expect(next.blobs.get(other.evidence!)).toEqual(engine.blobs.get(one.evidence!))
  } finally {
    await next.close()
  }
})

test('a made-up person has neither verdict nor evidence', async () => {
  const { id } = await engine.random({ seed: 4, truncation: 0.7, generator: 'default' })
  expect(await engine.verdict({ project: id })).toBeUndefined()
  expect(await engine.surface({ project: id, resolution: 64, triangles: 2000 })).not.toHaveProperty('evidence')
})

test('what is not there or not possible is said so', async () => {
  await expect(engine.pause({ project: '0'.repeat(16) })).rejects.toThrow('not on this machine')
  await expect(engine.open({ project: '0'.repeat(16) })).rejects.toThrow('not on this machine')
  await expect(engine.random({ seed: 1, truncation: 1, generator: '../../etc/passwd' })).rejects.toThrow('no generator')
  const { id } = await engine.random({ seed: 3, truncation: 0.7, generator: 'default' })
  await expect(
    engine.start({
      project: id,
      generator: 'default',
      settings: { steps: 5, quality: 'fast', learningRate: 0.02, seed: 0 },
    }),
  ).rejects.toThrow('no photo')
})
