/**
 * A head as bytes: the code, the camera, shape and detail in half precision, and the portrait it was formed from, which
 * tells what of it is evidence.
 */

import {
  readSafetensors,
  type StoredTensor,
  storeFloat16,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../checkpoint/safetensors.ts'
import { message, UserError } from '../errors.ts'
import { LABEL } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import { layoutOf, planesShape } from '../generator/plane-layout.ts'
import type { PortraitTarget } from '../inversion/objective.ts'
import { portraitBytes, portraitFrom } from '../inversion/portrait-bytes.ts'
import type { Detail, Head } from './head.ts'

/**
 * @param portrait absent for a person nobody has photographed
 * @returns chunks for `writeFileAtomic`
 */
export function writeHead(
  { ws, label, shape, detail }: Head,
  { config }: Pick<Generator, 'config'>,
  portrait?: PortraitTarget,
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
      ...(portrait ? storePortrait(portrait) : []),
    ]),
    {},
  )
}

/** @throws UserError where it is damaged, or of another generator */
export function readHead(bytes: Uint8Array, { config }: Generator): { head: Head; portrait?: PortraitTarget } {
  const { tensors } = readSafetensors(bytes, message('the-head'))
  const [ws, label, shape, detail] = ['ws', 'label', 'shape', 'detail'].map((name) => tensors.get(name))
  const fits =
    ws?.shape.join() === `${config.num_ws * config.w_dim}` &&
    label?.shape.join() === `${LABEL}` &&
    [shape, detail].every(
      (planes) =>
        !planes || planes.shape.join() === planesShape({ ...layoutOf(config), resolution: planes.shape[1] }).join(),
    )
  if (!ws || !label || !fits) throw new UserError('head-unfit')
  const portrait = readPortrait(tensors)
  return {
    head: {
      ws: toFloat32(ws),
      label: toFloat32(label),
      ...(shape && { shape: { resolution: shape.shape[1], data: toFloat32(shape) } }),
      ...(detail && { detail: { resolution: detail.shape[1], data: toFloat32(detail) } }),
    },
    ...(portrait && { portrait }),
  }
}

function storePortrait(portrait: PortraitTarget): [string, StoredTensor][] {
  const { size } = portrait
  return Object.entries(portraitBytes(portrait)).map(([name, data]) => {
    const shape = name === 'fine' ? [data.length] : [size, size, data.length / (size * size)]
    return [`portrait.${name}`, { dtype: 'U8', shape, data }]
  })
}

function readPortrait(tensors: ReadonlyMap<string, StoredTensor>): PortraitTarget | undefined {
  const [rgb, matte, valid] = ['rgb', 'matte', 'valid'].map((name) => tensors.get(`portrait.${name}`))
  if (!rgb || !matte || !valid) return undefined
  const [size] = rgb.shape
  const fits = [rgb, matte, valid].every(
    ({ dtype, shape }, i) => dtype === 'U8' && shape.join() === `${size},${size},${i === 0 ? 3 : 1}`,
  )
  if (!fits) throw new UserError('head-portrait-damaged')
  const fine = tensors.get('portrait.fine')?.data
  return portraitFrom(size, { rgb: rgb.data, matte: matte.data, valid: valid.data, ...(fine && { fine }) })
}
