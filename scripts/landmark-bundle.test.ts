import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { networkFile } from '../src-main/engine/networks/folder.ts'
import { buildLandmarkBundle } from './landmark-bundle.ts'
import { readTflite, writeTflite } from './tflite.ts'

const bundle = await buildLandmarkBundle()
const files = unzipSync(bundle)

describe('the landmark bundle', () => {
  it('has the same bytes everywhere, and is what other tests take', async () => {
    expect(createHash('sha256').update(bundle).digest('hex')).toBe(
      '8b31e6be49e6a41889e75702be9be9c4fe33ccbef21cc032bbd7cc17838075ff',
    )
    expect((await readFile(networkFile('face_landmarker.task'))).equals(bundle)).toBe(true)
  })

  it('holds its files uncompressed on 16-byte boundaries', () => {
    expect(Object.keys(files)).toEqual([
      'face_detector.tflite',
      'face_landmarks_detector.tflite',
      'geometry_pipeline_metadata_landmarks.binarypb',
    ])
    for (const data of Object.values(files)) {
      const at = Buffer.from(bundle).indexOf(data)
      expect(at).toBeGreaterThan(0)
      expect(at % 16).toBe(0)
    }
  })

  it('gives the landmark model the two outputs and the metadata the task wants', () => {
    const model = readTflite(files['face_landmarks_detector.tflite'])
    const { tensors, outputs } = model.subgraphs![0]
    expect(outputs!.map((i) => tensors![i].name)).toEqual(['landmarks', 'conv_faceflag'])
    expect(tensors![outputs![0]].shape).toEqual([1, 1, 1, 478 * 3])
    const metadata = model.metadata!.find(({ name }) => name === 'TFLITE_METADATA')!
    expect(strFromU8(model.buffers![metadata.buffer!].data!.subarray(4, 8))).toBe('M001')
  })

  it('keeps tensor data aligned inside the models', () => {
    for (const name of ['face_detector.tflite', 'face_landmarks_detector.tflite']) {
      const bytes = Buffer.from(files[name])
      const weights = readTflite(bytes).buffers!.filter(({ data }) => (data?.length ?? 0) > 2048)
      expect(weights.length).toBeGreaterThan(10)
      for (const { data } of weights) expect(bytes.indexOf(data!) % 16).toBe(0)
    }
  })

  it('survives reading and writing', () => {
    const bytes = files['face_detector.tflite']
    expect(Buffer.from(writeTflite(readTflite(bytes))).equals(bytes)).toBe(true)
  })
})
