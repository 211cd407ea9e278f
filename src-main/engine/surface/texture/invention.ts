/**
 * The colours of what no photo saw. What photos added to the generator's planes is right where they, or their mirror images,
 * look at the surface; elsewhere it only leaks along the planes, and the generator's own colours take its place. Of these
 * only the edges are kept: which place goes with which. What colour hair has behind, and skin, the photos say.
 */
import { surfaceColours } from '../colour.ts'
import type { Field } from '../field.ts'
import type { Mesh } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'
import { neighboursOf, nestedDissection, solveMeans } from './means.ts'
import { drawnIn } from './photo.ts'

/** How well a photo, or its mirror image, is to see a place: below this what it added there only leaked, above it is right. */
const SEEING: readonly [number, number] = [0.5, 0.95]
/** How steeply the generator's own colours change where one thing ends and another begins, each world unit. */
const EDGE = 4
/** Where one part of a person ends colours are taken for so much more unlike, 0..1. */
const PART = 0.5
/** Photos say what colour there is where they see it at least so well. */
const SEEN = 0.9
/** How unlike, 0..1, what photos show near an edge may be to what they show of the same thing elsewhere: believed below. */
const UNLIKE: readonly [number, number] = [0.15, 0.3]
/** Of the light and shade that the generator has on one thing, this much is kept. */
const SHADE = 0.3

/**
 * How much what photos added counts at points of a surface.
 * @param seen how well each photo, and each one's mirror image, sees them, 0..1
 * @returns [n] 0..1; 1 where there are no photos, or they added nothing
 */
export function sharesOfDetail({ bare }: Field, count: number, seen: readonly Float32Array[]): Float32Array {
  const shares = new Float32Array(count).fill(1)
  if (seen.length === 0 || !bare) return shares
  return shares.map((_, i) => smoothstep(Math.max(...seen.map((weights) => weights[i])), SEEING))
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
    const asked = new Uint32Array(counts.length)
    let count = 0
    for (let i = 0; i < counts.length; i++) if (counts[i] > 0) asked[count++] = i
    const [places, directions] = [positions, normals].map((values) => taken(values, asked.subarray(0, count)))
    const found = await surfaceColours({ ...field, colour }, places, directions, voxel)
    for (let at = 0; at < count; at++) {
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

/** Red, green, blue, the generator's light, unevenness. */
const WIDTH = 5

/** What is known at the vertices of a surface. */
interface Known {
  /** [n, 3] the generator's own colours, and the head's: with what photos added as far as it counts, which is `shares`. */
  readonly bare: Float32Array
  readonly vertices: Float32Array
  readonly shares: Float32Array
  /** [n, 3] how far the photos' colours are from the head's, and how well they saw it, 0..1. */
  readonly wanted: Float32Array
  readonly trust: Float32Array
  /** [n] how uneven the photos' light is there. */
  readonly uneven: Float32Array
  /** [n] a number for each part of a person: where it changes by 1 one part ends. */
  readonly parts: Float32Array
}

/**
 * How far from the head's colours those are likely to be that no photo saw: where what photos added counts, as far as others
 * are in the mean, and else as far as those of the photos' that spread over the surface.
 * @returns [n, 3] and, of what is like it in the photos, how uneven its light is, [n]
 */
export function likelyShift(surface: Mesh, { bare, vertices, shares, wanted, trust, uneven, parts }: Known) {
  const shown = wanted.map((value, i) => value + vertices[i])
  const { colours: likely, unevenness } = spreadColours(surface, bare, shown, trust, { uneven, parts })
  const mean = [0, 0, 0]
  const total = trust.reduce((sum, weight) => sum + weight, 0) || 1
  for (let i = 0; i < wanted.length; i++) mean[i % 3] += (trust[Math.trunc(i / 3)] * wanted[i]) / total
  const shift = likely.map((value, i) => {
    const own = value - vertices[i]
    return own + shares[Math.trunc(i / 3)] * (mean[i % 3] - own)
  })
  return { shift, unevenness }
}

/**
 * Colours that are known in some places, spread over a surface as far as the generator's know no edge (Levin, Lischinski and
 * Weiss 2004): its patches behind are no edges, its hairline is. Of its light a part is kept.
 * @param bare [n, 3] the generator's own colours at the vertices
 * @param shown [n, 3] what photos show there
 * @param trust [n] 0..1: how well they saw it; where that was not well the others' colours come
 * @param more [n] how uneven the photos' light is there, spread too; and of what part of a person it is: where one ends
 * colours do not go on
 * @returns [n, 3], [n]; the generator's own where there is nothing to spread
 */
export function spreadColours(
  { positions, triangles }: Mesh,
  bare: Float32Array,
  shown: Float32Array,
  trust: Float32Array,
  more: Partial<Pick<Known, 'uneven' | 'parts'>> = {},
): { colours: Float32Array; unevenness: Float32Array } {
  const { uneven = new Float32Array(trust.length), parts } = more
  const all = Uint32Array.from(trust, (_, vertex) => vertex)
  const unseen = all.filter((vertex) => trust[vertex] < SEEN)
  if (unseen.length === all.length) return { colours: bare, unevenness: uneven }
  const neighbours = neighboursOf(trust.length, triangles, (from, to) => {
    const border = parts ? (PART * (parts[from] - parts[to])) ** 2 : 0
    const change = Math.sqrt((distance(bare, from, to) + border) / (distance(positions, from, to) || 1))
    return 1 / (1 + (change / EDGE) ** 4)
  })
  const light = (i: number) => (bare[3 * i] + bare[3 * i + 1] + bare[3 * i + 2]) / 3
  const spread = new Float64Array(WIDTH * trust.length)
  for (const i of all) spread.set([shown[3 * i], shown[3 * i + 1], shown[3 * i + 2], light(i), uneven[i]], WIDTH * i)
  solveMeans(neighbours, nestedDissection(neighbours, positions, unseen), spread, WIDTH)
  const colours = bare.map((_, n) => {
    const i = Math.trunc(n / 3)
    return spread[WIDTH * i + (n % 3)] + SHADE * (light(i) - spread[WIDTH * i + 3])
  })
  return { colours, unevenness: uneven.map((_, i) => spread[WIDTH * i + 4]) }
}

/**
 * How much to believe what photos show: a strand of hair beside a cheek is not the cheek's, though the surface is there.
 * @param doubtful [n] 1 where it may be another thing's
 * @returns [n] 0..1
 */
export function believed(
  surface: Mesh,
  bare: Float32Array,
  shown: Float32Array,
  trust: Float32Array,
  doubtful: Float32Array,
): Float32Array {
  const { colours: elsewhere } = spreadColours(
    surface,
    bare,
    shown,
    trust.map((weight, i) => weight * (1 - doubtful[i])),
  )
  const belief = doubtful.map((is, i) => {
    const [r, g, b] = [0, 1, 2].map((k) => shown[3 * i + k] - elsewhere[3 * i + k])
    return 1 - is * smoothstep(Math.sqrt((r * r + g * g + b * b) / 3), UNLIKE)
  })
  return drawnIn(belief, surface.triangles)
}

/** Squared, between the three numbers of one vertex and those of another. */
const distance = (values: Float32Array, a: number, b: number) =>
  (values[3 * a] - values[3 * b]) ** 2 +
  (values[3 * a + 1] - values[3 * b + 1]) ** 2 +
  (values[3 * a + 2] - values[3 * b + 2]) ** 2
