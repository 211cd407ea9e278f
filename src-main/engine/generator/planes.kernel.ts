// @ts-nocheck: this is AssemblyScript, which `scripts/kernels.ts` compiles to `planes.wasm.ts`.
/**
 * The inner loops of plane sampling: gather with bilinear weights, between two layers where a plane has several, and its
 * adjoint, the scatter. One sample's channels lie side by side, so four of them are one SIMD operation. All addresses are
 * byte offsets into the module's memory.
 *
 * Points are given as rays: origin + depth * direction, rays x samples of them; a single point is a ray of one sample.
 */

/** The first byte that the host may use. */
export const base: usize = __heap_base

// Where the bilinear footprint on one plane lies, and its weights: written by `footprint`, read right after it.
let tap00: usize = 0
let tap01: usize = 0
let tap10: usize = 0
let tap11: usize = 0
let weight00: f32 = 0
let weight01: f32 = 0
let weight10: f32 = 0
let weight11: f32 = 0
// The upper row of its texels, from -1 to size - 1.
let upper: i32 = 0
let shareX: f64 = 0
let shareY: f64 = 0
// 1 where the tap's column or row lies on the plane, otherwise 0.
let left: f64 = 0
let right: f64 = 0
let top: f64 = 0
let bottom: f64 = 0
// The layer below the point, how far the point is on the way to the next one, and 1 where it lies between two, otherwise 0.
let layer: i32 = 0
let shareN: f64 = 0
let between: f64 = 0

/**
 * Where along its normal a point meets a plane of several layers. They divide the box evenly, their middles at half
 * coordinates like those of texels; beyond the outermost middles the outermost layers hold.
 */
function depth(rows: usize, x: f64, y: f64, z: f64, layers: i32): void {
  const n = load<f64>(rows, 48) * x + load<f64>(rows, 56) * y + load<f64>(rows, 64) * z
  const last = <f64>(layers - 1)
  const exact = ((n + 1) * <f64>layers - 1) * 0.5
  const held = min(max(exact, 0), last)
  between = held === exact ? 1 : 0
  layer = min(<i32>held, layers - 2)
  shareN = held - <f64>layer
}

/**
 * The footprint of a point on a plane of `size` x `size` texels of `texel` bytes, a row of them `line` bytes: four byte offsets from the plane's
 * start and their weights, which add up to 1/3 (the mean over three planes). A tap outside has weight 0 and some address
 * inside. False where no tap touches the plane.
 */
function footprint(rows: usize, x: f64, y: f64, z: f64, size: i32, texel: i32, line: i32): bool {
  const u = load<f64>(rows) * x + load<f64>(rows, 8) * y + load<f64>(rows, 16) * z
  const v = load<f64>(rows, 24) * x + load<f64>(rows, 32) * y + load<f64>(rows, 40) * z
  const extent = <f64>size
  const px = ((u + 1) * extent - 1) * 0.5
  const py = ((v + 1) * extent - 1) * 0.5
  if (!(px > -1 && px < extent && py > -1 && py < extent)) return false
  const floorX = Math.floor(px)
  const floorY = Math.floor(py)
  const column = <i32>floorX
  const row = <i32>floorY
  upper = row
  shareX = px - floorX
  shareY = py - floorY
  left = column >= 0 ? 1 : 0
  right = column + 1 < size ? 1 : 0
  top = row >= 0 ? 1 : 0
  bottom = row + 1 < size ? 1 : 0
  const west = (left * (1 - shareX)) / 3
  const east = (right * shareX) / 3
  const north = top * (1 - shareY)
  const south = bottom * shareY
  weight00 = <f32>(west * north)
  weight01 = <f32>(east * north)
  weight10 = <f32>(west * south)
  weight11 = <f32>(east * south)
  const column0 = max(column, 0) * texel
  const column1 = min(column + 1, size - 1) * texel
  const row0 = max(row, 0) * line
  const row1 = min(row + 1, size - 1) * line
  tap00 = <usize>(row0 + column0)
  tap01 = <usize>(row0 + column1)
  tap10 = <usize>(row1 + column0)
  tap11 = <usize>(row1 + column1)
  return true
}

/**
 * @param planes [slices][size][size][channels], the layers of each plane one after another
 * @param layers [3] int32, of each plane; their sum is the number of slices
 * @param stride, line, slice bytes of a texel, a row and a slice (plane-layout.ts)
 * @param projection [3][3][3] float64
 * @param origins [rays][3]
 * @param directions [rays][3]
 * @param depths [rays][samples]
 * @param features result [rays][samples][channels]
 */
