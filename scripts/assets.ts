/**
 * Makes what the engine needs beside its code, from packages that are installed: the landmark bundle and the networks.
 * Runs after `npm ci`; files that are there already are kept (`--force` makes them anew).
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '../src-main/engine/files/atomic.ts'
import { buildDlibNetwork } from './dlib-network.ts'
import { buildFaceResNetwork } from './faceres-network.ts'
import { buildLandmarkBundle } from './landmark-bundle.ts'
import { buildMatteNetwork } from './matte-network.ts'

const folder = fileURLToPath(new URL('../resources/networks/', import.meta.url))
const makers: Record<string, () => Uint8Array[] | Promise<Uint8Array[]>> = {
  'face_landmarker.task': async () => [await buildLandmarkBundle()],
  'faceres.safetensors': buildFaceResNetwork,
  'dlib.safetensors': buildDlibNetwork,
  'matte.safetensors': buildMatteNetwork,
}

for (const [name, make] of Object.entries(makers)) {
  const path = folder + name
  if (existsSync(path) && !process.argv.includes('--force')) continue
  await writeFileAtomic(path, ...(await make()))
  console.log(`made resources/networks/${name}`)
}
