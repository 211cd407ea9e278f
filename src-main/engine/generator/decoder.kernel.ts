// @ts-nocheck: this is AssemblyScript, a part of `render.kernel.ts`.
/**
 * The decoder's layers and their adjoints, eight rows at a time (docs/eg3d.md, Decoder). Rows are float32; their number is
 * rounded up to eight wherever they are kept. A layer's outputs are rounded up to four, its weights with zeros.
 */

/** 1.5 * 2^23: adding it rounds to a whole number, which the sum's last bits then hold. */
const ROUNDING: f32 = 12582912

/** e^x for x <= 0, to a unit in the last place (Cephes' polynomial); below e^-80 that. */
export function exp4(x: v128): v128 {
  x = f32x4.pmax(x, f32x4.splat(-80))
  const whole = f32x4.add(f32x4.mul(x, f32x4.splat(<f32>Math.LOG2E)), f32x4.splat(ROUNDING))
  const n = f32x4.sub(whole, f32x4.splat(ROUNDING))
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.1219444e-4)))
  let p = f32x4.add(f32x4.mul(f32x4.splat(1.98756915e-4), r), f32x4.splat(1.3981999507e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1))
  return f32x4.mul(p, i32x4.shl(i32x4.add(whole, i32x4.splat(127)), 23))
}

/** e^-|x|, from which both softplus and its slope follow. */
function fading(x: v128): v128 {
  return exp4(v128.or(x, i32x4.splat(i32.MIN_VALUE)))
}

/**
 * log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|; log(1 + e) = 2 artanh(s), s = e / (2 + e) <= 1/3, whose series is
 * short (its last coefficient stands for those that are left out).
 */
function softplusOf(x: v128, e: v128): v128 {
  const s = f32x4.div(e, f32x4.add(e, f32x4.splat(2)))
  const z = f32x4.mul(s, s)
  let p = f32x4.add(f32x4.mul(z, f32x4.splat(0.1998)), f32x4.splat(2.0 / 9))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0 / 7))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0 / 5))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0 / 3))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2))
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(p, s))
}

export function softplus4(x: v128): v128 {
  return softplusOf(x, fading(x))
}

/** 1 / (1 + e^-x) with e = e^-|x|. */
function sigmoidOf(x: v128, e: v128): v128 {
  const one = f32x4.splat(1)
  const top = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)))
  return f32x4.div(top, f32x4.add(one, e))
}

export function sigmoid4(x: v128): v128 {
  return sigmoidOf(x, fading(x))
}

/**
 * Hidden values to their softplus, in place, 16 at a time: a constant costs as much as an operation.
 * @param bytes a multiple of 64
 * @param slopes result, like the values; 0: not wanted
 */
