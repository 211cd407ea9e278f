/**
 * The FaceRes network (MobileNet-v1, 1024 numbers a face; HSE, Apache-2.0) from the npm package `@vladmandic/human`,
 * as a safetensors file: layers conv1, dw_1, pw_1 ... dw_13, pw_13 with OIHW kernels and biases.
 */
import { fileURLToPath } from 'node:url'
import { storeFloat16, writeSafetensors } from '../src-main/engine/checkpoint/safetensors.ts'
import { readTfjsWeights, type TfjsWeight } from './tfjs.ts'

export function buildFaceResNetwork(): Uint8Array[] {
  // The package does not export its models, so they are found by their place.
  const source = new URL('../node_modules/@vladmandic/human/models/faceres.json', import.meta.url)
  const weights = readTfjsWeights(fileURLToPath(source))
  const get = (name: string): TfjsWeight => {
    const weight = weights.get(name)
    if (!weight) throw new Error(`faceres.json has no '${name}': another version of @vladmandic/human?`)
    return weight
  }
  const tensors = new Map()
  const put = (layer: string, kernel: TfjsWeight, bias: TfjsWeight) => {
    tensors.set(`${layer}.weight`, storeFloat16(kernel.data, kernel.shape))
    tensors.set(`${layer}.bias`, storeFloat16(bias.data, bias.shape))
  }
  put('conv1', toOihw(get('conv1/convolution/merged_input')), get('conv1_bn/batchnorm_1/sub'))
  for (let i = 1; i <= 13; i++) {
    const depthwise = depthwiseToOihw(get(`conv_dw_${i}/depthwise_kernel`), get(`conv_dw_${i}_bn/batchnorm_1/mul`))
    put(`dw_${i}`, depthwise, get(`conv_dw_${i}_bn/batchnorm_1/sub`))
    put(`pw_${i}`, toOihw(get(`conv_pw_${i}/convolution/merged_input`)), get(`conv_pw_${i}_bn/batchnorm_1/sub`))
  }
  return writeSafetensors(tensors, { source: '@vladmandic/human faceres (HSE, Apache-2.0)' })
}

/** [kh, kw, I, O] to [O, I, kh, kw]. */
function toOihw({ shape: [kh, kw, inputs, outputs], data }: TfjsWeight): TfjsWeight {
  const result = new Float32Array(data.length)
  for (let tap = 0; tap < kh * kw; tap++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++)
        result[(o * inputs + i) * kh * kw + tap] = data[(tap * inputs + i) * outputs + o]
    }
  }
  return { shape: [outputs, inputs, kh, kw], data: result }
}

/** [kh, kw, C, 1] with a factor per channel to [C, 1, kh, kw]. */
function depthwiseToOihw({ shape: [kh, kw, channels], data }: TfjsWeight, factor: TfjsWeight): TfjsWeight {
  const result = new Float32Array(data.length)
  for (let tap = 0; tap < kh * kw; tap++) {
    for (let c = 0; c < channels; c++) result[c * kh * kw + tap] = data[tap * channels + c] * factor.data[c]
  }
  return { shape: [channels, 1, kh, kw], data: result }
}
