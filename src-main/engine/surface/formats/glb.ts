/** GLB (glTF 2.0 binary): one mesh with vertex colours, in metres, y up, the face looking along +z. */
import { Document, NodeIO } from '@gltf-transform/core'
import type { Model, WrittenFile } from './formats.ts'
import { toMetres } from './units.ts'

/**
 * Provenance goes into the extras of asset and scene (editors keep the latter); evidence, where there is any, into the vertex
 * attribute `_EVIDENCE` (0 invented, 1 seen).
 */
export async function writeGlb({ surface, provenance }: Model): Promise<WrittenFile[]> {
  const document = new Document()
  const root = document.getRoot()
  Object.assign(root.getAsset(), { generator: 'Halfturn', extras: provenance })
  const buffer = document.createBuffer()
  const accessor = (type: 'SCALAR' | 'VEC3', array: Float32Array | Uint16Array | Uint32Array) =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer)

  const material = document.createMaterial('head').setRoughnessFactor(1).setMetallicFactor(0)
  const primitive = document
    .createPrimitive()
    .setMaterial(material)
    .setIndices(accessor('SCALAR', surface.triangles))
    .setAttribute('POSITION', accessor('VEC3', toMetres(surface.positions)))
    .setAttribute('NORMAL', accessor('VEC3', surface.normals))
    .setAttribute('COLOR_0', accessor('VEC3', linearColours(surface.colours)).setNormalized(true))
  if (surface.evidence) primitive.setAttribute('_EVIDENCE', accessor('SCALAR', surface.evidence))
  const mesh = document.createMesh('head').addPrimitive(primitive)
  const scene = document
    .createScene()
    .setExtras({ ...provenance })
    .addChild(document.createNode('head').setMesh(mesh))
  root.setDefaultScene(scene)

  return [['glb', await new NodeIO().writeBinary(document)]]
}

/** glTF's vertex colours are linear light; 16 bits keep every step that 8 sRGB bits have. */
function linearColours(colours: Float32Array): Uint16Array {
  return Uint16Array.from(colours, (c) => {
    const linear = c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    return Math.round(linear * 65535)
  })
}
