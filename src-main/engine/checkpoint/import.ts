/**
 * Makes a generator of an official checkpoint (.pkl) of EG3D or PanoHead: the exponential moving average's weights under
 * their state names, and a config that is derived from the weights and attributes found, not from what the file is called.
 */
import { createHash } from 'node:crypto'
import { type Message, message, UserError } from '../errors.ts'
import {
  GENERATOR_VERSION,
  type GeneratorConfig,
  parseConfig,
  SUPER_RESOLUTION_CLASSES,
  type SuperResolutionClass,
  superResolutionOutput,
} from './config.ts'
import { checkWeights, expectedWeights } from './generator-file.ts'
import { headOf } from './pano-head.ts'
import { kindOf, type NameUse, PickleObject, type PickleValue, readPickle } from './pickle.ts'
import { quote } from './quote.ts'
import { type StoredTensor, storeFloat32, toFloat32 } from './safetensors.ts'
import { isTensor, numberOf, TensorReader, TORCH_NAMES } from './torch.ts'

const PERSISTENT_CLASS = 'torch_utils.persistence:_reconstruct_persistent_obj'

/** Every name the released checkpoints use (docs/eg3d.md, Checkpoint files). */
const NAMES = new Map<string, NameUse>([
  ...TORCH_NAMES,
  [PERSISTENT_CLASS, 'object'],
  ['collections:OrderedDict', 'dict'],
  ['dnnlib.util:EasyDict', 'dict'],
  ['training.volumetric_rendering.renderer:ImportanceRenderer', 'object'],
  ['training.volumetric_rendering.ray_marcher:MipRayMarcher2', 'object'],
  ['training.volumetric_rendering.ray_sampler:RaySampler', 'object'],
  ['training.triplane:OSGDecoder', 'object'],
  ['torch.nn.modules.container:Sequential', 'object'],
  ['torch.nn.modules.activation:Softplus', 'object'],
])

/** A generator has some 70 modules, 5 deep, and 180 tensors. */
const MAX_MODULES = 2000
const MAX_DEPTH = 16
const MAX_TENSORS = 5000
/** Paths are joined of keys: long ones would be copied for every module below. */
const MAX_KEY_LENGTH = 100

/** The axes all published checkpoints were trained with: plane 2 is (z, x), a known slip (docs/eg3d.md, Planes). */
const PUBLISHED_PLANE_AXES = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0]

/** Tensors of a generator's state that nothing is computed with. */
const UNUSED = new Set(['dataset_label_std'])

const LICENCE =
  'Imported from an EG3D checkpoint. Those NVIDIA publishes are under the NVIDIA Source Code License for EG3D: use is ' +
  'limited to non-commercial purposes (section 3.3). Do not pass this file on.'

type ImportedGenerator = {
  /** Whose generator it is. */
  origin: 'EG3D' | 'PanoHead'
  config: GeneratorConfig
  /** For `writeGeneratorFile`; views into the checkpoint wherever it allows. */
  weights: Map<string, StoredTensor>
  /** What the person who brings it should know. */
  notes: Message[]
}

/** SHA-256 of `bytes` in hexadecimal: what an imported generator is known by. */
export function sha256Of(bytes: Uint8Array): string {
  const hash = createHash('sha256')
  // One call takes less than 2 GiB.
  for (let at = 0; at < bytes.length; at += 1 << 28) hash.update(bytes.subarray(at, at + (1 << 28)))
  return hash.digest('hex')
}

/** File name of the generator imported from the checkpoint with this `sha256Of`: if it is there, there is nothing to do. */
export function importedName(sha256: string): string {
  return `eg3d-${sha256.slice(0, 16)}.safetensors`
}

/**
 * Reads a checkpoint. Its weights stay views into `bytes`, so little more memory than the file is needed.
 * @param name what messages call the file; the provenance has it without its folders.
 * @param sha256 of `bytes`, where it is known already.
 * @throws UserError where the file is damaged, holds another network, or asks for anything a checkpoint does not need.
 */
