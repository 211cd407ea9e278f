/**
 * Assembles `face_landmarker.task`, the bundle that MediaPipe's FaceLandmarker wants and no npm package ships, from the
 * models packed in `@mediapipe/face_mesh` (Apache-2.0): the detector gets the metadata the task asks for; the landmark
 * model with attention has its seven outputs joined into the one tensor of 478 points the task expects.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { zipSync } from 'fflate'
import { toObject } from 'flatbuffers/js/flexbuffers.js'
import { attachMetadata, ELEMENT, OPERATOR, readTflite, type Table, writeTflite } from './tflite.ts'

const ASSETS = '@mediapipe/face_mesh/face_mesh_solution_packed_assets.data'
const ASSETS_SHA256 = 'dbe5905c582c0462cdaea17e7e6ecea92edaa8cccc515c5e2e7291f2cbb5fb99'
/** Where each file lies in the packed assets (from the package's own loader). */
const LANDMARKS: Range = [0, 2495952]
const GEOMETRY: Range = [3737848, 3757224]
const DETECTOR: Range = [3757224, 3986256]

type Range = [start: number, end: number]

const MESH = 468
const WITH_IRISES = 478
const IRIS = 5
const EYE_CONTOUR = 16

/**
 * The bytes of the bundle, 2.8 MB, the same on every machine. It gives no blend shapes and runs on the CPU delegate
 * only. @throws Error where the installed package is not the pinned one.
 */
export async function buildLandmarkBundle(): Promise<Uint8Array> {
  const assets = await readFile(createRequire(import.meta.url).resolve(ASSETS))
  const found = createHash('sha256').update(assets).digest('hex')
  if (found !== ASSETS_SHA256) throw new Error(`${ASSETS} has sha256 ${found}, not the pinned ${ASSETS_SHA256}`)
  const file = ([start, end]: Range) => assets.subarray(start, end)

  const detector = readTflite(file(DETECTOR))
  attachMetadata(detector, imageMetadata('face_detector', 127.5, 127.5, ['regressors', 'classificators']))
  const landmarks = readTflite(file(LANDMARKS))
  joinOutputs(landmarks)
  attachMetadata(landmarks, imageMetadata('face_landmarks_detector', 0, 255, ['landmarks', 'presence']))

  return storeZip({
    'face_detector.tflite': writeTflite(detector),
    'face_landmarks_detector.tflite': writeTflite(landmarks),
    'geometry_pipeline_metadata_landmarks.binarypb': file(GEOMETRY),
  })
}

/** Metadata of a model with one RGB image in, normalised as (value - mean) / std, and the named outputs. */
function imageMetadata(name: string, mean: number, std: number, outputs: string[]): Table<'ModelMetadata'> {
  const RGB = 1
  const IMAGE_PROPERTIES = 2
  const NORMALIZATION = 1
  return {
    name,
    subgraphMetadata: [
      {
        inputTensorMetadata: [
          {
            name: 'input',
            content: { propertiesType: IMAGE_PROPERTIES, properties: { colorSpace: RGB } },
            processUnits: [{ optionsType: NORMALIZATION, options: { mean: [mean], std: [std] } }],
            stats: { max: [(255 - mean) / std], min: [-mean / std] },
          },
        ],
        outputTensorMetadata: outputs.map((output) => ({ name: output })),
      },
    ],
    minParserVersion: '1.0.0',
  }
}

/**
 * Appends the operators that turn the model's outputs (mesh 468 x 3; lips, eyes, irises as x, y) into one
 * [1, 1, 1, 478 * 3] tensor: x and y of a point from the last refinement that has it, z from the mesh, z of an iris the
 * mean over its eye's contour. Leaves two outputs, that tensor and the presence logit.
 */
