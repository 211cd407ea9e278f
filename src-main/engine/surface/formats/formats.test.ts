import { createRequire } from 'node:module'
import { NodeIO } from '@gltf-transform/core'
import { ALL_EXTENSIONS, type MappingList } from '@gltf-transform/extensions'
import { getBounds } from '@gltf-transform/functions'
import { strFromU8, unzipSync } from 'fflate'
import { MeshoptDecoder } from 'meshoptimizer'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { assertClosed, headLike, signedVolume, solid, sphere } from '../../../../testing/solids.ts'
import type { Message } from '../../errors.ts'
import type { Surface } from '../mesh.ts'
import { extractSurface } from '../surface.ts'
import { ROUGHNESS } from '../texture/roughness.ts'
import { paintTexture } from '../texture/texture.ts'
import { type FormatName, formats } from './formats.ts'
import { fileChoices } from './options.ts'
import type { Provenance } from './provenance.ts'

interface Report {
  issues: { numErrors: number; numWarnings: number; numInfos: number; messages: unknown[] }
}
const validator = createRequire(import.meta.url)('gltf-validator') as {
  validateBytes(bytes: Uint8Array): Promise<Report>
}

const provenance: Provenance = {
  generated: true,
  generatorName: 'test\nv 0 0 0',
  generatorHash: 'abc123',
  settings: { resolution: 64, level: 10, 'wide W+': true },
}
const field = solid(headLike())
let surface: Surface
const notes: Message[] = []

beforeAll(async () => {
  surface = await extractSurface(field, { resolution: 64 })
})
/** The format's files by extension. */
async function write(
  format: FormatName,
  written = surface,
  chosen: z.input<typeof fileChoices> = {},
): Promise<Record<string, Uint8Array>> {
  const choices = fileChoices.parse(chosen)
  const texture = (size = 256) => paintTexture(written, field, [], size, 'own')
  const model = { surface: written, provenance, choices, texture, tell: (note: Message) => notes.push(note) }
  const files = await (await formats[format].load())(model, 'my_head')
  expect(files.map(([extension]) => extension)).toEqual(formats[format].extensions)
  return Object.fromEntries(files)
}

async function expectValid(file: Uint8Array): Promise<void> {
  const { issues } = await validator.validateBytes(file)
  expect(issues.messages).toEqual([])
  expect([issues.numErrors, issues.numWarnings, issues.numInfos]).toEqual([0, 0, 0])
}

describe('GLB', () => {
  it('writes a valid file in metres with its texture, evidence and provenance', async () => {
    const evidence = surface.colours.filter((_, n) => n % 3 === 0)
    const { glb: file } = await write('glb', { ...surface, evidence })
    await expectValid(file)

    const document = await new NodeIO().readBinary(file)
    const { json } = await new NodeIO().binaryToJSON(file)
    expect(json.asset).toEqual({ version: '2.0', generator: 'Halfturn', extras: { ...provenance, name: 'my_head' } })
    expect(document.getRoot().listScenes()[0].getExtras()).toEqual(provenance)
    const [material] = document.getRoot().listMaterials()
    expect([material.getMetallicFactor(), material.getDoubleSided()]).toEqual([0, false])
    const rough = await sharp(material.getMetallicRoughnessTexture()!.getImage()!).stats()
    expect(rough.channels[1].mean).toBeGreaterThan(255 * ROUGHNESS.lips)
    const [primitive] = document.getRoot().listMeshes()[0].listPrimitives()
    const read = (name: string) => primitive.getAttribute(name)?.getArray() as Float32Array
    const places = read('TEXCOORD_0')
    const colours = material.getBaseColorTexture()!.getImage()!
    const { data, info } = await sharp(colours).raw().toBuffer({ resolveWithObject: true })
    const indices = primitive.getIndices()?.getArray() as Uint16Array
    expect(indices.length).toBe(surface.triangles.length)
    let far = 0
    const [positions, seen] = [read('POSITION'), read('_EVIDENCE')]
    let wrong = 0
    indices.forEach((n, corner) => {
      const vertex = surface.triangles[corner]
      const isThere = [0, 1, 2].every(
        (k) => positions[3 * n + k] === Math.fround(surface.positions[3 * vertex + k] * 0.4),
      )
      if (!isThere || seen[n] !== evidence[vertex]) wrong++
      // The field's colour is the place itself.
      const [x, y] = [0, 1].map((k) => Math.min(info.width - 1, Math.floor(places[2 * n + k] * info.width)))
      const pixel = 3 * (y * info.width + x)
      const isFar = [0, 1, 2].some((k) => Math.abs(data[pixel + k] / 255 - surface.colours[3 * vertex + k]) > 0.1)
      if (isFar) far++
    })
    expect(wrong).toBe(0)
    expect(far / indices.length).toBeLessThan(0.02)
  })

  it('writes valid files of spheres and simplified heads', async () => {
    const ball = await extractSurface(solid(sphere(0.3)), { resolution: 64, smooth: 0 })
    await expectValid((await write('glb', ball)).glb)
    await expectValid((await write('glb', await extractSurface(field, { resolution: 96, triangles: 3000 }))).glb)
  })
})

