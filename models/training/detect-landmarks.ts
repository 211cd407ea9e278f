/**
 * Looks for a face in every picture of a folder and writes its landmarks, for heads/choose_landmarks.py:
 * `npx tsx models/training/detect-landmarks.ts DIR` makes DIR/landmarks.json, { name: [[x, y] of 478] } in pixels.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { createLandmarker } from '../../src-main/engine/networks/mediapipe.ts'

const folder = process.argv[2]
const landmarker = await createLandmarker()
const found: Record<string, number[][]> = {}
for (const file of (await readdir(folder)).filter((name) => name.endsWith('.png')).sort()) {
  const { data, info } = await sharp(join(folder, file)).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const faces = landmarker.detect({ width: info.width, height: info.height, rgb: new Uint8Array(data) })
  if (faces.length !== 1) continue
  const { points } = faces[0]
  found[basename(file, '.png')] = Array.from({ length: points.length / 3 }, (_, i) => [
    points[3 * i],
    points[3 * i + 1],
  ])
}
landmarker.close()
await writeFile(join(folder, 'landmarks.json'), JSON.stringify(found))
