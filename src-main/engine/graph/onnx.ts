/**
 * Writes a graph as an ONNX model at opset 16 (the last whose GridSample and friends every provider runs, see the
 * lowering table). Deterministic: the same description gives the same bytes, whatever was built before it.
 */
import { createHash } from 'node:crypto'
import type { Operation } from './operations.ts'
import { ProtobufMessage } from './protobuf.ts'
import { ancestors, type DType, type Shape, sizeOf, type Tensor } from './tensor.ts'

interface ModelInput {
  readonly name: string
  readonly shape: Shape
}
export type ModelOutput = ModelInput

/** A model ready for the runtime. */
export interface Model {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes: what sessions are cached by. */
  readonly hash: string
  /** In the order of their creation. */
  readonly inputs: readonly ModelInput[]
  readonly outputs: readonly ModelOutput[]
  /** Elements of the largest tensor. */
  readonly largest: number
}

const OPSET = 16
const IR_VERSION = 8
const TYPES: Record<DType, number> = { float32: 1, int64: 7, bool: 9 }

type Attribute = number | string | readonly number[] | { float: number }

interface Node {
  readonly type: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Record<string, Attribute>
}

/** Collects nodes and initialisers while the lowering rules run. */
class Writer {
  readonly graph = new ProtobufMessage()
  readonly inputs: ModelInput[] = []
  private readonly nodes: Node[] = []
  private readonly outputs = new Map<string, string>()
  private readonly names = new Map<Tensor, string>()
  private readonly vectors = new Map<string, string>()
  private created = 0

  name(tensor: Tensor): string {
    return this.names.get(tensor)!
  }

  bind(tensor: Tensor, name: string) {
    this.names.set(tensor, name)
  }

  /** A name no weight has: generators and graphs are free in theirs. */
  private newName(): string {
    return `%${this.created++}`
  }

  /** Adds one ONNX node and returns the name of its output. */
  node(type: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const output = this.newName()
    this.nodes.push({ type, inputs, output, attributes })
    return output
  }

  /** Adds an input of the model. */
  input(name: string, shape: Shape): string {
    if (this.inputs.some((other) => other.name === name)) throw new Error(`writeModel: two inputs named '${name}'`)
    this.inputs.push({ name, shape })
    return name
  }

  /** Makes a tensor an output of the model. */
  output(tensor: Tensor, name: string): void {
    if (this.inputs.some((other) => other.name === name))
      throw new Error(`writeModel: '${name}' is both input and output`)
    let source = this.name(tensor)
    // What no node makes, and what is called otherwise already, needs a node that gives it the name: a copy.
    if (!this.nodes.some(({ output }) => output === source) || this.outputs.has(source)) {
      source = this.node('Identity', [source])
    }
    this.outputs.set(source, name)
  }

  /**
   * Writes the nodes, with the names that outputs were given; the last one first. onnxruntime sorts them anyway: depth
   * first from the outputs, of a node's operands the one that is written last first. Written backwards, what was described
   * first is computed first. Otherwise the masks of all layers are computed before the first convolution and the small
   * sums over all layers after the last one, with every layer's gradient in memory: 440 instead of 120 MiB for the
   * backbone's backward pass, and a tenth more time.
   */
  finish(): ProtobufMessage {
    const called = (name: string) => this.outputs.get(name) ?? name
    for (const { type, inputs, output, attributes } of this.nodes.toReversed()) {
      const message = new ProtobufMessage()
      for (const input of inputs) message.text(1, called(input))
      message.text(2, called(output)).text(4, type)
      for (const [name, value] of Object.entries(attributes)) message.message(5, attributeProto(name, value))
      this.graph.message(1, message)
    }
    return this.graph.text(2, 'halfturn')
  }

