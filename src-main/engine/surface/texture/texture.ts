/**
 * The pictures on a surface: where a photo saw it the photo's own pixels, elsewhere the generator's colours, in the light
 * and tone that the photo has where the two meet.
 */

import type { PosedPortrait } from '../../face/posed-portrait.ts'
import type { Frame } from '../../face/template.ts'
import { project, WIDE, zoom } from '../../generator/camera.ts'
import type { Field } from '../field.ts'
import type { Surface } from '../mesh.ts'
import { smoothstep } from '../seen-vertices.ts'
import { type Atlas, unwrap } from './atlas.ts'
import { believed, likelyShift, mixedColours, sharesOfDetail } from './invention.ts'
import { membrane } from './membrane.ts'
import { bakeNormals, tangentsOf } from './normal-map.ts'
import { nearInnerEdges, personIn, photoWeights, type Sample, type SquarePicture } from './photo.ts'
import { type Held, Reader } from './reader.ts'
import { bakeRoughness } from './roughness.ts'
import { onCheeks, SeenLandmarks, skinLike } from './skin.ts'
import { onFace, Strands, strandsShown } from './strands.ts'
import { spread, type Texels, texelsOf } from './texels.ts'

/** Sides of a texture, pixels. */
const SIDES = { least: 256, most: 2048 }
/** Of a texture's side the face takes half, and what curves away from the camera is wider on it than in a picture. */
const TEXELS = 4

/** The side of a texture, pixels, that holds all there is of a head in pictures of `side` pixels. */
export function textureSide(side: number): number {
  return Math.min(SIDES.most, Math.max(SIDES.least, 2 ** Math.ceil(Math.log2(TEXELS * side))))
}

/** A photo, and the same crop of it at its own resolution where that is finer. */
export interface TexturePhoto extends PosedPortrait {
  readonly fine?: SquarePicture
  /** Of a head that was changed: the photo before that. What it added to the head's colours is right where it saw them. */
  readonly unchanged?: PosedPortrait
}

/** What a surface is painted with, and where in it each triangle lies. */
export interface Texture {
  readonly atlas: Atlas
  /** [size * size, 3] sRGB, 8 bits, rows from the top. */
  readonly colours: Uint8Array
  /** [size / 2 * size / 2, 3] the fine surface's directions in tangent space, 8 bits. */
  readonly normals: Uint8Array
  /** [size / 4 * size / 4] how rough it is, 8 bits. */
  readonly roughness: Uint8Array
  /** [n, 4] for each of the atlas's entries, see {@link tangentsOf}. */
  readonly tangents: Float32Array
}

/**
 * @param field the one the surface was made from
 * @param photos with their cameras as refined; none: the generator's colours alone
 * @param size side of the colours, pixels, a multiple of four
 * @param frame the world that the head lies in
 */
export async function paintTexture(
  surface: Surface,
  field: Field,
  photos: readonly TexturePhoto[],
  size: number,
  frame: Frame,
): Promise<Texture> {
  const atlas = unwrap(surface, size)
  await breath()
  const tangents = tangentsOf(surface, atlas)
  const colours = await bakeColours(surface, atlas, field, photos, size, frame)
  await breath()
  const normals = bakeNormals(surface, surface.fine ?? surface, atlas, tangents, size / 2)
  return {
    atlas,
    colours,
    normals,
    roughness: bakeRoughness(surface, atlas, colours, photos, frame, size / 4),
    tangents,
  }
}

/** Each part takes a second or two: who asked for something meanwhile is heard between them. */
const breath = () => new Promise((resolve) => setImmediate(resolve))

/** The generator's planes are far coarser than a texture: its colours are asked for once in so many texels a side. */
const BLOCK = 2
/** A photo's texels count in full where their weights' sum reaches this: what is left is not worth mixing. */
const FULL = 0.95

/** The less well photos see a place, their own rim among them, the more its tone is that of what they see well. */
const SURENESS = 2
/** Below this, world units, clothes have edges of their own. */
const NECK = -0.18
/** About there clothes end, and how much more of an edge that is than one between skin and hair. */
const COLLAR: readonly [number, number] = [NECK - 0.03, NECK + 0.03]
const HEAD = 2
/** How unlike the cheeks what is no skin is, see `unlikeness`: the generator's skin is of one colour, a photo's has lights. */
const UNLIKE = { generated: [0.7, 1.3], photo: [1, 2] } as const
/** How strongly the photos' colours that are spread hold, and the mean of what photos changed, see `membrane`. */
const PULL = { spread: 4, mean: 0.04 }

