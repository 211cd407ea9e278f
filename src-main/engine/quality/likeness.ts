/** How alike two pictures of a face are: pixel by pixel, to FaceRes, and to dlib's network. */
import type { Weights } from '../generator/generator.ts'
import { input, writeModel } from '../graph/index.ts'
import { identity as faceResIdentity } from '../networks/faceres.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import { createIdentity, type FacePicture, type Identity } from './identity.ts'

/** Descriptors of faces. */
export interface Recognition {
  /** dlib's 128 numbers; compare with `identityDistance`. */
  readonly identity: Identity
  /** FaceRes' 1024 numbers; compare with `cosine`. Its early layers are in the losses, so it is no neutral judge. */
  readonly faceRes: (picture: FacePicture) => Promise<Float32Array>
}

/** @throws UserError where dlib's weights are missing or damaged */
export async function createRecognition(runtime: Runtime, faceRes: Weights): Promise<Recognition> {
  const parameters = Object.fromEntries([...faceRes].map(([name, { data }]) => [name, data]))
  return {
    identity: await createIdentity(runtime),
    faceRes: async ({ size, rgb }) => {
      const picture = input('picture', [1, 3, size, size])
      const program = await runtime.compile(writeModel({ descriptor: faceResIdentity(faceRes, picture) }))
      const area = size * size
      const values = Float32Array.from(rgb, (_, i) => rgb[3 * (i % area) + Math.floor(i / area)] / 127.5 - 1)
      return (await program.run({ ...parameters, picture: values })).descriptor
    },
  }
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