export function sample(
  planes: usize,
  layers: usize,
  size: i32,
  stride: i32,
  line: i32,
  slice: i32,
  projection: usize,
  origins: usize,
  directions: usize,
  depths: usize,
  rays: i32,
  samples: i32,
  features: usize,
): void {
  const area = <usize>slice
  const vectors = <usize>(stride & ~15)
  const end = <usize>stride
  for (let ray = 0; ray < rays; ray++, origins += 12, directions += 12) {
    const ox = <f64>load<f32>(origins)
    const oy = <f64>load<f32>(origins, 4)
    const oz = <f64>load<f32>(origins, 8)
    const dx = <f64>load<f32>(directions)
    const dy = <f64>load<f32>(directions, 4)
    const dz = <f64>load<f32>(directions, 8)
    for (let i = 0; i < samples; i++, depths += 4, features += stride) {
      const t = <f64>load<f32>(depths)
      const x = ox + t * dx
      const y = oy + t * dy
      const z = oz + t * dz
      let k: usize = 0
      for (; k < vectors; k += 16) v128.store(features + k, f32x4.splat(0))
      for (; k < end; k += 4) store<f32>(features + k, 0)
      let next = planes
      for (let plane = 0; plane < 3; plane++) {
        const rows = projection + <usize>(plane * 72)
        const count = load<i32>(layers + <usize>(plane << 2))
        let start = next
        next += <usize>count * area
        if (!footprint(rows, x, y, z, size, stride, line)) continue
        if (count > 1) {
          depth(rows, x, y, z, count)
          start += <usize>layer * area
        }
        const a = start + tap00
        const b = start + tap01
        const c = start + tap10
        const d = start + tap11
        const wa = f32x4.splat(weight00)
        const wb = f32x4.splat(weight01)
        const wc = f32x4.splat(weight10)
        const wd = f32x4.splat(weight11)
        if (count > 1) {
          const share = <f32>shareN
          const shares = f32x4.splat(share)
          for (k = 0; k < vectors; k += 16) {
            const above = f32x4.add(f32x4.mul(wa, mix(a + k, area, shares)), f32x4.mul(wb, mix(b + k, area, shares)))
            const below = f32x4.add(f32x4.mul(wc, mix(c + k, area, shares)), f32x4.mul(wd, mix(d + k, area, shares)))
            v128.store(features + k, f32x4.add(v128.load(features + k), f32x4.add(above, below)))
          }
          for (; k < end; k += 4) {
            const above = weight00 * mixOne(a + k, area, share) + weight01 * mixOne(b + k, area, share)
            const below = weight10 * mixOne(c + k, area, share) + weight11 * mixOne(d + k, area, share)
            store<f32>(features + k, load<f32>(features + k) + (above + below))
          }
          continue
        }
        for (k = 0; k < vectors; k += 16) {
          const above = f32x4.add(f32x4.mul(wa, v128.load(a + k)), f32x4.mul(wb, v128.load(b + k)))
          const below = f32x4.add(f32x4.mul(wc, v128.load(c + k)), f32x4.mul(wd, v128.load(d + k)))
          v128.store(features + k, f32x4.add(v128.load(features + k), f32x4.add(above, below)))
        }
        for (; k < end; k += 4) {
          const above = weight00 * load<f32>(a + k) + weight01 * load<f32>(b + k)
          const below = weight10 * load<f32>(c + k) + weight11 * load<f32>(d + k)
          store<f32>(features + k, load<f32>(features + k) + (above + below))
        }
      }
    }
  }
}

/** Between what lies at an address and what lies a layer further: exactly that where both are the same. */
function mix(at: usize, area: usize, share: v128): v128 {
  const low = v128.load(at)
  return f32x4.add(low, f32x4.mul(share, f32x4.sub(v128.load(at + area), low)))
}

function mixOne(at: usize, area: usize, share: f32): f32 {
  const low = load<f32>(at)
  return low + share * (load<f32>(at + area) - low)
}

/** A point that touches no texel of a plane. */
export const NOWHERE: u16 = 0xffff

/**
 * The rows of texels that a point touches on one plane, told by the lower one: 0 to size, or `NOWHERE`.
 * @param rows [3][3] float64, the projection of the plane
 */
export function touched(rows: usize, x: f64, y: f64, z: f64, size: i32): u16 {
  return footprint(rows, x, y, z, size, 1, size) ? <u16>(upper + 1) : NOWHERE
}

