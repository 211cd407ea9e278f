/**
 * A generator's config: the authority on its sizes, its planes, its sampling and its super-resolution. It travels as
 * JSON in the metadata of the generator's file; keys keep EG3D's names (docs/eg3d.md).
 */
import { z } from 'zod'
import { clipText, type Message, message, type Text, UserError } from '../errors.ts'
import { valueFault } from './value-fault.ts'

export const GENERATOR_FORMAT = 'halfturn-generator'
export const GENERATOR_VERSION = 2

/**
 * The super-resolution classes (docs/eg3d.md, Super-resolution) as data. `up`: of every block, whether it doubles the
 * resolution. `resize`: when features and rgb are resized to `input_resolution` first: whenever they differ, or only
 * when smaller. `ownFilter`: whether the class has an (unused) `superresolution.resample_filter` buffer. All are EG3D's
 * but 4X2X, which is Halfturn's: 4X, and a block more that sharpens what is shown.
 */
export const SUPER_RESOLUTION_CLASSES = {
  '8XDC': { up: [true, true], resize: 'unequal', ownFilter: false },
  '8X': { up: [true, true], resize: 'unequal', ownFilter: true },
  '4X': { up: [false, true], resize: 'smaller', ownFilter: true },
  '2X': { up: [false, true], resize: 'unequal', ownFilter: true },
  Deepfp32: { up: [false, true], resize: 'smaller', ownFilter: true },
  '4X2X': { up: [false, true, true], resize: 'smaller', ownFilter: true },
} as const

export type SuperResolutionClass = keyof typeof SUPER_RESOLUTION_CLASSES

/** Blocks that make the picture which is fitted to a photo: all that EG3D has. Later ones are for what is shown alone. */
export const FITTED_BLOCKS = 2

/** Elements of the largest tensor a network may have on its way: 512 MiB in float32. */
const MOST_ELEMENTS = 2 ** 27

/** A number from `least` to `most`; a refusal says what was met, and the range. */
const within = (least: number, most: number) => z.custom<number>(isWithin(least, most), { params: { least, most } })
const wholeWithin = (least: number, most: number) =>
  z.custom<number>((value) => Number.isInteger(value) && isWithin(least, most)(value), { params: { least, most } })
const isWithin = (least: number, most: number) => (value: unknown) =>
  typeof value === 'number' && value >= least && value <= most

// The ranges go some way beyond every known generator (docs/eg3d.md and, for more samples and channels, its
// successors), but not to where a picture would take minutes or the cameras see nothing.
const width = wholeWithin(1, 4096)
const resolution = wholeWithin(1, 2048)
const layers = wholeWithin(1, 32)
const clamp = within(1e-3, 1e6).nullable()
const coordinate = within(-10, 10)
const vector3 = z.tuple([coordinate, coordinate, coordinate])
const matrix3 = z.tuple([vector3, vector3, vector3])
/** In front of the camera. */
const depth = z.custom<number | 'auto'>((value) => value === 'auto' || isWithin(0.01, 100)(value), {
  params: { least: 0.01, most: 100, orAuto: true },
})

const renderingKwargs = z.strictObject({
  /** Coarse samples a ray. */
  depth_resolution: wholeWithin(2, 256),
  /** Importance samples a ray; 0 renders the coarse pass alone. */
  depth_resolution_importance: wholeWithin(0, 256),
  /** World units along the unit ray; 'auto' intersects the ray with the box. */
  ray_start: depth,
  ray_end: depth,
  /** Side of the cube the planes cover, world units. */
  box_warp: within(0.1, 10),
  /** Camera orbit of the training data: distance from the world's origin, and the point looked at. */
  avg_camera_radius: within(0.1, 100),
  avg_camera_pivot: vector3,
  white_back: z.boolean(),
  disparity_space_sampling: z.boolean(),
  clamp_mode: z.literal('softplus'),
  /** True: the mapping sees a zero camera label, so the code is camera-blind. */
  c_gen_conditioning_zero: z.boolean(),
  /** Factor on the camera label before the mapping's embedding. */
  c_scale: within(-100, 100),
  /** Learning rate multiplier of the decoder's two layers (a run-time gain, docs/eg3d.md, Layers). */
  decoder_lr_mul: within(1e-4, 100),
  superresolution_noise_mode: z.enum(['none', 'const']),
  /** Whether the resize in front of the super-resolution is antialiased. */
  sr_antialias: z.boolean(),
})

const superResolution = z.strictObject({
  class: z.enum(Object.keys(SUPER_RESOLUTION_CLASSES) as [SuperResolutionClass, ...SuperResolutionClass[]]),
  /** Side of the feature picture the first block takes. */
  input_resolution: resolution,
  /** Output channels of every block. */
  channels: z.array(width),
  conv_clamp: clamp,
})

