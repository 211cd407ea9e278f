/** Training end to end on a tiny network and records made up on the spot. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeFloat16 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { castRays } from '../../src-main/engine/generator/rays.ts'
import { input, writeModel } from '../../src-main/engine/graph/index.ts'
import { readFaceRes } from '../../src-main/engine/networks/faceres.ts'
import { normalArray, uniform } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { smallTrainingConfig } from '../../testing/small-training.ts'
import { drawTone, dressPortrait, mirrorHead, mirrorPicture, toneHead, tonePicture } from './augment.ts'
import { drawBatch, raysOfHead, SAMPLES } from './batch.ts'
import { loadTraining, saveTraining } from './checkpoint.ts'
import { initialReader, initialWeights, withLayers } from './network.ts'
import { type OptimiserState, PARTS } from './optimiser.ts'
import { FACE_SIDE, perceptualDistance, perceptualTargets } from './perceptual.ts'
import { type RecordedHead, readRecord } from './records.ts'
import { type TermValues, Trainer, type TrainingStage } from './trainer.ts'

const SIZE = 96

const small = smallTrainingConfig(SIZE / 2)

/** A disc of one colour in front of the camera, as a record's archive. */
function archive(seed: number): Uint8Array {
  const npy = (type: string, shape: number[], bytes: Uint8Array) => {
    const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
    const header = `${text.padEnd(117)}\n`
    return Uint8Array.from([...strToU8('\x93NUMPY', true), 1, 0, header.length, 0, ...strToU8(header), ...bytes])
  }
  const area = SIZE * SIZE
  const inside = (i: number) => Math.hypot((i % SIZE) - SIZE / 2, Math.floor(i / SIZE) - SIZE / 2) < SIZE / 3
  const pick = <T>(yes: T, no: T) => Array.from({ length: area }, (_, i) => (inside(i) ? yes : no))
  const colour = [40 + 60 * seed, 90, 200 - 60 * seed]
  const label = orbitCamera(small.rendering_kwargs, 0)
  const bytes = (array: Float32Array | Uint16Array | Uint32Array) => new Uint8Array(array.buffer)
  const meta = JSON.stringify({ seed, male: 0, age: 30, mel: 0.2, style: 'bob01' })
  return zipSync({
    'rgb.npy': npy('|u1', [1, SIZE, SIZE, 3], Uint8Array.from(pick(colour, [188, 188, 188]).flat())),
    'depth.npy': npy('<f2', [1, SIZE, SIZE], bytes(encodeFloat16(Float32Array.from(pick(2.6, 0))))),
    'mask.npy': npy('|u1', [1, SIZE, SIZE], Uint8Array.from(pick(255, 0))),
    'normal.npy': npy('|i1', [1, SIZE, SIZE, 3], Uint8Array.from(pick([0, 0, 127], [0, 0, 0]).flat())),
    'cam.npy': npy('<f4', [1, 25], bytes(label)),
    'meta.npy': npy(`<U${meta.length}`, [1], bytes(Uint32Array.from(meta, (c) => c.codePointAt(0)!))),
  })
}

let runtime: Runtime
let folder: string
let records: RecordedHead[]
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  folder = await mkdtemp(join(tmpdir(), 'halfturn-train-'))
  records = [0, 1, 2].map((seed) => readRecord(archive(seed), `${seed}.npz`))
})
afterAll(async () => {
  await runtime.dispose()
  await rm(folder, { recursive: true })
})

describe('records', () => {
  it('come back as they were written', () => {
    const [{ views, seed }] = records
    expect(seed).toBe(0)
    expect(views[0].size).toBe(SIZE)
    expect([...views[0].rgb.subarray(0, 3)]).toEqual([188, 188, 188])
    expect(views[0].label[16]).toBeCloseTo(4.2647)
  })
})

