/** Sampling planes at single points, and its adjoint: what the renderer does for rays. */
import type { Planes } from '../src-main/engine/generator/plane-layout.ts'
import { accumulate, borrowSampler, type PlaneProjection, releaseSampler } from '../src-main/engine/generator/planes.ts'

/**
 * @param points [M * 3] world
 * @returns [M * C]
 */
export function samplePlanes(planes: Planes, projection: PlaneProjection, points: Float32Array): Float32Array {
  const sampler = borrowSampler(planes, projection)
  const result = sampler.samplePoints(points).slice()
  releaseSampler(sampler)
  return result
}

/**
 * Adds to `planesGradient`, laid out like the planes, and, where given, to `pointsGradient` [M * 3].
 * @param points [M * 3] world
 * @param cotangent [M * C]
 */
export function samplePlanesBackward(
  planes: Planes,
  projection: PlaneProjection,
  points: Float32Array,
  cotangent: Float32Array,
  planesGradient: Float32Array,
  pointsGradient?: Float32Array,
): void {
  const sampler = borrowSampler(planes, projection)
  sampler.samplePoints(points)
  sampler.cotangent.set(cotangent)
  const rays = sampler.scatter({ rays: pointsGradient !== undefined })
  if (pointsGradient && rays) {
    for (let i = 0; i < points.length; i++) pointsGradient[i] += rays[Math.floor(i / 3) * 6 + (i % 3)]
  }
  accumulate(planesGradient, sampler.gradient)
  releaseSampler(sampler)
}