function activate(values: usize, bytes: usize, slopes: usize): void {
  for (let at = values; at < values + bytes; at += 64) {
    const x0 = v128.load(at, 0)
    const x1 = v128.load(at, 16)
    const x2 = v128.load(at, 32)
    const x3 = v128.load(at, 48)
    // e = e^-|x|, as `exp4` has it.
    let c = i32x4.splat(i32.MIN_VALUE)
    let d = f32x4.splat(-80)
    let r0 = f32x4.pmax(v128.or(x0, c), d)
    let r1 = f32x4.pmax(v128.or(x1, c), d)
    let r2 = f32x4.pmax(v128.or(x2, c), d)
    let r3 = f32x4.pmax(v128.or(x3, c), d)
    c = f32x4.splat(<f32>Math.LOG2E)
    d = f32x4.splat(ROUNDING)
    let e0 = f32x4.add(f32x4.mul(r0, c), d)
    let e1 = f32x4.add(f32x4.mul(r1, c), d)
    let e2 = f32x4.add(f32x4.mul(r2, c), d)
    let e3 = f32x4.add(f32x4.mul(r3, c), d)
    const n0 = f32x4.sub(e0, d)
    const n1 = f32x4.sub(e1, d)
    const n2 = f32x4.sub(e2, d)
    const n3 = f32x4.sub(e3, d)
    c = f32x4.splat(0.693359375)
    d = f32x4.splat(-2.1219444e-4)
    r0 = f32x4.sub(f32x4.sub(r0, f32x4.mul(n0, c)), f32x4.mul(n0, d))
    r1 = f32x4.sub(f32x4.sub(r1, f32x4.mul(n1, c)), f32x4.mul(n1, d))
    r2 = f32x4.sub(f32x4.sub(r2, f32x4.mul(n2, c)), f32x4.mul(n2, d))
    r3 = f32x4.sub(f32x4.sub(r3, f32x4.mul(n3, c)), f32x4.mul(n3, d))
    c = i32x4.splat(127)
    e0 = i32x4.shl(i32x4.add(e0, c), 23)
    e1 = i32x4.shl(i32x4.add(e1, c), 23)
    e2 = i32x4.shl(i32x4.add(e2, c), 23)
    e3 = i32x4.shl(i32x4.add(e3, c), 23)
    c = f32x4.splat(1.98756915e-4)
    d = f32x4.splat(1.3981999507e-3)
    let p0 = f32x4.add(f32x4.mul(c, r0), d)
    let p1 = f32x4.add(f32x4.mul(c, r1), d)
    let p2 = f32x4.add(f32x4.mul(c, r2), d)
    let p3 = f32x4.add(f32x4.mul(c, r3), d)
    c = f32x4.splat(8.3334519073e-3)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(4.1665795894e-2)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(1.6666665459e-1)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(0.5)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(1)
    e0 = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(p0, f32x4.mul(r0, r0)), r0), c), e0)
    e1 = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(p1, f32x4.mul(r1, r1)), r1), c), e1)
    e2 = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(p2, f32x4.mul(r2, r2)), r2), c), e2)
    e3 = f32x4.mul(f32x4.add(f32x4.add(f32x4.mul(p3, f32x4.mul(r3, r3)), r3), c), e3)
    if (slopes !== 0) {
      d = f32x4.splat(0)
      v128.store(slopes, f32x4.div(v128.bitselect(e0, c, f32x4.lt(x0, d)), f32x4.add(c, e0)), 0)
      v128.store(slopes, f32x4.div(v128.bitselect(e1, c, f32x4.lt(x1, d)), f32x4.add(c, e1)), 16)
      v128.store(slopes, f32x4.div(v128.bitselect(e2, c, f32x4.lt(x2, d)), f32x4.add(c, e2)), 32)
      v128.store(slopes, f32x4.div(v128.bitselect(e3, c, f32x4.lt(x3, d)), f32x4.add(c, e3)), 48)
      slopes += 64
    }
    // log(1 + e), as `softplus4` has it.
    c = f32x4.splat(2)
    e0 = f32x4.div(e0, f32x4.add(e0, c))
    e1 = f32x4.div(e1, f32x4.add(e1, c))
    e2 = f32x4.div(e2, f32x4.add(e2, c))
    e3 = f32x4.div(e3, f32x4.add(e3, c))
    r0 = f32x4.mul(e0, e0)
    r1 = f32x4.mul(e1, e1)
    r2 = f32x4.mul(e2, e2)
    r3 = f32x4.mul(e3, e3)
    c = f32x4.splat(0.1998)
    d = f32x4.splat(2.0 / 9)
    p0 = f32x4.add(f32x4.mul(r0, c), d)
    p1 = f32x4.add(f32x4.mul(r1, c), d)
    p2 = f32x4.add(f32x4.mul(r2, c), d)
    p3 = f32x4.add(f32x4.mul(r3, c), d)
    c = f32x4.splat(2.0 / 7)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(2.0 / 5)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(2.0 / 3)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    c = f32x4.splat(2)
    p0 = f32x4.add(f32x4.mul(p0, r0), c)
    p1 = f32x4.add(f32x4.mul(p1, r1), c)
    p2 = f32x4.add(f32x4.mul(p2, r2), c)
    p3 = f32x4.add(f32x4.mul(p3, r3), c)
    d = f32x4.splat(0)
    v128.store(at, f32x4.add(f32x4.pmax(x0, d), f32x4.mul(p0, e0)), 0)
    v128.store(at, f32x4.add(f32x4.pmax(x1, d), f32x4.mul(p1, e1)), 16)
    v128.store(at, f32x4.add(f32x4.pmax(x2, d), f32x4.mul(p2, e2)), 32)
    v128.store(at, f32x4.add(f32x4.pmax(x3, d), f32x4.mul(p3, e3)), 48)
  }
}

/**
 * y = x w + b for eight rows.
 * @param x [8][inputs], a row `xStride` bytes after the other
 * @param w [inputs][outputs], b [outputs] or 0
 * @param outputs a multiple of four
 * @param y result [8][outputs]
 */