/**
 * The adjoint of `sample` on some rows of one plane: adds to the gradient of their texels, in the order of the samples.
 * @param plane 0 to 2
 * @param low, high the rows, high not among them
 * @param found [rays][samples] what `touched` says of this plane; 0: it is found here
 * @param cotangent [rays][samples][channels]
 * @param planesGradient [slices][size][size][channels]
 */
export function scatter(
  plane: i32,
  low: i32,
  high: i32,
  found: usize,
  layers: usize,
  size: i32,
  stride: i32,
  line: i32,
  slice: i32,
  projection: usize,
  origins: usize,
  directions: usize,
  depths: usize,
  rays: i32,
  samples: i32,
  cotangent: usize,
  planesGradient: usize,
): void {
  const area = <usize>slice
  const vectors = <usize>(stride & ~15)
  const end = <usize>stride
  const rows = projection + <usize>(plane * 72)
  const count = load<i32>(layers + <usize>(plane << 2))
  let first = planesGradient
  for (let other = 0; other < plane; other++) first += <usize>load<i32>(layers + <usize>(other << 2)) * area
  for (let ray = 0; ray < rays; ray++, origins += 12, directions += 12) {
    const ox = <f64>load<f32>(origins)
    const oy = <f64>load<f32>(origins, 4)
    const oz = <f64>load<f32>(origins, 8)
    const dx = <f64>load<f32>(directions)
    const dy = <f64>load<f32>(directions, 4)
    const dz = <f64>load<f32>(directions, 8)
    for (let i = 0; i < samples; i++, depths += 4, cotangent += stride) {
      if (found !== 0) {
        const lower = <i32>load<u16>(found)
        found += 2
        if (lower === <i32>NOWHERE || lower < low || lower > high) continue
      }
      const t = <f64>load<f32>(depths)
      const x = ox + t * dx
      const y = oy + t * dy
      const z = oz + t * dz
      if (!footprint(rows, x, y, z, size, stride, line)) continue
      let start = first
      let share: f32 = 0
      if (count > 1) {
        depth(rows, x, y, z, count)
        start += <usize>layer * area
        share = <f32>shareN
      }
      if (upper >= low && upper < high) {
        spread(cotangent, start + tap00, start + tap01, (1 - share) * weight00, (1 - share) * weight01, vectors, end)
        if (count > 1) {
          const behind = start + area
          spread(cotangent, behind + tap00, behind + tap01, share * weight00, share * weight01, vectors, end)
        }
      }
      if (upper + 1 >= low && upper + 1 < high) {
        spread(cotangent, start + tap10, start + tap11, (1 - share) * weight10, (1 - share) * weight11, vectors, end)
        if (count > 1) {
          const behind = start + area
          spread(cotangent, behind + tap10, behind + tap11, share * weight10, share * weight11, vectors, end)
        }
      }
    }
  }
}

/** Adds a share of the cotangent to each of two texels. */
function spread(cotangent: usize, a: usize, b: usize, wa: f32, wb: f32, vectors: usize, end: usize): void {
  const was = f32x4.splat(wa)
  const wbs = f32x4.splat(wb)
  let k: usize = 0
  for (; k < vectors; k += 16) {
    const g = v128.load(cotangent + k)
    v128.store(a + k, f32x4.add(v128.load(a + k), f32x4.mul(was, g)))
    v128.store(b + k, f32x4.add(v128.load(b + k), f32x4.mul(wbs, g)))
  }
  for (; k < end; k += 4) {
    const g = load<f32>(cotangent + k)
    store<f32>(a + k, load<f32>(a + k) + wa * g)
    store<f32>(b + k, load<f32>(b + k) + wb * g)
  }
}

/** Whether a row holds anything but zeros. @param bytes its length */
export function isAny(row: usize, bytes: usize): bool {
  for (let at: usize = 0; at < bytes; at += 4) if (load<f32>(row + at) !== 0) return true
  return false
}

/**
 * The adjoint of `sample` in the rays.
 * @param cotangent [rays][samples][channels]
 * @param raysGradient result [rays][6], origin and direction
 */
