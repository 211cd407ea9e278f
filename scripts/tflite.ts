/**
 * Reading and writing TensorFlow Lite models as plain typed objects: the part of TFLite's and of its metadata's
 * flatbuffer schema (both Apache-2.0, github.com/tensorflow) that the models we take from npm packages use.
 */
import { Builder, ByteBuffer } from 'flatbuffers'

/** Fields in the order of their ids in the schema. `void` fields are dropped: our models leave them empty. */
const SCHEMA = {
  Model: {
    version: 'uint32',
    operatorCodes: '[OperatorCode]',
    subgraphs: '[SubGraph]',
    description: 'string',
    buffers: '[Buffer]',
    metadataBuffer: 'int32s',
    metadata: '[Metadata]',
  },
  OperatorCode: { deprecatedBuiltinCode: 'int8', customCode: 'string', version: 'int32', builtinCode: 'int32' },
  SubGraph: { tensors: '[Tensor]', inputs: 'int32s', outputs: 'int32s', operators: '[Operator]', name: 'string' },
  Tensor: {
    shape: 'int32s',
    type: 'int8',
    buffer: 'uint32',
    name: 'string',
    quantization: 'void',
    isVariable: 'uint8',
  },
  Operator: {
    opcodeIndex: 'uint32',
    inputs: 'int32s',
    outputs: 'int32s',
    optionsType: 'uint8',
    options: 'options',
    customOptions: 'bytes',
    customOptionsFormat: 'int8',
  },
  Buffer: { data: 'bytes' },
  Metadata: { name: 'string', buffer: 'uint32' },

  Conv2DOptions: {
    padding: 'int8',
    strideW: 'int32',
    strideH: 'int32',
    activation: 'int8',
    dilationW: 'int32',
    dilationH: 'int32',
  },
  DepthwiseConv2DOptions: {
    padding: 'int8',
    strideW: 'int32',
    strideH: 'int32',
    depthMultiplier: 'int32',
    activation: 'int8',
    dilationW: 'int32',
    dilationH: 'int32',
  },
  Pool2DOptions: {
    padding: 'int8',
    strideW: 'int32',
    strideH: 'int32',
    filterWidth: 'int32',
    filterHeight: 'int32',
    activation: 'int8',
  },
  ConcatenationOptions: { axis: 'int32', activation: 'int8' },
  AddOptions: { activation: 'int8' },
  ResizeBilinearOptions: { newHeight: 'void', newWidth: 'void', alignCorners: 'uint8', halfPixelCenters: 'uint8' },
  ReshapeOptions: { newShape: 'int32s' },
  MulOptions: { activation: 'int8' },
  GatherOptions: { axis: 'int32', batchDims: 'int32' },
  ReducerOptions: { keepDims: 'uint8' },
  StridedSliceOptions: {
    beginMask: 'int32',
    endMask: 'int32',
    ellipsisMask: 'int32',
    newAxisMask: 'int32',
    shrinkAxisMask: 'int32',
  },

  ModelMetadata: {
    name: 'string',
    description: 'string',
    version: 'string',
    subgraphMetadata: '[SubGraphMetadata]',
    author: 'string',
    license: 'string',
    associatedFiles: 'void',
    minParserVersion: 'string',
  },
  SubGraphMetadata: {
    name: 'string',
    description: 'string',
    inputTensorMetadata: '[TensorMetadata]',
    outputTensorMetadata: '[TensorMetadata]',
  },
  TensorMetadata: {
    name: 'string',
    description: 'string',
    dimensionNames: 'void',
    content: 'Content',
    processUnits: '[ProcessUnit]',
    stats: 'Stats',
  },
  Content: { propertiesType: 'uint8', properties: 'ImageProperties' },
  ImageProperties: { colorSpace: 'int8' },
  ProcessUnit: { optionsType: 'uint8', options: 'NormalizationOptions' },
  NormalizationOptions: { mean: 'float32s', std: 'float32s' },
  Stats: { max: 'float32s', min: 'float32s' },
} as const

/** The option table of each `optionsType`, by its number in TFLite's `BuiltinOptions` union. */
const OPTIONS: Record<number, TableName> = {
  1: 'Conv2DOptions',
  2: 'DepthwiseConv2DOptions',
  5: 'Pool2DOptions',
  10: 'ConcatenationOptions',
  11: 'AddOptions',
  15: 'ResizeBilinearOptions',
  17: 'ReshapeOptions',
  21: 'MulOptions',
  23: 'GatherOptions',
  27: 'ReducerOptions',
  32: 'StridedSliceOptions',
}

/** TFLite's numbers for the operators that occur here. */
export const OPERATOR = {
  add: 0,
  averagePool2d: 1,
  concatenation: 2,
  conv2d: 3,
  depthwiseConv2d: 4,
  dequantize: 6,
  logistic: 14,
  mul: 18,
  relu: 19,
  reshape: 22,
  resizeBilinear: 23,
  custom: 32,
  gather: 36,
  mean: 40,
  stridedSlice: 45,
  hardSwish: 117,
} as const

/** TFLite's numbers for element types. */
export const ELEMENT = { float32: 0, float16: 1, int32: 2 } as const

type Schema = typeof SCHEMA
type TableName = keyof Schema
type Value<Kind> = Kind extends 'int8' | 'uint8' | 'int32' | 'uint32'
  ? number
  : Kind extends 'int32s' | 'float32s'
    ? number[]
    : Kind extends 'string'
      ? string
      : Kind extends 'bytes'
        ? Uint8Array
        : Kind extends 'options'
          ? Record<string, number | number[]>
          : Kind extends `[${infer Name extends TableName}]`
            ? Table<Name>[]
            : Kind extends TableName
              ? Table<Kind>
              : never
