/**
 * A renderer's passes on a processor: planes, decoder and march in one WebAssembly module, a ray at a time in the cache,
 * spread over a crew of threads (render.kernel.ts). Results are the same bits however many threads there are. The graph's
 * models compute the same (graph-passes.ts), which tests hold against this; the gradient of the decoder's weights is
 * theirs alone.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { CREW_FIELDS, Crew, SCRATCH_SIZE } from '../runtime/crew.ts'
import { Resident } from '../runtime/resident.ts'
import type { Feeds } from '../runtime/runtime.ts'
import type { Along, Asked, Look, MarchGradient, Passes, PassGradients } from './passes.ts'
import { type Planes, stridesOf } from './plane-layout.ts'
import { PlaneProjection } from './planes.ts'
import type { PlanesSum } from './planes-sum.ts'
import wasm from './render.wasm.ts'

/** A job's block behind the crew's numbers, as `Job` in render.kernel.ts has it. */
const FIELDS = [
  'kind',
  'count',
  'each',
  'samples',
  'fine',
  'channels',
  'hidden',
  'colours',
  'decoded',
  'white',
  'farthest',
  'cut',
  'size',
  'line',
  'slice',
  'projection',
  'layers',
  'planes',
  'gradient',
  'fresh',
  'bands',
  'w0',
  'b0',
  'w1',
  'b1',
  'wDensity',
  'bDensity',
  'w1Back',
  'wDensityBack',
  'w0Back',
  'origins',
  'directions',
  'coarse',
  'jitter',
  'depths',
  'features',
  'densities',
  'anew',
  'image',
  'depth',
  'opacity',
  'along',
  'ofImage',
  'ofDepth',
  'ofOpacity',
  'ofFeatures',
  'found',
  'ofRays',
] as const
type Field = (typeof FIELDS)[number]
const indexOf = Object.fromEntries(FIELDS.map((field, i) => [field, CREW_FIELDS + i])) as Record<Field, number>
const BLOCK_FIELDS = CREW_FIELDS + FIELDS.length

const KINDS = { see: 1, march: 2, backward: 3, sigma: 4, colour: 5, 'colour-backward': 6, scatter: 7 }

/** Where heads' planes stay until others are needed: a pivot, the planes that are bent, and those that shape comes from. */
const SLOTS = ['first', 'second', 'third'] as const
/** The parts of the memory. */
type Part = (typeof SLOTS)[number] | 'network' | 'gradient' | 'kept' | 'given' | 'made' | 'between' | 'scratch'

/** Samples that are in the memory at once. */
const MOST_SAMPLES = 2 ** 17
/** Samples of a piece: what is between them fits a core's own cache. */
const PIECE_SAMPLES = 512
/** Fewer samples are done before another thread is awake. */
const WORTH_WAKING = 2048
/** Of each plane, for its gradient. */
const BANDS = 4
/** A sample's gradient that is a smaller part of a view's largest is nothing: sums of float32 would not show it. */
const NEGLIGIBLE = 1e-8

let compiled: WebAssembly.Module | undefined

/** Whether the kernel can run a generator's decoder: it works on four numbers at a time. */
export const fitsKernel = (config: GeneratorConfig): boolean =>
  config.plane_channels % 4 === 0 && config.decoder_hidden_dim % 4 === 0

/** Lists of numbers that lie one after another in the memory: their values, or how many there will be. */
type Lists = Readonly<Partial<Record<Field, Float32Array | number>>>

/** A crew, and what lies in its memory. One in a process for each number of threads. */
class Workshop {
  readonly crew: Crew
  private readonly places = new Map<Part, { address: number; size: number }>()
  /** The first byte that is nobody's. */
  private end: number
  /** What the gradient there belongs to. */
  private sum: PlanesSum | undefined
  /** What the features were found of that lie in `kept`. */
  kept: { readonly planes: Planes; readonly places: Float32Array } | undefined
  /** What the slots hold, the longest unused one first. */
  private readonly slots = new Map<(typeof SLOTS)[number], Planes | null>(SLOTS.map((slot) => [slot, null]))

  constructor(threads: number) {
    compiled ??= new WebAssembly.Module(Buffer.from(wasm, 'base64'))
    this.crew = new Crew(compiled, threads)
    this.end = aligned(this.crew.free)
  }

  set(fields: Partial<Record<Field, number>>): void {
    const block = this.crew.block(BLOCK_FIELDS)
    for (const [field, value] of Object.entries(fields)) block[indexOf[field as Field]] = value
  }

  setFloat(field: Field, value: number): void {
    this.view(this.crew.kernel.base.value + 4 * indexOf[field], 1)[0] = value
  }

