// @ts-nocheck: this is AssemblyScript, which `scripts/kernels.ts` compiles to `render.wasm.ts`.
/**
 * Rendering as many threads do it at once: each has an instance of this module on one shared memory, and all take pieces of
 * a job until there is none left. A piece is some rays or points; for the planes' gradient it is a band of a plane's rows,
 * whose owner goes through all samples in their order. So results are the same bits however many threads there are.
 *
 * A job is described by numbers that `kernel-passes.ts` writes; all addresses are byte offsets into the memory.
 */
export { base } from '../runtime/crew.kernel'

import { enter, leave, nextJob, own, scratchOf, takePiece } from '../runtime/crew.kernel'
import { decode, decodeBackward } from './decoder.kernel'
import {
  active,
  blend,
  colour,
  colourSlope,
  drop,
  hits,
  march,
  marchBackward,
  marchScratch,
  mean,
  opacity,
  sharesOf,
  weightsOf,
} from './march.kernel'
import { bend, isAny, NOWHERE, sample, scatter, touched } from './planes.kernel'
import { draw, drawScratch, merge } from './sampling.kernel'

@unmanaged
class Job {
  kind: i32
  /** Rays (or points), in all and of a piece; samples along each. */
  count: i32
  each: i32
  samples: i32
  /** How many of the samples are drawn by importance; the coarse ones before. */
  fine: i32
  channels: i32
  hidden: i32
  colours: i32
  /** Numbers of a decoded row: density, colours, and zeros up to a multiple of four. */
  decoded: i32
  white: i32
  farthest: f32
  cut: f32
  // The planes.
  size: i32
  line: i32
  slice: i32
  projection: usize
  layers: usize
  planes: usize
  gradient: usize
  /** Whether the gradient begins at zero. */
  fresh: i32
  /** Bands of each plane. */
  bands: i32
  // The decoder, forwards (whole, and its density alone) and backwards.
  w0: usize
  b0: usize
  w1: usize
  b1: usize
  wDensity: usize
  bDensity: usize
  w1Back: usize
  wDensityBack: usize
  w0Back: usize
  // Rays, their coarse depths, and what the others are drawn by (0: equal steps).
  origins: usize
  directions: usize
  coarse: usize
  jitter: usize
  /** [count][samples], ascending: a result where rays are looked along, given for all else. */
  depths: usize
  /**
   * [count][samples][channels] and eight rows, and raw densities [count][samples]: kept for the way back; 0: not kept. The
   * way back finds them anew where that is asked. Of points features alone.
   */
  features: usize
  densities: usize
  anew: i32
  // Results.
  image: usize
  depth: usize
  opacity: usize
  /** Shares along rays, densities or colours of points. */
  along: usize
  // Cotangents; 0: zero.
  ofImage: usize
  ofDepth: usize
  ofOpacity: usize
  // Between the two jobs of a backward pass: [count][samples][channels], [3][count][samples].
  ofFeatures: usize
  found: usize
  /** [count][6], or 0: not wanted. */
  ofRays: usize
}

// 1: what is seen, without colours.
const MARCH = 2
const BACKWARD = 3
const SIGMA = 4
const COLOUR = 5
const COLOUR_BACKWARD = 6
const SCATTER = 7

const job = changetype<Job>(own)

/** Takes pieces of the job until there are none. @param thread from 0 */
export function work(thread: i32): void {
  const scratch = scratchOf(thread)
  for (let piece = takePiece(); piece >= 0; piece = takePiece()) {
    if (job.kind === SCATTER) scatterBand(piece)
    else if (job.kind === SIGMA || job.kind === COLOUR || job.kind === COLOUR_BACKWARD) decodePoints(piece, scratch)
    else if (job.kind === BACKWARD) backAlongRays(piece, scratch)
    else renderRays(piece, scratch)
  }
}

/** A thread's life: helps with jobs until it is told to stop. */
export function serve(thread: i32): void {
  for (let edition = nextJob(0); edition !== 0; edition = nextJob(edition)) {
    if (enter()) work(thread)
    leave()
  }
}

/** Rows of a piece that has so many samples a ray: decoded eight at a time. */
function rowsOf(samples: i32): usize {
  return <usize>((job.each * samples + 7) & ~7)
}

// A thread's scratch: a hidden layer of eight rows, what one ray needs, then rows for each sample of a piece.
function listsAt(scratch: usize): usize {
  return scratch + ((<usize>job.hidden) << 5)
}

