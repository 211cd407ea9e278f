/** GLB (glTF 2.0 binary): one mesh with its texture, in metres, y up, the face looking along +z. */
import { type Accessor, Document, NodeIO, TextureInfo } from '@gltf-transform/core'
import sharp from 'sharp'
import type { Asset, WrittenFile } from './formats.ts'
import { toMetres } from './units.ts'

/** Of skin; a photo has its own highlights already. */
const ROUGHNESS = 0.7
/** Of the JPEGs: nothing is to be seen of it at 90, and directions suffer sooner than colours. */
const QUALITY = { colours: 90, normals: 92 }

/**
 * Provenance goes into the extras of asset and scene (editors keep the latter); evidence, where there is any, into the vertex
 * attribute `_EVIDENCE` (0 invented, 1 seen).
 */
export async function writeGlb({ surface, provenance, texture }: Asset, name: string): Promise<WrittenFile[]> {
  const { atlas, colours, normals, tangents } = await texture()
  const document = new Document()
  const root = document.getRoot()
  Object.assign(root.getAsset(), { generator: 'Halfturn', extras: provenance })
  const buffer = document.createBuffer()
  const accessor = (
    type: (typeof Accessor.Type)[keyof typeof Accessor.Type],
    array: Float32Array | Uint16Array | Uint32Array,
  ) => document.createAccessor().setType(type).setArray(array).setBuffer(buffer)
  const picture = async (what: string, pixels: Uint8Array, quality: number) => {
    const side = Math.sqrt(pixels.length / 3)
    const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    const bytes = await image.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer()
    return document.createTexture(what).setImage(bytes).setMimeType('image/jpeg')
  }

  // glTF has one vertex for each place in the texture.
  const vertexOf = new Uint32Array(atlas.uvs.length / 2)
  atlas.corners.forEach((entry, corner) => {
    vertexOf[entry] = surface.triangles[corner]
  })
  const spread = (values: Float32Array, width: number) =>
    Float32Array.from(
      { length: vertexOf.length * width },
      (_, i) => values[vertexOf[Math.trunc(i / width)] * width + (i % width)],
    )
  const material = document
    .createMaterial('head')
    .setRoughnessFactor(ROUGHNESS)
    .setMetallicFactor(0)
    .setBaseColorTexture(await picture('colour', colours, QUALITY.colours))
    .setNormalTexture(await picture('normal', normals, QUALITY.normals))
  // What lies at the texture's edge must not take colours from the other.
  for (const info of [material.getBaseColorTextureInfo(), material.getNormalTextureInfo()]) {
    info?.setWrapS(TextureInfo.WrapMode.CLAMP_TO_EDGE).setWrapT(TextureInfo.WrapMode.CLAMP_TO_EDGE)
  }
  const primitive = document
    .createPrimitive()
    .setMaterial(material)
    .setIndices(accessor('SCALAR', vertexOf.length < 2 ** 16 ? Uint16Array.from(atlas.corners) : atlas.corners))
    .setAttribute('POSITION', accessor('VEC3', toMetres(spread(surface.positions, 3))))
    .setAttribute('NORMAL', accessor('VEC3', spread(surface.normals, 3)))
    .setAttribute('TANGENT', accessor('VEC4', tangents))
    // glTF's v runs down.
    .setAttribute(
      'TEXCOORD_0',
      accessor(
        'VEC2',
        atlas.uvs.map((value, i) => (i % 2 === 0 ? value : 1 - value)),
      ),
    )
  if (surface.evidence) primitive.setAttribute('_EVIDENCE', accessor('SCALAR', spread(surface.evidence, 1)))
  const mesh = document.createMesh('head').addPrimitive(primitive)
  const scene = document
    .createScene(name)
    .setExtras({ ...provenance })
    .addChild(document.createNode(name).setMesh(mesh))
  root.setDefaultScene(scene)

  return [['glb', await new NodeIO().writeBinary(document)]]
}
