/** Recognises pictures that no generator paints: drivers that fail silently give black, NaN or one colour. */
import { UserError } from '../errors.ts'
import type { Provider } from './provider.ts'

/**
 * Throws where a picture cannot be one.
 * @param picture [3, H, W]
 * @param what the picture's name for the message, as the beginning of a sentence: 'The preview'
 * @param provider what computed it
 * @throws UserError when a value is no finite number, or every channel has one value only
 */
export function assertHealthy(picture: Float32Array, what: string, provider: Provider): void {
  const complaint = fault(picture)
  if (complaint === undefined) return
  const cure =
    provider.name === 'cpu'
      ? 'The generator is damaged or was tuned too far: import it again, or start the head anew.'
      : 'Use the CPU: --provider cpu. A newer graphics driver may help as well.'
  throw new UserError(`${what} ${complaint}; computed by ${provider.name} (${provider.adapter}).`, cure)
}

function fault(picture: Float32Array): string | undefined {
  if (!picture.every(Number.isFinite)) return 'has values that are not finite numbers'
  const size = picture.length / 3
  const channels = [0, 1, 2].map((channel) => picture.subarray(channel * size, (channel + 1) * size))
  if (!channels.every((values) => values.every((value) => value === values[0]))) return undefined
  return channels.every(([value]) => value === 0 || value === -1) ? 'is all black' : 'is of one colour'
}
