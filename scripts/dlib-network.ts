/**
 * dlib's face recognition network (a ResNet of 29 layers, 128 numbers a face; Davis King, public domain) from the npm
 * package `@vladmandic/face-api`, as a safetensors file: a kernel (OIHW) and a bias for each convolution, its scale
 * layer folded into both, and the last matrix `fc` [256, 128].
 */
import { fileURLToPath } from 'node:url'
import { storeFloat16, writeSafetensors } from '../src-main/engine/checkpoint/safetensors.ts'
import { readTfjsWeights, type TfjsWeight } from './tfjs.ts'

const SUFFIX = '/conv/filters'

export function buildDlibNetwork(): Uint8Array[] {
  // The package does not export its models, so they are found by their place.
  const place = '../node_modules/@vladmandic/face-api/model/face_recognition_model-weights_manifest.json'
  const weights = readTfjsWeights(fileURLToPath(new URL(place, import.meta.url)))
  const get = (name: string): TfjsWeight => {
    const weight = weights.get(name)
    if (!weight) throw new Error(`face_recognition_model has no '${name}': another version of @vladmandic/face-api?`)
    return weight
  }
  const tensors = new Map()
  for (const name of weights.keys()) {
    if (!name.endsWith(SUFFIX)) continue
    const layer = name.slice(0, -SUFFIX.length)
    const scale = get(`${layer}/scale/weights`).data
    const shift = get(`${layer}/scale/biases`).data
    const bias = get(`${layer}/conv/bias`).data
    const kernel = scaledOihw(get(name), scale)
    tensors.set(`${layer}.weight`, storeFloat16(kernel.data, kernel.shape))
    tensors.set(
      `${layer}.bias`,
      storeFloat16(
        bias.map((b, o) => b * scale[o] + shift[o]),
        [bias.length],
      ),
    )
  }
  const { data, shape } = get('fc')
  tensors.set('fc', storeFloat16(data, shape))
  return writeSafetensors(tensors, { source: '@vladmandic/face-api face_recognition_model (dlib, public domain)' })
}

/** [kh, kw, I, O] with a factor for each O to [O, I, kh, kw]. */
function scaledOihw({ shape: [kh, kw, inputs, outputs], data }: TfjsWeight, scale: Float32Array): TfjsWeight {
  const taps = kh * kw
  const result = new Float32Array(data.length)
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        result[(o * inputs + i) * taps + tap] = data[(tap * inputs + i) * outputs + o] * scale[o]
      }
    }
  }
  return { shape: [outputs, inputs, kh, kw], data: result }
}