  /** Makes planes the job's; those it holds are not copied again. */
  load(planes: Planes): void {
    let slot = [...this.slots].find(([, held]) => held === planes)?.[0]
    if (!slot) {
      ;[slot] = this.slots.keys()
      this.view(this.place(slot, planes.data.byteLength), planes.data.length).set(planes.data)
    }
    // The last one used comes last.
    this.slots.delete(slot)
    this.slots.set(slot, planes)
    const { row, slice } = stridesOf(planes)
    const address = this.places.get(slot)!.address
    this.set({ planes: address, size: planes.resolution, channels: planes.channels, line: 4 * row, slice: 4 * slice })
  }

  /** Lays lists down in a part of the memory, and tells the job where. */
  lay(part: Part, lists: Lists): void {
    const lengthOf = (list: Float32Array | number) => (typeof list === 'number' ? list : list.length)
    const all = Object.entries(lists)
    let at = this.place(
      part,
      all.reduce((sum, [, list]) => sum + aligned(4 * lengthOf(list)), 0),
    )
    for (const [field, list] of all) {
      if (typeof list !== 'number') this.view(at, list.length).set(list)
      this.set({ [field]: lengthOf(list) === 0 ? 0 : at })
      at += aligned(4 * lengthOf(list))
    }
  }

  /** Makes a sum the one that gradients are added to, in this memory. */
  addTo(sum: PlanesSum, length: number): void {
    if (this.sum !== sum) {
      // There is room for one.
      this.sum?.fetch()
      this.lay('gradient', { gradient: sum.isEmpty ? length : sum.values.data })
    }
    this.set({ fresh: sum.isEmpty ? 1 : 0 })
    this.sum = sum
    sum.leave((into) => {
      into.set(this.view(this.places.get('gradient')!.address, length))
      this.sum = undefined
    })
  }

  /** @param samples how much work it is */
  run(kind: keyof typeof KINDS, pieces: number, samples: number): void {
    this.set({ kind: KINDS[kind] })
    const size = this.crew.kernel.scratchNeeded()
    const scratch = this.place('scratch', size * this.crew.threads)
    this.crew.block(CREW_FIELDS).set([size, scratch], SCRATCH_SIZE)
    this.crew.run(pieces, samples >= WORTH_WAKING)
  }

  /** What a job has put into a list. */
  result(field: Field, length: number): Float32Array {
    return this.view(this.crew.block(BLOCK_FIELDS)[indexOf[field]], length).slice()
  }

  private view(address: number, length: number): Float32Array {
    return new Float32Array(this.crew.memory.buffer, address, length)
  }

  /** Where a part lies, with room for so many bytes. One that outgrows its place gets another, twice as large. */
  private place(part: Part, bytes: number): number {
    const known = this.places.get(part)
    if (known && bytes <= known.size) return known.address
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)))
    const address = this.end
    this.end += size
    this.places.set(part, { address, size })
    const missing = Math.ceil((this.end - this.crew.memory.buffer.byteLength) / 2 ** 16)
    if (missing > 0) this.crew.memory.grow(missing)
    return address
  }
}

const aligned = (bytes: number) => Math.ceil(bytes / 64) * 64

const workshops = new Map<number, Workshop>()

function workshopOf(threads: number): Workshop {
  let workshop = workshops.get(threads)
  if (!workshop) {
    workshop = new Workshop(threads)
    workshops.set(threads, workshop)
  }
  return workshop
}

export class KernelPasses implements Passes {
  private readonly config: GeneratorConfig
  private readonly threads: number
  private readonly projection: PlaneProjection

  /** @param threads that help */
  constructor(config: GeneratorConfig, threads: number) {
    this.config = config
    this.threads = threads
    this.projection = new PlaneProjection(config)
  }

  async see(network: Feeds, planes: Planes, look: Look) {
    const samples = look.samples + look.fine
    const { along: shares, ...seen } = this.look('see', network, planes, look, { along: samples, depth: 1, opacity: 1 })
    return { shares, ...seen }
  }

  async march(network: Feeds, planes: Planes, look: Look) {
    return this.look('march', network, planes, look, { image: look.channels, depth: 1, opacity: 1 })
  }

  async marchBackward(
    network: Feeds,
    planes: Planes,
    along: Along,
    { image, depth, opacity }: MarchGradient,
    want: { rays?: boolean; weights?: boolean },
    sum: PlanesSum,
  ): Promise<PassGradients> {
    if (want.weights) throw new Error('KernelPasses: the gradient of the weights is the graph passes’')
    const given = Object.entries({ ofImage: image, ofDepth: depth, ofOpacity: opacity }).filter(([, values]) => values)
    if (given.length === 0) return {}
    const asked = Object.fromEntries(given)
    return this.backwards('backward', network, planes, along, along.depths, asked, want.rays ?? false, sum)
  }