/**
 * The base colour. A photo's difference from the generator's colours, at the vertices, goes on as a membrane over what no
 * photo saw; texels between mix the photo with the generator so corrected. With several photos each keeps its detail and
 * takes the tone of their mean. Where a photo saw only the other side of the head, that lends what is finer than the
 * vertices lie: freckles and hair, but neither its light nor what is on one side alone.
 * @param photos with their cameras as refined; none: the generator's colours alone
 * @returns [size * size, 3] sRGB, rows from the top; the space between charts filled
 */
async function bakeColours(
  surface: Surface,
  atlas: Atlas,
  field: Field,
  photos: readonly TexturePhoto[],
  size: number,
  frame: Frame,
): Promise<Uint8Array> {
  const texels = texelsOf(surface, atlas, size)
  const shown = photographed(surface, photos)
  const isChanged = photos.some(({ unchanged }) => unchanged)
  const seen = isChanged
    ? photographed(
        surface,
        photos.map(({ unchanged, ...photo }) => unchanged ?? photo),
      )
    : shown
  const shares = sharesOfDetail(
    field,
    surface.positions.length / 3,
    Object.values(seen)
      .flat()
      .map(({ weights }) => weights),
  )
  const { layers, trust, vertices, shift, strands, middle } = await toldBy(shown, surface, texels, field, shares, frame)
  const generated = await generatorColours(surface, texels, trust, field, shares)
  const pixels = new Uint8Array(3 * size ** 2)
  const [sum, tone] = [new Float32Array(3), new Float32Array(3)]
  const told = layers.flatMap(({ weights, differences }): Held[] => [
    [weights, 1],
    [differences, 3],
  ])
  const here = new Reader(surface, texels, [shift, 3], [vertices, 3], ...told, [strands, 1], [surface.positions, 3])
  const [ofStrands, ofPlace] = [6 + 4 * layers.length, 7 + 4 * layers.length]
  const drawn = new Strands(middle)
  for (let n = 0; n < texels.places.length; n++) {
    here.move(n)
    let left = 1
    for (let k = 0; k < 3; k++) {
      sum[k] = 0
      tone[k] = here.at(k)
    }
    for (let l = 0, at = 6; l < layers.length; l++, at += 4) {
      if (here.most(at) <= 0) continue
      const weight = here.at(at)
      const { colours } = layers[l]
      left -= weight
      for (let k = 0; k < 3; k++) sum[k] += weight * (colours[3 * n + k] + tone[k] - here.at(at + 1 + k))
    }
    const block = generated.blocks[n]
    const amount = left > 1e-3 && here.most(ofStrands) > 0 ? here.at(ofStrands) : 0
    const light = amount > 0 ? 1 + amount * drawn.at(here.at(ofPlace), here.at(ofPlace + 1), here.at(ofPlace + 2)) : 1
    for (let k = 0; k < 3; k++) {
      const own = block >= 0 ? generated.colours[3 * block + k] : here.at(3 + k)
      const rest = left > 1e-3 ? left * (own + tone[k]) * light : 0
      pixels[3 * texels.places[n] + k] = Math.round(255 * Math.min(1, Math.max(0, sum[k] + rest)))
    }
  }
  spread(pixels, texels)
  return pixels
}

/** What photos say of a surface. */
interface Told {
  readonly layers: readonly Layer[]
  /** [n] how much each vertex is theirs. */
  readonly trust: Float32Array
  /** [n, 3] the generator's colours, with what photos added where they see it. */
  readonly vertices: Float32Array
  /** [n, 3] what to add to the generator's colours everywhere, so that they go on in the photos' light. */
  readonly shift: Float32Array
  /** [n] how much of the strands that are drawn shows where no photo sees it, see {@link strandsShown}. */
  readonly strands: Float32Array
  /** Of the head from front to back, which they lie around, world units. */
  readonly middle: number
}

/** A photo, and how well it sees each vertex of a surface. */
interface Shot extends PosedPortrait {
  readonly sample: Sample
  /** [n] 0..1; of all shots of a kind together at most 1. */
  readonly weights: Float32Array
}

/** What photos show of a surface: their crops, what lies around these in fewer pixels, and of its other side. */
interface Shots {
  readonly crops: readonly Shot[]
  readonly wider: readonly Shot[]
  readonly mirrored: readonly Shot[]
}

function photographed(surface: Surface, photos: readonly TexturePhoto[]): Shots {
  const crops = photos.map((photo) => ({ ...photo, sample: personIn(photo) }))
  const wider = photos.flatMap(around).map((photo) => ({ ...photo, sample: personIn(photo) }))
  const weighed = (those: readonly Omit<Shot, 'weights'>[], on = surface) => {
    const weights = shareOut(those.map((shot) => photoWeights(surface, shot, on)))
    return those.map((shot, n) => ({ ...shot, weights: weights[n] }))
  }
  return { crops: weighed(crops), wider: weighed(wider), mirrored: weighed(crops, mirrored(surface)) }
}

