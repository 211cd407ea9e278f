/**
 * A head as bytes: the code, the camera, shape and detail in half precision, what was changed of it, and the portraits it
 * was formed from, which tell what of it is evidence.
 */

import { z } from 'zod'
import {
  readSafetensors,
  type StoredTensor,
  storeFloat16,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../checkpoint/safetensors.ts'
import { message, UserError } from '../errors.ts'
import { readPortrait, storePortrait } from '../face/portrait-file.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { LABEL } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import { layoutOf, planesShape } from '../generator/plane-layout.ts'
import { LIMITS } from '../limits.ts'
import { type Edit, requireEdit } from './edit.ts'
import type { Detail, Head } from './head.ts'

/**
 * @param photos none for a person nobody has photographed; the first one's camera is the head's
 * @returns chunks for `writeFileAtomic`
 */
export function writeHead(
  { ws, edit, label, shape, detail }: Head,
  { config }: Pick<Generator, 'config'>,
  photos: readonly PosedPortrait[],
): Uint8Array[] {
  const store = ({ data, resolution }: Detail) => {
    return storeFloat16(data, planesShape({ ...layoutOf(config), resolution }))
  }
  return writeSafetensors(
    new Map([
      ['ws', storeFloat32(ws, [ws.length])],
      ['label', storeFloat32(label, [label.length])],
      ...(shape ? [['shape', store(shape)] as const] : []),
      ...(detail ? [['detail', store(detail)] as const] : []),
      ...photos.flatMap(storePhoto),
    ]),
    edit ? { edit: JSON.stringify(edit) } : {},
  )
}

/** @throws UserError where it is damaged, or of another generator */
export function readHead(
  bytes: Uint8Array,
  generator: Pick<Generator, 'config' | 'directions'>,
): { head: Head; photos: PosedPortrait[] } {
  const { config } = generator
  const { metadata, tensors } = readSafetensors(bytes, message('the-head'))
  const [ws, label, shape, detail] = ['ws', 'label', 'shape', 'detail'].map((name) => tensors.get(name))
  const fits =
    ws?.shape.join() === `${config.num_ws * config.w_dim}` &&
    label?.shape.join() === `${LABEL}` &&
    [shape, detail].every(
      (planes) =>
        !planes || planes.shape.join() === planesShape({ ...layoutOf(config), resolution: planes.shape[1] }).join(),
    )
  if (!ws || !label || !fits) throw new UserError('head-unfit')
  return {
    head: {
      ws: toFloat32(ws),
      ...(metadata.edit !== undefined && { edit: readEdit(metadata.edit, generator) }),
      label: toFloat32(label),
      ...(shape && { shape: { resolution: shape.shape[1], data: toFloat32(shape) } }),
      ...(detail && { detail: { resolution: detail.shape[1], data: toFloat32(detail) } }),
    },
    photos: readPhotos(tensors),
  }
}

function readEdit(text: string, generator: Pick<Generator, 'config' | 'directions'>): Edit {
  try {
    const edit = z.record(z.string(), z.number()).parse(JSON.parse(text))
    requireEdit(generator, edit)
    return edit
  } catch (cause) {
    throw new UserError('head-unfit', {}, { cause })
  }
}

/** What the tensors of a photo begin with. The first one's have no number: there was but one. */
const prefix = (photo: number) => (photo === 0 ? 'portrait' : `portrait${photo + 1}`)

function storePhoto({ portrait, label }: PosedPortrait, photo: number): [string, StoredTensor][] {
  const name = prefix(photo)
  const tensors = storePortrait(name, portrait)
  return photo === 0 ? tensors : [...tensors, [`${name}.label`, storeFloat32(label, [label.length])]]
}

function readPhotos(tensors: ReadonlyMap<string, StoredTensor>): PosedPortrait[] {
  const photos: PosedPortrait[] = []
  while (photos.length < LIMITS.photos.most) {
    const name = prefix(photos.length)
    const portrait = readPortrait(tensors, name, () => new UserError('head-portrait-damaged'))
    if (!portrait) break
    const label = tensors.get(photos.length === 0 ? 'label' : `${name}.label`)
    if (label?.shape.join() !== `${LABEL}`) throw new UserError('head-portrait-damaged')
    photos.push({ portrait, label: toFloat32(label) })
  }
  return photos
}