describe('a batch', () => {
  it('puts ascending samples around the recorded surface', () => {
    const batch = drawBatch(records, { heads: 2, views: 1, rays: 200, face: 0, empty: 0, near: 0 }, 1, uniform(1))
    let near = 0
    for (let ray = 0; ray < 400; ray++) {
      const row = batch.depths.subarray(ray * SAMPLES, (ray + 1) * SAMPLES)
      expect([...row]).toEqual([...row].sort((a, b) => a - b))
      if (batch.mask[ray] > 0.5 && row.filter((t) => Math.abs(t - batch.distance[ray]) < 0.07).length >= 8) near++
    }
    expect(near).toBeGreaterThan(100)
  })

  it('knows how far points near the surface are outside of it', () => {
    const shape = { heads: 2, views: 1, rays: 8, face: 0, empty: 0, near: 100 }
    const { near, outside } = drawBatch(records, shape, 1, uniform(3))
    // The disc lies 2.6 before the camera, which looks down from z = 2.7.
    outside.forEach((distance, i) => {
      expect(near[i * 3 + 2]).toBeCloseTo(0.1 + distance, 2)
    })
    // On both sides of it, and more outside: within 0.01 of a place 0.005 before it.
    expect(Math.max(...outside)).toBeGreaterThan(0.01)
    expect(Math.min(...outside)).toBeLessThan(-0.003)
    expect(outside.reduce((sum, value) => sum + value, 0) / outside.length).toBeCloseTo(0.005, 3)
  })

  it('shows patches at twice the resolution of their rays', () => {
    const side = 8
    const batch = drawBatch(
      records,
      { heads: 1, views: 1, rays: { patch: side }, face: 0, empty: 0, near: 0 },
      1,
      uniform(2),
    )
    for (let channel = 0; channel < 3; channel++) {
      const at = (y: number, x: number) => batch.picture![(channel * 2 * side + y) * 2 * side + x]
      const mean = (at(6, 4) + at(7, 4) + at(6, 5) + at(7, 5)) / 4
      expect(batch.colour[(3 * side + 2) * 3 + channel]).toBeCloseTo(mean, 5)
    }
  })
})

describe('the inner part of a patch', () => {
  const side = SIZE / 4
  const inner = (seed: number) =>
    drawBatch(records, { heads: 1, views: 1, rays: { patch: side }, face: 0, empty: 0, near: 0 }, 1, uniform(seed))
      .inner!
  const corners = (mask: Float32Array) => [mask[0], mask[2 * side - 1], mask.at(-2 * side)!, mask.at(-1)!]

  it('leaves a margin out, but not at the border of the picture', () => {
    const drawn = Array.from({ length: 60 }, (_, seed) => inner(seed))
    for (const mask of drawn) expect(mask[side * 2 * side + side]).toBe(1)
    // Patches in the middle of the picture, and such as reach one of its corners.
    expect(drawn.some((mask) => corners(mask).every((value) => value === 0))).toBe(true)
    expect(drawn.some((mask) => corners(mask).some((value) => value === 1))).toBe(true)
    const [clear] = drawn.filter((mask) => corners(mask).every((value) => value === 0))
    expect(clear.filter((value) => value === 0).length).toBeLessThan(0.6 * clear.length)
  })
})

