/**
 * What benchmarks are measured with: CPU seconds of the whole process (all threads, so that other load on the machine
 * does not count), wall seconds, and the peak of the process's memory so far.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'

export interface Row {
  readonly what: string
  /** Further figures: times in seconds, memory in MiB, rates in units a CPU second. */
  readonly [figure: string]: number | string
}

export interface Cost {
  cpu: number
  wall: number
}

export class Recorder {
  readonly rows: Row[] = []

  /** Keeps a row and shows it. */
  add(row: Row): void {
    this.rows.push(row)
    const { what, ...figures } = row
    const shown = Object.entries(figures).map(
      ([figure, value]) => `${figure} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`,
    )
    console.log(`${what.padEnd(44)} ${shown.join('  ')}`)
  }

  /** Runs the work `times` times and records the medians; the first, unmeasured run compiles and fills caches. */
  async time<T>(what: string, times: number, work: () => Promise<T>, figures: (cost: Cost) => object = () => ({})) {
    let result = await work()
    const costs: Cost[] = []
    for (let i = 0; i < times; i++) {
      const clock = startClock()
      result = await work()
      costs.push(clock())
    }
    const cost = { cpu: median(costs.map(({ cpu }) => cpu)), wall: median(costs.map(({ wall }) => wall)) }
    this.add({ what, ...cost, peak_rss: peakMemory(), ...figures(cost) })
    return result
  }
}

/** Starts a clock; calling it gives what has passed. */
export function startClock(): () => Cost {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1e3 }
  }
}

/** The most memory this process has had resident since it started, MiB. */
export function peakMemory(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function describeMachine(): Record<string, string | number> {
  const require = createRequire(import.meta.url)
  const { version } = JSON.parse(readFileSync(require.resolve('onnxruntime-node/package.json'), 'utf8'))
  return {
    cpu: cpus()[0].model,
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    onnxruntime: version,
  }
}