function featuresAt(scratch: usize): usize {
  return listsAt(scratch) + marchScratch(job.samples, job.colours) + drawScratch(job.samples)
}

function decodedAt(scratch: usize): usize {
  return featuresAt(scratch) + ((rowsOf(job.samples) * <usize>job.channels) << 2)
}

/** Of the whole piece, for the way back. */
function slopesAt(scratch: usize): usize {
  return decodedAt(scratch) + ((rowsOf(job.samples) * <usize>job.decoded) << 2)
}

/** On the way back: which samples are active. */
function activesAt(scratch: usize): usize {
  return slopesAt(scratch) + ((rowsOf(job.samples) * <usize>job.hidden) << 2)
}

// In the slopes' place where there is no way back: of coarse samples, of fine ones and of both their raw densities (in rows
// of four numbers) and features, and the depths of fine ones.
function coarseAt(scratch: usize): usize {
  return slopesAt(scratch)
}

function fineAt(scratch: usize): usize {
  return coarseAt(scratch) + rowsOf(job.samples - job.fine) * sampleSize()
}

function mergedAt(scratch: usize): usize {
  return fineAt(scratch) + rowsOf(job.fine) * sampleSize()
}

function drawnAt(scratch: usize): usize {
  return mergedAt(scratch) + rowsOf(job.samples) * sampleSize()
}

/** Bytes of a sample's features and its row of density. */
function sampleSize(): usize {
  return ((<usize>job.channels) << 2) + 16
}

/** Bytes of scratch that a thread needs for the job as it is described, rounded up to lines of the cache. */
export function scratchNeeded(): usize {
  const isBackward = job.kind === BACKWARD || job.kind === COLOUR_BACKWARD
  const end = isBackward ? activesAt(0) + rowsOf(job.samples) : drawnAt(0) + (rowsOf(job.fine) << 2)
  return (end + 127) & ~127
}

/** Features of rays' samples. @param depths of the first of them */
function read(first: i32, rays: i32, samples: i32, depths: usize, features: usize): void {
  sample(
    job.planes,
    job.layers,
    job.size,
    job.channels << 2,
    job.line,
    job.slice,
    job.projection,
    job.origins + <usize>first * 12,
    job.directions + <usize>first * 12,
    depths,
    rays,
    samples,
    features,
  )
}

/** Features to decoded rows. @param density nothing else is wanted @param slopes where they go; 0: not wanted */
function toDecoded(features: usize, samples: i32, density: bool, slopes: usize, scratch: usize, decoded: usize): void {
  decode(
    features,
    samples,
    job.channels,
    job.w0,
    job.b0,
    job.hidden,
    density ? job.wDensity : job.w1,
    density ? job.bDensity : job.b1,
    density ? 4 : job.decoded,
    scratch,
    slopes,
    decoded,
  )
}

/**
 * Finds the samples of a piece's rays: depths, features and raw densities.
 * @param densities result [rays][samples]
 * @returns where the features are
 */
