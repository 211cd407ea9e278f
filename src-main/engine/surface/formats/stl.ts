/**
 * STL, binary, for printing: millimetres, and z up with the face looking along -y, because that is how slicers take a
 * file without units or axes. It has no colours.
 */
import { printOf } from './print-file.ts'
import type { Asset, WrittenFile } from './writer.ts'

const HEADER_BYTES = 80
const TRIANGLE_BYTES = 50

export async function writeStl(asset: Asset): Promise<WrittenFile[]> {
  const { provenance } = asset
  const { positions, triangles } = await printOf(asset)
  const bytes = new Uint8Array(HEADER_BYTES + 4 + (triangles.length / 3) * TRIANGLE_BYTES)
  // The header must not begin with "solid": that announces the text form.
  const header = `Halfturn, mm, generated, not scanned: ${provenance.generatorName} ${provenance.generatorHash}`
  bytes.set(new TextEncoder().encode(header).subarray(0, HEADER_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(HEADER_BYTES, triangles.length / 3, true)
  let at = HEADER_BYTES + 4
  for (let t = 0; t < triangles.length; t += 3) {
    // The normal stays 0, 0, 0: readers work it out from the corners, as the format allows.
    for (let corner = 0; corner < 3; corner++) {
      for (let k = 0; k < 3; k++) {
        view.setFloat32(at + 12 + (corner * 3 + k) * 4, positions[triangles[t + corner] * 3 + k], true)
      }
    }
    at += TRIANGLE_BYTES
  }
  return [['stl', bytes]]
}