  initializer(dtype: DType, shape: Shape, data: Float32Array | BigInt64Array): string {
    const name = this.newName()
    const message = new ProtobufMessage()
    for (const size of shape) message.int(1, size)
    message.int(2, TYPES[dtype]).text(8, name)
    message.blob(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.graph.message(5, message)
    return name
  }

  /** A vector of integers, as Reshape, Slice and others take their parameters; equal ones are shared. */
  int64(values: readonly number[]): string {
    const key = values.join()
    let name = this.vectors.get(key)
    if (!name) {
      name = this.initializer('int64', [values.length], BigInt64Array.from(values, BigInt))
      this.vectors.set(key, name)
    }
    return name
  }

  /** Whole numbers as integers. */
  integers(values: string): string {
    return this.node('Cast', [values], { to: TYPES.int64 })
  }

  scalar(value: number): string {
    return this.initializer('float32', [], Float32Array.of(value))
  }
}

function attributeProto(name: string, value: Attribute): ProtobufMessage {
  const message = new ProtobufMessage().text(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, 2)
  if (typeof value === 'string') return message.text(4, value).int(20, 3)
  if ('float' in value) return message.float(2, value.float).int(20, 1)
  for (const entry of value) message.int(8, entry)
  return message.int(20, 7)
}

type Lowering<K extends Operation> = (node: Tensor<K>, inputs: readonly string[], writer: Writer) => string

const same =
  (type: string): Lowering<Operation> =>
  (_, inputs, writer) =>
    writer.node(type, inputs)

/** Numbers that a transposed convolution may lay out: 64 MiB. */
const LARGEST_PRODUCTS = 2 ** 24

/** How each operation is said in ONNX. */
const lowerings: { readonly [K in Operation]: Lowering<K> } = {
  Input: (node, _, writer) => writer.input(node.attributes.name, node.shape),
  Constant: (node, _, writer) => writer.initializer(node.dtype, node.shape, node.attributes.data),
  Add: same('Add'),
  Sub: same('Sub'),
  Mul: same('Mul'),
  Div: same('Div'),
  Max: same('Max'),
  Neg: same('Neg'),
  Abs: same('Abs'),
  Exp: same('Exp'),
  Log: same('Log'),
  Sqrt: same('Sqrt'),
  Floor: same('Floor'),
  Sigmoid: same('Sigmoid'),
  // max(x, 0) - log(sigmoid(|x|)): the logarithm's argument stays in [1/2, 1], so nothing overflows, and it takes a
  // third of the time of ONNX's Softplus on the CPU.
  Softplus: (_, [x], writer) => {
    const log = writer.node('Log', [writer.node('Sigmoid', [writer.node('Abs', [x])])])
    return writer.node('Sub', [writer.node('Relu', [x]), log])
  },
  LeakyRelu: ({ attributes: { alpha } }, inputs, writer) =>
    alpha === 0 ? writer.node('Relu', inputs) : writer.node('LeakyRelu', inputs, { alpha: { float: alpha } }),
  Clip: ({ attributes: { min, max } }, [x], writer) => writer.node('Clip', [x, writer.scalar(min), writer.scalar(max)]),
  Greater: same('Greater'),
  Where: same('Where'),
  MatMul: same('MatMul'),
  // onnxruntime 1.30 computes other numbers on WebGPU where 6, 9, 15, ... channels become a multiple of 4: empty channels
  // fill them up.
  Conv: ({ inputs: [, { shape }], attributes: { strides, pads, group } }, [x, w, ...bias], writer) => {
    const [outputs, channels] = shape
    const isMiscomputed = group === 1 && outputs % 4 === 0 && channels > 3 && channels % 3 === 0 && channels % 4 > 0
    const filled = (of: string) =>
      isMiscomputed ? writer.node('Pad', [of, writer.int64([0, 0, 0, 0, 0, 4 - (channels % 4), 0, 0])]) : of
    return writer.node('Conv', [filled(x), filled(w), ...bias], { strides, pads, group })
  },
  // The CPU provider lays out the products of every tap, output and position before it adds them up, 300 MiB at full
  // size: several convolutions, of some outputs each, take a fraction of that.
  ConvTranspose: ({ inputs: [{ shape }, weight], attributes }, [x, w], writer) => {
    const { strides, pads, group, outputPadding } = attributes
    const convolve = (part: string) =>
      writer.node('ConvTranspose', [x, part], { strides, pads, group, output_padding: outputPadding })
    const [, outputs, kh, kw] = weight.shape
    const step = Math.ceil(outputs / Math.ceil((outputs * kh * kw * shape[2] * shape[3]) / LARGEST_PRODUCTS))
    if (group > 1 || step >= outputs) return convolve(w)
    const parts: string[] = []
    for (let from = 0; from < outputs; from += step) {
      const range = [[from], [Math.min(from + step, outputs)], [1]].map((values) => writer.int64(values))
      parts.push(convolve(writer.node('Slice', [w, ...range])))
    }
    return writer.node('Concat', parts, { axis: 1 })
  },
  ReduceSum: ({ attributes: { axes } }, [x], writer) =>
    writer.node('ReduceSum', [x, writer.int64(axes)], { keepdims: 1 }),
  ReduceMax: ({ attributes: { axes } }, inputs, writer) => writer.node('ReduceMax', inputs, { axes, keepdims: 1 }),
  Reshape: ({ shape }, [x], writer) => writer.node('Reshape', [x, writer.int64(shape)]),
  Transpose: ({ attributes: { permutation } }, inputs, writer) =>
    writer.node('Transpose', inputs, { perm: permutation }),
  Concat: ({ attributes: { axis } }, inputs, writer) => writer.node('Concat', inputs, { axis }),
  Slice: ({ inputs: [{ shape }], attributes: { starts, ends, steps } }, [x], writer) => {
    // Only the axes that are cut: the CPU provider copies whole rows for the others.
    const axes = [...shape.keys()].filter((axis) => starts[axis] > 0 || ends[axis] < shape[axis] || steps[axis] > 1)
    const of = (values: readonly number[]) => writer.int64(axes.map((axis) => values[axis]))
    return writer.node('Slice', [x, of(starts), of(ends), writer.int64(axes), of(steps)])
  },
  Pad: ({ attributes: { before, after } }, [x], writer) => writer.node('Pad', [x, writer.int64([...before, ...after])]),
  Expand: ({ shape }, [x], writer) => writer.node('Expand', [x, writer.int64(shape)]),
  Gather: (_, [x, index], writer) => writer.node('Gather', [x, writer.integers(index)], { axis: 0 }),
  ScatterAdd: ({ shape }, [index, x], writer) => {
    const zeros = writer.node('Expand', [writer.scalar(0), writer.int64(shape)])
    // In this order: WebGPU reshapes no integers.
    const places = writer.integers(writer.node('Reshape', [index, writer.int64([-1, 1])]))
    return writer.node('ScatterND', [zeros, places, x], { reduction: 'add' })
  },
  WithGradient: (_, [value]) => value,
}

/**
 * Writes the part of the graph that the outputs depend on.
 * @param outputs by name; float32
 * @param given tensors whose values are fed by these names instead of being computed: what another run has kept
 * @throws when two inputs, or an input and an output, have one name
 */
export function writeModel(
  outputs: Readonly<Record<string, Tensor>>,
  given: ReadonlyMap<Tensor, string> = new Map(),
): Model {
  const writer = new Writer()
  const tensors = ancestors(Object.values(outputs), given)
  for (const tensor of tensors) {
    const fed = given.get(tensor)
    if (fed) {
      writer.bind(tensor, writer.input(fed, tensor.shape))
      continue
    }
    const lower = lowerings[tensor.operation] as Lowering<Operation>
    const inputs = tensor.inputs.map((operand) => writer.name(operand))
    writer.bind(tensor, lower(tensor, inputs, writer))
  }
  for (const [name, tensor] of Object.entries(outputs)) writer.output(tensor, name)
  const results = Object.entries(outputs).map(([name, { shape }]) => ({ name, shape }))
  const graph = writer.finish()
  for (const { name, shape } of writer.inputs) graph.message(11, valueInfo(name, shape))
  for (const { name, shape } of results) graph.message(12, valueInfo(name, shape))
  const opset = new ProtobufMessage().text(1, '').int(2, OPSET)
  const model = new ProtobufMessage().int(1, IR_VERSION).text(2, 'halfturn').message(7, graph).message(8, opset)
  const bytes = model.bytes()
  const hash = createHash('sha256').update(bytes).digest('hex')
  const largest = tensors.reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0)
  return { bytes, hash, inputs: writer.inputs, outputs: results, largest }
}

function valueInfo(name: string, shape: Shape): ProtobufMessage {
  const dimensions = new ProtobufMessage()
  for (const size of shape) dimensions.message(1, new ProtobufMessage().int(1, size))
  const tensor = new ProtobufMessage().int(1, TYPES.float32).message(2, dimensions)
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor))
}
