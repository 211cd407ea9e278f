/** A head's planes as the window's volume shader takes them. */
import type { DecoderState, PlanesState } from './api.ts'
import { encodeFloat16 } from './checkpoint/safetensors.ts'
import type { Generator } from './generator/generator.ts'
import { PlaneProjection, type Planes } from './generator/planes.ts'

/** @returns the planes' half floats, and all that goes with them */
export function planesState(
  generator: Generator,
  planes: Planes,
): { bytes: Uint8Array; state: Omit<PlanesState, 'version' | 'planes'> } {
  const halves = encodeFloat16(planes.data)
  return {
    bytes: new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength),
    state: { resolution: planes.resolution, channels: planes.channels, decoder: decoderOf(generator) },
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
    near: ray_start === 'auto' ? radius - reach : ray_start,
    far: ray_end === 'auto' ? radius + reach : ray_end,
    white: kwargs.white_back,
    radius,
    pivot,
  }
}
