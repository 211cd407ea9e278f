/** A head as bytes: the code, the camera, and the detail in half precision. */
import { readSafetensors, storeFloat16, storeFloat32, toFloat32, writeSafetensors } from './checkpoint/safetensors.ts'
import { UserError } from './errors.ts'
import type { Generator } from './generator/generator.ts'
import type { Head } from './inversion/head.ts'

/** @returns chunks for `writeFileAtomic` */
export function writeHead({ ws, label, detail }: Head): Uint8Array[] {
  return writeSafetensors(
    new Map([
      ['ws', storeFloat32(ws, [ws.length])],
      ['label', storeFloat32(label, [label.length])],
      ...(detail
        ? [['detail', storeFloat16(detail.data, detailShape(detail.resolution, detail.data.length))] as const]
        : []),
    ]),
    {},
  )
}

/** @throws UserError where it is damaged, or of another generator */
export function readHead(bytes: Uint8Array, { config }: Generator): Head {
  const { tensors } = readSafetensors(bytes, 'The head')
  const [ws, label, detail] = ['ws', 'label', 'detail'].map((name) => tensors.get(name))
  const fits =
    ws?.shape.join() === `${config.num_ws * config.w_dim}` &&
    label?.shape.join() === '25' &&
    (!detail || (detail.shape.length === 4 && detail.shape[3] === config.plane_channels))
  if (!ws || !label || !fits) {
    throw new UserError('The head of this project does not fit its generator.', 'Form it again from the photo.')
  }
  return {
    ws: toFloat32(ws),
    label: toFloat32(label),
    ...(detail && { detail: { resolution: detail.shape[1], data: toFloat32(detail) } }),
  }
}

const detailShape = (resolution: number, length: number) => [
  3,
  resolution,
  resolution,
  length / (3 * resolution * resolution),
]
