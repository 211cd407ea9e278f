import { beforeAll, describe, expect, it } from 'vitest'
import { headLike, solid } from '../../../../testing/solids.ts'
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { orbitCamera, project, WIDE, zoom } from '../../generator/camera.ts'
import type { Field } from '../field.ts'
import type { Surface } from '../mesh.ts'
import { rasterize } from '../rasterize.ts'
import { extractSurface } from '../surface.ts'
import { membrane } from './membrane.ts'
import { photoWeights } from './photo.ts'
import { type Texels, texelsOf } from './texels.ts'
import { mirrored, paintTexture, type Texture, textureSide } from './texture.ts'

const SIZE = 512
const PHOTO = 256
/** How much brighter the photos are than the surface. */
const LIGHT = 0.1
const field = solid(headLike())
let surface: Surface
let shot: PosedPortrait
let texture: Texture

/** The surface as a camera sees it, in brighter light, on magenta. */
function photograph(yaw: number, of = surface, nearer = 1): PosedPortrait {
  const label = zoom(orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, yaw), nearer)
  const seen = rasterize(of, label, PHOTO)
  const rgb = new Uint8Array(3 * PHOTO ** 2)
  const matte = new Float32Array(PHOTO ** 2)
  for (let i = 0; i < PHOTO ** 2; i++) {
    const t = seen.triangle[i]
    const [wb, wc] = seen.weights.subarray(2 * i, 2 * i + 2)
    const corner = (n: number, k: number) => of.colours[3 * of.triangles[t + n] + k]
    for (let k = 0; k < 3; k++) {
      const colour = (1 - wb - wc) * corner(0, k) + wb * corner(1, k) + wc * corner(2, k) + LIGHT
      rgb[3 * i + k] = t < 0 ? [255, 0, 255][k] : Math.round(255 * Math.min(1, colour))
    }
    matte[i] = t < 0 ? 0 : 1
  }
  return { label, portrait: { size: PHOTO, rgb, matte, valid: new Uint8Array(PHOTO ** 2).fill(1) } }
}

/** Where on the surface the centre of the n-th texel lies. */
function pointOf({ triangles, weights }: Texels, n: number): number[] {
  const [wb, wc] = weights.subarray(2 * n, 2 * n + 2)
  const corner = (c: number, k: number) => surface.positions[3 * surface.triangles[triangles[n] + c] + k]
  return [0, 1, 2].map((k) => (1 - wb - wc) * corner(0, k) + wb * corner(1, k) + wc * corner(2, k))
}

/** Those texels that the photo saw well: where they are in the texture, and in a photo `size` pixels wide, in bytes. */
function seenTexels(texels: Texels, size: number, by = shot): { place: number; pixel: number }[] {
  const weights = photoWeights(surface, by)
  return [...texels.places].flatMap((place, n) => {
    const corners = surface.triangles.subarray(texels.triangles[n], texels.triangles[n] + 3)
    if (!corners.every((vertex) => weights[vertex] > 0.99)) return []
    const [x, y, z] = pointOf(texels, n)
    const [u, v] = project(by.label, x, y, z)
    return [{ place: 3 * place, pixel: 3 * (Math.floor(v * size) * size + Math.floor(u * size)) }]
  })
}

beforeAll(async () => {
  surface = await extractSurface(field, { resolution: 64 })
  shot = photograph(0.3)
  texture = await paintTexture(surface, field, [shot], SIZE, 'own')
})