export function importCheckpoint(bytes: Uint8Array, name: string, sha256 = sha256Of(bytes)): ImportedGenerator {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    throw new UserError('checkpoint-is-archive', { name })
  }
  const { value, end } = readPickle(bytes, { name, names: NAMES })
  if (end !== bytes.length) throw new UserError('checkpoint-goes-on', { name, bytes: bytes.length - end })
  const network = new Network(generatorOf(value, name), name, bytes.length)
  // Without its folders: the same checkpoint is the same generator wherever it lay, and files go to other people.
  const source = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).slice(0, 500)
  const config = parseConfig(network.config({ source, sha256 }), name)
  checkWeights(config, network.tensors, name)
  const expected = expectedWeights(config)
  const surplus = [...network.tensors.keys()].filter((key) => !expected.has(key) && !UNUSED.has(key))
  if (config.plane_layers[0] > 1) {
    const refuse = (fault: Message): never => {
      throw new UserError('panohead-unfit', { name, fault })
    }
    const found = { config, tensors: network.tensors, surplus: new Set(surplus), settings: network.settings() }
    const head = headOf(found, refuse)
    return { origin: 'PanoHead', ...head, config: parseConfig(head.config, name) }
  }
  if (surplus.length > 0) {
    throw new UserError('checkpoint-surplus', { name, weight: quote(surplus[0]) })
  }
  return { origin: 'EG3D', config, weights: network.tensors, notes: [] }
}

/** The generator of a snapshot: its moving average where there is one. */
function generatorOf(value: PickleValue, name: string): PickleValue {
  if (!(value instanceof Map)) return value
  const generator = value.get('G_ema') ?? value.get('G')
  if (generator === undefined || generator === null) {
    const keys = [...value.keys()].slice(0, 5).map(quote)
    throw new UserError('checkpoint-without-generator', { name, keys })
  }
  return generator
}

type Attributes = Map<string | number, PickleValue>

/** The modules of a pickled generator by path ('' is the generator itself), and its state. */
class Network {
  readonly tensors = new Map<string, StoredTensor>()
  readonly #modules = new Map<string, { kind: string; attributes: Attributes }>()
  readonly #name: string
  readonly #reader: TensorReader

  constructor(generator: PickleValue, name: string, fileBytes: number) {
    this.#name = name
    this.#reader = new TensorReader(name, fileBytes)
    this.#walk(generator, '', 0)
    const { kind } = this.#modules.get('')!
    if (kind !== 'TriPlaneGenerator') throw this.#refuse(message('other-class', { kind: quote(kind) }))
  }

  #refuse(fault: Message): UserError {
    return new UserError('checkpoint-unfit', { name: this.#name, fault })
  }

  /** Takes down `module` and, under it, its parameters, buffers and modules, as PyTorch's state_dict does. */
  #walk(module: PickleValue, path: string, depth: number): void {
    const shown = quote(path || 'generator')
    if (depth > MAX_DEPTH || this.#modules.size >= MAX_MODULES) throw this.#refuse(message('modules-endless'))
    let kind: PickleValue | undefined
    let attributes: PickleValue | undefined
    if (module instanceof PickleObject && module.name === PERSISTENT_CLASS) {
      const meta = module.args[0]
      if (meta instanceof Map && meta.get('type') === 'class') {
        kind = meta.get('class_name')
        attributes = meta.get('state')
      }
    } else if (module instanceof PickleObject) {
      kind = module.name.slice(module.name.indexOf(':') + 1)
      attributes = module.state
    }
    if (typeof kind !== 'string' || !(attributes instanceof Map)) {
      throw this.#refuse(message('not-a-module', { kind: kindOf(module), module: shown }))
    }
    this.#modules.set(path, { kind, attributes })

    const prefix = path === '' ? '' : `${path}.`
    const transient = attributes.get('_non_persistent_buffers_set')
    for (const group of ['_parameters', '_buffers', '_modules']) {
      const members = attributes.get(group) ?? new Map()
      if (!(members instanceof Map)) {
        throw this.#refuse(message('not-members', { kind: kindOf(members), group, module: shown }))
      }
      for (const [key, member] of members) {
        // An absent bias is kept as None.
        if (member === null || (group === '_buffers' && transient instanceof Set && transient.has(key))) continue
        if (String(key).length > MAX_KEY_LENGTH) {
          throw this.#refuse(message('long-key', { key: quote(key), module: shown }))
        }
        const name = `${prefix}${key}`
        if (group === '_modules') this.#walk(member, name, depth + 1)
        else this.#add(name, member)
      }
    }
  }

  #add(name: string, value: PickleValue): void {
    if (this.tensors.has(name)) throw this.#refuse(message('weight-twice', { weight: quote(name) }))
    if (this.tensors.size >= MAX_TENSORS) throw this.#refuse(message('too-many-weights', { most: MAX_TENSORS }))
    const tensor = this.#reader.read(value, name)
    const narrow = tensor.dtype === 'F64' ? storeFloat32(toFloat32(tensor), tensor.shape) : tensor
    this.tensors.set(name, narrow)
  }