export function bend(
  planes: usize,
  layers: usize,
  size: i32,
  stride: i32,
  line: i32,
  slice: i32,
  projection: usize,
  origins: usize,
  directions: usize,
  depths: usize,
  rays: i32,
  samples: i32,
  cotangent: usize,
  raysGradient: usize,
): void {
  const area = <usize>slice
  const vectors = <usize>(stride & ~15)
  const end = <usize>stride
  for (let ray = 0; ray < rays; ray++, origins += 12, directions += 12, raysGradient += 24) {
    const ox = <f64>load<f32>(origins)
    const oy = <f64>load<f32>(origins, 4)
    const oz = <f64>load<f32>(origins, 8)
    const dx = <f64>load<f32>(directions)
    const dy = <f64>load<f32>(directions, 4)
    const dz = <f64>load<f32>(directions, 8)
    let originX: f64 = 0
    let originY: f64 = 0
    let originZ: f64 = 0
    let directionX: f64 = 0
    let directionY: f64 = 0
    let directionZ: f64 = 0
    for (let i = 0; i < samples; i++, depths += 4, cotangent += stride) {
      if (!isAny(cotangent, end)) continue
      const t = <f64>load<f32>(depths)
      const x = ox + t * dx
      const y = oy + t * dy
      const z = oz + t * dz
      let next: usize = 0
      for (let plane = 0; plane < 3; plane++) {
        const rows = projection + <usize>(plane * 72)
        const count = load<i32>(layers + <usize>(plane << 2))
        let start = next
        next += <usize>count * area
        if (!footprint(rows, x, y, z, size, stride, line)) continue
        if (count > 1) {
          depth(rows, x, y, z, count)
          start += <usize>layer * area
        }
        // d feature / d px = (right - left) taps, weighted along the other axis; px = (u + 1) size / 2 - 1/2.
        const from = planes + start
        let s00 = <f64>dot(cotangent, from + tap00, vectors, end)
        let s01 = <f64>dot(cotangent, from + tap01, vectors, end)
        let s10 = <f64>dot(cotangent, from + tap10, vectors, end)
        let s11 = <f64>dot(cotangent, from + tap11, vectors, end)
        // Likewise d feature / d pn = next - this layer, weighted over the taps; pn = (n + 1) layers / 2 - 1/2.
        let dn: f64 = 0
        if (count > 1) {
          const d00 = <f64>dot(cotangent, from + area + tap00, vectors, end) - s00
          const d01 = <f64>dot(cotangent, from + area + tap01, vectors, end) - s01
          const d10 = <f64>dot(cotangent, from + area + tap10, vectors, end) - s10
          const d11 = <f64>dot(cotangent, from + area + tap11, vectors, end) - s11
          const above = <f64>weight00 * d00 + <f64>weight01 * d01
          const below = <f64>weight10 * d10 + <f64>weight11 * d11
          dn = between * (above + below) * <f64>count * 0.5
          s00 += shareN * d00
          s01 += shareN * d01
          s10 += shareN * d10
          s11 += shareN * d11
        }
        s00 *= left * top
        s01 *= right * top
        s10 *= left * bottom
        s11 *= right * bottom
        const scale = <f64>size / 6
        const du = ((s01 - s00) * (1 - shareY) + (s11 - s10) * shareY) * scale
        const dv = ((s10 - s00) * (1 - shareX) + (s11 - s01) * shareX) * scale
        const gx = du * load<f64>(rows) + dv * load<f64>(rows, 24) + dn * load<f64>(rows, 48)
        const gy = du * load<f64>(rows, 8) + dv * load<f64>(rows, 32) + dn * load<f64>(rows, 56)
        const gz = du * load<f64>(rows, 16) + dv * load<f64>(rows, 40) + dn * load<f64>(rows, 64)
        originX += gx
        originY += gy
        originZ += gz
        directionX += t * gx
        directionY += t * gy
        directionZ += t * gz
      }
    }
    store<f32>(raysGradient, <f32>originX)
    store<f32>(raysGradient, <f32>originY, 4)
    store<f32>(raysGradient, <f32>originZ, 8)
    store<f32>(raysGradient, <f32>directionX, 12)
    store<f32>(raysGradient, <f32>directionY, 16)
    store<f32>(raysGradient, <f32>directionZ, 20)
  }
}

function dot(a: usize, b: usize, vectors: usize, end: usize): f32 {
  let sums = f32x4.splat(0)
  let k: usize = 0
  for (; k < vectors; k += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(a + k), v128.load(b + k)))
  let sum =
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    f32x4.extract_lane(sums, 2) +
    f32x4.extract_lane(sums, 3)
  for (; k < end; k += 4) sum += load<f32>(a + k) * load<f32>(b + k)
  return sum
}
