import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodedSample, sharedLandmarker } from '../../../testing/face.ts'
import { readSafetensors, toFloat32 } from '../checkpoint/safetensors.ts'
import { cutCrop } from '../face/crop.ts'
import { makePortrait } from '../face/portrait.ts'
import { input, writeModel } from '../graph/index.ts'
import type { Photo } from '../images/photo.ts'
import { networkFile } from '../networks/folder.ts'
import type { Landmarker } from '../networks/mediapipe.ts'
import { Runtime } from '../runtime/runtime.ts'
import { createIdentity, type Identity, identityDistance, identityNetwork, SAME_PERSON } from './identity.ts'

let runtime: Runtime
let landmarker: Landmarker
let identity: Identity
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  landmarker = await sharedLandmarker()
  identity = await createIdentity(runtime)
})
afterAll(() => runtime.dispose())

const describePhoto = async (photo: Photo) => {
  const { crop } = await makePortrait(photo, { frame: 'own', landmarker })
  return identity(crop)
}

describe('identityNetwork', () => {
  it('gives what face-api gives', async () => {
    // The fixture is FaceRecognitionNet.computeFaceDescriptor (face-api 1.7.15, CPU) of this square.
    const path = fileURLToPath(new URL('fixtures/sample-descriptor.json', import.meta.url))
    const golden = Float32Array.from(JSON.parse(await readFile(path, 'utf8')))
    const { rgb } = await decodedSample((image) => image.extract({ left: 145, top: 40, width: 150, height: 150 }))
    const file = networkFile('dlib.safetensors')
    const { tensors } = readSafetensors(await readFile(file), file)
    const weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }]))
    const program = await runtime.compile(
      writeModel({ descriptor: identityNetwork(weights, input('chip', [1, 3, 150, 150])) }),
    )
    const area = 150 * 150
    const chip = Float32Array.from(rgb, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)])
    const feeds = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
    const { descriptor } = await program.run({ ...feeds, chip })
    expect(golden).toHaveLength(128)
    expect(identityDistance(descriptor, golden)).toBeLessThan(0.01)
  })
})

describe('createIdentity', () => {
  it('knows a person again in another picture of the same photo', async () => {
    const seen = await describePhoto(await decodedSample())
    const edited = await decodedSample((image) => image.flop().modulate({ brightness: 1.2 }).blur(1))
    const distance = identityDistance(seen, await describePhoto(edited))
    expect(distance).toBeGreaterThan(0)
    expect(distance).toBeLessThan(SAME_PERSON)
  })

  it('takes any size', async () => {
    const photo = await decodedSample()
    const { crop, pose } = await makePortrait(photo, { frame: 'own', landmarker })
    const smaller = await identity(cutCrop(photo, pose, 256))
    expect(identityDistance(await identity(crop), smaller)).toBeLessThan(0.1)
  })
})
