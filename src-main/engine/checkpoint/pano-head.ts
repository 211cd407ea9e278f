/**
 * PanoHead's checkpoints (An et al., CVPR 2023): generators of EG3D's kind whose planes have layers, tri-grids, and whose
 * background is painted apart. What is known of them is from publications alone (docs/panohead.md), so parts are told by
 * what they hold, never by what they are called, and whatever is not understood is refused.
 */
import { type Message, message } from '../errors.ts'
import { type GeneratorConfig, paintedChannels } from './config.ts'
import { quote } from './quote.ts'
import type { StoredTensor } from './safetensors.ts'

type Tensors = Map<string, StoredTensor>

/** Settings of EG3D's rendering that a generator's config does without: they are of training, or told by the weights. */
const OTHER_SETTINGS = [
  'image_resolution',
  'superresolution_module',
  'gpc_reg_prob',
  'density_reg',
  'density_reg_p_dist',
  'reg_type',
]

/** How EG3D's cameras stand, in whose world its faces were measured (face/template.ts). */
const EG3D_ORBIT = { radius: 2.7, pivot: [0, 0, 0.2] }

const LICENCE =
  'Imported from a PanoHead checkpoint: its heads alone, on white. PanoHead (An et al., CVPR 2023) is built on EG3D, whose ' +
  'licence limits use to non-commercial purposes (NVIDIA Source Code License for EG3D, section 3.3), and has terms of ' +
  'its own: see where the file is from. Do not pass this file on.'

const CONVOLUTION = '(?:weight|bias|noise_strength|noise_const|resample_filter|affine\\.(?:weight|bias))'
const BLOCK = `(?:const|resample_filter|(?:conv[01]|torgb)\\.${CONVOLUTION})`
const MAPPING = 'mapping\\.(?:w_avg|(?:embed|fc\\d+)\\.(?:weight|bias))'
const NAMES = {
  styleGan: new RegExp(`^(?:${MAPPING}|(?:synthesis\\.)?b\\d+\\.${BLOCK})$`),
  superResolution: new RegExp(`^(?:resample_filter|block[01]\\.${BLOCK})$`),
  fullyConnected: /^(?:\w+\.)*(?:weight|bias)$/,
}
/** Whether so many numbers can be a camera's offset: two angles at least, a matrix at most. */
const isOfACamera = (count: number): boolean => count >= 2 && count <= 16

/**
 * The described parts that the picture of a head does without, by their weights, named as within the part.
 * - background: a StyleGAN2, whose picture lies behind the rendered features, or behind their colours
 * - mask: opacity at the size of the picture, for the discriminator
 * - camera: the offset of a training photo's camera from where it was thought to stand
 */
const PARTS: Record<'background' | 'mask' | 'camera', (weights: Tensors, config: GeneratorConfig) => boolean> = {
  background: (weights, { decoder_output_dim }) =>
    all(weights, NAMES.styleGan) && [3, decoder_output_dim].includes(paints(weights, /(?:^|\.)b4\.torgb\.bias$/)),
  mask: (weights) => all(weights, NAMES.superResolution) && paints(weights, /^block1\.torgb\.bias$/) === 1,
  camera: (weights) =>
    all(weights, NAMES.fullyConnected) &&
    [...weights.values()].every(({ shape }) => shape.length === 1 || shape.length === 2) &&
    isOfACamera(Math.min(...[...weights.values()].map(({ shape }) => shape[0]))),
}
type Part = keyof typeof PARTS

const all = (weights: Tensors, names: RegExp): boolean => [...weights.keys()].every((name) => names.test(name))

/** Channels of a toRGB's picture, by the name of its bias. */
function paints(weights: Tensors, bias: RegExp): number {
  for (const [name, { shape }] of weights) if (bias.test(name)) return shape[0]
  return 0
}

interface TriGrids {
  /** As found, with the layers that the backbone paints. */
  readonly config: GeneratorConfig
  /** Everything the checkpoint holds, checked against `config`. */
  readonly tensors: Tensors
  /** Names of those that a generator of `config` does not have. */
  readonly surplus: ReadonlySet<string>
  /** Names and values of its rendering_kwargs. */
  readonly settings: Iterable<readonly [name: string | number, value: unknown]>
}

/**
 * What draws heads in a checkpoint with tri-grids.
 * @param refuse throws, naming the file
 * @returns config and weights of a generator of its heads on white, and what the person who brings it should know
 */