  async query(network: Feeds, planes: Planes, points: Float32Array, what: Asked): Promise<Float32Array> {
    const width = { sigma: 1, colour: this.config.decoder_output_dim, rgb: 3 }[what]
    const workshop = this.begin(network, planes, 1, width)
    const { rays: pointRays, depths } = atPoints(points)
    const result = new Float32Array((points.length / 3) * width)
    for (const { first, rays, part } of parts({ ...pointRays, depths }, 1)) {
      workshop.lay('given', part)
      workshop.lay('made', { along: rays * width })
      const isKept = what !== 'sigma' && first === 0 && rays === points.length / 3
      workshop.lay('kept', { features: isKept ? toKeep(rays, planes).features : 0 })
      workshop.kept = isKept ? { planes, places: points } : undefined
      workshop.run(what === 'sigma' ? what : 'colour', this.cut(workshop, rays, 1), rays)
      result.set(workshop.result('along', rays * width), first * width)
    }
    return result
  }

  async colourBackward(
    network: Feeds,
    planes: Planes,
    points: Float32Array,
    gradient: Float32Array,
    sum: PlanesSum,
  ): Promise<void> {
    this.backwards('colour-backward', network, planes, atPoints(points), points, { ofImage: gradient }, false, sum)
  }

  /** What is seen along rays. @param widths numbers a ray of it */
  private look<Name extends Field>(
    kind: 'see' | 'march',
    network: Feeds,
    planes: Planes,
    { rays: { origins, directions }, coarse, samples, fine, jitter, farthest, channels }: Look,
    widths: Record<Name, number>,
  ): Record<Name | 'depths', Float32Array> {
    const all = samples + fine
    const workshop = this.begin(network, planes, all, channels)
    workshop.set({ fine })
    workshop.setFloat('farthest', farthest)
    const made: Record<string, number> = { ...widths, depths: all }
    const count = origins.length / 3
    const results = Object.fromEntries(Object.keys(made).map((name) => [name, new Float32Array(count * made[name])]))
    for (const { first, rays, part } of parts({ origins, directions, coarse, jitter }, all)) {
      workshop.lay('given', part)
      workshop.lay(
        'made',
        mapped(made, (width) => rays * width),
      )
      // What a view needs more room for is found again on the way back.
      const isKept = rays === count
      workshop.lay('kept', isKept ? toKeep(rays * all, planes) : { features: 0, densities: 0 })
      workshop.kept = isKept ? { planes, places: results.depths } : undefined
      workshop.run(kind, this.cut(workshop, rays, all), rays * all)
      for (const [name, width] of Object.entries(made)) {
        results[name].set(workshop.result(name as Field, rays * width), first * width)
      }
    }
    return results as Record<Name | 'depths', Float32Array>
  }

  /**
   * Gradients of planes and rays: first those of the features, then, plane by plane, what they add up to.
   * @param places what a pass before found features of: depths or points
   */
  private backwards(
    kind: 'backward' | 'colour-backward',
    network: Feeds,
    planes: Planes,
    { rays: { origins, directions }, depths, samples }: Along,
    places: Float32Array,
    given: Partial<Record<Field, Float32Array>>,
    wantsRays: boolean,
    sum: PlanesSum,
  ): PassGradients {
    const count = origins.length / 3
    const workshop = this.begin(network, planes, samples, (given.ofImage?.length ?? count) / count)
    workshop.addTo(sum, planes.data.length)
    workshop.set({ fine: 0, bands: BANDS, ofImage: 0, ofDepth: 0, ofOpacity: 0 })
    workshop.setFloat('cut', NEGLIGIBLE * Math.max(...Object.values(given).map(largest)))
    const isKept = workshop.kept?.planes === planes && workshop.kept.places === places
    workshop.set({ anew: isKept ? 0 : 1 })
    const ofRays = { origins: new Float32Array(count * 3), directions: new Float32Array(count * 3) }
    for (const { first, rays, part } of parts({ origins, directions, depths, ...given }, samples)) {
      const all = rays * samples
      workshop.lay('given', part)
      workshop.lay('between', {
        ofFeatures: all * planes.channels,
        found: Math.ceil((3 * all) / 2),
        ofRays: wantsRays ? 6 * rays : 0,
      })
      if (!isKept) {
        workshop.lay('kept', toKeep(all, planes))
        workshop.kept = undefined
      }
      workshop.run(kind, this.cut(workshop, rays, samples), all)
      workshop.run('scatter', 3 * BANDS, all)
      workshop.set({ fresh: 0 })
      if (wantsRays) {
        workshop.result('ofRays', 6 * rays).forEach((value, i) => {
          const [ray, axis] = [first + Math.floor(i / 6), i % 6]
          if (axis < 3) ofRays.origins[3 * ray + axis] = value
          else ofRays.directions[3 * ray + axis - 3] = value
        })
      }
    }
    return wantsRays ? { rays: ofRays } : {}
  }

