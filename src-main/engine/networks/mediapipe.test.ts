import sharp from 'sharp'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { collage, decodedSample, samplePortrait, sharedLandmarker, withFile } from '../../../testing/face.ts'
import { UserError } from '../errors.ts'
import { findFaces } from '../face/detect-faces.ts'
import { networkFile } from './folder.ts'
import { createLandmarker, LANDMARKS, type Landmarker } from './mediapipe.ts'

let landmarker: Landmarker
beforeAll(async () => {
  landmarker = await sharedLandmarker()
})

describe('the landmarker', () => {
  it('finds the landmarks of the sample portrait', async () => {
    const faces = landmarker.detect(await decodedSample())
    expect(faces).toHaveLength(1)
    const [{ points, box }] = faces
    expect(points).toHaveLength(3 * LANDMARKS)
    // Where a person sees them, in pixels: irises, nose tip, corners of the mouth, chin.
    const seen: [landmark: number, x: number, y: number][] = [
      [468, 203.3, 101],
      [473, 246.6, 103.3],
      [4, 223.5, 126],
      [61, 202.5, 139.5],
      [291, 245, 140.5],
      [152, 222, 178],
    ]
    for (const [landmark, x, y] of seen) {
      const distance = Math.hypot(points[3 * landmark] - x, points[3 * landmark + 1] - y)
      expect(distance, `landmark ${landmark}`).toBeLessThan(2.5)
    }
    // The nose is nearer than the ears, and depth is in pixels.
    const depth = points[3 * 234 + 2] - points[3 * 4 + 2]
    expect(depth).toBeGreaterThan(0.2 * box.width)
    expect(depth).toBeLessThan(box.width)
  })

  it('leaves no trace: no global, no listener, no output', async () => {
    const globals = Object.getOwnPropertyNames(globalThis).sort()
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)])
    const spies = [
      vi.spyOn(process.stdout, 'write'),
      vi.spyOn(process.stderr, 'write'),
      ...(['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name)),
    ]
    const second = await createLandmarker()
    second.detect(await decodedSample())
    second.close()
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
    expect(Object.getOwnPropertyNames(globalThis).sort()).toEqual(globals)
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners)
  })

  it('takes pictures of any shape', async () => {
    for (const [width, height] of [
      [1, 1],
      [7, 500],
      [1025, 33],
    ]) {
      expect(landmarker.detect({ width, height, rgb: new Uint8Array(3 * width * height) })).toEqual([])
    }
  })

  it('refuses a bundle that is none', async () => {
    await withFile('bad.task', [Buffer.from('not a zip')], async (file) => {
      await expect(createLandmarker(file)).rejects.toThrow(UserError)
      await expect(createLandmarker(`${file}.missing`)).rejects.toThrow(UserError)
    })
  })
})

it('networkFile says what is missing and how to get it', () => {
  expect(() => networkFile('no-such-network.onnx')).toThrow(/resources\/networks\/no-such-network\.onnx is missing/)
})

describe('findFaces', () => {
  const portrait = async (side: number) =>
    sharp(await samplePortrait())
      .resize(side, side)
      .png()
      .toBuffer()

  it('finds two faces, the larger first', async () => {
    const photo = await collage(
      [1000, 600],
      [
        { input: await portrait(400), left: 20, top: 60 },
        { input: await portrait(520), left: 450, top: 40 },
      ],
    )
    const faces = findFaces(landmarker, photo)
    expect(faces).toHaveLength(2)
    expect(faces[0].box.x).toBeGreaterThan(450)
    expect(faces[1].box.x).toBeLessThan(420)
  })

  it.each([
    [620, 1600], // eyes 0.033 of the long side apart: halves
    [370, 1600], // 0.02: quarters
  ])('finds one small face, once (%i in %i)', async (side, width) => {
    const [left, top] = [700, 333]
    const photo = await collage([width, 1200], [{ input: await portrait(side), left, top }])
    expect(landmarker.detect(photo)).toEqual([])
    const faces = findFaces(landmarker, photo)
    expect(faces).toHaveLength(1)
    const scale = side / 512
    expect(Math.abs(faces[0].points[3 * 4] - (left + scale * 223.5))).toBeLessThan(4 * scale + 1)
    expect(Math.abs(faces[0].points[3 * 4 + 1] - (top + scale * 126))).toBeLessThan(4 * scale + 1)
  })

  it('finds nothing where there is nothing', async () => {
    expect(findFaces(landmarker, await collage([640, 480], []))).toEqual([])
  })
})