export function headOf(
  { config, tensors, surplus, settings }: TriGrids,
  refuse: (fault: Message) => never,
): { config: GeneratorConfig; weights: Tensors; notes: Message[] } {
  const { rendering_kwargs: rendering, plane_layers } = config
  for (const [name, value] of settings) {
    const isKnown = Object.hasOwn(rendering, name) || OTHER_SETTINGS.includes(String(name))
    // A setting of its own is understood where it says how many layers there are, whatever its name.
    if (!isKnown && value !== plane_layers[0]) refuse(message('unknown-setting', { setting: quote(name) }))
  }
  const head: Tensors = new Map()
  const beside = new Map<string, Tensors>()
  for (const [name, tensor] of tensors) {
    const [module] = name.split('.', 1)
    if (!surplus.has(name)) head.set(name, inOurOrder(name, tensor, config))
    else if (beside.has(module)) beside.get(module)!.set(name.slice(module.length + 1), tensor)
    else beside.set(module, new Map([[name.slice(module.length + 1), tensor]]))
  }
  const parts = new Set<Part>()
  for (const [module, weights] of beside) {
    const part = (Object.keys(PARTS) as Part[]).find((kind) => !parts.has(kind) && PARTS[kind](weights, config))
    if (part === undefined) refuse(message('unknown-part', { part: quote(module) }))
    parts.add(part)
  }
  if (!parts.has('background')) refuse(message('no-background', { layers: plane_layers[0] }))

  const { avg_camera_radius: radius, avg_camera_pivot: pivot } = rendering
  const isAsEg3d = radius === EG3D_ORBIT.radius && pivot.join() === EG3D_ORBIT.pivot.join()
  return {
    config: withBorder({ ...config, rendering_kwargs: { ...rendering, white_back: true }, licence: LICENCE }),
    weights: head,
    notes: [
      message('panohead-unverified'),
      ...[...parts].map((part) => message(`left-out-${part}`)),
      ...(isAsEg3d ? [] : [message('cameras-elsewhere', { radius, pivot: pivot.join(', ') })]),
    ],
  }
}

/**
 * Where PanoHead's backbone paints a feature of a layer of a plane. No publication says; this is the order in which the
 * paper writes a tri-grid's shape, 3 x D x C, and ours. The one place to change should a file show another.
 */
function paintedAt(plane: number, layer: number, feature: number, layers: number, channels: number): number {
  return (plane * layers + layer) * channels + feature
}

/**
 * EG3D reads planes with zeros outside; a tri-grid read so fades beyond its outermost layers, where ours would hold them
 * (docs/eg3d.md, Layers). A layer of zeros on either side does the same where the others stay in their places: the axis
 * along which layers are counted grows with their number.
 */
function withBorder(config: GeneratorConfig): GeneratorConfig {
  const { plane_layers, plane_axes } = config
  const bordered = plane_layers.map((layers) => layers + 2) as GeneratorConfig['plane_layers']
  const axes = plane_axes.map(([u, v, normal], plane) => {
    const growth = bordered[plane] / plane_layers[plane]
    return [u, v, normal.map((value) => value * growth)]
  }) as GeneratorConfig['plane_axes']
  return { ...config, plane_layers: bordered, plane_axes: axes }
}

/**
 * A weight of the generator; of one that paints planes, its rows as they are wanted here (generator/plane-layout.ts), with
 * zeros for the border.
 * @param config as found
 */
function inOurOrder(name: string, tensor: StoredTensor, config: GeneratorConfig): StoredTensor {
  if (!/^backbone\.synthesis\.b\d+\.torgb\.(?:weight|bias)$/.test(name)) return tensor
  const { plane_layers, plane_channels } = config
  const row = tensor.data.length / tensor.shape[0]
  const rows = paintedChannels(withBorder(config))
  const data = new Uint8Array(rows * row)
  let into = 0
  for (const [plane, layers] of plane_layers.entries()) {
    const border = plane_channels * row
    into += border
    for (let layer = 0; layer < layers; layer++) {
      for (let feature = 0; feature < plane_channels; feature++, into += row) {
        const from = paintedAt(plane, layer, feature, layers, plane_channels) * row
        data.set(tensor.data.subarray(from, from + row), into)
      }
    }
    into += border
  }
  return { ...tensor, shape: [rows, ...tensor.shape.slice(1)], data }
}