/** A flatbuffer table as an object; a field that is not stored is undefined. */
export type Table<Name extends TableName> = { -readonly [Field in keyof Schema[Name]]?: Value<Schema[Name][Field]> }

type Loose = Record<string, unknown>

/** Reads a `.tflite` file. @throws Error where it uses an operator with options that are not in the schema above. */
export function readTflite(bytes: Uint8Array): Table<'Model'> {
  const buffer = new ByteBuffer(bytes)
  if (!buffer.__has_identifier('TFL3')) throw new Error('not a TensorFlow Lite model')
  return readTable('Model', buffer, buffer.__indirect(0)) as Table<'Model'>
}

/** Writes a `.tflite` file. The same model gives the same bytes. */
export function writeTflite(model: Table<'Model'>): Uint8Array {
  return writeRoot('Model', model, 'TFL3')
}

/** Appends `metadata` to `model` the way MediaPipe's tasks look for it. */
export function attachMetadata(model: Table<'Model'>, metadata: Table<'ModelMetadata'>): void {
  model.buffers!.push({ data: writeRoot('ModelMetadata', metadata, 'M001') })
  model.metadata = [...(model.metadata ?? []), { name: 'TFLITE_METADATA', buffer: model.buffers!.length - 1 }]
}

function optionsTable(type: number | undefined): TableName {
  const name = OPTIONS[type ?? 0]
  if (name === undefined) throw new Error(`operator options of type ${type} are not in the schema`)
  return name
}

function readTable(name: TableName, buffer: ByteBuffer, at: number): Loose {
  const table: Loose = {}
  const fields = Object.entries(SCHEMA[name])
  for (const [id, [field, kind]] of fields.entries()) {
    const offset = buffer.__offset(at, 4 + 2 * id)
    if (offset !== 0 && kind !== 'void') table[field] = readField(kind, buffer, at + offset, table)
  }
  return table
}

function readField(kind: string, buffer: ByteBuffer, at: number, table: Loose): unknown {
  const vector = <T>(read: (at: number) => T): T[] => {
    const start = buffer.__vector(at)
    return Array.from({ length: buffer.__vector_len(at) }, (_, i) => read(start + 4 * i))
  }
  switch (kind) {
    case 'int8':
      return buffer.readInt8(at)
    case 'uint8':
      return buffer.readUint8(at)
    case 'int32':
      return buffer.readInt32(at)
    case 'uint32':
      return buffer.readUint32(at)
    case 'int32s':
      return vector((p) => buffer.readInt32(p))
    case 'float32s':
      return vector((p) => buffer.readFloat32(p))
    case 'string':
      return buffer.__string(at)
    case 'bytes': {
      const start = buffer.__vector(at)
      return new Uint8Array(buffer.bytes().subarray(start, start + buffer.__vector_len(at)))
    }
    case 'options':
      return readTable(optionsTable(table.optionsType as number), buffer, buffer.__indirect(at))
    default: {
      const name = kind.replace(/[[\]]/g, '') as TableName
      if (kind !== name) return vector((p) => readTable(name, buffer, buffer.__indirect(p)))
      return readTable(name, buffer, buffer.__indirect(at))
    }
  }
}

function writeRoot(name: TableName, table: object, identifier: string): Uint8Array {
  const builder = new Builder(1024)
  builder.finish(writeTable(name, table as Loose, builder), identifier)
  return builder.asUint8Array().slice()
}

/** Flatbuffers are written leaves first: what a table points to must be there before the table. */
function writeTable(name: TableName, table: Loose, builder: Builder): number {
  const fields = Object.entries(SCHEMA[name])
  const written = fields.map(([field, kind]) =>
    table[field] === undefined ? 0 : writeOutOfLine(kind, table[field], builder, table),
  )
  builder.startObject(fields.length)
  for (const [id, [field, kind]] of fields.entries()) {
    const value = table[field] as number | undefined
    if (value === undefined || kind === 'void') continue
    if (kind === 'int8' || kind === 'uint8') builder.addFieldInt8(id, value, null)
    else if (kind === 'int32' || kind === 'uint32') builder.addFieldInt32(id, value, null)
    else builder.addFieldOffset(id, written[id], 0)
  }
  return builder.endObject()
}

/** Writes what a field points to and gives its offset; 0 for a field whose value lies in the table itself. */
function writeOutOfLine(kind: string, value: unknown, builder: Builder, table: Loose): number {
  switch (kind) {
    case 'int8':
    case 'uint8':
    case 'int32':
    case 'uint32':
    case 'void':
      return 0
    case 'int32s':
    case 'float32s': {
      const numbers = value as number[]
      builder.startVector(4, numbers.length, 4)
      for (const x of numbers.toReversed()) kind === 'int32s' ? builder.addInt32(x) : builder.addFloat32(x)
      return builder.endVector()
    }
    case 'string':
      return builder.createString(value as string)
    case 'bytes': {
      const bytes = value as Uint8Array
      builder.prep(16, bytes.length) // the schema's force_align for tensor data
      return builder.createByteVector(bytes)
    }
    case 'options':
      return writeTable(optionsTable(table.optionsType as number), value as Loose, builder)
    default: {
      const name = kind.replace(/[[\]]/g, '') as TableName
      if (kind === name) return writeTable(name, value as Loose, builder)
      const offsets = (value as Loose[]).map((item) => writeTable(name, item, builder))
      builder.startVector(4, offsets.length, 4)
      for (const offset of offsets.toReversed()) builder.addOffset(offset)
      return builder.endVector()
    }
  }
}
