/** A person nobody has photographed: a code drawn at random, seen from the front. */
import { orbitCamera } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import { normalArray } from '../random.ts'
import type { Head } from './head.ts'

/**
 * The same seed gives the same person, whichever front door asks.
 * @param truncation how far from the mean person, 0 to 1.5
 */
export async function makeUp(generator: Generator, seed: number, truncation: number): Promise<Head> {
  const { config } = generator
  const label = orbitCamera(config.rendering_kwargs, 0)
  const w = await generator.map(normalArray(config.z_dim, seed), label, truncation)
  return { ws: generator.repeat(w), label }
}
