/**
 * Fuzzes the checkpoint readers: `npx tsx scripts/fuzz.ts [inputs] [seed]`. Exits with 1 when an input brings an error
 * that is not meant for the user, or takes longer than MAX_SECONDS; the input is then written to `fuzz-failure.bin`.
 */
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { FUZZ_TARGETS, readOrRefuse } from '../src-main/engine/checkpoint/test-fuzz.ts'

const MAX_SECONDS = 5

const inputs = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31)
console.log(`${inputs} inputs, seed ${seed}`)

for (const target of FUZZ_TARGETS) {
  const seen = { read: 0, refused: 0 }
  let slowest = 0
  let last: Uint8Array = new Uint8Array(0)
  const started = performance.now()
  const property = fc.property(target.inputs, (bytes) => {
    last = bytes
    const begin = performance.now()
    seen[readOrRefuse(target, bytes)]++
    const seconds = (performance.now() - begin) / 1000
    if (seconds > slowest) slowest = seconds
    if (seconds > MAX_SECONDS) throw new Error(`took ${seconds.toFixed(1)} s`)
  })
  try {
    fc.assert(property, { numRuns: Math.ceil(inputs * target.share), seed })
  } catch (error) {
    writeFileSync('fuzz-failure.bin', last)
    console.error(`${target.name}: ${(error as Error).message}\nThe input is in fuzz-failure.bin.`)
    process.exit(1)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  const slow = (slowest * 1000).toFixed(0)
  console.log(`${target.name}: ${seen.read} read, ${seen.refused} refused in ${seconds} s, slowest ${slow} ms`)
}