async function toldBy(
  { crops, wider, mirrored: others }: Shots,
  surface: Surface,
  texels: Texels,
  field: Field,
  shares: Float32Array,
  frame: Frame,
): Promise<Told> {
  const { positions, normals, voxel } = surface
  const [wanted, trust] = [new Float32Array(positions.length), new Float32Array(positions.length / 3)]
  const uneven = new Float32Array(trust.length)
  const middle = middleOf(surface)
  if (crops.length === 0) return { layers: [], trust, vertices: surface.colours, shift: wanted, strands: trust, middle }
  const bare = await mixedColours(field, positions, normals, voxel, new Float32Array(shares.length))
  const vertices = bare.map((value, i) => value + shares[Math.trunc(i / 3)] * (surface.colours[i] - value))
  /** As far as nothing was said before. */
  const lay = (shots: readonly Shot[], on = surface) =>
    shots.map((shot) => {
      const free = shot.weights.map((weight, i) => weight * Math.max(0, 1 - trust[i]))
      return new Layer(on, vertices, texels, shot, free)
    })
  const layers: Layer[] = []
  for (const shots of [crops, wider]) {
    const found = lay(shots)
    layers.push(...found)
    for (const { weights, differences, unevenness } of found) {
      for (let i = 0; i < trust.length; i++) {
        trust[i] += weights[i]
        uneven[i] += weights[i] * unevenness[i]
        for (let k = 0; k < 3; k++) wanted[3 * i + k] += weights[i] * differences[3 * i + k]
      }
    }
    await breath()
  }
  for (let i = 0; i < wanted.length; i++) wanted[i] /= trust[Math.trunc(i / 3)] || 1
  // Clothes have no hair, uneven or not.
  for (let i = 0; i < uneven.length; i++) uneven[i] = positions[3 * i + 1] > NECK ? uneven[i] / (trust[i] || 1) : 0
  const edges = crops.map((shot) => nearInnerEdges(surface, shot))
  const doubtful = trust.map((_, i) => (positions[3 * i + 1] > NECK ? Math.max(...edges.map((near) => near[i])) : 0))
  const seen = wanted.map((value, i) => value + vertices[i])
  const belief = believed(surface, bare, seen, trust, doubtful)
  for (const weights of [trust, ...layers.map((layer) => layer.weights)]) {
    for (let i = 0; i < weights.length; i++) weights[i] *= belief[i]
  }
  const sure = trust.map((weight) => weight ** SURENESS)
  const cheeks = onCheeks(surface, new SeenLandmarks(crops, frame))
  const skin = skinLike(bare, cheeks, UNLIKE.generated)
  const seenSkin = skinLike(seen, cheeks, UNLIKE.photo)
  // A collar before the neck, hair on a cheek: neither tells the colour of what the generator has there.
  const alike = trust.map((weight, i) => weight * (1 - Math.abs(skin[i] - seenSkin[i])))
  const parts = skin.map((value, i) => value + HEAD * smoothstep(positions[3 * i + 1], COLLAR))
  const known = { bare, vertices, shares, wanted, trust: alike, uneven, parts }
  const { shift: likely, unevenness } = likelyShift(surface, known)
  const pull = shares.map((share) => PULL.spread + share * (PULL.mean - PULL.spread))
  const shift = membrane(surface, wanted, sure, likely, pull)
  const painted = skinLike(
    shift.map((value, i) => value + vertices[i]),
    cheeks,
    UNLIKE.photo,
  )
  const hairless = skin.map((value, i) => {
    const [x, y, z] = positions.subarray(3 * i, 3 * i + 3)
    return Math.max(value, painted[i], onFace(x, y, z - middle))
  })
  const strands = strandsShown(hairless, unevenness, trust, cheeks)
  return { layers: [...layers, ...lay(others, mirrored(surface))], trust, vertices, shift, strands, middle }
}

/** What lies around a photo's crop, in fewer pixels. */
const around = ({ label, portrait: { wide } }: TexturePhoto): TexturePhoto[] =>
  wide ? [{ label: zoom(label, 1 / WIDE), portrait: wide }] : []

/** What each photo's weight is of all. */
function shareOut(weights: readonly Float32Array[]): Float32Array[] {
  const whole = (i: number) => weights.reduce((sum, other) => sum + other[i], 0)
  return weights.map((mine) => mine.map((weight, i) => weight / Math.max(FULL, whole(i))))
}

/** The surface with its sides exchanged. */
export function mirrored(surface: Surface): Surface {
  const [positions, normals] = [surface.positions, surface.normals].map((values) =>
    values.map((value, i) => (i % 3 === 0 ? -value : value)),
  )
  return { ...surface, positions, normals }
}

