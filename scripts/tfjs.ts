/** Reads the weights of a TensorFlow.js model: a manifest in JSON and one binary file beside it. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { decodeFloat16 } from '../src-main/engine/checkpoint/safetensors.ts'

interface ManifestEntry {
  readonly name: string
  readonly shape: number[]
  readonly dtype: string
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number }
}

export interface TfjsWeight {
  readonly shape: number[]
  readonly data: Float32Array
}

/**
 * @param manifest path of the JSON file: a whole model, or a bare weights manifest
 * @returns float32 weights by name; quantised ones are widened
 */
export function readTfjsWeights(manifest: string): Map<string, TfjsWeight> {
  const json = JSON.parse(readFileSync(manifest, 'utf8'))
  const weights = new Map<string, TfjsWeight>()
  for (const group of json.weightsManifest ?? json) {
    const bytes = Buffer.concat(group.paths.map((path: string) => readFileSync(join(dirname(manifest), path))))
    let at = 0
    for (const { name, shape, dtype, quantization } of group.weights as ManifestEntry[]) {
      const count = shape.reduce((product, size) => product * size, 1)
      const stored = quantization?.dtype ?? dtype
      const width = { float16: 2, uint8: 1, float32: 4, int32: 4 }[stored]
      if (!width) throw new Error(`${manifest}: ${name} is stored as ${stored}, which is not known here`)
      // A copy, so that the typed arrays below are aligned whatever came before.
      const raw = new Uint8Array(bytes.subarray(at, at + count * width)).buffer
      at += count * width
      weights.set(name, { shape, data: widen(raw, stored, quantization) })
    }
  }
  return weights
}

function widen(raw: ArrayBuffer, stored: string, quantization: ManifestEntry['quantization']): Float32Array {
  if (stored === 'float16') return decodeFloat16(new Uint16Array(raw))
  if (stored === 'uint8') {
    const { scale = 1, min = 0 } = quantization ?? {}
    return Float32Array.from(new Uint8Array(raw), (value) => value * scale + min)
  }
  return stored === 'int32' ? Float32Array.from(new Int32Array(raw)) : new Float32Array(raw)
}