describe('a batch of faces and emptiness', () => {
  const shape = { heads: 2, views: 1, rays: 100, face: 8, empty: 300, near: 0 }

  it('ends each head with a patch of its face', () => {
    const batch = drawBatch(records, shape, 1, uniform(3))
    for (const [h, head] of batch.heads.entries()) {
      // The discs fill the middle, where faces are.
      const [red] = records[head].views[0].rgb.subarray((SIZE / 2) * (SIZE + 1) * 3)
      const first = h * raysOfHead(shape) + shape.views * shape.rays
      for (let ray = first; ray < first + 64; ray++) expect(batch.colour[ray * 3]).toBeCloseTo(red / 127.5 - 1, 5)
    }
  })

  it('looks at both sides of an outline alike', () => {
    const shape = { heads: 2, views: 1, rays: 20000, face: 0, empty: 0, near: 0 }
    const { directions } = drawBatch(records, shape, 1, uniform(7))
    const focal = SIZE * records[0].views[0].label[16]
    const counts = { inside: 0, outside: 0, beyond: 0 }
    for (let at = 0; at < directions.length; at += 3) {
      const [x, y, z] = directions.subarray(at, at + 3)
      const beyondEdge = (focal * Math.hypot(x, y)) / Math.abs(z) - SIZE / 3
      if (Math.abs(beyondEdge) < 3) counts[beyondEdge < 0 ? 'inside' : 'outside']++
      else if (beyondEdge > 6 && beyondEdge < 9) counts.beyond++
    }
    const ratio = (a: number, b: number, distance: number) => a / b / (1 - distance / (SIZE / 3))
    expect(ratio(counts.inside, counts.outside, 3)).toBeGreaterThan(0.8)
    // Some of what is inside counts as features.
    expect(ratio(counts.inside, counts.outside, 3)).toBeLessThan(1.5)
    // Contrast alone is looked at more.
    expect(ratio(counts.inside, counts.beyond, 9)).toBeLessThan(2.5)
  })

  it('mirrors one head as its portrait is mirrored', () => {
    const shape = { heads: 2, views: 1, rays: 50, face: 0, empty: 10, near: 10 }
    const [as, batch] = [4, 4].map((seed) => drawBatch(records, shape, 1, uniform(seed)))
    mirrorHead(batch, 1)
    for (const name of ['origins', 'directions', 'empty', 'near'] as const) {
      const half = as[name].length / 2
      expect(batch[name].subarray(0, half)).toEqual(as[name].subarray(0, half))
      const mirrored = as[name].slice(half).map((value, i) => (i % 3 === 0 ? -value : value))
      expect(batch[name].subarray(half)).toEqual(mirrored)
    }
    // From the front, the ray of a pixel is the mirrored ray of the pixel that takes its place.
    const { label } = records[0].views[0]
    const columns = Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => i % SIZE)
    const [row, column] = [20, 7]
    const [there, here] = [row * SIZE + column, row * SIZE + mirrorPicture(columns, SIZE)[row * SIZE + column]]
    const { directions } = castRays(label, SIZE, Uint32Array.of(there, here))
    for (const axis of [0, 1, 2]) expect(directions[3 + axis]).toBeCloseTo((axis === 0 ? -1 : 1) * directions[axis], 6)
  })

  it('tones one head as its portrait and its pictures are toned', () => {
    const shape = { heads: 2, views: 2, rays: { patch: 6 }, face: 0, empty: 0, near: 0 }
    const [as, batch] = [4, 4].map((seed) => drawBatch(records, shape, 1, uniform(seed)))
    const tone = [0.8, 1, 1.25]
    toneHead(batch, 1, tone)
    const half = as.colour.length / 2
    expect(batch.colour.subarray(0, half)).toEqual(as.colour.subarray(0, half))
    expect(batch.picture!.subarray(0, 4 * half)).toEqual(as.picture!.subarray(0, 4 * half))
    for (const [view, ray] of [0, 1].flatMap((view) => Array.from({ length: 36 }, (_, ray) => [view, ray]))) {
      const pixel = half + (view * 36 + ray) * 3
      const portrait = as.colour.slice(pixel, pixel + 3)
      tonePicture(portrait, tone)
      expect(batch.colour.subarray(pixel, pixel + 3)).toEqual(portrait)
    }
    const patch = as.picture!.slice(-3 * 144)
    tonePicture(patch, tone)
    expect(batch.picture!.subarray(-3 * 144)).toEqual(patch)
  })

  it('leaves black and white as they are in every tone', () => {
    const random = uniform(9)
    const tones = Array.from({ length: 400 }, () => drawTone(random))
    expect(tones.filter((tone) => tone.every((exponent) => exponent === 1)).length).toBeGreaterThan(150)
    for (const tone of tones) {
      const picture = Float32Array.of(-1, 1, -1, 1, -1, 1)
      tonePicture(picture, tone)
      expect([...picture]).toEqual([-1, 1, -1, 1, -1, 1])
      for (const exponent of tone) expect(Math.abs(Math.log(exponent))).toBeLessThan(0.7)
    }
  })

  it('dresses portraits below the chin', () => {
    const [side, random] = [32, uniform(8)]
    let dressed = 0
    for (let k = 0; k < 100; k++) {
      const portrait = new Float32Array(3 * side * side).fill(5)
      dressPortrait(portrait, side, random)
      const laid = Array.from(portrait, (value, i) => ({ value, row: Math.floor(i / side) % side, column: i % side }))
      const cloth = laid.filter(({ value }) => value !== 5)
      if (cloth.length > 0) dressed++
      for (const { row, column } of cloth) {
        const isMiddle = Math.abs(column - side / 2) < 0.15 * side
        expect(row).toBeGreaterThan((isMiddle ? 0.7 : 0.5) * side)
      }
      for (const value of portrait) expect(value === 5 || Math.abs(value) <= 1).toBe(true)
    }
    expect(dressed).toBeGreaterThan(30)
    expect(dressed).toBeLessThan(70)
  })

  it('knows where no head is', () => {
    const { empty } = drawBatch(records, shape, 1, uniform(4))
    expect(empty.length).toBe(2 * 300 * 3)
    for (let i = 0; i < empty.length; i += 3) {
      const [x, y, z] = empty.subarray(i, i + 3)
      expect(Math.max(Math.abs(x), Math.abs(y), Math.abs(z))).toBeLessThanOrEqual(0.5)
      expect(Math.hypot(x, y, z)).toBeGreaterThan(0.3)
    }
  })

  it('looks inside the box alone, also from cameras that see more than a portrait', () => {
    const wide = records.map((record) => {
      const label = record.views[0].label.slice()
      label[16] *= 0.5
      label[20] *= 0.5
      return { ...record, views: [record.views[0], { ...record.views[0], label }] }
    })
    const { origins, directions, depths, distance } = drawBatch(wide, { ...shape, views: 4 }, 1, uniform(5))
    const outside = (ray: number, depth: number) =>
      [0, 1, 2].some((axis) => Math.abs(origins[ray * 3 + axis] + depth * directions[ray * 3 + axis]) > 0.5001)
    let rays = 0
    for (let ray = 0; ray < distance.length; ray++) {
      // The discs stand 2.6 before the camera; a ray that meets the disc crosses the box.
      if (distance[ray] === 0) continue
      rays++
      for (let k = 0; k < SAMPLES; k++) expect(outside(ray, depths[ray * SAMPLES + k])).toBe(false)
    }
    expect(rays).toBeGreaterThan(100)
  })
})

