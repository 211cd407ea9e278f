/** Vectors of any length, and those of space. */
export type Vector3 = readonly [x: number, y: number, z: number]

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

export const minus = ([a, b, c]: Vector3, [d, e, f]: Vector3): Vector3 => [a - d, b - e, c - f]

export const cross = ([a, b, c]: Vector3, [d, e, f]: Vector3): Vector3 => [b * f - c * e, c * d - a * f, a * e - b * d]

export function unit(a: Vector3): Vector3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

/** Values without their mean. */
export function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}

/** What no plane through the points explains of their depth (Gram-Schmidt). */
export function withoutTilt(z: readonly number[], x: readonly number[], y: readonly number[]): number[] {
  const first = centred(x)
  const second = without(centred(y), first)
  return without(without(centred(z), first), second)
}

const without = (values: readonly number[], axis: readonly number[]) => {
  const share = dot(values, axis) / dot(axis, axis)
  return values.map((value, i) => value - share * axis[i])
}
