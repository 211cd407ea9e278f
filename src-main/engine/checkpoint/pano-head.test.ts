/** Checkpoints in PanoHead's manner: what becomes of them, and which are refused. Their pictures: generator/plane-layers.test.ts. */
import { expect, it } from 'vitest'
import { tinyConfig, tinyWeights } from '../../../testing/generator.ts'
import { background, cameraOffset, mask } from '../../../testing/pano-head.ts'
import { checkpoint, dict } from '../../../testing/pickle.ts'
import { UserError } from '../errors.ts'
import { expectedWeights, readGeneratorFile, writeGeneratorFile } from './generator-file.ts'
import { importCheckpoint } from './import.ts'
import { type StoredTensor, storeFloat32, toFloat32 } from './safetensors.ts'

type Changes = Parameters<typeof checkpoint>[2]

const config = tinyConfig({ plane_layers: [3, 3, 3] })
const weights = tinyWeights(config)
const behind = background(config, weights)
const withParts = (...parts: [string, StoredTensor][][]) => new Map([...weights, ...parts.flat()])
const import_ = (tensors: ReadonlyMap<string, StoredTensor>, changes?: Changes) =>
  importCheckpoint(checkpoint(config, tensors, changes), 'pano.pkl')
const codesOf = (changes?: Changes) => import_(withParts(behind), changes).notes.map(({ code }) => code)

it('a checkpoint with tri-grids and a background becomes a generator of heads on white', () => {
  const found = import_(withParts(behind))
  expect(found.origin).toBe('PanoHead')
  const { name: _n, licence: _l, provenance: _p, plane_axes: _a, rendering_kwargs, ...same } = config
  expect(found.config).toMatchObject({ ...same, frame: 'eg3d', plane_layers: [5, 5, 5] })
  expect(found.config.rendering_kwargs).toEqual({ ...rendering_kwargs, white_back: true })
  expect(found.config.licence).toMatch(/PanoHead.*on white.*non-commercial/)
  expect([...found.weights.keys()].sort()).toEqual([...expectedWeights(config).keys()].sort())
  for (const [name, tensor] of found.weights) {
    const held = toFloat32(weights.get(name)!)
    expect(toFloat32(tensor), name).toEqual(isPainter(name) ? bordered(held) : held)
  }
})

const isPainter = (name: string) => /^backbone.*torgb\.(weight|bias)$/.test(name)
/** With zeros around the rows of three layers of each plane. */
function bordered(rows: Float32Array): Float32Array {
  const layer = rows.length / 9
  const none = new Float32Array(layer)
  const planes = [0, 1, 2].map((plane) => rows.subarray(3 * plane * layer, 3 * (plane + 1) * layer))
  return Float32Array.from(planes.flatMap((three) => [...none, ...three, ...none]))
}

it('survives the way through a generator file', () => {
  const { config: found, weights: head } = import_(withParts(behind))
  const back = readGeneratorFile(new Uint8Array(Buffer.concat(writeGeneratorFile(found, head))), 'x')
  expect(back.config).toEqual(found)
  expect(back.extras.size).toBe(0)
})

it('leaves out what the picture of a head does without, and says so', () => {
  expect(codesOf()).toEqual(['panohead-unverified', 'left-out-background'])
  const colours = background(config, weights, 3)
  const whole = import_(withParts(mask(weights), colours, cameraOffset(config)))
  const said = ['panohead-unverified', 'left-out-mask', 'left-out-background', 'left-out-camera']
  expect(whole.notes.map(({ code }) => code)).toEqual(said)
  expect(whole.weights.size).toBe(weights.size)
})

it('keeps what is noted of the data set', () => {
  const label = storeFloat32(new Float32Array(25), [25])
  expect(import_(withParts(behind).set('dataset_label_std', label)).weights.get('dataset_label_std')).toBeDefined()
})

it('takes a setting of its own that says how many layers there are', () => {
  expect(import_(withParts(behind), { rendering: { grid: 3 } }).config.plane_layers).toEqual([5, 5, 5])
})

it('says where its cameras stand elsewhere than those of EG3D, whose faces were measured', () => {
  expect(codesOf({ rendering: { avg_camera_pivot: [0, 0, 0] } })).toContain('cameras-elsewhere')
  expect(codesOf({ rendering: { avg_camera_radius: 1.7 } })).toContain('cameras-elsewhere')
})

it('with one layer is an EG3D checkpoint, and must hold what that holds', () => {
  const flat = tinyConfig()
  const planes = tinyWeights(flat)
  const found = importCheckpoint(checkpoint(flat, planes), 'flat.pkl')
  expect([found.origin, found.notes]).toEqual(['EG3D', []])
  const apart = new Map([...planes, ...background(flat, planes)])
  expect(() => importCheckpoint(checkpoint(flat, apart), 'flat.pkl')).toThrow(/nothing is known of "backdrop/)
})

const reshaped = (name: string, shape: number[]): [string, StoredTensor] => [
  name,
  storeFloat32(new Float32Array(shape.reduce((product, size) => product * size, 1)), shape),
]
/** Backbone and background that paint so many channels. */
const painting = (channels: number) =>
  new Map(
    [...withParts(behind)].map(([name, tensor]) =>
      isPainter(name) ? reshaped(name, [channels, ...tensor.shape.slice(1)]) : [name, tensor],
    ),
  )

it.each<[string, ReadonlyMap<string, StoredTensor>, RegExp, Changes?]>([
  ['channels that make no whole layers', painting(26), /paints 26 channels.*three planes of 3 channels/],
  ['channels for two planes', painting(6), /paints 6 channels/],
  ['more layers than any generator has', painting(9 * 40), /plane_layers.*40/],
  ['no background', weights, /planes of 3 layers.*no background/],
  ['a background of other channels', withParts(background(config, weights, 5)), /part "backdrop"/],
  [
    'two backgrounds',
    withParts(
      behind,
      behind.map(([name, t]) => [`x${name}`, t]),
    ),
    /part "xbackdrop"/,
  ],
  [
    'a background with something more',
    withParts(behind, [['backdrop.extra', weights.get('decoder.net.0.bias')!]]),
    /part "backdrop"/,
  ],
  ['another part', withParts(behind, [reshaped('expression.weight', [24, 6])]), /part "expression"/],
  ['a part that may be a gate', withParts(behind, cameraOffset(config, 1)), /part "aligner"/],
  ['a weight by itself', withParts(behind, [reshaped('bias', [3])]), /part "bias"/],
  [
    'a backbone with more than paints',
    withParts(behind, [reshaped('backbone.synthesis.b1024.torgb.bias', [])]),
    /part "backbone"/,
  ],
  [
    'a setting that is not known',
    withParts(behind),
    /rendering_kwargs the setting "twist"/,
    { rendering: { twist: 0.5 } },
  ],
  ['a depth that is not what is painted', withParts(behind), /setting "grid"/, { rendering: { grid: 4 } }],
  ['a dict as a setting', withParts(behind), /setting "more"/, { rendering: { more: dict({}) } }],
  [
    'a weight missing',
    (() => {
      const less = withParts(behind)
      less.delete('decoder.net.2.bias')
      return less
    })(),
    /lacks the weight|lacks 1/,
  ],
])('refuses %s', (_, tensors, fault, changes) => {
  // biome-ignore format: a table
  let met: unknown
  try {
    import_(tensors, changes)
  } catch (error) {
    met = error
  }
  expect(met).toBeInstanceOf(UserError)
  expect((met as UserError).message).toMatch(/^pano\.pkl/)
  expect((met as UserError).message).toMatch(fault)
  expect((met as UserError).cure).not.toBe('')
})
