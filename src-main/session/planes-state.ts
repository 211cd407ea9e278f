/** A head's planes as the window's volume shader takes them. */

import { encodeFloat16 } from '../engine/checkpoint/safetensors.ts'
import type { Generator } from '../engine/generator/generator.ts'
import type { Planes } from '../engine/generator/plane-layout.ts'
import { PlaneProjection } from '../engine/generator/planes.ts'
import { keptBounds } from '../engine/surface/surface.ts'
import type { BlobId, DecoderState, PlanesState } from './api.ts'

/** @param put keeps bytes for the window, and says what to call them */
export function planesState(
  generator: Generator,
  planes: Planes,
  put: (bytes: Uint8Array, slot: string) => BlobId,
): Omit<PlanesState, 'version' | 'camera'> {
  const { resolution, channels, layers, shape } = planes
  const halves = ({ data }: Planes) => {
    const encoded = encodeFloat16(data)
    return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  }
  return {
    planes: put(halves(planes), 'planes'),
    resolution,
    channels,
    layers,
    ...(shape && { shape: { planes: put(halves(shape), 'shape'), resolution: shape.resolution } }),
    decoder: decoderOf(generator),
  }
}

/** The decoder with its gains multiplied in, and of its outputs only density and colour. */
function decoderOf({ config, weights }: Generator): DecoderState {
  const { plane_channels: channels, decoder_hidden_dim: hidden, rendering_kwargs: kwargs } = config
  const multiplier = kwargs.decoder_lr_mul
  const scaled = (name: string, count: number, gain: number) => weights[name].slice(0, count).map((x) => x * gain)
  const { avg_camera_radius: radius, avg_camera_pivot: pivot, box_warp: box, ray_start, ray_end } = kwargs
  // Rays that ask for the box are cut with the cube round it.
  const reach = (Math.sqrt(3) / 2) * box
  return {
    hidden,
    weight0: scaled('decoder.net.0.weight', hidden * channels, multiplier / Math.sqrt(channels)),
    bias0: scaled('decoder.net.0.bias', hidden, multiplier),
    weight1: scaled('decoder.net.2.weight', 4 * hidden, multiplier / Math.sqrt(hidden)),
    bias1: scaled('decoder.net.2.bias', 4, multiplier),
    projection: [...new PlaneProjection(config).rows],
    box,
    bounds: keptBounds(box),
    near: ray_start === 'auto' ? radius - reach : ray_start,
    far: ray_end === 'auto' ? radius + reach : ray_end,
    white: kwargs.white_back,
    radius,
    pivot,
  }
}