describe('GLB, as chosen', () => {
  const documentOf = (file: Uint8Array) =>
    new NodeIO()
      .registerExtensions(ALL_EXTENSIONS)
      .registerDependencies({ 'meshopt.decoder': MeshoptDecoder })
      .readBinary(file)
  let seen: Surface
  beforeAll(() => {
    seen = { ...surface, evidence: surface.colours.filter((_, n) => n % 3 === 0) }
  })

  it('has its pictures as PNG or WebP, and names its author', async () => {
    for (const textureFormat of ['png', 'webp'] as const) {
      const { glb } = await write('glb', surface, { textureFormat, author: 'Ada' })
      await expectValid(glb)
      const root = (await documentOf(glb)).getRoot()
      expect(root.getAsset()).toMatchObject({ copyright: 'Ada', extras: { author: 'Ada', name: 'my_head' } })
      for (const picture of root.listTextures()) {
        expect(picture.getMimeType()).toBe(`image/${textureFormat}`)
        expect((await sharp(picture.getImage()!).metadata()).format).toBe(textureFormat)
      }
    }
  })

  it('has the colour of each vertex in the place of the texture', async () => {
    const { glb } = await write('glb', surface, { vertexColours: true })
    await expectValid(glb)
    const [primitive] = (await documentOf(glb)).getRoot().listMeshes()[0].listPrimitives()
    expect(primitive.getMaterial()?.getBaseColorTexture()).toBeNull()
    const [colours, positions] = ['COLOR_0', 'POSITION'].map((name) => primitive.getAttribute(name)!)
    for (const n of [0, 100, colours.getCount() - 1]) {
      const [red, place] = [colours.getElement(n, [])[0], positions.getElement(n, [])[0] / 0.4]
      // The field's red is x + 0.5; glTF's colours are linear.
      expect(red).toBeCloseTo(((place + 0.5 + 0.055) / 1.055) ** 2.4, 1)
    }
  })

  it('has evidence as a second look', async () => {
    const { glb } = await write('glb', seen, { evidenceTexture: true })
    await expectValid(glb)
    const root = (await documentOf(glb)).getRoot()
    const list = root.listMeshes()[0].listPrimitives()[0].getExtension<MappingList>('KHR_materials_variants')
    const looks = list?.listMappings().map((mapping) => [mapping.listVariants()[0].getName(), mapping.getMaterial()])
    expect(looks?.map(([name]) => name)).toEqual(['head', 'evidence'])
    expect(looks?.[1][1]).not.toBe(looks?.[0][1])
  })

  it('is half as large with meshopt, and the same within a tenth of a millimetre', async () => {
    const { glb: plain } = await write('glb', seen)
    const { glb: packed } = await write('glb', seen, { compression: 'meshopt' })
    const bare = async (file: Uint8Array) => {
      const document = await documentOf(file)
      return document
        .getRoot()
        .listTextures()
        .reduce((rest, picture) => rest - picture.getImage()!.length, file.length)
    }
    expect(await bare(packed)).toBeLessThan(0.5 * (await bare(plain)))
    const names = async (file: Uint8Array) =>
      (await documentOf(file)).getRoot().listMeshes()[0].listPrimitives()[0].listSemantics().sort()
    expect(await names(packed)).toEqual(await names(plain))
    const extent = async (file: Uint8Array) => {
      const { min, max } = getBounds((await documentOf(file)).getRoot().listScenes()[0])
      return [...min, ...max]
    }
    const [before, after] = [await extent(plain), await extent(packed)]
    for (const [k, value] of after.entries()) expect(Math.abs(value - before[k])).toBeLessThan(1e-4)
  })
})

describe('USDZ', () => {
  it('is a scene and its pictures, stored at multiples of 64 bytes', async () => {
    const { usdz } = await write('usdz', surface, { author: 'Ada "of" Lovelace' })
    const entries = unzipSync(usdz)
    expect(Object.keys(entries)).toEqual(['head.usda', 'colour.jpg', 'roughness.jpg', 'normal.jpg'])
    const bytes = Buffer.from(usdz)
    for (const contents of Object.values(entries)) expect(bytes.indexOf(contents) % 64).toBe(0)
  })
})