function place(first: i32, rays: i32, scratch: usize, densities: usize): usize {
  const samples = job.samples
  const fine = job.fine
  const coarse = samples - fine
  const width = (<usize>job.channels) << 2
  const given = job.coarse + <usize>(first * coarse) * 4
  const depths = job.depths + <usize>(first * samples) * 4
  const kept = job.features + <usize>(first * samples) * width
  const features = job.features === 0 ? mergedAt(scratch) + (rowsOf(samples) << 4) : kept
  if (fine === 0) {
    memory.copy(depths, given, (<usize>(rays * samples)) << 2)
    read(first, rays, samples, depths, features)
    const rows = coarseAt(scratch)
    toDecoded(features, rays * samples, true, 0, scratch, rows)
    flatten(rows, rays * samples, densities)
    return features
  }
  const ofCoarse = coarseAt(scratch)
  const coarseFeatures = ofCoarse + (rowsOf(coarse) << 4)
  const ofFine = fineAt(scratch)
  const fineFeatures = ofFine + (rowsOf(fine) << 4)
  const drawn = drawnAt(scratch)
  const lists = listsAt(scratch)
  read(first, rays, coarse, given, coarseFeatures)
  toDecoded(coarseFeatures, rays * coarse, true, 0, scratch, ofCoarse)
  for (let ray = 0; ray < rays; ray++) {
    const along = given + <usize>(ray * coarse) * 4
    march(ofCoarse + <usize>(ray * coarse) * 16, 16, along, coarse, lists)
    const jitter = job.jitter === 0 ? 0 : job.jitter + <usize>((first + ray) * fine) * 4
    const own = lists + marchScratch(samples, job.colours)
    draw(along, weightsOf(lists, coarse), coarse, fine, jitter, own, drawn + <usize>(ray * fine) * 4)
  }
  read(first, rays, fine, drawn, fineFeatures)
  toDecoded(fineFeatures, rays * fine, true, 0, scratch, ofFine)
  for (let ray = 0; ray < rays; ray++) {
    merge(
      given + <usize>(ray * coarse) * 4,
      coarse,
      ofCoarse + <usize>(ray * coarse) * 16,
      coarseFeatures + <usize>(ray * coarse) * width,
      drawn + <usize>(ray * fine) * 4,
      fine,
      ofFine + <usize>(ray * fine) * 16,
      fineFeatures + <usize>(ray * fine) * width,
      width,
      depths + <usize>(ray * samples) * 4,
      densities + <usize>(ray * samples) * 4,
      features + <usize>(ray * samples) * width,
    )
  }
  return features
}

/** The densities of rows of four numbers. */
function flatten(rows: usize, count: i32, densities: usize): void {
  for (let i = 0; i < count; i++) store<f32>(densities + ((<usize>i) << 2), load<f32>(rows + ((<usize>i) << 4)))
}

/** What gives less of a ray's light has no colour: all of them together are less than a float32 of it shows. */
const INVISIBLE: f32 = 1e-8

/** The rays of a piece: what is seen along them. */
function renderRays(piece: i32, scratch: usize): void {
  const first = piece * job.each
  const rays = min(job.each, job.count - first)
  const samples = job.samples
  const colours = job.colours
  const isPicture = job.kind === MARCH
  const white = job.white !== 0
  const width = (<usize>job.channels) << 2
  const shown = mergedAt(scratch)
  const densities = job.densities === 0 ? shown : job.densities + <usize>(first * samples) * 4
  const features = place(first, rays, scratch, densities)
  const lists = listsAt(scratch)
  const seen = featuresAt(scratch)
  let count = 0
  for (let ray = 0; ray < rays; ray++) {
    const one = <usize>(first + ray) * 4
    march(densities + <usize>(ray * samples) * 4, 4, job.depths + one * <usize>samples, samples, lists)
    store<f32>(job.depth + one, hits ? <f32>mean : job.farthest)
    store<f32>(job.opacity + one, <f32>opacity)
    const shares = sharesOf(lists, samples)
    if (!isPicture) {
      memory.copy(job.along + one * <usize>samples, shares, <usize>samples * 4)
      continue
    }
    // Densities in scratch are read no more: shares take their place.
    memory.copy(shown + <usize>(ray * samples) * 4, shares, (<usize>samples) << 2)
    for (let i = 0; i < samples; i++) {
      if (load<f32>(shares + ((<usize>i) << 2)) <= INVISIBLE) continue
      memory.copy(seen + <usize>count * width, features + <usize>(ray * samples + i) * width, width)
      count++
    }
  }
  if (!isPicture) return
  const stride = (<usize>job.decoded) << 2
  let row = decodedAt(scratch)
  toDecoded(seen, count, false, 0, scratch, row)
  colour(row, stride, count, colours)
  for (let ray = 0; ray < rays; ray++) {
    const one = <usize>(first + ray) * 4
    const behind: f32 = white ? 1 - load<f32>(job.opacity + one) : 0
    const image = job.image + one * <usize>colours
    row = blend(row, stride, shown + <usize>(ray * samples) * 4, samples, INVISIBLE, colours, behind, lists, image)
  }
}