  /** Size of the weight `name` along `axis`. */
  #size(name: string, axis: number): number {
    const size = this.tensors.get(name)?.shape[axis]
    if (size === undefined) throw this.#refuse(message('weight-unfit', { weight: name }))
    return size
  }

  #attribute(path: string, key: string): PickleValue | undefined {
    return this.#modules.get(path)?.attributes.get(key)
  }

  /** How many of `prefix`0, `prefix`1, ... are there. */
  #count(prefix: string): number {
    let count = 0
    while (this.#modules.has(`${prefix}${count}`)) count++
    return count
  }

  /** The clamp all layers under `path` agree on; null is none. */
  #convClamp(path: string): number | null {
    const clamps = new Set<number | null>()
    for (const [module, { attributes }] of this.#modules) {
      if (!module.startsWith(path) || !attributes.has('conv_clamp')) continue
      clamps.add(numberOf(attributes.get('conv_clamp')) ?? null)
    }
    if (clamps.size > 1) throw this.#refuse(message('clamps-differ', { path }))
    return [...clamps][0] ?? null
  }

  #planeAxes(): number[][][] {
    const value = this.#attribute('renderer', 'plane_axes')
    const tensor = isTensor(value) ? this.#reader.read(value, 'renderer.plane_axes') : undefined
    if (tensor !== undefined && tensor.shape.join() !== '3,3,3') throw this.#refuse(message('no-plane-axes'))
    const axes = tensor === undefined ? PUBLISHED_PLANE_AXES : [...toFloat32(tensor)]
    return [0, 9, 18].map((plane) => [0, 3, 6].map((row) => axes.slice(plane + row, plane + row + 3)))
  }

  #superResolution(): GeneratorConfig['super_resolution'] {
    const kind = this.#modules.get('superresolution')?.kind
    if (kind === undefined) return null
    const name = kind.replace('SuperresolutionHybrid', '') as SuperResolutionClass
    if (kind === name || !Object.hasOwn(SUPER_RESOLUTION_CLASSES, name)) {
      throw this.#refuse(message('unknown-super-resolution', { kind: quote(kind) }))
    }
    const grown = SUPER_RESOLUTION_CLASSES[name].up[0] ? 2 : 1
    return {
      class: name,
      input_resolution: this.#size('superresolution.block0.conv0.noise_const', 0) / grown,
      channels: [
        this.#size('superresolution.block0.conv1.weight', 0),
        this.#size('superresolution.block1.conv1.weight', 0),
      ],
      conv_clamp: this.#convClamp('superresolution.'),
    }
  }

  #rendering(): Attributes {
    const rendering = this.#attribute('', 'rendering_kwargs')
    if (!(rendering instanceof Map)) throw this.#refuse(message('no-rendering-settings'))
    return rendering
  }

  /** Its rendering_kwargs by name. */
  settings(): [name: string | number, value: unknown][] {
    return [...this.#rendering()].map(([name, value]) => [name, plain(value)])
  }

  /** Channels of its planes, as the decoder reads them, and layers, as many as that leaves of what is painted: EG3D's have one. */
  #planes(): { channels: number; layers: number } {
    const painted = this.#size('backbone.synthesis.b4.torgb.weight', 0)
    const channels = this.#size('decoder.net.0.weight', 1)
    const layers = painted / (3 * channels)
    if (!Number.isInteger(layers)) throw this.#refuse(message('layers-uneven', { painted, channels }))
    return { channels, layers }
  }

  /** The config as found, yet to be checked; defaults are those of EG3D where a key is missing. */
  config(provenance: GeneratorConfig['provenance']): Record<string, unknown> {
    const rendering = this.#rendering()
    const keyword = (key: string, missing?: unknown): unknown => plain(rendering.get(key)) ?? missing
    const synthesis = 'backbone.synthesis'
    const mapping = 'backbone.mapping'

    const resolutions: number[] = []
    for (let size = 4; this.#modules.has(`${synthesis}.b${size}`); size *= 2) resolutions.push(size)
    const superResolution = this.#superResolution()
    const rendered = numberOf(this.#attribute('', 'neural_rendering_resolution')) ?? 64
    const w_dim = this.#size(`${mapping}.embed.weight`, 0)
    const { channels, layers } = this.#planes()
    return {
      format: 'halfturn-generator',
      version: GENERATOR_VERSION,
      name: provenance.source.replace(/\.pkl$/i, '').slice(0, 200) || 'imported',
      frame: 'eg3d',
      z_dim: this.#size(`${mapping}.fc0.weight`, 1) - w_dim,
      c_dim: this.#size(`${mapping}.embed.weight`, 1),
      w_dim,
      num_ws: 2 * resolutions.length,
      mapping_layers: this.#count(`${mapping}.fc`),
      mapping_lr_multiplier: numberOf(this.#attribute(`${mapping}.fc0`, 'bias_gain')) ?? 0.01,
      plane_resolution: resolutions.at(-1),
      plane_channels: channels,
      plane_layers: [layers, layers, layers],
      backbone_channels: Object.fromEntries(
        resolutions.map((size) => [size, this.#size(`${synthesis}.b${size}.conv1.weight`, 0)]),
      ),
      backbone_conv_clamp: this.#convClamp(`${synthesis}.`),
      plane_axes: this.#planeAxes(),
      decoder_hidden_dim: this.#size('decoder.net.0.weight', 0),
      decoder_output_dim: this.#size('decoder.net.2.weight', 0) - 1,
      neural_rendering_resolution: rendered,
      image_resolution: superResolution === null ? rendered : superResolutionOutput(superResolution),
      rendering_kwargs: {
        depth_resolution: keyword('depth_resolution'),
        depth_resolution_importance: keyword('depth_resolution_importance', 0),
        ray_start: keyword('ray_start'),
        ray_end: keyword('ray_end'),
        box_warp: keyword('box_warp'),
        avg_camera_radius: keyword('avg_camera_radius', 2.7),
        avg_camera_pivot: keyword('avg_camera_pivot', [0, 0, 0.2]),
        white_back: keyword('white_back', false),
        disparity_space_sampling: keyword('disparity_space_sampling', false),
        clamp_mode: keyword('clamp_mode', 'softplus'),
        c_gen_conditioning_zero: keyword('c_gen_conditioning_zero', false),
        c_scale: keyword('c_scale', 0),
        decoder_lr_mul: numberOf(this.#attribute('decoder.net.0', 'bias_gain')) ?? keyword('decoder_lr_mul', 1),
        superresolution_noise_mode: keyword('superresolution_noise_mode', 'none'),
        sr_antialias: this.#attribute('superresolution', 'sr_antialias') ?? keyword('sr_antialias', true),
      },
      super_resolution: superResolution,
      provenance,
      licence: LICENCE,
    }
  }
}

/** A setting as plain JavaScript; None and what is no setting become undefined. */
function plain(value: PickleValue | undefined): unknown {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value) && value.length <= 16) return value.map((item) => numberOf(item))
  return numberOf(value)
}
