/** 3MF for printing: the STL's shape with its unit, its name and what made it, zipped (3MF core specification 1.3). */
import { strToU8, zipSync } from 'fflate'
import { printOf } from './print-file.ts'
import { provenanceLine } from './provenance.ts'
import type { Asset, WrittenFile } from './writer.ts'

const RELATED = 'http://schemas.openxmlformats.org/package/2006/relationships'
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
/** Stored as it is, so that the file's beginning says who made it. */
const TYPES = `${HEAD}<!-- Halfturn --><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>`
const RELATIONS = `${HEAD}<Relationships xmlns="${RELATED}">
<Relationship Id="model" Target="/3D/3dmodel.model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>`

export async function write3mf(asset: Asset, name: string): Promise<WrittenFile[]> {
  const { provenance, choices } = asset
  const { positions, triangles } = await printOf(asset)
  const metadata = {
    Title: name,
    Designer: choices.author,
    Description: provenanceLine(provenance),
    Application: 'Halfturn',
  }
  const rows = [
    `${HEAD}<model unit="millimeter" xml:lang="en" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">`,
    ...Object.entries(metadata).flatMap(([key, value]) =>
      value === '' ? [] : [`<metadata name="${key}">${escaped(value)}</metadata>`],
    ),
    `<resources><object id="1" type="model" name="${escaped(name)}"><mesh><vertices>`,
  ]
  for (let v = 0; v < positions.length; v += 3) {
    // A micrometre is finer than any printer.
    const [x, y, z] = [0, 1, 2].map((k) => positions[v + k].toFixed(4))
    rows.push(`<vertex x="${x}" y="${y}" z="${z}"/>`)
  }
  rows.push('</vertices><triangles>')
  for (let t = 0; t < triangles.length; t += 3) {
    rows.push(`<triangle v1="${triangles[t]}" v2="${triangles[t + 1]}" v3="${triangles[t + 2]}"/>`)
  }
  rows.push('</triangles></mesh></object></resources><build><item objectid="1"/></build></model>')
  const file = zipSync({
    '[Content_Types].xml': [strToU8(TYPES), { level: 0 }],
    '_rels/.rels': strToU8(RELATIONS),
    '3D/3dmodel.model': strToU8(rows.join('\n')),
  })
  return [['3mf', file]]
}

const escaped = (text: string) =>
  text
    // What XML 1.0 cannot say at all.
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