function joinOutputs(model: Table<'Model'>): void {
  const graph = model.subgraphs![0]
  const { tensors, operators } = graph as { tensors: Table<'Tensor'>[]; operators: Table<'Operator'>[] }

  const tensor = (name: string, shape: number[], type: number = ELEMENT.float32, buffer = 0) =>
    tensors.push({ shape, type, buffer, name }) - 1
  const constant = (name: string, values: readonly number[]) => {
    const buffer = model.buffers!.push({ data: new Uint8Array(Int32Array.from(values).buffer) }) - 1
    return tensor(name, [values.length], ELEMENT.int32, buffer)
  }
  const append = (
    code: number,
    inputs: number[],
    name: string,
    shape: number[],
    optionsType: number,
    options: Record<string, number | number[]>,
  ) => {
    const output = tensor(name, shape)
    const opcodeIndex = model.operatorCodes!.push({ deprecatedBuiltinCode: code, builtinCode: code, version: 1 }) - 1
    operators.push({ opcodeIndex, inputs, outputs: [output], optionsType, options })
    return output
  }
  const reshape = (x: number, name: string, shape: number[]) =>
    append(OPERATOR.reshape, [x, constant(`${name}/shape`, shape)], name, shape, 17, { newShape: shape })
  const concatenate = (parts: number[], axis: number, name: string, shape: number[]) =>
    append(OPERATOR.concatenation, parts, name, shape, 10, { axis, activation: 0 })
  const gather = (x: number, rows: readonly number[], name: string, columns: number) =>
    append(OPERATOR.gather, [x, constant(`${name}/rows`, rows)], name, [rows.length, columns], 23, {
      axis: 0,
      batchDims: 0,
    })
  const columns = (x: number, from: number, to: number, name: string) => {
    const bounds = [
      constant(`${name}/begin`, [0, from]),
      constant(`${name}/end`, [MESH, to]),
      constant(`${name}/strides`, [1, 1]),
    ]
    return append(OPERATOR.stridedSlice, [x, ...bounds], name, [MESH, to - from], 32, {
      beginMask: 0,
      endMask: 0,
      ellipsisMask: 0,
      newAxisMask: 0,
      shrinkAxisMask: 0,
    })
  }
  const mean = (x: number, name: string) =>
    append(OPERATOR.mean, [x, constant(`${name}/axis`, [0])], name, [1, 1], 27, { keepDims: 1 })
  const output = (name: string) => {
    const index = graph.outputs!.find((i) => tensors[i].name === name)
    if (index === undefined) throw new Error(`the landmark model has no output ${name}`)
    return index
  }

  const [lips, leftEye, rightEye] = refinedPoints(model)
  const mesh = reshape(output('output_mesh_identity'), 'joined/mesh', [MESH, 3])
  const meshZ = columns(mesh, 2, 3, 'joined/mesh_z')

  const parts = [columns(mesh, 0, 2, 'joined/mesh_xy')]
  const source = Array.from({ length: MESH }, (_, i) => i)
  let rows = MESH
  const refine = (name: string, points: readonly number[]) => {
    parts.push(reshape(output(name), `joined/${name}`, [points.length, 2]))
    for (const point of points) source[point] = rows++
  }
  const iris = (from: number) => Array.from({ length: IRIS }, (_, i) => from + i)
  refine('output_lips', lips)
  refine('output_left_eye', leftEye)
  refine('output_right_eye', rightEye)
  refine('output_left_iris', iris(MESH))
  refine('output_right_iris', iris(MESH + IRIS))
  const xy = gather(concatenate(parts, 0, 'joined/all_xy', [rows, 2]), source, 'joined/xy', 2)

  const irisZ = [leftEye, rightEye].map((eye, side) =>
    mean(gather(meshZ, eye.slice(0, EYE_CONTOUR), `joined/contour_z${side}`, 1), `joined/iris_z${side}`),
  )
  const allZ = concatenate([meshZ, ...irisZ], 0, 'joined/all_z', [MESH + 2, 1])
  const zRows = Array.from({ length: WITH_IRISES }, (_, i) => Math.min(i, i < MESH + IRIS ? MESH : MESH + 1))
  const z = gather(allZ, zRows, 'joined/z', 1)

  const joined = reshape(concatenate([xy, z], 1, 'joined/xyz', [WITH_IRISES, 3]), 'landmarks', [
    1,
    1,
    1,
    WITH_IRISES * 3,
  ])
  graph.outputs = [joined, output('conv_faceflag')]
}

/**
 * Which mesh points the lips (80), left and right eye (71 each) refinements are, in the order of their outputs: the
 * model carries them itself, in the options of the operators that cut those regions out.
 */
function refinedPoints(model: Table<'Model'>): [number[], number[], number[]] {
  const cutters = model.subgraphs![0].operators!.filter(
    ({ opcodeIndex }) => model.operatorCodes![opcodeIndex ?? 0].customCode === 'Landmarks2TransformMatrix',
  )
  const tables = cutters.map(({ customOptions }) => {
    const { subset_idxs } = toObject(customOptions!.buffer as ArrayBuffer) as { subset_idxs: number[] }
    return subset_idxs
  })
  if (tables.map((t) => `${t.length} from ${t[0]}`).join() !== '80 from 61,71 from 33,71 from 263') {
    throw new Error('the landmark model refines other regions than lips, left eye, right eye')
  }
  return tables as [number[], number[], number[]]
}

/** An uncompressed zip with every file's data on a 16-byte boundary, since MediaPipe reads the models in place. */
function storeZip(files: Record<string, Uint8Array>): Uint8Array {
  const LOCAL_HEADER = 30
  const EXTRA_HEADER = 4
  const PADDING_FIELD = 0xd935
  const mtime = new Date(1980, 0, 1) // zip times are local times: these fields are the same in every zone
  let at = 0
  const entries = Object.entries(files).map(([name, data]) => {
    const unpadded = at + LOCAL_HEADER + name.length + EXTRA_HEADER
    const padding = (16 - (unpadded % 16)) % 16
    at = unpadded + padding + data.length
    return [name, [data, { extra: { [PADDING_FIELD]: new Uint8Array(padding) } }]] as const
  })
  return zipSync(Object.fromEntries(entries) as unknown as Parameters<typeof zipSync>[0], { level: 0, mtime })
}
