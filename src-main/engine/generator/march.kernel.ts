// @ts-nocheck: this is AssemblyScript, a part of `render.kernel.ts`.
/**
 * The quadrature along one ray's samples and its adjoint (docs/eg3d.md, March). Decoded samples are rows of raw density
 * and raw colours, a row `stride` bytes long; what is found on the way lies in scratch, a list after the other.
 */
import { exp4, sigmoid4, softplus4 } from './decoder.kernel'

/** What is left of the light below this counts as nothing: a processor computes slowly with numbers that fade away. */
const DARK: f32 = 1e-30
/** A transmittance's least factor, and the opacity from which a ray has met something: as in march.ts. */
const LEAST: f64 = 1e-10
const HIT: f64 = 1e-12
/** Colours reach a little beyond 0..1: see decoder.ts. */
const GAIN: f32 = 1.002
const SHIFT: f32 = 0.001

/** Of the ray that was marched last: its opacity, the mean depth where it hits something, and whether it does. */
export let opacity: f64 = 0
export let mean: f64 = 0
export let hits: bool = false

/** Bytes of one list. */
function listSize(samples: i32): usize {
  return (<usize>((samples + 3) & ~3)) << 2
}

/** Bytes of scratch that a ray takes. */
export function marchScratch(samples: i32, colours: i32): usize {
  return 7 * listSize(samples) + ((<usize>((colours + 3) & ~3)) << 2)
}

// The lists: of intervals (lengths, what passes, the slope of the density, light before it, weights), and of samples
// (shares of the light, and later their gradient).
const LENGTHS: usize = 0
const PASSING: usize = 1
const SLOPES: usize = 2
const LIGHT: usize = 3
const WEIGHTS: usize = 4
const SHARES: usize = 5
const PULLS: usize = 6
const COLOURS: usize = 7

export function weightsOf(scratch: usize, samples: i32): usize {
  return scratch + WEIGHTS * listSize(samples)
}

export function sharesOf(scratch: usize, samples: i32): usize {
  return scratch + SHARES * listSize(samples)
}

/**
 * Finds weights, shares, opacity and mean depth of a ray.
 * @param decoded [samples] rows
 * @param depths [samples], ascending
 */
export function march(decoded: usize, stride: usize, depths: usize, samples: i32, scratch: usize): void {
  const size = listSize(samples)
  const lengths = scratch + LENGTHS * size
  const passing = scratch + PASSING * size
  const slopes = scratch + SLOPES * size
  const light = scratch + LIGHT * size
  const weights = scratch + WEIGHTS * size
  const shares = scratch + SHARES * size
  const intervals = samples - 1
  let before = load<f32>(decoded)
  for (let i = 0; i < intervals; i++) {
    const at = (<usize>i) << 2
    const next = load<f32>(decoded + <usize>(i + 1) * stride)
    store<f32>(passing + at, (before + next) * 0.5 - 1)
    store<f32>(lengths + at, load<f32>(depths + at, 4) - load<f32>(depths + at))
    before = next
  }
  for (let at: usize = 0; at < size; at += 16) {
    const raw = v128.load(passing + at)
    v128.store(slopes + at, sigmoid4(raw))
    v128.store(passing + at, exp4(f32x4.neg(f32x4.mul(softplus4(raw), v128.load(lengths + at)))))
  }
  let left: f64 = 1
  opacity = 0
  for (let i = 0; i < intervals; i++) {
    const at = (<usize>i) << 2
    const passes = <f64>load<f32>(passing + at)
    const weight = <f32>((1 - passes) * left)
    store<f32>(light + at, <f32>left)
    store<f32>(weights + at, weight)
    opacity += <f64>weight
    left *= passes + LEAST
    if (left < <f64>DARK) left = 0
  }
  let last: f32 = 0
  let along: f64 = 0
  for (let i = 0; i < samples; i++) {
    const at = (<usize>i) << 2
    const weight: f32 = i < intervals ? load<f32>(weights + at) : 0
    const share = (last + weight) * 0.5
    store<f32>(shares + at, share)
    along += <f64>share * <f64>load<f32>(depths + at)
    last = weight
  }
  hits = opacity > HIT
  mean = hits ? along / opacity : 0
}

/** Raw colours of rows to colours, in place. @param colours of a row, behind its density */
export function colour(decoded: usize, stride: usize, rows: i32, colours: i32): void {
  const end = ((<usize>((colours + 3) & ~3)) << 2) + 4
  for (let row = 0; row < rows; row++, decoded += stride) {
    for (let at: usize = 4; at < end; at += 16) {
      const value = f32x4.mul(sigmoid4(v128.load(decoded + at)), f32x4.splat(GAIN))
      v128.store(decoded + at, f32x4.sub(value, f32x4.splat(SHIFT)))
    }
  }
}

/** The slope of `colour` where it gave these. */
export function colourSlope(colours: v128): v128 {
  const sigmoid = f32x4.mul(f32x4.add(colours, f32x4.splat(SHIFT)), f32x4.splat(1 / GAIN))
  return f32x4.mul(f32x4.mul(sigmoid, f32x4.sub(f32x4.splat(1), sigmoid)), f32x4.splat(GAIN))
}

/**
 * The picture of a ray, -1..1.
 * @param seen rows with colours, of the samples whose share is greater than `least`
 * @param shares [samples]
 * @param behind how white it is where nothing is
 * @param image result [colours]
 * @returns the next ray's first row
 */
