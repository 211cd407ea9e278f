/**
 * Tries one execution provider, in a process of its own: a driver that crashes takes only this process along.
 * Started by `provider.ts` as `probe <provider>`; the answer goes over IPC, what the libraries say to the standard
 * streams.
 */
import './privacy.ts'
import * as ort from 'onnxruntime-node'
import {
  add,
  concat,
  conv,
  convTranspose,
  expand,
  gradients,
  greater,
  input,
  leakyRelu,
  type Model,
  matMul,
  mul,
  pad,
  reduceSum,
  reshape,
  sizeOf,
  slice,
  softplus,
  sqrt,
  square,
  sumAll,
  transpose,
  where,
  writeModel,
} from '../graph/index.ts'

export type ProbeAnswer =
  /** Largest difference to the CPU provider, relative to the output's largest value; NaN where a result is none. */
  { readonly deviation: number } | { readonly error: string }

/** A network in small: the kinds of layer that generators have, with their gradients. */
function probeModel(): Model {
  const x = input('x', [1, 8, 8, 8])
  const w = input('w', [16, 8, 3, 3])
  const up = input('up', [16, 4, 3, 3])
  const filter = input('filter', [4, 1, 4, 4])
  const mix = input('mix', [4, 4])
  const hidden = leakyRelu(conv(x, w, { pads: [1, 1, 1, 1] }), 0.2)
  const raised = convTranspose(hidden, up, { strides: [2, 2] })
  const smooth = conv(raised, filter, { pads: [1, 1, 1, 1], group: 4 })
  const even = slice(slice(smooth, 2, 0, 16, 2), 3, 1, 16, 2)
  const mixed = matMul(reshape(transpose(even, [0, 2, 3, 1]), [-1, 4]), mix)
  const chosen = where(greater(mixed, 0), softplus(mixed), mul(mixed, 0.1))
  const norm = sqrt(add(reduceSum(square(chosen), [1]), 1e-8))
  const padded = concat([pad(chosen, [0, 0], [0, 1]), expand(norm, [chosen.shape[0], 2])], 1)
  const loss = sumAll(square(padded))
  const [dx, dw] = gradients(loss, [x, w])
  // Half precision passes for float32 until gradients become small: this product is 1e-9 * 1e9.
  const range = mul(mul(input('small', [4]), input('smaller', [4])), input('large', [4]))
  return writeModel({ padded, dx, dw, range })
}

const SCALES: Record<string, number> = { w: 0.2, up: 0.2, filter: 0.1, small: 1e-4, smaller: 1e-5, large: 1e9 }

async function run(model: Model, provider: string): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(model.bytes, {
    executionProviders: [provider],
    logSeverityLevel: 3,
    // A provider that leaves operations to the CPU would be slower than the CPU alone.
    ...(provider !== 'cpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
  })
  const feeds = model.inputs.map(({ name, shape }) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => (SCALES[name] ?? 1) * Math.cos(1 + 7 * i))
    return [name, new ort.Tensor('float32', data, shape as number[])]
  })
  const results = await session.run(Object.fromEntries(feeds))
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
}

async function probe(provider: string): Promise<ProbeAnswer> {
  // Makes onnxruntime list the hardware it finds, names included where it knows them.
  ort.env.logLevel = 'info'
  try {
    const model = probeModel()
    const expected = await run(model, 'cpu')
    const actual = await run(model, provider)
    const deviations = Object.entries(expected).map(([name, values]) => {
      const scale = Math.max(...values.map(Math.abs))
      return Math.max(...values.map((value, i) => Math.abs(value - actual[name][i]))) / scale
    })
    return { deviation: Math.max(...deviations) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

const answer = await probe(process.argv[2])
// In the desktop app it is a utility process, which is ended by the one who asked.
const { parentPort } = process as { parentPort?: { postMessage(message: unknown): void } }
if (parentPort) parentPort.postMessage(answer)
else process.send?.(answer, () => process.exit())
