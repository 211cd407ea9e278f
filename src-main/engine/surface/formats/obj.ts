/** OBJ with a material and a baked PNG texture, in metres, y up, the face looking along +z: for editors old and new. */
import { unwrap } from '../texture/atlas.ts'
import type { Field, Watch } from '../field.ts'
import type { Surface } from '../mesh.ts'
import { bakeColours } from '../texture/texture.ts'
import { type Provenance, provenanceLine } from './provenance.ts'
import { toMetres } from './units.ts'

/** Side of the texture where none is asked for, pixels. */
const TEXTURE_SIZE = 1024

/** An OBJ and what it names: `<name>.obj`, `<name>.mtl`, `<name>.png`. */
export interface ObjFiles {
  readonly obj: string
  readonly mtl: string
  /** The texture. */
  readonly png: Uint8Array
}

/**
 * The texture's colours are asked of `field`, which must be the one the surface was made from.
 * @param name of all three files, without extension; a portable one, see `portableName`
 * @param textureSize side of the texture, pixels
 */
export async function encodeObj(
  surface: Surface,
  field: Field,
  name: string,
  provenance: Provenance,
  { textureSize = TEXTURE_SIZE, ...watch }: { textureSize?: number } & Watch = {},
): Promise<ObjFiles> {
  const atlas = await unwrap(surface, textureSize)
  const texture = new Uint8Array()
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
  return { obj: rows.join('\n'), mtl: material, png: texture }
}
