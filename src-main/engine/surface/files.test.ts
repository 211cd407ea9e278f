import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeIO } from '@gltf-transform/core'
import sharp from 'sharp'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { signedVolume } from './mesh.ts'
import { assertClosed, headLike, solid, sphere } from './solids.ts'
import { extractSurface, type Provenance, type Surface, saveGlb, saveObj, savePly, saveStl } from './surface.ts'

/** Set to a number of writes after which the disk is full. */
const disk = vi.hoisted(() => ({ writesLeft: Number.POSITIVE_INFINITY }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args)
    const write = file.writeFile.bind(file)
    file.writeFile = (async (...what: Parameters<typeof write>) => {
      if (disk.writesLeft-- <= 0) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
      return write(...what)
    }) as typeof file.writeFile
    return file
  }
  return { ...real, open }
})

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
let folder: string

beforeAll(async () => {
  surface = await extractSurface(field, { resolution: 64 })
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'surface-'))
})
afterEach(async () => {
  disk.writesLeft = Number.POSITIVE_INFINITY
  await rm(folder, { recursive: true })
})

async function expectValid(path: string): Promise<void> {
  const { issues } = await validator.validateBytes(await readFile(path))
  expect(issues.messages).toEqual([])
  expect([issues.numErrors, issues.numWarnings, issues.numInfos]).toEqual([0, 0, 0])
}

describe('saveGlb', () => {
  it('writes a valid file in metres with linear colours, evidence and provenance', async () => {
    const evidence = surface.colours.filter((_, n) => n % 3 === 0)
    const path = join(folder, 'a', 'head.glb')
    await saveGlb({ ...surface, evidence }, path, provenance)
    await expectValid(path)

    const document = await new NodeIO().read(path)
    const { json } = await new NodeIO().binaryToJSON(await readFile(path))
    expect(json.asset).toEqual({ version: '2.0', generator: 'Halfturn', extras: provenance })
    expect(document.getRoot().listScenes()[0].getExtras()).toEqual(provenance)
    const [material] = document.getRoot().listMaterials()
    expect([material.getRoughnessFactor(), material.getMetallicFactor(), material.getDoubleSided()]).toEqual([
      1,
      0,
      false,
    ])
    const [primitive] = document.getRoot().listMeshes()[0].listPrimitives()
    const read = (name: string) => primitive.getAttribute(name)?.getArray() as Float32Array
    expect(read('POSITION')).toEqual(surface.positions.map((p) => p * 0.4))
    expect(read('_EVIDENCE')).toEqual(evidence)
    expect(primitive.getIndices()?.getArray()).toEqual(surface.triangles)
    const colours = read('COLOR_0')
    for (let n = 0; n < colours.length; n += 101) {
      const srgb = surface.colours[n]
      const linear = srgb <= 0.04045 ? srgb / 12.92 : ((srgb + 0.055) / 1.055) ** 2.4
      expect(colours[n] / 65535).toBeCloseTo(linear, 4)
    }
  })

  it('writes valid files of spheres and simplified heads', async () => {
    const path = join(folder, 'x.glb')
    await saveGlb(await extractSurface(solid(sphere(0.3)), { resolution: 64, smooth: 0 }), path, provenance)
    await expectValid(path)
    await saveGlb(await extractSurface(field, { resolution: 96, triangles: 3000 }), path, provenance)
    await expectValid(path)
  })
})

describe('saveObj', () => {
  it('writes a closed mesh with a material and a texture that are there', async () => {
    const path = join(folder, 'my head.obj')
    await saveObj(surface, field, path, provenance, { textureSize: 256 })
    expect((await readdir(folder)).sort()).toEqual(['my head.obj', 'my_head.mtl', 'my_head.png'])

    const rows = (await readFile(path, 'utf8')).split('\n').map((row) => row.split(' '))
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

    const material = await readFile(join(folder, 'my_head.mtl'), 'utf8')
    expect(material).toMatch(/^newmtl head$/m)
    expect(of('usemtl')).toEqual([['head']])
    expect(material).toMatch(/^map_Kd my_head\.png$/m)
    expect(await sharp(join(folder, 'my_head.png')).metadata()).toMatchObject({ width: 256, height: 256 })
  })

  it('writes no OBJ when the disk fills up before it', async () => {
    const path = join(folder, 'head.obj')
    await writeFile(path, 'old')
    disk.writesLeft = 2
    await expect(saveObj(surface, field, path, provenance, { textureSize: 128 })).rejects.toMatchObject({
      name: 'UserError',
    })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect((await readdir(folder)).sort()).toEqual(['head.mtl', 'head.obj', 'head.png'])
  })
})

describe('savePly', () => {
  it('writes vertices, colours and triangles that read back', async () => {
    const path = join(folder, 'head.ply')
    await savePly(surface, path, provenance)
    const bytes = await readFile(path)
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

describe('saveStl', () => {
  it('writes millimetres, z up, facing outwards', async () => {
    const path = join(folder, 'head.stl')
    await saveStl(surface, path, provenance)
    const bytes = await readFile(path)
    const count = bytes.readUInt32LE(80)
    expect(bytes.length).toBe(84 + count * 50)
    expect(bytes.toString('latin1', 0, 5)).not.toBe('solid')
    const positions = Float32Array.from({ length: count * 9 }, (_, n) =>
      bytes.readFloatLE(84 + Math.floor(n / 9) * 50 + 12 + (n % 9) * 4),
    )
    const volume = signedVolume({ positions, triangles: Uint32Array.from({ length: count * 3 }, (_, n) => n) })
    expect(volume / (signedVolume(surface) * 400 ** 3)).toBeCloseTo(1, 3)
    const highest = (values: Float32Array, axis: number) =>
      values.reduce((most, p, n) => (n % 3 === axis && p > most ? p : most), Number.NEGATIVE_INFINITY)
    expect(highest(positions, 2)).toBeCloseTo(highest(surface.positions, 1) * 400, 2)
    expect(
      highest(
        positions.map((p) => -p),
        1,
      ),
    ).toBeCloseTo(highest(surface.positions, 2) * 400, 2)
  })
})

describe('every writer', () => {
  const writers = {
    glb: (path: string) => saveGlb(surface, path, provenance),
    obj: (path: string) => saveObj(surface, field, path, provenance, { textureSize: 64 }),
    ply: (path: string) => savePly(surface, path, provenance),
    stl: (path: string) => saveStl(surface, path, provenance),
  }
  for (const [kind, write] of Object.entries(writers)) {
    it(`keeps the old ${kind} when the disk is full, and says so`, async () => {
      const path = join(folder, `head.${kind}`)
      await writeFile(path, 'old')
      disk.writesLeft = 0
      await expect(write(path)).rejects.toMatchObject({ name: 'UserError', message: expect.stringContaining('ENOSPC') })
      expect(await readFile(path, 'utf8')).toBe('old')
      expect(await readdir(folder)).toEqual([`head.${kind}`])
    })

    it(`names the path when a folder stands where the ${kind} should go`, async () => {
      const path = join(folder, `head.${kind}`)
      await mkdir(path)
      await expect(write(path)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining(path),
        cure: expect.stringContaining('folder'),
      })
    })
  }
})