/** The way back along a piece's rays. Where nothing is asked of colours, they are not decoded. */
function backAlongRays(piece: i32, scratch: usize): void {
  const first = piece * job.each
  const rays = min(job.each, job.count - first)
  const samples = job.samples
  const density = job.ofImage === 0
  const colours = density ? 0 : job.colours
  if (!isAsked(first, rays, colours)) {
    leaveOut(first, rays)
    return
  }
  const stride: usize = density ? 16 : (<usize>job.decoded) << 2
  const width = (<usize>job.channels) << 2
  const from = <usize>(first * samples)
  const depths = job.depths + from * 4
  const decoded = decodedAt(scratch)
  const features = job.features + from * width
  const densities = job.densities + from * 4
  if (job.anew) {
    read(first, rays, samples, depths, features)
    toDecoded(features, rays * samples, true, 0, scratch, decoded)
    flatten(decoded, rays * samples, densities)
  }
  const lists = listsAt(scratch)
  const actives = activesAt(scratch)
  const chosen = featuresAt(scratch)
  let count = 0
  for (let ray = 0; ray < rays; ray++) {
    const at = <usize>(ray * samples)
    march(densities + at * 4, 4, depths + at * 4, samples, lists)
    active(samples, INVISIBLE, lists, actives + at)
    for (let i: usize = 0; i < <usize>samples; i++) {
      if (!load<u8>(actives + at + i)) continue
      memory.copy(chosen + <usize>count * width, features + (at + i) * width, width)
      count++
    }
  }
  toDecoded(chosen, count, density, slopesAt(scratch), scratch, decoded)
  if (!density) colour(decoded, stride, count, colours)
  let row = decoded
  for (let ray = 0; ray < rays; ray++) {
    const at = <usize>(ray * samples)
    const one = <usize>(first + ray) * 4
    march(densities + at * 4, 4, depths + at * 4, samples, lists)
    row = marchBackward(
      row,
      stride,
      actives + at,
      depths + at * 4,
      samples,
      colours,
      job.white !== 0,
      density ? 0 : job.ofImage + one * <usize>colours,
      job.ofDepth === 0 ? 0 : load<f32>(job.ofDepth + one),
      job.ofOpacity === 0 ? 0 : load<f32>(job.ofOpacity + one),
      job.cut,
      lists,
    )
  }
  toFeatures(first, rays, count, density, scratch)
}

/** Whether anything of these rays has a cotangent. */
function isAsked(first: i32, rays: i32, colours: i32): bool {
  const at = (<usize>first) << 2
  const bytes = (<usize>rays) << 2
  if (job.ofImage !== 0 && isAny(job.ofImage + at * <usize>colours, bytes * <usize>colours)) return true
  if (job.ofDepth !== 0 && isAny(job.ofDepth + at, bytes)) return true
  return job.ofOpacity !== 0 && isAny(job.ofOpacity + at, bytes)
}

/** What `toFeatures` would say of rays of which nothing is asked. */
function leaveOut(first: i32, rays: i32): void {
  const samples = <usize>job.samples
  const from = <usize>first * samples
  const all = <usize>rays * samples
  const channels = (<usize>job.channels) << 2
  memory.fill(job.ofFeatures + from * channels, 0, all * channels)
  for (let plane: usize = 0; plane < 3; plane++) {
    memory.fill(job.found + ((plane * <usize>job.count * samples + from) << 1), 0xff, all << 1)
  }
  if (job.ofRays !== 0) memory.fill(job.ofRays + <usize>first * 24, 0, <usize>rays * 24)
}

/** Points one by one: their density or colour, or the adjoint of colour. */
function decodePoints(piece: i32, scratch: usize): void {
  const kind = job.kind
  const first = piece * job.each
  const points = min(job.each, job.count - first)
  const colours = job.colours
  const stride = (<usize>job.decoded) << 2
  const width = (<usize>colours) << 2
  const kept = job.features + <usize>(first * job.channels) * 4
  const features = job.features === 0 ? featuresAt(scratch) : kept
  if (kind !== COLOUR_BACKWARD || job.anew) read(first, points, 1, job.depths + ((<usize>first) << 2), features)
  let row = decodedAt(scratch)
  toDecoded(features, points, kind === SIGMA, kind === COLOUR_BACKWARD ? slopesAt(scratch) : 0, scratch, row)
  if (kind === SIGMA) {
    for (let i = 0; i < points; i++, row += 16) store<f32>(job.along + ((<usize>(first + i)) << 2), load<f32>(row))
    return
  }
  colour(row, stride, points, colours)
  if (kind === COLOUR) {
    for (let i = 0; i < points; i++, row += stride) memory.copy(job.along + <usize>(first + i) * width, row + 4, width)
    return
  }
  for (let i = 0; i < points; i++, row += stride) {
    const given = job.ofImage + <usize>(first + i) * width
    store<f32>(row, 0)
    for (let k: usize = 0; k < stride - 4; k += 4) {
      if (k >= width) store<f32>(row + 4 + k, 0)
      else
        store<f32>(
          row + 4 + k,
          load<f32>(given + k) * f32x4.extract_lane(colourSlope(v128.load32_splat(row + 4 + k)), 0),
        )
    }
    drop(row, stride, job.cut)
  }
  memory.fill(activesAt(scratch), 1, <usize>points)
  toFeatures(first, points, points, false, scratch)
}

