/** The same photos, seed and settings give the same files to the byte, whichever front door is asked. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBirpc } from 'birpc'
import { Packr } from 'msgpackr'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { fileChoices } from '../../src-main/engine/surface/formats/options.ts'
import { type Served, serve } from '../../src-main/serve/serve.ts'
import type { EngineApi, Method } from '../../src-main/session/api.ts'
import { Engine } from '../../src-main/session/engine.ts'
import type { EngineFunctions } from '../../src-main/session/rpc-server.ts'
import { builtDecoding, builtEngine } from '../../testing/built.ts'
import { sharedLandmarker } from '../../testing/face.ts'
import { denseGenerator } from '../../testing/generator.ts'
import { samplePath } from '../../testing/sample.ts'
import { Workplace } from './command.ts'

const checkpoint = join(import.meta.dirname, '../../src-main/engine/checkpoint/fixtures/tiny2x.pkl')
const mesh = { resolution: 64, triangles: 2000 }
const choices = fileChoices.parse({ textureSize: '1024' })
const common = ['--mesh-resolution', '64', '--triangles', '2000', '--texture-size', '1024', '--provider', 'cpu']
/** Every kind of file by one door and the other for a made-up person; the one that has all in it for a photo's. */
const formats = { photo: ['glb'], 'made-up': ['glb', 'obj', 'ply', 'stl'] } as const
const settings = { quality: 'fast', steps: 3, learningRate: 0.05, seed: 3 } as const
const random = { seed: 4, truncation: 0.9 }

/** A way to the engine that a window may take. */
interface Door {
  readonly api: EngineApi
  put(bytes: Uint8Array): Promise<string>
  get(blob: string): Promise<Uint8Array>
  close(): Promise<void>
}

const place = new Workplace()
/** Another photo of the same person. */
const mirrored = await sharp(samplePath).flop().jpeg().toBuffer()
const generator = denseGenerator()
const doors: Record<string, Door> = {}
beforeAll(async () => {
  doors['engine API'] = await engineDoor()
  doors['served API'] = await servedDoor()
})
afterAll(async () => {
  for (const door of Object.values(doors)) await door.close()
  place.remove()
})

describe('reconstruct', () => {
  const fromCommand = place.run([
    ...[
      'reconstruct',
      samplePath,
      place.write('mirrored.jpg', mirrored),
      '-o',
      place.path('photo'),
      '--generator',
      place.write('g.safetensors', generator),
    ],
    ...['--quality', settings.quality, '--steps', `${settings.steps}`, '--seed', `${settings.seed}`],
    ...['--learning-rate', `${settings.learningRate}`, '--format', formats.photo.join(), ...common],
  ])

  // The served API is the engine's, and more: a head is formed through it alone.
  it('gives through the served API what it gives on the command line', async () => {
    const { api, put, get } = doors['served API']
    const { id: wanted } = await api.importGenerator({ file: await put(generator), name: 'dense' })
    const photos = [
      { file: await put(readFileSync(samplePath)), name: 'sample-portrait' },
      { file: await put(mirrored), name: 'mirrored' },
    ]
    const { id: project } = await api.openPhotos({ photos, generator: wanted })
    await api.start({ project, settings, generator: wanted })
    await expect.poll(async () => (await api.open({ project })).job.state).toBe('done')
    expect((await fromCommand).stderr).not.toContain('halfturn:')
    await expectSame(api, get, project, 'photo', 'sample-portrait')
  })
})

describe('generate', () => {
  const fromCommand = place.run([
    ...['generate', '--seed', `${random.seed}`, '--truncation', `${random.truncation}`, '-o', place.path('made-up')],
    ...['--generator', checkpoint, '--format', formats['made-up'].join(), ...common],
  ])

  it.each(['engine API', 'served API'])('gives through the %s what it gives on the command line', async (name) => {
    const { api, put, get } = doors[name]
    const { id } = await api.importGenerator({ file: await put(readFileSync(checkpoint)), name: 'tiny2x.pkl' })
    const { id: project } = await api.random({ ...random, generator: id })
    expect((await fromCommand).stderr).not.toContain('halfturn:')
    await expectSame(api, get, project, 'made-up', `person-${random.seed}`)
  })
})

async function expectSame(
  api: EngineApi,
  get: Door['get'],
  project: string,
  folder: keyof typeof formats,
  name: string,
) {
  for (const format of formats[folder]) {
    for (const file of (await api.exportMesh({ project, format, name, choices, ...mesh })).files) {
      const same = Buffer.compare(await get(file.blob), readFileSync(place.path(folder, file.name))) === 0
      expect(same, file.name).toBe(true)
    }
  }
}

async function engineDoor(): Promise<Door> {
  const runtime = { provider: 'cpu' } as const
  const engine = await Engine.create({
    ...{ folder: place.path('engine'), runtime, decoding: builtDecoding },
    landmarker: sharedLandmarker,
  })
  return {
    api: engine,
    put: async (bytes) => engine.blobs.put(bytes),
    get: async (blob) => engine.blobs.get(blob),
    close: () => engine.close(),
  }
}

/** As the browser's window comes in: messages over a socket, bytes beside it. */
async function servedDoor(): Promise<Door> {
  process.env.HALFTURN_PROVIDER = 'cpu'
  const served: Served = await serve({
    window: place.folder,
    engine: builtEngine,
    data: place.path('served'),
  })
  const { origin, host } = new URL(served.url)
  const socket = new WebSocket(`ws://${host}/engine`, ['halfturn', served.token], { origin })
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  const packr = new Packr({ moreTypes: true, structuredClone: true, useRecords: false })
  const remote = createBirpc<EngineFunctions, { event(): void }>(
    { event: () => {} },
    {
      post: (data) => socket.send(JSON.stringify(data)),
      on: (receive) => socket.on('message', (data) => receive(packr.unpack(data as Buffer))),
      timeout: -1,
    },
  )
  const authorization = { Authorization: `Bearer ${served.token}` }
  const call = async (method: Method, request: unknown) => {
    const answer = await remote.call(method, request)
    if ('failure' in answer) throw new Error(JSON.stringify(answer.failure))
    return answer.value
  }
  return {
    api: new Proxy({}, { get: (_, method) => (request: unknown) => call(method as Method, request) }) as EngineApi,
    put: async (bytes) => {
      const body = bytes as Uint8Array<ArrayBuffer>
      const response = await fetch(`${origin}/blob`, { method: 'PUT', headers: authorization, body })
      return ((await response.json()) as { value: string }).value
    },
    get: async (blob) => {
      const response = await fetch(`${origin}/blob/${blob}`, { headers: authorization })
      return new Uint8Array(await response.arrayBuffer())
    },
    close: async () => {
      socket.close()
      await served.close()
    },
  }
}