const generatorConfig = z
  .strictObject({
    format: z.literal(GENERATOR_FORMAT),
    version: z.literal(GENERATOR_VERSION),
    name: z.string().min(1).max(200),
    /** Which face template and world frame the cameras of this generator are fitted in. */
    frame: z.enum(['own', 'eg3d']),
    z_dim: width,
    /** Camera label: 16 numbers cam2world, 9 numbers intrinsics. */
    c_dim: z.literal(25),
    w_dim: width,
    num_ws: z.int(),
    /** Fully connected layers after the embedding. */
    mapping_layers: wholeWithin(1, 16),
    /** Learning rate multiplier of those layers (a run-time gain, docs/eg3d.md, Layers). */
    mapping_lr_multiplier: within(1e-4, 100),
    plane_resolution: wholeWithin(8, 1024),
    /** Channels of each of the three planes. */
    plane_channels: width,
    /** Layers of each plane along its normal (tri-grids: PanoHead, An et al. 2023); 1, 1, 1 is EG3D. */
    plane_layers: z.tuple([layers, layers, layers]),
    /** Channels of each backbone block, by its resolution: '4', '8', ... plane_resolution. */
    backbone_channels: z.record(z.string().regex(/^[0-9]{1,4}$/), width),
    backbone_conv_clamp: clamp,
    /** Row k of matrix p: axis k of plane p; a point (row vector) is multiplied with the inverse. */
    plane_axes: z.tuple([matrix3, matrix3, matrix3]),
    decoder_hidden_dim: width,
    /** Feature channels of a rendered pixel, without the density; the first three are the raw colour. */
    decoder_output_dim: wholeWithin(3, 4096),
    neural_rendering_resolution: wholeWithin(1, 512),
    image_resolution: resolution,
    rendering_kwargs: renderingKwargs,
    /** null: the picture is the raw rendering. */
    super_resolution: superResolution.nullable(),
    /** Where the weights are from; `sha256` is that of the file they were imported from. */
    provenance: z.strictObject({
      source: z.string().max(500),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
    }),
    /** What may be done with it, in words for the person in front of the screen. */
    licence: z.string().max(2000),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, fault: Message): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), params: { fault } })
    }
    const { plane_resolution, backbone_channels, plane_axes, rendering_kwargs: rendering, super_resolution } = config
    const resolutions = backboneResolutions(config)
    if (resolutions.at(-1) !== plane_resolution) refuse('plane_resolution', message('no-power-of-two'))
    if (Object.keys(backbone_channels).join() !== resolutions.join()) {
      refuse('backbone_channels', message('resolutions-not-named', { resolutions: resolutions.map(String) }))
    }
    const { length } = resolutions
    if (config.num_ws !== 2 * length) refuse('num_ws', message('value-is-not', { wanted: 2 * length }))
    plane_axes.forEach((axes, i) => {
      if (Math.abs(determinant(axes)) < 1e-6) refuse(`plane_axes.${i}`, message('not-invertible'))
    })
    if ((rendering.ray_start === 'auto') !== (rendering.ray_end === 'auto')) {
      refuse('rendering_kwargs.ray_start', message('half-automatic', { other: 'ray_end' }))
    }
    if (rendering.ray_start !== 'auto' && rendering.ray_end !== 'auto' && rendering.ray_end <= rendering.ray_start) {
      refuse('rendering_kwargs.ray_end', message('not-beyond', { other: 'ray_start' }))
    }
    if (rendering.depth_resolution_importance > 0 && rendering.depth_resolution < 4) {
      refuse('rendering_kwargs.depth_resolution', message('too-few-for-importance', { least: 4 }))
    }
    if (super_resolution !== null) {
      const { class: kind, channels } = super_resolution
      const blocks = SUPER_RESOLUTION_CLASSES[kind].up.length
      const path = 'super_resolution.channels'
      if (channels.length < blocks) refuse(path, message('value-too-short', { least: blocks }))
      if (channels.length > blocks) refuse(path, message('value-too-long', { most: blocks }))
    }
    const image = pictureSide(config)
    if (config.image_resolution !== image) refuse('image_resolution', message('value-is-not', { wanted: image }))
    for (const [path, channels, side] of largeTensors(config)) {
      if (channels * side * side <= MOST_ELEMENTS) continue
      refuse(path, message('too-many-channels', { channels, side, most: MOST_ELEMENTS }))
    }
  })

/** What a generator is; see the comments of the fields above. */
export type GeneratorConfig = z.infer<typeof generatorConfig>
export type RenderingKwargs = GeneratorConfig['rendering_kwargs']
type SuperResolutionConfig = NonNullable<GeneratorConfig['super_resolution']>
export type Matrix3 = GeneratorConfig['plane_axes'][number]