function linear(x: usize, xStride: usize, inputs: i32, w: usize, b: usize, outputs: i32, y: usize): void {
  const width = (<usize>outputs) << 2
  const last = x + ((<usize>inputs) << 2)
  for (let n: usize = 0; n < width; n += 16) {
    const start = b === 0 ? f32x4.splat(0) : v128.load(b + n)
    let y0 = start
    let y1 = start
    let y2 = start
    let y3 = start
    let y4 = start
    let y5 = start
    let y6 = start
    let y7 = start
    let at = w + n
    let x0 = x
    let x4 = x + 4 * xStride
    for (; x0 < last; x0 += 4, x4 += 4, at += width) {
      const ws = v128.load(at)
      y0 = f32x4.add(y0, f32x4.mul(ws, v128.load32_splat(x0)))
      y1 = f32x4.add(y1, f32x4.mul(ws, v128.load32_splat(x0 + xStride)))
      y2 = f32x4.add(y2, f32x4.mul(ws, v128.load32_splat(x0 + 2 * xStride)))
      y3 = f32x4.add(y3, f32x4.mul(ws, v128.load32_splat(x0 + 3 * xStride)))
      y4 = f32x4.add(y4, f32x4.mul(ws, v128.load32_splat(x4)))
      y5 = f32x4.add(y5, f32x4.mul(ws, v128.load32_splat(x4 + xStride)))
      y6 = f32x4.add(y6, f32x4.mul(ws, v128.load32_splat(x4 + 2 * xStride)))
      y7 = f32x4.add(y7, f32x4.mul(ws, v128.load32_splat(x4 + 3 * xStride)))
    }
    const into = y + n
    v128.store(into, y0)
    v128.store(into + width, y1)
    v128.store(into + 2 * width, y2)
    v128.store(into + 3 * width, y3)
    v128.store(into + 4 * width, y4)
    v128.store(into + 5 * width, y5)
    v128.store(into + 6 * width, y6)
    v128.store(into + 7 * width, y7)
  }
}

/**
 * Hidden layer and what follows: out = softplus(x w0 + b0) w1 + b1.
 * @param x [count][inputs]
 * @param hidden scratch [8][width]
 * @param slopes result [count][width], of the softplus; 0: not wanted
 * @param out result [count][outputs]
 */
export function decode(
  x: usize,
  count: i32,
  inputs: i32,
  w0: usize,
  b0: usize,
  width: i32,
  w1: usize,
  b1: usize,
  outputs: i32,
  hidden: usize,
  slopes: usize,
  out: usize,
): void {
  const stride = (<usize>inputs) << 2
  const block = (<usize>width) << 5
  for (let row = 0; row < count; row += 8) {
    linear(x, stride, inputs, w0, b0, width, hidden)
    activate(hidden, block, slopes)
    if (slopes !== 0) slopes += block
    linear(hidden, (<usize>width) << 2, width, w1, b1, outputs, out)
    x += 8 * stride
    out += (<usize>outputs) << 5
  }
}

/**
 * The adjoint of `decode` in its inputs.
 * @param cotangent [count][outputs]
 * @param w1 [outputs][width], w0 [width][inputs]: turned over
 * @param hidden scratch [8][width]
 * @param result [count][inputs]; zero where all eight cotangents are
 */
export function decodeBackward(
  cotangent: usize,
  count: i32,
  outputs: i32,
  w1: usize,
  width: i32,
  w0: usize,
  inputs: i32,
  hidden: usize,
  slopes: usize,
  result: usize,
): void {
  const given = (<usize>outputs) << 5
  const block = (<usize>width) << 5
  const made = (<usize>inputs) << 5
  for (let row = 0; row < count; row += 8) {
    let any = f32x4.splat(0)
    for (let at: usize = 0; at < given; at += 16) any = v128.or(any, v128.load(cotangent + at))
    if (v128.any_true(any)) {
      linear(cotangent, (<usize>outputs) << 2, outputs, w1, 0, width, hidden)
      for (let at: usize = 0; at < block; at += 16) {
        v128.store(hidden + at, f32x4.mul(v128.load(hidden + at), v128.load(slopes + at)))
      }
      linear(hidden, (<usize>width) << 2, width, w0, 0, inputs, result)
    } else memory.fill(result, 0, made)
    cotangent += given
    slopes += block
    result += made
  }
}