describe('the perceptual distance', () => {
  it('is nothing between equals, little between like and more between unlike patches', async () => {
    const network = await readFaceRes()
    const shape = [1, 3, FACE_SIDE, FACE_SIDE]
    const weights = Object.fromEntries([...network].map(([name, { data }]) => [name, data]))
    const look = await runtime.compile(writeModel(perceptualTargets(network, shape)))
    const judge = await runtime.compile(writeModel({ distance: perceptualDistance(network, input('image', shape)) }))
    const stripes = (strength: number) =>
      Float32Array.from({ length: 3 * FACE_SIDE ** 2 }, (_, i) => (i % 8 < 4 ? strength : -strength))
    const wanted = await look.run({ ...weights, faces: stripes(0.8) })
    const distance = async (image: Float32Array) => (await judge.run({ ...weights, ...wanted, image })).distance[0]
    expect(await distance(stripes(0.8))).toBeLessThan(1e-6)
    const [near, far] = [await distance(stripes(0.6)), await distance(stripes(0.1))]
    expect(near).toBeGreaterThan(0.001)
    expect(far).toBeGreaterThan(2 * near)
  })
})

const start = (seed = 0, on = runtime, stage: TrainingStage = 'all', config = small) => {
  const shapes = new Map([
    ...initialWeights(config, new Map(), seed),
    ...initialReader(config.w_dim, new Map(), seed, [4, 4, 8]),
  ])
  return new Trainer(on, config, shapes, records, { stage, seed })
}

