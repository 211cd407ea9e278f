/** The same thousand inputs a parser in every test run; `npm run fuzz` takes others, as many as one likes. */
import { describe, expect, it } from 'vitest'
import { inputOf, parsers, readOrRefuse } from './fuzz.ts'

const INPUTS = 1000
const SEED = 1

describe('fuzzing', () => {
  it.each(parsers)('$name', (parser) => {
    const seen = { read: 0, refused: 0 }
    for (let number = 0; number < INPUTS; number++) {
      try {
        seen[readOrRefuse(parser, inputOf(parser, SEED, number))]++
      } catch (cause) {
        throw new Error(`Input ${number} of seed ${SEED}`, { cause })
      }
    }
    // Inputs that are all refused at the first byte would show nothing.
    expect(seen.refused).toBeGreaterThan(0)
    expect(seen.read).toBeGreaterThan(0)
  })
})