describe('paintTexture', () => {
  it("shows the photo's own pixels where it saw the surface", () => {
    const texels = texelsOf(surface, texture.atlas, SIZE)
    const seen = seenTexels(texels, PHOTO)
    const wrong = seen.filter(({ place, pixel }) =>
      [0, 1, 2].some((k) => Math.abs(texture.colours[place + k] - shot.portrait.rgb[pixel + k]) > 4),
    )
    expect(seen.length / texels.places.length).toBeGreaterThan(0.05)
    expect(wrong.length / seen.length).toBeLessThan(0.001)
  })

  it('goes on in its light where no photo saw anything, without an edge and without the background', () => {
    const texels = texelsOf(surface, texture.atlas, SIZE)
    let [sum, worst] = [0, 0]
    texels.places.forEach((place, n) => {
      const point = pointOf(texels, n)
      for (let k = 0; k < 3; k++) {
        // The field's colour is the place itself.
        const error = Math.abs(texture.colours[3 * place + k] / 255 - Math.min(1, point[k] + 0.5 + LIGHT))
        sum += error
        worst = Math.max(worst, error)
      }
    })
    expect(sum / texels.places.length / 3).toBeLessThan(0.01)
    expect(worst).toBeLessThan(0.1)
  })

  it('has behind the colours of hair and skin as the photo shows them, whatever it added to the planes there', async () => {
    const HAIRLINE = 0.05
    const redOf = (y: number) => (y > HAIRLINE ? 0.2 : 0.7)
    const bare = (points: Float32Array) =>
      Promise.resolve(points.map((_, i) => (i % 3 === 0 ? redOf(points[i + 1]) : 0.2)))
    const leaking: Field = {
      ...field,
      bare,
      colour: async (points) =>
        (await bare(points)).map((value, i) => (points[3 * Math.trunc(i / 3) + 2] > -0.1 ? value + LIGHT : 0)),
    }
    const painted = await extractSurface(leaking, { resolution: 64 })
    const photo = photograph(0.3, { ...painted, colours: await bare(painted.positions) })
    const { colours, atlas } = await paintTexture(painted, leaking, [photo], SIZE, 'own')
    const texels = texelsOf(painted, atlas, SIZE)
    let [count, wrong] = [0, 0]
    texels.places.forEach((place, n) => {
      const [vertex] = painted.triangles.subarray(texels.triangles[n])
      const y = painted.positions[3 * vertex + 1]
      if (painted.normals[3 * vertex + 2] > -0.5 || Math.abs(y - HAIRLINE) < 0.03) return
      count++
      if (Math.abs(colours[3 * place] / 255 - redOf(y) - LIGHT) > 0.05) wrong++
    })
    expect(count).toBeGreaterThan(1000)
    expect(wrong / count).toBeLessThan(0.05)
  })

  it("has the head's own colours where a change took the photo away, and not what spreads where none was", async () => {
    const plain: Field = { ...field, bare: (points) => Promise.resolve(points.map(() => 0.2)) }
    const { portrait } = shot
    const matte = portrait.matte.map((alpha, i) => (i < PHOTO ** 2 / 2 ? alpha : 0))
    const changed = { ...shot, portrait: { ...portrait, matte }, unchanged: shot }
    const { colours, atlas } = await paintTexture(surface, plain, [changed], SIZE, 'own')
    const texels = texelsOf(surface, atlas, SIZE)
    const taken = seenTexels(texels, PHOTO).filter(({ pixel }) => pixel > 0.6 * 3 * PHOTO ** 2)
    const wrong = taken.filter(({ place, pixel }) =>
      [0, 1, 2].some((k) => Math.abs(colours[place + k] - portrait.rgb[pixel + k]) > 25),
    )
    expect(taken.length).toBeGreaterThan(1000)
    expect(wrong.length / taken.length).toBeLessThan(0.05)
  })

  it("takes the photo's own resolution where it is finer than the crop", async () => {
    const FINE = 4 * PHOTO
    // Stripes of which the crop knows nothing.
    const striped = Uint8Array.from({ length: 3 * FINE ** 2 }, (_, i) => {
      const pixel = Math.trunc(i / 3)
      const [x, y] = [pixel % FINE, Math.trunc(pixel / FINE)]
      const plain = shot.portrait.rgb[3 * (Math.trunc(y / 4) * PHOTO + Math.trunc(x / 4)) + (i % 3)]
      return Math.min(255, Math.max(0, plain + (Math.trunc(y / 6) % 2 ? 30 : -30)))
    })
    const fine = await paintTexture(surface, field, [{ ...shot, fine: { size: FINE, rgb: striped } }], 2 * SIZE, 'own')
    const seen = seenTexels(texelsOf(surface, fine.atlas, 2 * SIZE), FINE)
    const like = seen.filter(({ place, pixel }) => Math.abs(fine.colours[place] - striped[pixel]) < 20)
    expect(seen.length).toBeGreaterThan(1000)
    expect(like.length / seen.length).toBeGreaterThan(0.8)
  })

  it('takes what lies around a crop from the wider view', async () => {
    const [crop, wide] = [photograph(0.3, surface, WIDE), photograph(0.3)]
    const photo = { ...crop, portrait: { ...crop.portrait, wide: wide.portrait } }
    const { colours, atlas } = await paintTexture(surface, field, [photo], SIZE, 'own')
    const texels = texelsOf(surface, atlas, SIZE)
    const inCrop = new Set(seenTexels(texels, PHOTO, crop).map(({ place }) => place))
    const around = seenTexels(texels, PHOTO, wide).filter(({ place }) => !inCrop.has(place))
    const like = around.filter(({ place, pixel }) => Math.abs(colours[place] - wide.portrait.rgb[pixel]) < 5)
    expect(around.length / texels.places.length).toBeGreaterThan(0.03)
    expect(like.length / around.length).toBeGreaterThan(0.95)
  })

  it('has the detail of the other side where a photo saw but one', async () => {
    const side = photograph(0.8)
    const striped = side.portrait.rgb.map((value, i) => value + (Math.trunc(i / 6) % 2 ? 20 : -20))
    const photos = [side.portrait.rgb, striped].map((rgb) => ({ ...side, portrait: { ...side.portrait, rgb } }))
    const [plain, detailed] = await Promise.all(
      photos.map((photo) => paintTexture(surface, field, [photo], SIZE, 'own')),
    )
    const texels = texelsOf(surface, plain.atlas, SIZE)
    const [seen, lent] = [photoWeights(surface, side), photoWeights(surface, side, mirrored(surface))]
    let [sum, count] = [0, 0]
    texels.places.forEach((place, n) => {
      const corners = [...surface.triangles.subarray(texels.triangles[n], texels.triangles[n] + 3)]
      if (!corners.every((vertex) => seen[vertex] === 0 && lent[vertex] > 0.95)) return
      sum += Math.abs(detailed.colours[3 * place] - plain.colours[3 * place])
      count++
    })
    expect(count).toBeGreaterThan(500)
    expect(sum / count).toBeGreaterThan(5)
  })

  it('fills what lies between the charts', () => {
    // Colours lie in the box's inside: black would be a texel that nobody filled.
    const black = texture.colours.filter(
      (_, i) => i % 3 === 0 && texture.colours.subarray(i, i + 3).every((c) => c === 0),
    )
    expect(black.length).toBe(0)
  })

  it('has flat directions where the surface is its own fine one', () => {
    const steep = texture.normals.filter((value, i) => i % 3 === 2 && value < 240).length
    expect(steep / (texture.normals.length / 3)).toBeLessThan(0.05)
  })

  it('takes the detail of one photo and of another', async () => {
    const both = await paintTexture(surface, field, [shot, photograph(-0.6)], SIZE, 'own')
    const differences = both.colours.map((value, i) => Math.abs(value - texture.colours[i]))
    expect(differences.reduce((a, b) => a + b) / differences.length).toBeLessThan(2)
  })
})