const lightOf = (colours: Float32Array, i: number) => (colours[3 * i] + colours[3 * i + 1] + colours[3 * i + 2]) / 3

/** Between the foremost and the hindmost of what is above the neck, world units. */
function middleOf({ positions }: Surface): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < positions.length; i += 3) {
    if (positions[i + 1] < NECK) continue
    least = Math.min(least, positions[i + 2])
    most = Math.max(most, positions[i + 2])
  }
  return (least + most) / 2
}

/** A photo on the surface. */
class Layer {
  /** [n] how much each vertex is the photo's. */
  readonly weights: Float32Array
  /** [texels, 3] the photo's colour at each; only where its weight is above 0. */
  readonly colours: Float32Array
  /** [n, 3] at each vertex the photo's mean colour around it less the generator's. */
  readonly differences: Float32Array
  /** [n] how uneven the photo's light is around it: standard deviation by mean. */
  readonly unevenness: Float32Array

  /**
   * @param vertices [n, 3] the head's colours at the vertices
   * @param weights [n] of the photo there
   */
  constructor(
    surface: Surface,
    vertices: Float32Array,
    texels: Texels,
    { label, sample }: PosedPortrait & Pick<Shot, 'sample'>,
    weights: Float32Array,
  ) {
    const count = texels.places.length
    this.weights = weights
    this.colours = new Float32Array(3 * count)
    const sums = new Float32Array(vertices.length)
    const [masses, squares] = [new Float32Array(weights.length), new Float32Array(weights.length)]
    const here = new Reader(surface, texels, [weights, 1], [surface.positions, 3])
    for (let n = 0; n < count; n++) {
      here.move(n)
      if (here.most(0) <= 0) continue
      const [u, v] = project(label, here.at(1), here.at(2), here.at(3))
      sample(u, v, this.colours, 3 * n)
      for (let k = 0; k < 3; k++) {
        const vertex = here.vertices[k]
        const mass = here.weights[k] * weights[vertex]
        masses[vertex] += mass
        for (let c = 0; c < 3; c++) sums[3 * vertex + c] += mass * this.colours[3 * n + c]
        squares[vertex] += mass * lightOf(this.colours, n) ** 2
      }
    }
    this.unevenness = squares.map((sum, i) => {
      const mean = lightOf(sums, i)
      return mean > 0 ? Math.sqrt(Math.max(0, (sum * masses[i]) / mean ** 2 - 1)) : 0
    })
    this.differences = sums.map((sum, i) => {
      const mass = masses[Math.trunc(i / 3)]
      return mass > 0 ? sum / mass - vertices[i] : 0
    })
  }
}

/**
 * The generator's colours at the texels that are not the photos' alone. Where no photo, nor its mirror image, sees anything
 * they are too blurred to differ from those between the vertices.
 */
interface Generated {
  /** [texels] which of the colours is each one's, or -1. */
  readonly blocks: Int32Array
  /** [blocks, 3] */
  readonly colours: Float32Array
}

async function generatorColours(
  surface: Surface,
  texels: Texels,
  trust: Float32Array,
  field: Field,
  shares: Float32Array,
): Promise<Generated> {
  const { size, places } = texels
  const side = Math.ceil(size / BLOCK)
  /** For each block of texels the question asked for it, from 1. */
  const asked = new Uint32Array(side ** 2)
  const blocks = new Int32Array(places.length).fill(-1)
  const points = new Float32Array(3 * side ** 2)
  const directions = new Float32Array(3 * side ** 2)
  const detailed = new Float32Array(side ** 2)
  const here = new Reader(surface, texels, [trust, 1], [shares, 1], [surface.positions, 3], [surface.normals, 3])
  let count = 0
  for (let n = 0; n < places.length; n++) {
    here.move(n)
    if (here.least(0) > 1 - 1e-3 || here.most(1) <= 0 || here.at(0) > 1 - 1e-3) continue
    const y = Math.trunc(places[n] / size)
    const block = Math.trunc(y / BLOCK) * side + Math.trunc((places[n] - y * size) / BLOCK)
    if (asked[block] === 0) {
      detailed[count] = here.at(1)
      for (let k = 0; k < 3; k++) {
        points[3 * count + k] = here.at(2 + k)
        directions[3 * count + k] = here.at(5 + k)
      }
      asked[block] = ++count
    }
    blocks[n] = asked[block] - 1
  }
  const colours = await mixedColours(
    field,
    points.subarray(0, 3 * count),
    directions.subarray(0, 3 * count),
    surface.voxel,
    detailed.subarray(0, count),
  )
  return { blocks, colours }
}