describe('planes of more layers', () => {
  const config = small
  const weights = initialWeights(config, new Map(), 3)

  it('begin as the planes they are made from, to the bit', async () => {
    const layered = { ...config, plane_layers: [2, 1, 3] as [number, number, number] }
    const before = new Generator(runtime, config, weights)
    const after = new Generator(
      runtime,
      layered,
      initialWeights(layered, withLayers({ config, weights }, [2, 1, 3]), 4),
    )
    const ws = normalArray(config.num_ws * config.w_dim, 5)
    expect((await after.planes(ws)).data.length).toBe(2 * (await before.planes(ws)).data.length)
    for (const yaw of [0.3, 2.8]) {
      const label = orbitCamera(config.rendering_kwargs, yaw)
      const options = { coarse: 12, fine: 12 }
      const [a, b] = [await before.view(ws, label, options), await after.view(ws, label, options)]
      expect(b.rendering.features).toEqual(a.rendering.features)
      expect(b.image).toEqual(a.image)
    }
  })

  it('are parted further, each what was where it is', () => {
    const two = withLayers({ config, weights }, [2, 1, 1])
    const name = 'backbone.synthesis.b16.torgb.bias'
    const bias = Float32Array.from({ length: two.get(name)!.data.length }, (_, i) => i)
    const given = {
      config: { ...config, plane_layers: [2, 1, 1] as [number, number, number] },
      weights: new Map([[name, { shape: [bias.length], data: bias }]]),
    }
    const channels = config.plane_channels
    const found = withLayers(given, [4, 1, 2]).get(name)!
    const sources = Array.from({ length: 7 }, (_, slice) => found.data[slice * channels] / channels)
    expect(sources).toEqual([-0.25, 0.25, 0.75, 1.25, 2, 3, 3])
    expect(found.shape).toEqual([7 * channels])
  })
})

describe('training', () => {
  it('brings the loss down, of every part', async () => {
    const trainer = await start()
    const rows: TermValues[] = []
    for (let i = 0; i < 40; i++) rows.push(await trainer.step(8e-3))
    const mean = (name: string, from: number) => rows.slice(from, from + 5).reduce((sum, row) => sum + row[name], 0)
    expect(mean('colour', 35)).toBeLessThan(0.7 * mean('colour', 0))
    expect(mean('picture', 35)).toBeLessThan(0.7 * mean('picture', 0))
    expect(mean('mask', 35)).toBeLessThan(mean('mask', 0))
    expect(mean('emptiness', 35)).toBeLessThan(mean('emptiness', 0))
  })

  it('of the layers behind changes what paints them and nothing else', async () => {
    const trainer = await start(0, runtime, 'behind', { ...small, plane_layers: [4, 1, 1] })
    const { weights: before } = await trainer.optimiser.read()
    for (let i = 0; i < 2; i++) await trainer.step(1e-3)
    const { weights: after } = await trainer.optimiser.read()
    for (const [name, values] of Object.entries(before)) {
      const changed = values.map((value, i) => (value === after[name][i] ? 0 : 1))
      const behind = /^backbone.*torgb\.(weight|bias)$/.test(name) ? values.length / 3 : 0
      expect(
        changed.subarray(behind).every((value) => value === 0),
        name,
      ).toBe(true)
      if (behind > 0) expect(changed.subarray(0, behind), name).toContain(1)
    }
  })

  it('of the reader changes nothing else', async () => {
    const trainer = await start(0, runtime, 'reader')
    const { weights: before } = await trainer.optimiser.read()
    for (let i = 0; i < 2; i++) await trainer.step(1e-3)
    const { weights: after } = await trainer.optimiser.read()
    for (const [name, values] of Object.entries(before)) {
      expect(String(values) === String(after[name]), name).toBe(!name.startsWith('reader.'))
    }
  })

  it('goes on from its checkpoint as if it had not stopped', async () => {
    const path = join(folder, 'training.safetensors')
    const trainer = await start()
    for (let i = 0; i < 3; i++) await trainer.step(1e-3)
    await saveTraining(path, trainer, [], 12)
    const again = await start(5)
    const stored = await loadTraining(path)
    stored!.restore(again)
    expect(stored!.seconds).toBe(12)
    expect(await again.optimiser.read()).toEqual(await trainer.optimiser.read())
    await trainer.step(1e-3)
    const resumed = await start(0)
    stored!.restore(resumed)
    await resumed.step(1e-3)
    const [found, expected] = [await resumed.optimiser.read(), await trainer.optimiser.read()]
    for (const part of ['weights', 'average'] as const) {
      for (const [name, values] of Object.entries(expected[part])) {
        expect(
          found[part][name].every((value, i) => Math.abs(value - values[i]) < 1e-5),
          `${part} ${name}`,
        ).toBe(true)
      }
    }
  })
})

