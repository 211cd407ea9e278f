/**
 * Hair where no photo shows any: its colour and how uneven it is come from the photos, its strands are drawn. They run from
 * the crown down, as hair lies, and are as wide everywhere.
 */
import { MILLIMETRES_PER_UNIT } from '../formats/units.ts'
import { smoothstep } from '../seen-vertices.ts'

const MILLIMETRE = 1 / MILLIMETRES_PER_UNIT
/** Of locks, and of strands in them: across and along, and what part of the unevenness is theirs. */
const WAVES = [
  { across: 7 * MILLIMETRE, along: 60 * MILLIMETRE, part: 0.6 },
  { across: 2 * MILLIMETRE, along: 25 * MILLIMETRE, part: 0.8 },
]
/** Hair does not lie straight: how far strands go astray, and within what length. */
const ASTRAY = { across: 5 * MILLIMETRE, along: 45 * MILLIMETRE }
/** Standard deviation of the noise below between its lattice's points. */
const SPREAD = 0.43
/** The crown's whorl lies that far behind the top, radians. */
const TILT = 0.45
/** How many times as uneven as the cheeks' light hair's is: not below, wholly above. A bald head is as uneven as cheeks. */
const UNEVEN: readonly [number, number] = [1, 1.8]
/** Hair has no more, but for what shines through it. */
const MOST = 0.25

/** How far round from the front faces end, radians, and where hair begins above them, world units up. */
const SIDES: readonly [number, number] = [1.2, 1.6]
const HAIRLINE: readonly [number, number] = [0.06, 0.14]

/** How much a place is the face's, 0..1. @param z from the head's middle */
export const onFace = (x: number, y: number, z: number): number =>
  (1 - smoothstep(Math.atan2(Math.abs(x), z), SIDES)) * (1 - smoothstep(y, HAIRLINE))

/**
 * How much strands show in places, as parts of their light: where it is like hair, as much as hair is uneven.
 * @param hairless [n] 0..1, how much the places are skin, or the face's
 * @param unevenness [n] of the photos' light in what is like a place: standard deviation by mean
 * @param seen [n] 0..1, how well they see it
 * @param cheeks places on them; where there are none nothing is taken for hair
 * @returns [n]
 */
export function strandsShown(
  hairless: Float32Array,
  unevenness: Float32Array,
  seen: Float32Array,
  cheeks: readonly number[],
): Float32Array {
  const smooth = cheeks.reduce((sum, i) => sum + unevenness[i], 0) / cheeks.length
  const hair = unevenness.map((value, i) =>
    cheeks.length > 0 && value > 0 ? smoothstep(value / smooth, UNEVEN) * (1 - hairless[i]) : 0,
  )
  let [sum, count] = [0, 0]
  for (let i = 0; i < hair.length; i++) {
    sum += hair[i] * seen[i] * unevenness[i]
    count += hair[i] * seen[i]
  }
  const much = count > 0 ? Math.min(MOST, sum / count) : 0
  return hair.map((is) => is * much)
}

/** The light of strands around a head's axis. */
export class Strands {
  private readonly middle: number

  /** @param middle of the head from front to back, world units */
  constructor(middle: number) {
    this.middle = middle
  }

  /** @returns with mean 0 and standard deviation 1 */
  at(x: number, y: number, z: number): number {
    const [up, back] = [Math.cos(TILT), Math.sin(TILT)]
    const depth = z - this.middle
    const height = up * y - back * depth
    const forth = back * y + up * depth
    const radius = Math.hypot(x, forth)
    const distance = Math.hypot(radius, height)
    const turn = Math.atan2(x, forth) / (2 * Math.PI) + 0.5
    const way = Math.atan2(radius, height) * distance
    const reach = 2 * Math.PI * Math.max(radius, MILLIMETRE)
    const astray = (ASTRAY.across / reach) * rings(turn, reach / ASTRAY.along, way / ASTRAY.along, 7)
    let light = 0
    for (const [n, { across, along, part }] of WAVES.entries()) {
      light += part * rings(turn + astray, reach / across, way / along, n)
    }
    return light / SPREAD
  }
}

/**
 * Smooth noise on rings around an axis, of about `count` waves a ring: from rings of the two powers of two beside that, so
 * that waves are as wide on a small ring as on a large one.
 * @param turn 0..1 round the ring
 */
function rings(turn: number, count: number, way: number, seed: number): number {
  const octave = Math.log2(Math.max(1, count))
  const lower = Math.floor(octave)
  const t = octave - lower
  const [a, b] = [Math.cos((Math.PI / 2) * t), Math.sin((Math.PI / 2) * t)]
  return a * noise(turn, 2 ** lower, way, seed) + b * noise(turn, 2 ** (lower + 1), way, seed)
}

/** Between random numbers in -1..1 at the points of a lattice that closes around the axis. */
function noise(turn: number, count: number, way: number, seed: number): number {
  const along = (turn - Math.floor(turn)) * count
  const [column, row] = [Math.floor(along), Math.floor(way)]
  const [u, v] = [eased(along - column), eased(way - row)]
  const next = column + 1 === count ? 0 : column + 1
  const above = hash(column, row, count + seed) * (1 - u) + hash(next, row, count + seed) * u
  const below = hash(column, row + 1, count + seed) * (1 - u) + hash(next, row + 1, count + seed) * u
  return above * (1 - v) + below * v
}

const eased = (t: number) => t * t * (3 - 2 * t)

/** A number in -1..1 for each three whole ones. */
function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return ((h ^ (h >>> 15)) >>> 0) / 0x7fffffff - 1
}
