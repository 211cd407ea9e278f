/** A head as what a surface can be taken from: where it is dense, and of what colour. */
import { bandLimited } from '../generator/band-limit.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import { type Planes, shapeOf } from '../generator/plane-layout.ts'
import { castRays } from '../generator/rays.ts'
import type { Field } from '../surface/field.ts'

/** Rays from which it is looked up where a head's surface is, and how many of them see nothing else. */
const LOOKS = { yaws: [0, 120, 240], resolution: 32, opacity: 0.95 }
/**
 * The level as a part of what is met: hair and ears never get as dense as a face, and at its own level they come out too
 * thin or not at all (bench/results/level-tried.json).
 */
const THIN = 0.6

/**
 * The raw density at which a head's surface is where its pictures show it: a part of the median density at the depths of
 * opaque rays from three sides. A density rises over some way, differently in every generator: at a level that is too low the
 * surface stands before what is seen, and has its colours from empty space.
 * @returns undefined where nothing is opaque
 */
export async function levelOf({ renderer, weights, config }: Generator, planes: Planes): Promise<number | undefined> {
  const points: number[] = []
  for (const yaw of LOOKS.yaws) {
    const label = orbitCamera(config.rendering_kwargs, (yaw * Math.PI) / 180)
    const { depth, opacity } = await renderer.render(weights, planes, label, {
      resolution: LOOKS.resolution,
      wanted: 'shape',
    })
    const { origins, directions } = castRays(label, LOOKS.resolution)
    for (let i = 0; i < origins.length; i++) {
      if (opacity[Math.floor(i / 3)] >= LOOKS.opacity)
        points.push(origins[i] + depth[Math.floor(i / 3)] * directions[i])
    }
  }
  if (points.length === 0) return undefined
  const densities = await renderer.query(weights, planes, Float32Array.from(points), 'sigma')
  return THIN * densities.sort()[Math.floor(densities.length / 2)]
}

/** The head as something a surface can be taken from: its density without steps from texel to texel. */
export function headField(generator: Generator, planes: Planes): Field {
  const { renderer, weights, config } = generator
  const shape = bandLimited(shapeOf(planes))
  let level: Promise<number | undefined> | undefined
  const coloursOf = (of: Planes) => (points: Float32Array) => renderer.query(weights, of, points, 'rgb')
  return {
    side: config.rendering_kwargs.box_warp,
    level: () => {
      level ??= levelOf(generator, shape)
      return level
    },
    sigma: (points) => renderer.query(weights, shape, points, 'sigma'),
    colour: coloursOf(planes),
    ...(planes.shape && { bare: coloursOf(planes.shape) }),
  }
}
