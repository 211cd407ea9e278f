/** How alike two pictures of a face are: pixel by pixel, to FaceRes, and to dlib's network. */
import type { Weights } from '../generator/generator.ts'
import { createDescriptor, type Descriptor } from '../networks/faceres.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import { createIdentity, type Identity } from './identity.ts'

/** Descriptors of faces. */
export interface Recognition {
  /** dlib's 128 numbers; compare with `identityDistance`. */
  readonly identity: Identity
  /** FaceRes' numbers; compare with `cosine`. Its early layers are in the losses, so it is no neutral judge. */
  readonly faceRes: Descriptor
}

/** @throws UserError where dlib's weights are missing or damaged */
export async function createRecognition(runtime: Runtime, faceRes: Weights): Promise<Recognition> {
  return { identity: await createIdentity(runtime), faceRes: createDescriptor(runtime, faceRes) }
}

/** 1: same direction, 0: nothing in common. FaceRes gives one person 0.74 to 0.81, different ones 0.38 (median). */
export function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/**
 * Peak signal-to-noise ratio in decibels, at most 60.
 * @param a, b [3 * n], RGB, 8 bits
 * @param weight [n] how much a pixel counts, 0..1
 */
export function psnr(a: Uint8Array, b: Uint8Array, weight: ArrayLike<number>): number {
  let [sum, total] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const w = weight[Math.floor(i / 3)]
    sum += w * (a[i] - b[i]) ** 2
    total += w
  }
  return total === 0 ? 0 : Math.min(60, 10 * Math.log10((255 * 255 * total) / Math.max(sum, 1e-9)))
}
