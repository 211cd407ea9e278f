/** Recognises pictures that no generator paints: drivers that fail silently give black, NaN or one colour. */
import { type Message, message, UserError } from '../errors.ts'
import type { Provider } from './provider.ts'

/**
 * Throws where a head's picture cannot be one.
 * @param picture [3, H, W]
 * @param provider what computed it
 * @throws UserError when a value is no finite number, or every channel has one value only
 */
export function assertHealthy(picture: Float32Array, provider: Provider): void {
  const fault = faultOf(picture)
  if (fault) throw new UserError('picture-sick', { fault, provider: provider.name, adapter: provider.adapter })
}

function faultOf(picture: Float32Array): Message | undefined {
  if (!picture.every(Number.isFinite)) return message('picture-not-finite')
  const size = picture.length / 3
  const channels = [0, 1, 2].map((channel) => picture.subarray(channel * size, (channel + 1) * size))
  if (!channels.every((values) => values.every((value) => value === values[0]))) return undefined
  return message(channels.every(([value]) => value === 0 || value === -1) ? 'picture-black' : 'picture-one-colour')
}
