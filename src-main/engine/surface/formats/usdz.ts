/**
 * USDZ for phones and their augmented reality: a scene as text and its pictures, in metres, y up, the face looking along
 * +z. A zip whose entries are not compressed and begin at multiples of 64 bytes, because readers map them into memory.
 */
import { strToU8, type Zippable, zipSync } from 'fflate'
import type { Texture } from '../texture/texture.ts'
import { sideOf } from './options.ts'
import { encodePicture, grey } from './picture.ts'
import { provenanceLine } from './provenance.ts'
import { toMetres } from './units.ts'
import type { Asset, WrittenFile } from './writer.ts'

/** The entries' alignment, and what a zip's local header takes besides the name and the extra field. */
const ALIGNMENT = 64
const HEADER_BYTES = 30
/** Of an extra field's head: what kind it is, and how long. */
const FIELD_BYTES = 4
/** A kind of extra field that nobody has taken. */
const PADDING = 0x1986

export async function writeUsdz(asset: Asset, name: string): Promise<WrittenFile[]> {
  const texture = await asset.texture(sideOf(asset.choices))
  return [
    [
      'usdz',
      aligned([
        ['head.usda', strToU8(sceneOf(asset, texture, name))],
        ['colour.jpg', await encodePicture(texture.colours, 'jpeg')],
        ['roughness.jpg', await encodePicture(grey(texture.roughness), 'jpeg')],
        ['normal.jpg', await encodePicture(texture.normals, 'jpeg', 'normal')],
      ]),
    ],
  ]
}

/** The first is the scene. */
function aligned(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  let at = 0
  const entries: Zippable = {}
  for (const [name, bytes] of files) {
    const start = at + HEADER_BYTES + strToU8(name).length + FIELD_BYTES
    const padding = (ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT
    at = start + padding + bytes.length
    entries[name] = [bytes, { level: 0, extra: { [PADDING]: new Uint8Array(padding) } }]
  }
  return zipSync(entries)
}

function sceneOf({ surface, provenance, choices }: Asset, { atlas }: Texture, name: string): string {
  const { triangles, normals } = surface
  const tuples = (values: ArrayLike<number>, width: number) => {
    const rows: string[] = []
    for (let n = 0; n < values.length; n += width) {
      rows.push(`(${Array.from({ length: width }, (_, k) => Number(values[n + k].toFixed(6))).join(', ')})`)
    }
    return `[${rows.join(', ')}]`
  }
  const [positions, corners] = [toMetres(surface.positions), `[${triangles.join(', ')}]`]
  const extent = [Math.min, Math.max].flatMap((pick) =>
    [0, 1, 2].map((k) => positions.reduce((best, p, i) => (i % 3 === k ? pick(best, p) : best), positions[k])),
  )
  const read = (picture: string, output: string, space: string, range = '') => `
    def Shader "${picture}"
    {
      uniform token info:id = "UsdUVTexture"
      asset inputs:file = @${picture}.jpg@
      token inputs:sourceColorSpace = "${space}"
      token inputs:wrapS = "clamp"
      token inputs:wrapT = "clamp"${range}
      float2 inputs:st.connect = </head/material/places.outputs:result>
      ${output}
    }`
  const directed = `
      float4 inputs:scale = (2, 2, 2, 1)
      float4 inputs:bias = (-1, -1, -1, 0)`
  return `#usda 1.0
(
  defaultPrim = "head"
  metersPerUnit = 1
  upAxis = "Y"
  doc = ${JSON.stringify([name, choices.author, provenanceLine(provenance)].filter((text) => text !== '').join('. '))}
)

def Xform "head" (
  kind = "component"
)
{
  def Mesh "surface" (
    prepend apiSchemas = ["MaterialBindingAPI"]
  )
  {
    uniform token subdivisionScheme = "none"
    uniform token orientation = "rightHanded"
    float3[] extent = ${tuples(extent, 3)}
    int[] faceVertexCounts = [${Array(triangles.length / 3)
      .fill(3)
      .join(', ')}]
    int[] faceVertexIndices = ${corners}
    point3f[] points = ${tuples(positions, 3)}
    normal3f[] normals = ${tuples(normals, 3)} (
      interpolation = "vertex"
    )
    texCoord2f[] primvars:st = ${tuples(atlas.uvs, 2)} (
      interpolation = "faceVarying"
    )
    int[] primvars:st:indices = [${atlas.corners.join(', ')}]
    rel material:binding = </head/material>
  }

  def Material "material"
  {
    token outputs:surface.connect = </head/material/shader.outputs:surface>

    def Shader "shader"
    {
      uniform token info:id = "UsdPreviewSurface"
      color3f inputs:diffuseColor.connect = </head/material/colour.outputs:rgb>
      normal3f inputs:normal.connect = </head/material/normal.outputs:rgb>
      float inputs:metallic = 0
      float inputs:roughness.connect = </head/material/roughness.outputs:r>
      token outputs:surface
    }

    def Shader "places"
    {
      uniform token info:id = "UsdPrimvarReader_float2"
      string inputs:varname = "st"
      float2 outputs:result
    }
${read('colour', 'float3 outputs:rgb', 'sRGB')}
${read('roughness', 'float outputs:r', 'raw')}
${read('normal', 'float3 outputs:rgb', 'raw', directed)}
  }
}
`
}