export function blend(
  seen: usize,
  stride: usize,
  shares: usize,
  samples: i32,
  least: f32,
  colours: i32,
  behind: f32,
  scratch: usize,
  image: usize,
): usize {
  const sums = scratch
  const padded = (<usize>((colours + 3) & ~3)) << 2
  for (let k: usize = 0; k < padded; k += 16) v128.store(sums + k, f32x4.splat(behind))
  for (let i = 0; i < samples; i++, shares += 4) {
    if (load<f32>(shares) <= least) continue
    const share = v128.load32_splat(shares)
    for (let k: usize = 0; k < padded; k += 16) {
      v128.store(sums + k, f32x4.add(v128.load(sums + k), f32x4.mul(v128.load(seen + 4 + k), share)))
    }
    seen += stride
  }
  for (let k: usize = 0; k < padded; k += 16) {
    v128.store(sums + k, f32x4.sub(f32x4.mul(v128.load(sums + k), f32x4.splat(2)), f32x4.splat(1)))
  }
  memory.copy(image, sums, (<usize>colours) << 2)
  return seen
}

/** A sample whose density reaches no further than this into the light of its ray has no gradient. */
const FAINT: f32 = 1e-8

/**
 * Which samples of the ray that was marched last have a gradient worth the way back.
 * @param least a share of the light up to which colour has none
 * @param result [samples] bytes
 */
export function active(samples: i32, least: f32, scratch: usize, result: usize): void {
  const size = listSize(samples)
  let before = false
  for (let i = 0; i < samples; i++) {
    const at = (<usize>i) << 2
    // What is no number is to be noticed.
    const after = i < samples - 1 && !(reach(scratch + at, size) <= FAINT)
    const is = before || after || !(load<f32>(scratch + SHARES * size + at) <= least)
    store<u8>(result + <usize>i, is ? 1 : 0)
    before = after
  }
}

/** How much of the light an interval's raw density takes away at most, where it rises. */
function reach(list: usize, size: usize): f32 {
  return load<f32>(list + LIGHT * size) * load<f32>(list + SLOPES * size) * load<f32>(list + LENGTHS * size)
}

/**
 * The adjoint of all this for the ray that was marched last: gradients of raw densities and colours take the place of the
 * decoded rows.
 * @param rows of the samples that are active, with colours
 * @param actives [samples] bytes
 * @param ofImage [colours] or 0
 * @param ofDepth, ofOpacity cotangents
 * @param cut rows that are no greater become zero
 * @returns the next ray's first row
 */
export function marchBackward(
  rows: usize,
  stride: usize,
  actives: usize,
  depths: usize,
  samples: i32,
  colours: i32,
  white: bool,
  ofImage: usize,
  ofDepth: f64,
  ofOpacity: f64,
  cut: f32,
  scratch: usize,
): usize {
  const size = listSize(samples)
  const lengths = scratch + LENGTHS * size
  const passing = scratch + PASSING * size
  const slopes = scratch + SLOPES * size
  const light = scratch + LIGHT * size
  const weights = scratch + WEIGHTS * size
  const shares = scratch + SHARES * size
  const pulls = scratch + PULLS * size
  const given = scratch + COLOURS * size
  const padded = (<usize>((colours + 3) & ~3)) << 2
  let total: f64 = 0
  memory.fill(given, 0, padded)
  if (ofImage !== 0) {
    for (let k = 0; k < colours; k++) {
      const value: f32 = <f32>2 * load<f32>(ofImage + ((<usize>k) << 2))
      store<f32>(given + ((<usize>k) << 2), value)
      total += <f64>value
    }
  }
  const alongDepth = hits ? ofDepth / opacity : 0
  const ofAll = ofOpacity - (white ? total : 0) - alongDepth * mean
  let row = rows
  for (let i = 0; i < samples; i++) {
    const at = (<usize>i) << 2
    let sum = f32x4.splat(0)
    if (load<u8>(actives + <usize>i)) {
      const share = v128.load32_splat(shares + at)
      for (let k: usize = 0; k < padded; k += 16) {
        const colours = v128.load(row + 4 + k)
        const g = v128.load(given + k)
        sum = f32x4.add(sum, f32x4.mul(g, colours))
        v128.store(row + 4 + k, f32x4.mul(f32x4.mul(g, share), colourSlope(colours)))
      }
      row += stride
    }
    const pull =
      <f64>(f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) +
      <f64>(f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
    store<f32>(pulls + at, <f32>(pull + alongDepth * <f64>load<f32>(depths + at)))
  }
  const end = row
  // From the last interval to the first: what lies behind is dimmed by what lies in front.
  let behind: f64 = 0
  let later: f32 = 0
  for (let i = samples - 2; i >= 0; i--) {
    const at = (<usize>i) << 2
    const passes = <f64>load<f32>(passing + at)
    const pull = (<f64>load<f32>(pulls + at) + <f64>load<f32>(pulls + at, 4)) * 0.5 + ofAll
    const ofPassing = passes * (behind / (passes + LEAST) - <f64>load<f32>(light + at) * pull)
    behind += pull * <f64>load<f32>(weights + at)
    const half = <f32>(-0.5 * <f64>load<f32>(lengths + at) * ofPassing * <f64>load<f32>(slopes + at))
    if (load<u8>(actives + <usize>(i + 1))) {
      row -= stride
      store<f32>(row, later + half)
    }
    later = half
  }
  if (load<u8>(actives)) store<f32>(row - stride, later)
  for (row = rows; row < end; row += stride) drop(row, stride, cut)
  return end
}

/** Makes a row zero whose numbers together are no greater than `cut`. */
export function drop(row: usize, stride: usize, cut: f32): void {
  let sum = f32x4.splat(0)
  for (let k: usize = 0; k < stride; k += 16) sum = f32x4.add(sum, f32x4.abs(v128.load(row + k)))
  // What is no number is kept, and noticed.
  if (i32x4.all_true(f32x4.le(sum, f32x4.splat(cut)))) memory.fill(row, 0, stride)
}
