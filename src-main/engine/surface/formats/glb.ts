/** GLB (glTF 2.0 binary): one mesh with its texture, in metres, y up, the face looking along +z. */
import { type Accessor, Document, Logger, NodeIO, type Texture as Picture, TextureInfo } from '@gltf-transform/core'
import {
  EXTMeshoptCompression,
  EXTTextureWebP,
  KHRMaterialsVariants,
  KHRMeshQuantization,
} from '@gltf-transform/extensions'
import { meshopt } from '@gltf-transform/functions'
import { MeshoptEncoder } from 'meshoptimizer'
import { bakeEvidence } from '../texture/evidence-map.ts'
import { sideOf } from './options.ts'
import { encodePicture, grey } from './picture.ts'
import { toMetres } from './units.ts'
import type { Asset, WrittenFile } from './writer.ts'

/** Side of the picture of evidence, pixels: it is known by the vertex. */
const EVIDENCE_SIDE = 1024

/**
 * Provenance goes into the extras of asset and scene (editors keep the latter); evidence, where there is any, into the vertex
 * attribute `_EVIDENCE` (0 invented, 1 seen). A picture of it is a variant of the material (KHR_materials_variants). Vertex
 * colours, which a texture would be multiplied with, take its place.
 */
export async function writeGlb({ surface, provenance, choices, texture }: Asset, name: string): Promise<WrittenFile[]> {
  const { atlas, colours, normals, roughness, tangents } = await texture(sideOf(choices))
  const document = new Document().setLogger(new Logger(Logger.Verbosity.WARN))
  const root = document.getRoot()
  const credit = choices.author === '' ? {} : { author: choices.author }
  Object.assign(root.getAsset(), {
    generator: 'Halfturn',
    extras: { ...provenance, name, ...credit },
    ...(choices.author !== '' && { copyright: choices.author }),
  })
  const buffer = document.createBuffer()
  const accessor = (
    type: (typeof Accessor.Type)[keyof typeof Accessor.Type],
    array: Float32Array | Uint16Array | Uint32Array,
  ) => document.createAccessor().setType(type).setArray(array).setBuffer(buffer)
  const format = choices.textureFormat
  if (format === 'webp') document.createExtension(EXTTextureWebP).setRequired(true)
  const picture = async (what: string, pixels: Uint8Array, kind: 'colour' | 'normal' = 'colour') =>
    document
      .createTexture(what)
      .setImage(new Uint8Array(await encodePicture(pixels, format, kind)))
      .setMimeType(`image/${format}`)
  const directions = await picture('normal', normals, 'normal')
  const dullness = await picture('roughness', grey(roughness))
  const material = (called: string, base?: Picture) => {
    const made = document
      .createMaterial(called)
      .setRoughnessFactor(1)
      // It is the picture's blue that this is multiplied with.
      .setMetallicFactor(0)
      .setMetallicRoughnessTexture(dullness)
      .setNormalTexture(directions)
      .setBaseColorTexture(base ?? null)
    // What lies at the texture's edge must not take colours from the other.
    for (const info of [
      made.getBaseColorTextureInfo(),
      made.getNormalTextureInfo(),
      made.getMetallicRoughnessTextureInfo(),
    ]) {
      info?.setWrapS(TextureInfo.WrapMode.CLAMP_TO_EDGE).setWrapT(TextureInfo.WrapMode.CLAMP_TO_EDGE)
    }
    return made
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
  const primitive = document
    .createPrimitive()
    .setMaterial(material('head', choices.vertexColours ? undefined : await picture('colour', colours)))
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
  if (choices.vertexColours) {
    const sixteen = Uint16Array.from(spread(surface.colours, 3), (value) => Math.round(linear(value) * 65535))
    primitive.setAttribute('COLOR_0', accessor('VEC3', sixteen).setNormalized(true))
  }
  if (surface.evidence) primitive.setAttribute('_EVIDENCE', accessor('SCALAR', spread(surface.evidence, 1)))
  if (surface.evidence && choices.evidenceTexture) {
    const variants = document.createExtension(KHRMaterialsVariants)
    const shown = material(
      'evidence',
      await picture('evidence', bakeEvidence(surface, surface.evidence, atlas, EVIDENCE_SIDE)),
    )
    const mapping = (look: string, of: typeof shown) =>
      variants.createMapping().setMaterial(of).addVariant(variants.createVariant(look))
    primitive.setExtension(
      'KHR_materials_variants',
      variants
        .createMappingList()
        .addMapping(mapping('head', primitive.getMaterial()!))
        .addMapping(mapping('evidence', shown)),
    )
  }
  const mesh = document.createMesh('head').addPrimitive(primitive)
  const scene = document
    .createScene(name)
    .setExtras({ ...provenance, ...credit })
    .addChild(document.createNode(name).setMesh(mesh))
  root.setDefaultScene(scene)

  const io = new NodeIO().registerExtensions([
    EXTMeshoptCompression,
    EXTTextureWebP,
    KHRMaterialsVariants,
    KHRMeshQuantization,
  ])
  if (choices.compression === 'meshopt') {
    await MeshoptEncoder.ready
    io.registerDependencies({ 'meshopt.encoder': MeshoptEncoder })
    await document.transform(meshopt({ encoder: MeshoptEncoder, level: 'medium' }))
  }
  return [['glb', await io.writeBinary(document)]]
}

/** glTF's vertex colours are linear. */
const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