describe('training against a discriminator', () => {
  it('teaches it to tell made from recorded, and keeps it in its checkpoint', async () => {
    const trainer = await start(0, runtime, 'adversarial')
    const { adversary } = trainer
    const rows: TermValues[] = []
    for (let i = 0; i < 4; i++) rows.push(await trainer.step(5e-4))
    // What chance gives: log 2 for each kind.
    expect(rows[0].discriminator).toBeGreaterThan(1)
    expect(rows[3].discriminator).toBeLessThan(0.8 * rows[0].discriminator)

    const path = join(folder, 'adversarial.safetensors')
    await saveTraining(path, trainer, [], 0)
    const again = await start(5, runtime, 'adversarial')
    const stored = await loadTraining(path)
    stored!.restore(again)
    expect(await again.adversary!.optimiser.read()).toEqual(await adversary!.optimiser.read())
    expect(await again.optimiser.read()).toEqual(await trainer.optimiser.read())
    // A training that had none goes on with a new one.
    await saveTraining(path, await start(), [], 0)
    const fresh = await start(5, runtime, 'adversarial')
    const before = (await fresh.adversary!.optimiser.read()).weights
    const without = await loadTraining(path)
    without!.restore(fresh)
    expect((await fresh.adversary!.optimiser.read()).weights).toEqual(before)
  })
})

const gpu = await Runtime.create({ provider: 'webgpu', allowSoftware: true }).catch((error: Error) => error)
if (gpu instanceof Error) console.warn(`Skipped: training on WebGPU. ${gpu.message}`)

describe.skipIf(gpu instanceof Error)('training on WebGPU', () => {
  const device = gpu as Runtime
  afterAll(() => device.dispose())

  const expectTerms = (found: TermValues, expected: TermValues) => {
    for (const name of Object.keys(expected)) expect(found[name] / expected[name], name).toBeCloseTo(1, 2)
  }
  /** Of the way from the beginning, weights, averages and moments may miss a little. */
  const expectState = (found: OptimiserState, expected: OptimiserState, before: OptimiserState) => {
    expect(found.steps).toEqual(expected.steps)
    for (const part of PARTS) {
      expect(Object.keys(found[part]).sort()).toEqual(Object.keys(expected[part]).sort())
      for (const [name, values] of Object.entries(expected[part])) {
        const off = Math.hypot(...values.map((value, i) => value - found[part][name][i]))
        const way = Math.hypot(...values.map((value, i) => value - (before[part][name]?.[i] ?? 0)))
        expect(off / (way + 1e-9), `${part} ${name}`).toBeLessThan(0.02)
      }
    }
  }

  it('takes the steps of the CPU, each from where the other stood as well', async () => {
    const [trainer, reference] = [await start(0, device), await start(0)]
    const before = await reference.optimiser.read()
    for (let i = 0; i < 2; i++) expectTerms(await trainer.step(1e-3), await reference.step(1e-3))
    expectState(await trainer.optimiser.read(), await reference.optimiser.read(), before)

    const resume = async (from: Trainer, on: Runtime) => {
      const path = join(folder, `${on.provider.name}.safetensors`)
      await saveTraining(path, from, [], 0)
      const resumed = await start(0, on)
      const stored = await loadTraining(path)
      stored!.restore(resumed)
      expect(await resumed.optimiser.read()).toEqual(await from.optimiser.read())
      return resumed
    }
    const [there, back] = [await resume(reference, device), await resume(trainer, runtime)]
    expectTerms(await there.step(1e-3), await back.step(1e-3))
    expectState(await there.optimiser.read(), await back.optimiser.read(), before)
  })
})
