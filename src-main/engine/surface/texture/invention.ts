/**
 * The colours of what no photo saw. What photos added to the generator's planes is right where they, or their mirror images,
 * look at the surface; elsewhere it only leaks along the planes, and the generator's own colours take its place. Of these
 * the photos saw some: what they made of hair goes for the hair behind too, and what they made of skin for skin.
 */
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { surfaceColours } from '../colour.ts'
import type { Field } from '../field.ts'
import type { Surface } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'

/** Cosines between the surface and the way to a camera: it only leaks below, and says what it saw above. */
const FACING: readonly [number, number] = [0.1, 0.4]
/**
 * How unlike colours may be, 0..1, in what is grey of them and in the rest, and how far apart in height, world units, for one
 * to tell of the other: the same hair is lighter in one place than in another.
 */
const ALIKE = { grey: 0.15, hue: 0.05, height: 0.2 }
/** How much of what is left between two colours that are alike is light alone, which is not to be kept. */
const LIGHT = 0.5
/** Squared distance in those at which one tells nothing. */
const FAR = 20
/** How much photos may make of a colour in one place and another, 0..1: a white collar is not what they make of a neck. */
const DOUBTED = 0.15
/** Vertices that are asked what photos made of them, and how many of them the mean of all counts for. */
const WITNESSES = 600
const FEW = 2

/**
 * How much what photos added counts at points of a surface.
 * @param positions, normals [n, 3]
 * @returns [n] 0..1; 1 where there are no photos, or they added nothing
 */
export function sharesOfDetail(
  { bare }: Field,
  positions: Float32Array,
  normals: Float32Array,
  photos: readonly PosedPortrait[],
): Float32Array {
  const shares = new Float32Array(positions.length / 3).fill(1)
  if (photos.length === 0 || !bare) return shares
  for (let i = 0; i < shares.length; i++) {
    let most = -1
    for (const { label } of photos) {
      for (let side = 1; side >= -1; side -= 2) {
        const x = label[3] - side * positions[3 * i]
        const y = label[7] - positions[3 * i + 1]
        const z = label[11] - positions[3 * i + 2]
        const towards = side * normals[3 * i] * x + normals[3 * i + 1] * y + normals[3 * i + 2] * z
        most = Math.max(most, towards / Math.sqrt(x * x + y * y + z * z))
      }
    }
    shares[i] = smoothstep(most, FACING)
  }
  return shares
}

/**
 * Colours of points on a surface: with what photos added as far as it counts.
 * @param positions, normals [n, 3]
 * @param shares [n] as `sharesOfDetail` gives them
 * @returns [n, 3] sRGB, 0..1
 */
export async function mixedColours(
  field: Field,
  positions: Float32Array,
  normals: Float32Array,
  voxel: number,
  shares: Float32Array,
): Promise<Float32Array> {
  const { bare = field.colour } = field
  const colours = new Float32Array(positions.length)
  for (const [colour, counts] of [
    [field.colour, shares],
    [bare, shares.map((share) => 1 - share)],
  ] as const) {
    const asked = Uint32Array.from(counts, (_, i) => i).filter((i) => counts[i] > 0)
    const found = await surfaceColours({ ...field, colour }, taken(positions, asked), taken(normals, asked), voxel)
    for (let at = 0; at < asked.length; at++) {
      const i = asked[at]
      for (let k = 0; k < 3; k++) colours[3 * i + k] += counts[i] * found[3 * at + k]
    }
  }
  return colours
}

/** Three numbers of each of those wanted. */
function taken(values: Float32Array, wanted: Uint32Array): Float32Array {
  const result = new Float32Array(3 * wanted.length)
  for (let at = 0; at < wanted.length; at++) {
    for (let k = 0; k < 3; k++) result[3 * at + k] = values[3 * wanted[at] + k]
  }
  return result
}

/** What is known at the vertices of a surface. */
interface Known {
  /** [n, 3] the generator's own colours, and the head's: with what photos added as far as it counts, which is `shares`. */
  readonly bare: Float32Array
  readonly vertices: Float32Array
  readonly shares: Float32Array
  /** [n, 3] how far the photos' colours are from the head's, and how well they saw it, 0..1. */
  readonly wanted: Float32Array
  readonly trust: Float32Array
}