/** The planes (x, y), (x, z) and (z, y). */
export const PLANE_AXES: GeneratorConfig['plane_axes'] = [
  [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  [[1, 0, 0], [0, 0, 1], [0, 1, 0]],
  [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
] // biome-ignore format: matrices

/** Resolutions of the backbone's blocks: 4, 8, ... plane_resolution. */
export function backboneResolutions({ plane_resolution }: Pick<GeneratorConfig, 'plane_resolution'>): number[] {
  const resolutions: number[] = []
  for (let size = 4; size <= plane_resolution; size *= 2) resolutions.push(size)
  return resolutions
}

/** Side of the picture a super-resolution gives. @param blocks after so many of its blocks; default: all */
export function superResolutionOutput(
  { class: kind, input_resolution }: Pick<SuperResolutionConfig, 'class' | 'input_resolution'>,
  blocks?: number,
): number {
  return input_resolution * 2 ** SUPER_RESOLUTION_CLASSES[kind].up.slice(0, blocks).filter(Boolean).length
}

/** Side of a generator's picture. @param blocks after so many of the super-resolution's blocks; default: all */
export function pictureSide(
  {
    super_resolution,
    neural_rendering_resolution,
  }: Pick<GeneratorConfig, 'super_resolution' | 'neural_rendering_resolution'>,
  blocks?: number,
): number {
  return super_resolution === null ? neural_rendering_resolution : superResolutionOutput(super_resolution, blocks)
}

/** Channels of the picture that the backbone paints: of every plane its layers', all side by side. */
export function paintedChannels({ plane_layers, plane_channels }: GeneratorConfig): number {
  return plane_layers.reduce((sum, count) => sum + count) * plane_channels
}

/** The tensors that grow with the config: the field that makes each, its channels, its side. */
function* largeTensors(config: GeneratorConfig): Generator<[path: string, channels: number, side: number]> {
  const { backbone_channels, super_resolution } = config
  for (const side of backboneResolutions(config)) yield [`backbone_channels.${side}`, backbone_channels[side], side]
  yield ['plane_channels', paintedChannels(config), config.plane_resolution]
  yield ['decoder_output_dim', config.decoder_output_dim, config.neural_rendering_resolution]
  if (super_resolution === null) return
  const { class: kind, input_resolution, channels } = super_resolution
  yield ['decoder_output_dim', config.decoder_output_dim, input_resolution]
  for (const [block, count] of channels.entries()) {
    const side = superResolutionOutput({ class: kind, input_resolution }, block + 1)
    yield [`super_resolution.channels.${block}`, count, side]
  }
}

function determinant([[a, b, c], [d, e, f], [g, h, i]]: Matrix3): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
}

/**
 * Checks a config that was read from a file; older versions are brought up to date.
 * @throws UserError naming the field that cannot be used, or a version this program does not know.
 */
export function parseConfig(value: unknown, name: Text = message('the-generator')): GeneratorConfig {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown }
  if (format !== GENERATOR_FORMAT) {
    throw new UserError('generator-format', { name, format: GENERATOR_FORMAT })
  }
  if (version !== 0 && version !== 1 && version !== GENERATOR_VERSION) {
    const met = String(JSON.stringify(version)).slice(0, 40)
    throw new UserError('generator-version', { name, version: met, newest: GENERATOR_VERSION })
  }
  const upgraded = upgrade(value as Record<string, unknown>)
  const result = generatorConfig.safeParse(upgraded)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new UserError('config-unusable', {
    name: typeof name === 'string' ? clipText(name) : name,
    field: clipText(issue.path.join('.')),
    reason: valueFault(issue, upgraded),
  })
}

/** To the current version, one step at a time. */
function upgrade(value: Record<string, unknown>): Record<string, unknown> {
  if (value.version === 0) return upgrade(upgradeVersion0(value))
  // Version 1 had planes of one layer only.
  if (value.version === 1) return { ...value, version: GENERATOR_VERSION, plane_layers: [1, 1, 1] }
  return value
}

/** Version 0 was the first trained generator: no super-resolution, and what was the same for all was left unsaid. */
function upgradeVersion0(value: Record<string, unknown>): Record<string, unknown> {
  const { steps: _steps, code_dims: _codeDims, ...kept } = value
  const rendering = typeof value.rendering_kwargs === 'object' ? value.rendering_kwargs : {}
  return {
    ...kept,
    version: 1,
    frame: 'own',
    num_ws: 2 * backboneResolutions({ plane_resolution: Math.min(Number(value.plane_resolution) || 0, 1024) }).length,
    mapping_lr_multiplier: 0.01,
    backbone_conv_clamp: null,
    decoder_output_dim: value.plane_channels,
    rendering_kwargs: { superresolution_noise_mode: 'none', sr_antialias: true, ...rendering },
    provenance: { source: 'trained on synthetic heads' },
    licence: 'May be used, changed and passed on freely.',
  }
}