  /** Tells the job of decoder, planes, and how many samples a ray and how many channels a colour has. */
  private begin(network: Feeds, planes: Planes, samples: number, colours: number): Workshop {
    const workshop = workshopOf(this.threads)
    const { config } = this
    /** Numbers of a decoded row: the kernel makes colours of four at a time. */
    const decoded = 4 * Math.ceil((1 + 4 * Math.ceil(colours / 4)) / 4)
    workshop.lay('network', {
      ...this.decoder(network, colours, decoded),
      projection: new Float32Array(Float64Array.from(this.projection.rows).buffer),
      layers: new Float32Array(Int32Array.from(planes.layers).buffer),
    })
    workshop.load(planes)
    workshop.set({ samples, hidden: config.decoder_hidden_dim, colours, decoded, fine: 0 })
    workshop.set({ white: config.rendering_kwargs.white_back ? 1 : 0 })
    return workshop
  }

  /** How many pieces they are. */
  private cut(workshop: Workshop, rays: number, samples: number): number {
    const each = Math.max(1, Math.floor(PIECE_SAMPLES / samples))
    workshop.set({ count: rays, each })
    return Math.ceil(rays / each)
  }

  /** The decoder's weights with their gains, as the kernel reads them: rows by input, and turned over for the way back. */
  private decoder(network: Feeds, colours: number, decoded: number): Lists {
    const { plane_channels: inputs, decoder_hidden_dim: hidden, rendering_kwargs } = this.config
    const multiplier = rendering_kwargs.decoder_lr_mul
    const valuesOf = (name: string) => {
      const values = network[`decoder.net.${name}`]
      return values instanceof Resident ? values.data : values
    }
    const [weight0, weight1] = [valuesOf('0.weight'), valuesOf('2.weight')]
    const [gain0, gain1] = [multiplier / Math.sqrt(inputs), multiplier / Math.sqrt(hidden)]
    const lists = {
      w0: new Float32Array(inputs * hidden),
      b0: valuesOf('0.bias').map((value) => value * multiplier),
      w1: new Float32Array(hidden * decoded),
      b1: new Float32Array(decoded),
      wDensity: new Float32Array(hidden * 4),
      bDensity: new Float32Array(4),
      w1Back: new Float32Array(decoded * hidden),
      wDensityBack: new Float32Array(4 * hidden),
      w0Back: weight0.map((value) => value * gain0),
    }
    for (let out = 0; out < hidden; out++) {
      for (let k = 0; k < inputs; k++) lists.w0[k * hidden + out] = gain0 * weight0[out * inputs + k]
    }
    for (let out = 0; out < 1 + colours; out++) {
      for (let k = 0; k < hidden; k++) lists.w1[k * decoded + out] = gain1 * weight1[out * hidden + k]
      lists.b1[out] = multiplier * valuesOf('2.bias')[out]
    }
    for (let k = 0; k < hidden; k++) lists.wDensity[4 * k] = lists.w1[k * decoded]
    lists.bDensity[0] = lists.b1[0]
    for (let i = 0; i < decoded * hidden; i++)
      lists.w1Back[i] = lists.w1[(i % hidden) * decoded + Math.floor(i / hidden)]
    lists.wDensityBack.set(lists.w1Back.subarray(0, hidden))
    return lists
  }
}

/**
 * Lists by ray (none is empty), cut into parts of as many rays as the memory is to hold at once.
 * @param samples of each ray
 */
function* parts(lists: { readonly origins: Float32Array } & Lists, samples: number) {
  const count = lists.origins.length / 3
  const most = Math.max(1, Math.floor(MOST_SAMPLES / samples))
  for (let first = 0; first < count; first += most) {
    const rays = Math.min(most, count - first)
    const cut = (list: Float32Array | number | undefined) => {
      if (!(list instanceof Float32Array)) return 0
      const width = list.length / count
      return list.subarray(first * width, (first + rays) * width)
    }
    yield { first, rays, part: mapped(lists, cut) }
  }
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, of: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, of(value)]))

/** Features are read eight rows at a time. */
const toKeep = (samples: number, { channels }: Planes) => ({ features: (samples + 8) * channels, densities: samples })

/** Points as rays that end where they begin. */
function atPoints(points: Float32Array): Along {
  const [directions, depths] = [new Float32Array(points.length), new Float32Array(points.length / 3)]
  return { rays: { origins: points, directions }, samples: 1, depths }
}

function largest(values: Float32Array | undefined): number {
  let most = 0
  for (const value of values ?? []) most = Math.max(most, Math.abs(value))
  return most
}
