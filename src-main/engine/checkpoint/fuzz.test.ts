/** A hundred thousand inputs in every test run; `npx tsx scripts/fuzz.ts` takes as many as one likes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FUZZ_TARGETS, fuzzConfig, parseOrRefuse, readOrRefuse } from './test-fuzz.ts'

const INPUTS = 100_000

describe('fuzzing', () => {
  it.each(FUZZ_TARGETS)('$name', (target) => {
    const seen = { read: 0, refused: 0 }
    const property = fc.property(target.inputs, (bytes) => {
      seen[readOrRefuse(target, bytes)]++
    })
    fc.assert(property, { numRuns: Math.ceil(INPUTS * target.share) })
    // Inputs that are all refused at the first byte would show nothing.
    expect(seen.refused).toBeGreaterThan(0)
    expect(seen.read).toBeGreaterThan(0)
  })

  it('configs', () => {
    fc.assert(fc.property(fuzzConfig, parseOrRefuse), { numRuns: 5000 })
  })
})
