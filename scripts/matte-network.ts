/**
 * The weights of the matting network, MediaPipe's selfie segmentation, from the npm package
 * `@mediapipe/selfie_segmentation` (Apache-2.0) as a safetensors file: its convolutions in the order they run, conv_00
 * to conv_54, in ONNX's layouts. How they hang together is written in `src-main/engine/networks/matte.ts`.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type StoredTensor, writeSafetensors } from '../src-main/engine/checkpoint/safetensors.ts'
import { ELEMENT, OPERATOR, readTflite, type Table } from './tflite.ts'

const MODEL = '@mediapipe/selfie_segmentation/selfie_segmentation.tflite'
const MODEL_SHA256 = '8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27'

/** Where each axis of ONNX's kernel layout is in TensorFlow's. */
const KERNEL_AXES: Record<number, number[]> = {
  [OPERATOR.conv2d]: [0, 3, 1, 2], // [O, I, h, w] from [O, h, w, I]
  [OPERATOR.depthwiseConv2d]: [3, 0, 1, 2], // [C, 1, h, w] from [1, h, w, C]
  [OPERATOR.custom]: [3, 0, 1, 2], // the transposed one at the end: [I, O, h, w] from [O, h, w, I]
}

/**
 * The file's bytes, in chunks for `writeFileAtomic`; half precision, as in the package.
 * @throws Error where the installed package is not the pinned one.
 */
export async function buildMatteNetwork(): Promise<Uint8Array[]> {
  const bytes = await readFile(createRequire(import.meta.url).resolve(MODEL))
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== MODEL_SHA256) throw new Error(`${MODEL} has sha256 ${found}, not the pinned ${MODEL_SHA256}`)
  const model = readTflite(bytes)
  const { tensors, operators } = model.subgraphs![0] as { tensors: Table<'Tensor'>[]; operators: Table<'Operator'>[] }
  const codeOf = ({ opcodeIndex }: Table<'Operator'>) =>
    model.operatorCodes![opcodeIndex ?? 0].builtinCode ?? OPERATOR.add

  // Every weight is stored in half precision and widened by an operator of its own.
  const stored = new Map<number, StoredTensor>()
  for (const operator of operators.filter((each) => codeOf(each) === OPERATOR.dequantize)) {
    const { shape, type, buffer } = tensors[operator.inputs![0]]
    if (type !== ELEMENT.float16) throw new Error(`${MODEL} has weights that are not float16`)
    stored.set(operator.outputs![0], { dtype: 'F16', shape: shape!, data: model.buffers![buffer!].data! })
  }
  const convolutions = new Map<string, StoredTensor>()
  let count = 0
  for (const operator of operators) {
    const axes = KERNEL_AXES[codeOf(operator)]
    if (axes === undefined) continue
    const [, kernel, bias] = operator.inputs!
    const name = `conv_${String(count++).padStart(2, '0')}`
    convolutions.set(`${name}.weight`, transposed(stored.get(kernel)!, axes))
    convolutions.set(`${name}.bias`, stored.get(bias)!)
  }
  return writeSafetensors(convolutions, { source: `${MODEL} (MediaPipe, Apache-2.0)` })
}

/** A half precision array of four dimensions whose axis i is axis `order[i]` of the one given. */
function transposed({ dtype, shape, data }: StoredTensor, order: number[]): StoredTensor {
  const from = new Uint16Array(new Uint8Array(data).buffer)
  const to = new Uint16Array(from.length)
  const sizes = order.map((axis) => shape[axis])
  const strides = order.map((axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  for (let i = 0; i < to.length; i++) {
    let [rest, at] = [i, 0]
    for (let axis = 3; axis >= 0; axis--) {
      at += (rest % sizes[axis]) * strides[axis]
      rest = Math.floor(rest / sizes[axis])
    }
    to[i] = from[at]
  }
  return { dtype, shape: sizes, data: new Uint8Array(to.buffer) }
}