describe('OBJ', () => {
  it('writes a closed mesh with a material and a texture that are there', async () => {
    const { obj, mtl, png } = await write('obj')
    const rows = Buffer.from(obj)
      .toString()
      .split('\n')
      .map((row) => row.split(' '))
    const of = (word: string) => rows.filter(([first]) => first === word).map((row) => row.slice(1))
    expect(rows[0].join(' ')).toContain(JSON.stringify(provenance))
    expect(of('mtllib')).toEqual([['my_head.mtl']])
    const vertices = of('v').map((row) => row.map(Number))
    const corners = of('f').map((row) => row.map((corner) => corner.split('/').map(Number)))
    expect(vertices.length).toBe(surface.positions.length / 3)
    expect(vertices.flat().every((p, n) => Math.abs(p - surface.positions[n] * 0.4) < 1e-6)).toBe(true)
    const limits = [vertices.length, of('vt').length, of('vn').length]
    expect(corners.flat().every((corner) => corner.every((n, k) => n >= 1 && n <= limits[k]))).toBe(true)
    assertClosed({
      positions: Float32Array.from(vertices.flat()),
      triangles: Uint32Array.from(corners.flat().map(([vertex]) => vertex - 1)),
    })

    const material = Buffer.from(mtl).toString()
    expect(material).toMatch(/^newmtl head$/m)
    expect(of('usemtl')).toEqual([['head']])
    expect(material).toMatch(/^map_Kd my_head\.png$/m)
    expect(await sharp(png).metadata()).toMatchObject({ width: 256, height: 256 })
  })
})

describe('PLY', () => {
  it('writes vertices, colours and triangles that read back', async () => {
    const bytes = Buffer.from((await write('ply')).ply)
    const end = bytes.indexOf('end_header\n') + 'end_header\n'.length
    const header = bytes.subarray(0, end).toString().split('\n')
    expect(header.slice(0, 2)).toEqual(['ply', 'format binary_little_endian 1.0'])
    expect(header.filter((row) => row.startsWith('comment'))).toHaveLength(1)
    const count = (what: string) => Number(header.find((row) => row.startsWith(`element ${what} `))?.split(' ')[2])
    const vertices = count('vertex')
    expect(bytes.length - end).toBe(vertices * 27 + count('face') * 13)
    const last = end + (vertices - 1) * 27
    expect(bytes.readFloatLE(last + 4)).toBe(Math.fround(surface.positions[vertices * 3 - 2] * 0.4))
    expect(bytes[last + 26]).toBe(Math.round(surface.colours[vertices * 3 - 1] * 255))
    const triangles = Uint32Array.from(surface.triangles, (_, n) =>
      bytes.readInt32LE(end + vertices * 27 + Math.floor(n / 3) * 13 + 1 + (n % 3) * 4),
    )
    expect(triangles).toEqual(surface.triangles)
  })
})

describe('STL', () => {
  it('writes what is to be printed, and says how thin it gets', async () => {
    notes.length = 0
    const bytes = Buffer.from((await write('stl', surface, { height: 50 })).stl)
    expect(notes.map(({ code }) => code)).toEqual(['thinnest-wall'])
    const count = bytes.readUInt32LE(80)
    expect(bytes.length).toBe(84 + count * 50)
    expect(bytes.toString('latin1', 0, 5)).not.toBe('solid')
    const positions = Float32Array.from({ length: count * 9 }, (_, n) =>
      bytes.readFloatLE(84 + Math.floor(n / 9) * 50 + 12 + (n % 9) * 4),
    )
    expect(
      signedVolume({ positions, triangles: Uint32Array.from({ length: count * 3 }, (_, n) => n) }),
    ).toBeGreaterThan(0)
    const heights = positions.filter((_, n) => n % 3 === 2)
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([expect.closeTo(0, 3), expect.closeTo(50, 3)])
  })
})

describe('3MF', () => {
  it('writes the same shape in millimetres, closed, with its name and author', async () => {
    const file = (await write('3mf', surface, { height: 50, author: 'A & B' }))['3mf']
    const entries = unzipSync(file)
    expect(Object.keys(entries)).toEqual(['[Content_Types].xml', '_rels/.rels', '3D/3dmodel.model'])
    const model = strFromU8(entries['3D/3dmodel.model'])
    expect(model).toContain('unit="millimeter"')
    expect(model).toContain('<metadata name="Title">my_head</metadata>')
    expect(model).toContain('<metadata name="Designer">A &#38; B</metadata>')
    const read = (tag: RegExp) => [...model.matchAll(tag)].flatMap(([, ...numbers]) => numbers.map(Number))
    const mesh = {
      positions: Float32Array.from(read(/<vertex x="(.*?)" y="(.*?)" z="(.*?)"/g)),
      triangles: Uint32Array.from(read(/<triangle v1="(.*?)" v2="(.*?)" v3="(.*?)"/g)),
    }
    assertClosed(mesh)
    expect(signedVolume(mesh)).toBeGreaterThan(0)
    // Replacing a file of one's own asks its first bytes.
    expect(Buffer.from(file).indexOf('Halfturn')).toBeLessThan(1000)
  })
})