/**
 * From the gradients of decoded rows to those of features, and of rays; and which texels each sample touches.
 * @param count rows: of the samples that are active
 */
function toFeatures(first: i32, rays: i32, count: i32, density: bool, scratch: usize): void {
  const samples = job.samples
  const all = rays * samples
  const outputs = density ? 4 : job.decoded
  const stride = (<usize>outputs) << 2
  const decoded = decodedAt(scratch)
  const found = featuresAt(scratch)
  const width = (<usize>job.channels) << 2
  // Rows that only fill up a group of eight.
  for (let row = count; row < ((count + 7) & ~7); row++) memory.fill(decoded + <usize>row * stride, 0, stride)
  decodeBackward(
    decoded,
    count,
    outputs,
    density ? job.wDensityBack : job.w1Back,
    job.hidden,
    job.w0Back,
    job.channels,
    scratch,
    slopesAt(scratch),
    found,
  )
  const from = <usize>(first * samples)
  const origins = job.origins + <usize>first * 12
  const directions = job.directions + <usize>first * 12
  const depths = job.depths + from * 4
  const actives = activesAt(scratch)
  const list = (<usize>(job.count * samples)) << 1
  let row = decoded
  let gradient = found
  for (let i: usize = 0; i < <usize>all; i++) {
    let at = job.found + ((from + i) << 1)
    const into = job.ofFeatures + (from + i) * width
    if (load<u8>(actives + i) && isAny(row, stride)) {
      memory.copy(into, gradient, width)
      const ray = (i / <usize>samples) * 12
      const t = <f64>load<f32>(depths + (i << 2))
      const x = <f64>load<f32>(origins + ray) + t * <f64>load<f32>(directions + ray)
      const y = <f64>load<f32>(origins + ray, 4) + t * <f64>load<f32>(directions + ray, 4)
      const z = <f64>load<f32>(origins + ray, 8) + t * <f64>load<f32>(directions + ray, 8)
      for (let plane = 0; plane < 3; plane++, at += list) {
        store<u16>(at, touched(job.projection + <usize>(plane * 72), x, y, z, job.size))
      }
    } else {
      memory.fill(into, 0, width)
      for (let plane = 0; plane < 3; plane++, at += list) store<u16>(at, NOWHERE)
    }
    if (load<u8>(actives + i)) {
      row += stride
      gradient += width
    }
  }
  if (job.ofRays === 0) return
  bend(
    job.planes,
    job.layers,
    job.size,
    job.channels << 2,
    job.line,
    job.slice,
    job.projection,
    origins,
    directions,
    depths,
    rays,
    samples,
    job.ofFeatures + from * width,
    job.ofRays + <usize>first * 24,
  )
}

/** The gradient of a band of one plane's rows. */
function scatterBand(piece: i32): void {
  const plane = piece % 3
  const band = piece / 3
  const low = (job.size * band) / job.bands
  const high = (job.size * (band + 1)) / job.bands
  const list = (<usize>(job.count * job.samples)) << 1
  let slice: i32 = 0
  for (let other = 0; other < plane; other++) slice += load<i32>(job.layers + ((<usize>other) << 2))
  const layers = load<i32>(job.layers + ((<usize>plane) << 2))
  for (let layer = slice; job.fresh && layer < slice + layers; layer++) {
    memory.fill(
      job.gradient + <usize>layer * <usize>job.slice + <usize>(low * job.line),
      0,
      <usize>((high - low) * job.line),
    )
  }
  scatter(
    plane,
    low,
    high,
    job.found + <usize>plane * list,
    job.layers,
    job.size,
    job.channels << 2,
    job.line,
    job.slice,
    job.projection,
    job.origins,
    job.directions,
    job.depths,
    job.count,
    job.samples,
    job.ofFeatures,
    job.gradient,
  )
}
