/** What a graphics card says of itself while something runs: how busy it is, and its memory. NVIDIA's alone are asked. */
import { spawn } from 'node:child_process'

const ASKED = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits', '-lms', '200']

interface Readings {
  /** Mean share of the time in which something ran, 0..1; the most memory in use, MiB, other programs' included. */
  readonly busy: number
  readonly memory: number
}

/** Begins to read; calling the result ends it. It gives nothing where there is no such card. */
export function startMeter(): () => Readings | undefined {
  const busy: number[] = []
  const memory: number[] = []
  const child = spawn('nvidia-smi', ASKED, { stdio: ['ignore', 'pipe', 'ignore'] })
  child.on('error', () => {})
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) {
      const [share, used] = line.split(',').map(Number)
      if (!Number.isFinite(share) || !Number.isFinite(used)) continue
      busy.push(share / 100)
      memory.push(used)
    }
  })
  return () => {
    child.kill()
    if (busy.length === 0) return undefined
    return { busy: busy.reduce((sum, share) => sum + share, 0) / busy.length, memory: Math.max(...memory) }
  }
}