it('has a side that holds a photo, or what a small generator shows', () => {
  expect([512, 256, 200, 16, 4096].map(textureSide)).toEqual([2048, 1024, 1024, 256, 2048])
})

describe('membrane', () => {
  it('keeps what is known and is between it elsewhere', () => {
    const count = surface.positions.length / 3
    const height = (vertex: number) => surface.positions[3 * vertex + 1]
    const trust = Float32Array.from({ length: count }, (_, i) => (Math.abs(height(i)) > 0.25 ? 1 : 0))
    const values = Float32Array.from(
      { length: 3 * count },
      (_, i) => Math.sign(height(Math.floor(i / 3))) * (1 + (i % 3)),
    )
    const found = membrane(surface, values, trust, new Float32Array(values.length), new Float32Array(count).fill(0.04))
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 3; k++) {
        expect(Math.abs(found[3 * i + k])).toBeLessThan(1.001 + k)
        if (Math.abs(height(i)) > 0.3) expect(found[3 * i + k]).toBeCloseTo(Math.sign(height(i)) * (1 + k), 1)
      }
    }
    // Halfway it is about zero.
    const middle = [...trust.keys()].filter((i) => Math.abs(height(i)) < 0.02)
    const mean = middle.reduce((sum, i) => sum + found[3 * i], 0) / middle.length
    expect(Math.abs(mean)).toBeLessThan(0.5)
  })
})
