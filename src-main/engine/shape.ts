/** A head's surface, for the window and as files. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MeshFormat } from './api.ts'
import { bandLimited } from './generator/band-limit.ts'
import type { Generator } from './generator/generator.ts'
import { type Planes, shapeOf } from './generator/planes.ts'
import {
  extractSurface,
  type Field,
  type Provenance,
  type Surface,
  saveGlb,
  saveObj,
  savePly,
  saveStl,
} from './surface/surface.ts'

/** The head as something a surface can be taken from: its density without steps from texel to texel. */
export function fieldOf(generator: Generator, planes: Planes): Field {
  const { renderer, weights, config } = generator
  const shape = bandLimited(shapeOf(planes))
  const width = config.decoder_output_dim
  return {
    side: config.rendering_kwargs.box_warp,
    sigma: (points) => renderer.query(weights, shape, points, 'sigma'),
    colour: async (points) => {
      const features = await renderer.query(weights, planes, points, 'colour')
      if (width === 3) return features
      const colours = new Float32Array(points.length)
      for (let i = 0; i < points.length; i++) colours[i] = features[Math.floor(i / 3) * width + (i % 3)]
      return colours
    },
  }
}

export { extractSurface }

/** Colours as the window's textures take them: 8 bits a channel. */
export const colourBytes = ({ colours }: Surface) => Uint8Array.from(colours, (value) => Math.round(value * 255))

/** Evidence in 8 bits a vertex. */
export const evidenceBytes = (evidence: Float32Array) => Uint8Array.from(evidence, (value) => Math.round(value * 255))

/**
 * The files of a surface, as they would lie in a folder; an OBJ names its companions, so the name is set here.
 * @param name without extension
 */
export async function meshFiles(
  surface: Surface,
  field: Field,
  format: MeshFormat,
  name: string,
  provenance: Provenance,
): Promise<{ name: string; bytes: Uint8Array }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'halfturn-'))
  try {
    const path = join(folder, `${name}.${format}`)
    if (format === 'obj') await saveObj(surface, field, path, provenance)
    else await { glb: saveGlb, ply: savePly, stl: saveStl }[format](surface, path, provenance)
    const names = await readdir(folder)
    // The file that was asked for comes first.
    names.sort((a, b) => Number(b.endsWith(format)) - Number(a.endsWith(format)))
    return await Promise.all(names.map(async (file) => ({ name: file, bytes: await readFile(join(folder, file)) })))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
