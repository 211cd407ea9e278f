/** A portrait among a file's tensors: its pictures with 8 bits a number, what lies around it, and its relief. */
import { type StoredTensor, storeFloat32, toFloat32 } from '../checkpoint/safetensors.ts'
import type { UserError } from '../errors.ts'
import { LANDMARKS } from '../networks/mediapipe.ts'
import type { MattedPortrait } from './matted-portrait.ts'
import { RELIEF_WIDTH, type Relief } from './relief.ts'

/** @param name what its tensors' names begin with */
export function storePortrait(name: string, portrait: MattedPortrait): [string, StoredTensor][] {
  const { wide, relief } = portrait
  return [
    ...storePicture(name, portrait),
    ...(wide ? storePicture(`${name}.wide`, wide) : []),
    ...(relief ? [[`${name}.relief`, storeFloat32(relief, [relief.length])] as [string, StoredTensor]] : []),
  ]
}

function storePicture(name: string, { size, rgb, matte, valid, fine }: MattedPortrait): [string, StoredTensor][] {
  // Not Uint8Array.from(): it goes through an iterator, which takes a hundred times as long.
  const opacities = new Uint8Array(matte.length)
  for (let i = 0; i < matte.length; i++) opacities[i] = Math.round(matte[i] * 255)
  const store = (part: string, data: Uint8Array, shape: number[]): [string, StoredTensor] => [
    `${name}.${part}`,
    { dtype: 'U8', shape, data },
  ]
  return [
    store('rgb', rgb, [size, size, 3]),
    store('matte', opacities, [size, size, 1]),
    store('valid', valid, [size, size, 1]),
    ...(fine ? [store('fine', fine, [fine.length])] : []),
  ]
}

/**
 * Its numbers are copied: the file need not stay in memory. Earlier editions knew no more than crops, or no relief.
 * @param refuse makes the error of what is missing or does not fit
 * @returns undefined where a part of the crop is missing
 */
export function readPortrait(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  refuse: (tensor: string) => UserError,
): MattedPortrait | undefined {
  const crop = readPicture(tensors, name, refuse)
  if (!crop) return undefined
  const around = `${name}.wide`
  const wide = readPicture(tensors, around, refuse)
  if (!wide && PARTS.some(([part]) => tensors.has(`${around}.${part}`))) throw refuse(around)
  const relief = readRelief(tensors, `${name}.relief`, refuse)
  return { ...crop, ...(wide && { wide }), ...(relief && { relief }) }
}

/** Those that every picture has, with their channels. */
const PARTS = [
  ['rgb', 3],
  ['matte', 1],
  ['valid', 1],
] as const

function readPicture(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  refuse: (tensor: string) => UserError,
): MattedPortrait | undefined {
  const [rgb, matte, valid] = PARTS.map(([part]) => tensors.get(`${name}.${part}`))
  if (!rgb || !matte || !valid) return undefined
  const size = Math.sqrt(rgb.data.length / 3)
  for (const [part, channels] of PARTS) {
    const { dtype, data } = tensors.get(`${name}.${part}`)!
    const fits = dtype === 'U8' && Number.isInteger(size) && data.length === channels * size * size
    if (!fits) throw refuse(`${name}.${part}`)
  }
  const fine = tensors.get(`${name}.fine`)
  return {
    size,
    rgb: Uint8Array.from(rgb.data),
    matte: Float32Array.from(matte.data, (value) => value / 255),
    valid: Uint8Array.from(valid.data),
    ...(fine && { fine: Uint8Array.from(fine.data) }),
  }
}

function readRelief(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  refuse: (tensor: string) => UserError,
): Relief | undefined {
  const tensor = tensors.get(name)
  if (!tensor) return undefined
  const relief =
    tensor.shape.join() === `${LANDMARKS * RELIEF_WIDTH}` ? Float32Array.from(toFloat32(tensor)) : undefined
  if (!relief?.every(Number.isFinite)) throw refuse(name)
  return relief
}
