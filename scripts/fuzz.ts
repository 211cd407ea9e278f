/**
 * Fuzzes everything that reads what it did not write: `npm run fuzz -- [inputs per parser] [seed] [parser ...]`. Exits
 * with 1 when an input brings an error that is not meant for the user, or takes more memory than twice itself and 100 MB;
 * with `--clock`, also when it takes more than 2 CPU seconds. The input is then written to `fuzz-failure.bin`.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { inputOf, parsers, readOrRefuse } from '../testing/fuzz.ts'

const MOST_SECONDS = 2
const MOST_BYTES = 100e6

const { values, positionals } = parseArgs({ options: { clock: { type: 'boolean' } }, allowPositionals: true })
const [inputs = '100000', seed = String(Date.now() % 2 ** 31), ...names] = positionals
console.log(`${inputs} inputs a parser, seed ${seed}`)

/** CPU seconds so far: other load on the machine does not count. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
/** The most memory the process has held, bytes: it rises by what an input needs beyond all before it. */
const peak = () => process.resourceUsage().maxRSS * 1024

for (const parser of parsers) {
  if (names.length > 0 && !names.includes(parser.name)) continue
  const seen = { read: 0, refused: 0 }
  let slowest = 0
  let largest = 0
  const began = cpu()
  for (let number = 0; number < Number(inputs); number++) {
    const bytes = inputOf(parser, Number(seed), number)
    const [time, memory] = [cpu(), peak()]
    try {
      seen[readOrRefuse(parser, bytes)]++
      const [seconds, grown] = [cpu() - time, peak() - memory]
      slowest = Math.max(slowest, seconds)
      largest = Math.max(largest, grown)
      if (values.clock && seconds > MOST_SECONDS) throw new Error(`took ${seconds.toFixed(1)} CPU s`)
      if (grown > 2 * bytes.length + MOST_BYTES) throw new Error(`took ${(grown / 1e6).toFixed(0)} MB`)
    } catch (error) {
      writeFileSync('fuzz-failure.bin', bytes)
      console.error(`${parser.name}, input ${number}:`, error, '\nThe input is in fuzz-failure.bin.')
      process.exit(1)
    }
  }
  console.log(
    `${parser.name.padEnd(12)} ${seen.read} read, ${seen.refused} refused, ${(cpu() - began).toFixed(1)} CPU s; ` +
      `slowest ${(slowest * 1000).toFixed(0)} ms, memory grew by ${(largest / 1e6).toFixed(0)} MB at most`,
  )
}
