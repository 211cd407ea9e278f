/** PLY, binary little-endian: vertex colours, normals, metres, y up, the face looking along +z. */
import { provenanceLine } from './provenance.ts'
import { toMetres } from './units.ts'
import type { Asset, WrittenFile } from './writer.ts'

const VERTEX_BYTES = 6 * 4 + 3
const TRIANGLE_BYTES = 1 + 3 * 4

export async function writePly({ surface, provenance }: Asset): Promise<WrittenFile[]> {
  const { normals, colours, triangles } = surface
  const positions = toMetres(surface.positions)
  const vertexCount = positions.length / 3
  const triangleCount = triangles.length / 3
  const header = [
    'ply',
    'format binary_little_endian 1.0',
    `comment ${provenanceLine(provenance)}`,
    `element vertex ${vertexCount}`,
    ...['x', 'y', 'z', 'nx', 'ny', 'nz'].map((name) => `property float ${name}`),
    ...['red', 'green', 'blue'].map((name) => `property uchar ${name}`),
    `element face ${triangleCount}`,
    'property list uchar int vertex_indices',
    'end_header\n',
  ].join('\n')

  const body = new DataView(new ArrayBuffer(vertexCount * VERTEX_BYTES + triangleCount * TRIANGLE_BYTES))
  let at = 0
  for (let v = 0; v < positions.length; v += 3) {
    for (let k = 0; k < 3; k++) body.setFloat32(at + k * 4, positions[v + k], true)
    for (let k = 0; k < 3; k++) body.setFloat32(at + 12 + k * 4, normals[v + k], true)
    for (let k = 0; k < 3; k++) body.setUint8(at + 24 + k, Math.round(colours[v + k] * 255))
    at += VERTEX_BYTES
  }
  for (let t = 0; t < triangles.length; t += 3) {
    body.setUint8(at, 3)
    for (let k = 0; k < 3; k++) body.setInt32(at + 1 + k * 4, triangles[t + k], true)
    at += TRIANGLE_BYTES
  }
  return [['ply', Buffer.concat([Buffer.from(header), new Uint8Array(body.buffer)])]]
}
