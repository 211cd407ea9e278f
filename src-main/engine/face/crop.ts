/**
 * Cutting the crop's window out of the photo: turned, shrunk or enlarged with a Lanczos kernel that grows with the
 * reduction, so that nothing aliases; mirrored at the photo's border, with a mask of what the photo really shows.
 */
import type { RgbImage } from '../images/rgb-image.ts'
import type { Window } from './pose.ts'

export interface Crop {
  /** Pixels a side. */
  size: number
  /** RGB, 8 bits a channel, rows from the top: `3 * size * size` bytes. */
  rgb: Uint8Array
  /** 1 where the pixel's centre lies inside the photo, 0 where the picture was made up by mirroring. */
  valid: Uint8Array
}

const LOBES = 3
/** Above this reduction the photo is halved first: it keeps the kernel, and the time it takes, small. */
const MOST_REDUCTION = 2
const TABLE_STEPS = 1024
const KERNEL = Float64Array.from({ length: LOBES * TABLE_STEPS + 2 }, (_, i) => lanczos(i / TABLE_STEPS))

/**
 * The crop of `size` pixels a side: crop pixel (u, v) shows the photo at
 * centre + side / size * Rot(roll) ((u, v) - size / 2), pixel centres at + 0.5.
 */
export function cutCrop(photo: RgbImage, window: Window, size = 512): Crop {
  let source = photo
  let [centreX, centreY] = window.centre
  let step = window.side / size
  while (step > MOST_REDUCTION) {
    source = halve(source)
    centreX /= 2
    centreY /= 2
    step /= 2
  }
  const cos = step * Math.cos(window.roll)
  const sin = step * Math.sin(window.roll)
  const rgb = new Uint8Array(3 * size * size)
  const valid = new Uint8Array(size * size)
  const sample = sampler(source, Math.max(1, step))
  for (let row = 0; row < size; row++) {
    const v = row + 0.5 - size / 2
    for (let column = 0; column < size; column++) {
      const u = column + 0.5 - size / 2
      const x = centreX + cos * u - sin * v
      const y = centreY + sin * u + cos * v
      const pixel = row * size + column
      valid[pixel] = x >= 0 && y >= 0 && x <= source.width && y <= source.height ? 1 : 0
      sample(x, y, rgb, 3 * pixel)
    }
  }
  return { size, rgb, valid }
}

/** A function that writes the RGB of the picture at (x, y), filtered over `reduction` pixels, to `into[at..at + 2]`. */
function sampler({ width, height, rgb }: RgbImage, reduction: number) {
  const radius = LOBES * reduction
  const taps = Math.ceil(2 * radius)
  const columns = { index: new Int32Array(taps), weight: new Float64Array(taps) }
  const rows = { index: new Int32Array(taps), weight: new Float64Array(taps) }

  const prepare = (axis: typeof columns, at: number, length: number, stride: number) => {
    const first = Math.ceil(at - 0.5 - radius)
    let total = 0
    for (let tap = 0; tap < taps; tap++) {
      const pixel = first + tap
      const weight = kernel(Math.abs(pixel + 0.5 - at) / reduction)
      axis.index[tap] = stride * mirrored(pixel, length)
      axis.weight[tap] = weight
      total += weight
    }
    for (let tap = 0; tap < taps; tap++) axis.weight[tap] /= total
  }

  return (x: number, y: number, into: Uint8Array, at: number) => {
    prepare(columns, x, width, 3)
    prepare(rows, y, height, 3 * width)
    let r = 0
    let g = 0
    let b = 0
    for (let j = 0; j < taps; j++) {
      const row = rows.index[j]
      let rowR = 0
      let rowG = 0
      let rowB = 0
      for (let i = 0; i < taps; i++) {
        const weight = columns.weight[i]
        const pixel = row + columns.index[i]
        rowR += weight * rgb[pixel]
        rowG += weight * rgb[pixel + 1]
        rowB += weight * rgb[pixel + 2]
      }
      const rowWeight = rows.weight[j]
      r += rowWeight * rowR
      g += rowWeight * rowG
      b += rowWeight * rowB
    }
    into[at] = toByte(r)
    into[at + 1] = toByte(g)
    into[at + 2] = toByte(b)
  }
}

/** The picture at half the size: means of 2 x 2 pixels; an odd last row or column counts twice. */
export function halve({ width, height, rgb }: RgbImage): RgbImage {
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) }
  const out = new Uint8Array(3 * half.width * half.height)
  for (let y = 0; y < half.height; y++) {
    const top = 2 * y * width
    const bottom = Math.min(2 * y + 1, height - 1) * width
    for (let x = 0; x < half.width; x++) {
      const left = 2 * x
      const right = Math.min(2 * x + 1, width - 1)
      const at = 3 * (y * half.width + x)
      for (let c = 0; c < 3; c++) {
        const sum =
          rgb[3 * (top + left) + c] +
          rgb[3 * (top + right) + c] +
          rgb[3 * (bottom + left) + c] +
          rgb[3 * (bottom + right) + c]
        out[at + c] = (sum + 2) >> 2
      }
    }
  }
  return { ...half, rgb: out }
}

/** The pixel that stands in for one outside: mirrored at the border as often as it takes, the edge pixel repeated. */
function mirrored(pixel: number, length: number): number {
  if (pixel >= 0 && pixel < length) return pixel
  const period = 2 * length
  const wrapped = ((pixel % period) + period) % period
  return wrapped < length ? wrapped : period - 1 - wrapped
}

function kernel(distance: number): number {
  const at = distance * TABLE_STEPS
  const i = Math.floor(at)
  return i > LOBES * TABLE_STEPS ? 0 : KERNEL[i] + (at - i) * (KERNEL[i + 1] - KERNEL[i])
}

function lanczos(x: number): number {
  if (x === 0) return 1
  if (x >= LOBES) return 0
  const px = Math.PI * x
  return (LOBES * Math.sin(px) * Math.sin(px / LOBES)) / (px * px)
}

const toByte = (value: number) => (value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value))
