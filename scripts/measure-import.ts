/**
 * Measures the import of a checkpoint of the official size: `npx tsx scripts/measure-import.ts [file.pkl]`. Without a
 * file, one with the layout and sizes of ffhq512-128 (G, D's share as one storage, G_ema; random weights) is made first.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeGeneratorFile } from '../src-main/engine/checkpoint/generator-file.ts'
import { importCheckpoint, sha256Of } from '../src-main/engine/checkpoint/import.ts'
import { storeFloat32 } from '../src-main/engine/checkpoint/safetensors.ts'
import { writeFileAtomic } from '../src-main/engine/files/atomic.ts'
import { OFFICIAL_SIZES, tinyConfig, tinyWeights } from '../testing/generator.ts'
import { dict, generatorPy, pickleChunks, tensor } from '../testing/pickle.ts'

const DISCRIMINATOR_NUMBERS = 31_360_240

async function make(path: string): Promise<void> {
  const config = tinyConfig(OFFICIAL_SIZES)
  const generator = generatorPy(config, tinyWeights(config))
  const discriminator = storeFloat32(new Float32Array(DISCRIMINATOR_NUMBERS), [DISCRIMINATOR_NUMBERS])
  const snapshot = dict({
    training_set_kwargs: dict({}),
    G: generator,
    D: tensor(discriminator),
    G_ema: generator,
    augment_pipe: null,
  })
  await writeFileAtomic(path, ...pickleChunks(snapshot))
}

async function measure(path: string): Promise<void> {
  const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(2)} s`
  const began = performance.now()
  const bytes = readFileSync(path)
  const read = seconds(began)
  const hashing = performance.now()
  const sha256 = sha256Of(bytes)
  const hashed = seconds(hashing)
  const importing = performance.now()
  const { config, weights } = importCheckpoint(bytes, 'official.pkl', sha256)
  const imported = seconds(importing)
  const writing = performance.now()
  await writeFileAtomic(`${path}.safetensors`, ...writeGeneratorFile(config, weights))
  const peak = process.resourceUsage().maxRSS
  console.log(`file ${(bytes.length / 1e6).toFixed(1)} MB, ${weights.size} weights`)
  console.log(`read ${read}, sha256 ${hashed}, import ${imported}, write ${seconds(writing)}`)
  console.log(`peak memory ${((peak * 1024) / 1e6).toFixed(0)} MB`)
  console.log(`generator file ${(statSync(`${path}.safetensors`).size / 1e6).toFixed(1)} MB`)
  rmSync(`${path}.safetensors`)
}

const given = process.argv[2]
if (given !== undefined) {
  await measure(given)
} else {
  const folder = mkdtempSync(join(tmpdir(), 'halfturn-import-'))
  try {
    const path = join(folder, 'official.pkl')
    await make(path)
    // A process of its own: making the file takes more memory than reading it.
    spawnSync(process.execPath, [...process.execArgv, process.argv[1], path], { stdio: 'inherit' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
