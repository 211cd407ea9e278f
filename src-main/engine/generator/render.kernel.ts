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

@unmanaged
class Job {
  kind: i32
  /** Rays (or points), in all and of a piece; samples along each. */
  count: i32
  each: i32
  samples: i32
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
  w0Back: usize
  // Rays.
  origins: usize
  directions: usize
  depths: usize
  // Results.
  image: usize
  depth: usize
  opacity: usize
  /** Weights or shares along rays, densities or colours of points. */
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

const WEIGHTS = 1
const SEE = 2
const MARCH = 3
const BACKWARD = 4
const SIGMA = 5
const COLOUR = 6
const COLOUR_BACKWARD = 7
const SCATTER = 8

const job = changetype<Job>(own)

/** Takes pieces of the job until there are none. @param thread from 0 */
export function work(thread: i32): void {
  const scratch = scratchOf(thread)
  for (let piece = takePiece(); piece >= 0; piece = takePiece()) {
    if (job.kind === SCATTER) scatterBand(piece)
    else if (job.kind === SIGMA || job.kind === COLOUR || job.kind === COLOUR_BACKWARD) decodePoints(piece, scratch)
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

// A thread's scratch: a hidden layer of eight rows, what a ray's march needs, then rows for each sample of a piece.
function rowsOfPiece(): i32 {
  return (job.each * job.samples + 7) & ~7
}

function marchAt(scratch: usize): usize {
  return scratch + ((<usize>job.hidden) << 5)
}

function featuresAt(scratch: usize): usize {
  return marchAt(scratch) + marchScratch(job.samples, job.colours)
}

function decodedAt(scratch: usize): usize {
  return featuresAt(scratch) + <usize>(rowsOfPiece() * job.channels) * 4
}

function slopesAt(scratch: usize): usize {
  return decodedAt(scratch) + <usize>(rowsOfPiece() * job.decoded) * 4
}

/** Bytes of scratch that a thread needs for the job as it is described, rounded up to a line of the cache. */
export function scratchNeeded(): usize {
  const end =
    slopesAt(0) + (job.kind === BACKWARD || job.kind === COLOUR_BACKWARD ? <usize>(rowsOfPiece() * job.hidden) * 4 : 0)
  return (end + 127) & ~127
}

/** Decodes a piece's samples. @param density nothing else is wanted @param slopes whether a backward pass follows */
function look(first: i32, rays: i32, scratch: usize, density: bool, slopes: bool): void {
  const samples = job.samples
  const features = featuresAt(scratch)
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
    job.depths + <usize>(first * samples) * 4,
    rays,
    samples,
    features,
  )
  decode(
    features,
    rays * samples,
    job.channels,
    job.w0,
    job.b0,
    job.hidden,
    density ? job.wDensity : job.w1,
    density ? job.bDensity : job.b1,
    density ? 4 : job.decoded,
    scratch,
    slopes ? slopesAt(scratch) : 0,
    decodedAt(scratch),
  )
}

/** The rays of a piece, by all kinds of jobs along rays. */
function renderRays(piece: i32, scratch: usize): void {
  const kind = job.kind
  const first = piece * job.each
  const rays = min(job.each, job.count - first)
  const samples = job.samples
  const colours = job.colours
  const density = kind === WEIGHTS || kind === SEE
  const stride: usize = density ? 16 : (<usize>job.decoded) << 2
  const white = job.white !== 0
  look(first, rays, scratch, density, kind === BACKWARD)
  const lists = marchAt(scratch)
  let row = decodedAt(scratch)
  if (!density) colour(row, stride, rays * samples, colours)
  for (let ray = first; ray < first + rays; ray++, row += <usize>samples * stride) {
    const depths = job.depths + <usize>(ray * samples) * 4
    march(row, stride, depths, samples, lists)
    if (kind === WEIGHTS) {
      const size = <usize>(samples - 1) * 4
      memory.copy(job.along + <usize>ray * size, weightsOf(lists, samples), size)
      continue
    }
    const one = <usize>ray * 4
    if (kind === BACKWARD) {
      marchBackward(
        row,
        stride,
        depths,
        samples,
        colours,
        white,
        job.ofImage === 0 ? 0 : job.ofImage + one * <usize>colours,
        job.ofDepth === 0 ? 0 : load<f32>(job.ofDepth + one),
        job.ofOpacity === 0 ? 0 : load<f32>(job.ofOpacity + one),
        job.cut,
        lists,
      )
      continue
    }
    store<f32>(job.depth + one, hits ? <f32>mean : job.farthest)
    store<f32>(job.opacity + one, <f32>opacity)
    if (kind === MARCH) blend(row, stride, samples, colours, white, lists, job.image + one * <usize>colours)
    else memory.copy(job.along + one * <usize>samples, sharesOf(lists, samples), <usize>samples * 4)
  }
  if (kind === BACKWARD) toFeatures(first, rays, scratch)
}

/** Points one by one: their density or colour, or the adjoint of colour. */
function decodePoints(piece: i32, scratch: usize): void {
  const kind = job.kind
  const first = piece * job.each
  const points = min(job.each, job.count - first)
  const colours = job.colours
  const stride = (<usize>job.decoded) << 2
  const width = (<usize>colours) << 2
  look(first, points, scratch, kind === SIGMA, kind === COLOUR_BACKWARD)
  let row = decodedAt(scratch)
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
  toFeatures(first, points, scratch)
}

/** From the gradients of decoded rows to those of features, and of rays; and which texels each sample touches. */
function toFeatures(first: i32, rays: i32, scratch: usize): void {
  const samples = job.samples
  const all = rays * samples
  const stride = (<usize>job.decoded) << 2
  const decoded = decodedAt(scratch)
  const features = featuresAt(scratch)
  const channels = (<usize>job.channels) << 2
  // Rows that only fill up a group of eight.
  for (let row = all; row < ((all + 7) & ~7); row++) memory.fill(decoded + <usize>row * stride, 0, stride)
  decodeBackward(
    decoded,
    all,
    job.decoded,
    job.w1Back,
    job.hidden,
    job.w0Back,
    job.channels,
    scratch,
    slopesAt(scratch),
    features,
  )
  memory.copy(job.ofFeatures + <usize>(first * samples) * channels, features, <usize>all * channels)
  const origins = job.origins + <usize>first * 12
  const directions = job.directions + <usize>first * 12
  const depths = job.depths + <usize>(first * samples) * 4
  if (job.ofRays !== 0) {
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
      features,
      job.ofRays + <usize>first * 24,
    )
  }
  const list = (<usize>(job.count * samples)) << 1
  for (let i = 0; i < all; i++) {
    const ray = <usize>(i / samples) * 12
    const t = <f64>load<f32>(depths + ((<usize>i) << 2))
    const x = <f64>load<f32>(origins + ray) + t * <f64>load<f32>(directions + ray)
    const y = <f64>load<f32>(origins + ray, 4) + t * <f64>load<f32>(directions + ray, 4)
    const z = <f64>load<f32>(origins + ray, 8) + t * <f64>load<f32>(directions + ray, 8)
    const counts = isAny(decoded + <usize>i * stride, stride)
    let at = job.found + ((<usize>(first * samples + i)) << 1)
    for (let plane = 0; plane < 3; plane++, at += list) {
      store<u16>(at, counts ? touched(job.projection + <usize>(plane * 72), x, y, z, job.size) : NOWHERE)
    }
  }
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
