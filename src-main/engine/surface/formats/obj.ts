/** OBJ with a material and a PNG texture, in metres, y up, the face looking along +z: for editors old and new. */
import { sideOf } from './options.ts'
import { encodePicture } from './picture.ts'
import { provenanceLine } from './provenance.ts'
import { toMetres } from './units.ts'
import type { Asset, WrittenFile } from './writer.ts'

/** The OBJ names the others: `<name>.mtl` and `<name>.png`, the texture. */
export async function writeObj({ surface, provenance, choices, texture }: Asset, name: string): Promise<WrittenFile[]> {
  const { atlas, colours } = await texture(sideOf(choices))
  const png = await encodePicture(colours, 'png')
  const comment = `# ${provenanceLine(provenance)}`
  const material = [comment, 'newmtl head', 'Kd 1 1 1', 'Ks 0 0 0', 'illum 1', `map_Kd ${name}.png`, ''].join('\n')

  const rows = [comment, '# metres, y up, facing +z', `mtllib ${name}.mtl`, 'o head']
  const listed = (word: string, values: Float32Array, width: number) => {
    for (let n = 0; n < values.length; n += width) {
      // Seven digits are what a float holds; the sixth decimal of a metre is a micrometre.
      let row = word
      for (let k = 0; k < width; k++) row += ` ${values[n + k].toFixed(6)}`
      rows.push(row)
    }
  }
  listed('v', toMetres(surface.positions), 3)
  listed('vt', atlas.uvs, 2)
  listed('vn', surface.normals, 3)
  rows.push('usemtl head')
  const { triangles } = surface
  for (let t = 0; t < triangles.length; t += 3) {
    let row = 'f'
    // Vertices stay shared across the borders of charts: only texture coordinates part there.
    for (let k = t; k < t + 3; k++) row += ` ${triangles[k] + 1}/${atlas.corners[k] + 1}/${triangles[k] + 1}`
    rows.push(row)
  }
  rows.push('')
  return [
    ['obj', Buffer.from(rows.join('\n'))],
    ['mtl', Buffer.from(material)],
    ['png', png],
  ]
}