/**
 * How far from the head's colours those are likely to be that no photo saw: where what photos added counts, as far as others
 * are in the mean, and else what photos make of the generator's.
 * @returns [n, 3]
 */
export function likelyShift(
  surface: Pick<Surface, 'positions'>,
  { bare, vertices, shares, wanted, trust }: Known,
): Float32Array {
  const made = wanted.map((value, i) => value + vertices[i] - bare[i])
  const tones = likelyTones(surface, bare, made, trust)
  const mean = [0, 0, 0]
  const total = trust.reduce((sum, weight) => sum + weight, 0) || 1
  for (let i = 0; i < wanted.length; i++) mean[i % 3] += (trust[Math.trunc(i / 3)] * wanted[i]) / total
  return tones.map((tone, i) => tone + shares[Math.trunc(i / 3)] * (mean[i % 3] - tone))
}

/**
 * What photos would make of the generator's colours, by what they made of those that look alike at about the same height.
 * @param bare [n, 3] the generator's own colours at the vertices
 * @param made [n, 3] what photos added to them
 * @param trust [n] 0..1: how well they saw each vertex
 * @returns [n, 3]
 */
export function likelyTones(
  { positions }: Pick<Surface, 'positions'>,
  bare: Float32Array,
  made: Float32Array,
  trust: Float32Array,
): Float32Array {
  const seen = [...trust.keys()].filter((i) => trust[i] > 0.5)
  const step = Math.max(1, seen.length / WITNESSES)
  const witnesses = Array.from({ length: Math.floor(seen.length / step) }, (_, i) => seen[Math.floor(i * step)])
  const mean = [0, 0, 0]
  for (const i of witnesses) for (let k = 0; k < 3; k++) mean[k] += made[3 * i + k] / witnesses.length
  const tones = new Float32Array(bare.length)
  const weights = new Float64Array(witnesses.length)
  /** What most of them say: what differs from the first mean counts for less in the second. */
  const vote = (i: number, doubt: boolean) => {
    let total = FEW
    const sum = mean.map((value) => FEW * value)
    witnesses.forEach((other, w) => {
      if (weights[w] === 0) return
      const j = 3 * other
      let weight = weights[w]
      if (doubt) weight *= Math.exp(-distance(made, j, tones, i) / (2 * DOUBTED ** 2))
      total += weight
      for (let k = 0; k < 3; k++) sum[k] += weight * (made[j + k] + LIGHT * (bare[j + k] - bare[i + k]))
    })
    for (let k = 0; k < 3; k++) tones[i + k] = sum[k] / total
  }
  const told = new Map<string, number>()
  for (let i = 0; i < bare.length; i += 3) {
    // One for all that are nearly the same: a membrane smooths what is told.
    const colour = [...bare.subarray(i, i + 3)].map((value) => Math.round((2 * value) / ALIKE.hue))
    const kind = [...colour, Math.round((4 * positions[i + 1]) / ALIKE.height)].join()
    const same = told.get(kind)
    if (same !== undefined) {
      tones.copyWithin(i, same, same + 3)
      continue
    }
    told.set(kind, i)
    witnesses.forEach((other, w) => {
      const j = 3 * other
      const height = (positions[i + 1] - positions[j + 1]) / ALIKE.height
      const grey = (bare[i] + bare[i + 1] + bare[i + 2] - bare[j] - bare[j + 1] - bare[j + 2]) / 3
      const hue = distance(bare, i, bare, j) - 3 * grey ** 2
      const unlike = (grey / ALIKE.grey) ** 2 + hue / ALIKE.hue ** 2 + height ** 2
      weights[w] = unlike < FAR ? Math.exp(-unlike / 2) : 0
    })
    vote(i, false)
    vote(i, true)
  }
  return tones
}

/** Squared, of the three numbers at `i` from those at `j`. */
const distance = (a: Float32Array, i: number, b: Float32Array, j: number) =>
  (a[i] - b[j]) ** 2 + (a[i + 1] - b[j + 1]) ** 2 + (a[i + 2] - b[j + 2]) ** 2
