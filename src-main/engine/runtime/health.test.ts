import { describe, expect, it } from 'vitest'
import { message, UserError } from '../errors.ts'
import { assertHealthy } from './health.ts'
import type { Provider } from './provider.ts'

const gpu: Provider = { name: 'webgpu', adapter: 'GPU 9000', reason: message('provider-best', { provider: 'it' }) }
const cpu: Provider = { name: 'cpu', adapter: 'CPU 1', reason: message('provider-best', { provider: 'it' }) }

const complaint = (picture: Float32Array, provider = gpu): UserError => {
  try {
    assertHealthy(picture, provider)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('no complaint')
}

describe('assertHealthy', () => {
  const gradient = Float32Array.from({ length: 12 }, (_, i) => i / 6 - 1)

  it('lets pictures pass, also dark and nearly even ones', () => {
    assertHealthy(gradient, gpu)
    assertHealthy(new Float32Array(12).fill(-1).with(5, -0.99), gpu)
  })

  it('sees values that are no numbers', () => {
    expect(complaint(gradient.with(7, Number.NaN)).message).toBe(
      'The head has values that are not finite numbers; computed by webgpu (GPU 9000).',
    )
    expect(complaint(gradient.with(0, Number.NEGATIVE_INFINITY)).message).toContain('not finite')
  })

  it('sees black, in the range from 0 as from -1', () => {
    expect(complaint(new Float32Array(12)).message).toContain('is all black')
    expect(complaint(new Float32Array(12).fill(-1)).message).toContain('is all black')
  })

  it('sees a single colour', () => {
    const red = Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(complaint(red).message).toContain('is of one colour')
  })

  it('advises the CPU, but not to those who use it', () => {
    expect(complaint(new Float32Array(12)).cure).toContain('--provider cpu')
    expect(complaint(new Float32Array(12), cpu).cure).not.toContain('--provider')
  })
})
