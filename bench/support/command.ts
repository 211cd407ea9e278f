/** The command at work, watched from outside: when it says what, and what it has used by then. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cost } from './recorder.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Linux counts CPU time in hundredths of a second. */
const TICK = 0.01

/** A line of --json and what the process had used when it came; CPU is NaN where the system does not tell. */
interface Mark extends Cost {
  readonly line: Record<string, unknown>
}

export interface Watched {
  readonly marks: readonly Mark[]
  readonly total: Cost
  /** The most memory that was resident, MiB; NaN where the system does not tell. */
  readonly peak: number
}

/** @throws Error where the command fails */
export async function watch(...args: string[]): Promise<Watched> {
  const command = ['--import', 'tsx', join(ROOT, 'src-main', 'cli.ts'), ...args, '--json']
  const start = performance.now()
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<number | null>((settle) => child.on('close', settle))
  let used = { cpu: Number.NaN, peak: Number.NaN }
  const look = async () => {
    const now = await usageOf(child.pid!).catch(() => used)
    // A process that has ended but not been asked has no memory any more.
    used = { cpu: now.cpu, peak: now.peak || used.peak }
    return { cpu: used.cpu, wall: (performance.now() - start) / 1000 }
  }
  // What a process has used is gone when it is: the last look counts.
  const timer = setInterval(look, 100)
  const marks: Mark[] = []
  for await (const text of createInterface({ input: child.stdout })) {
    marks.push({ line: JSON.parse(text), ...(await look()) })
  }
  const code = await exited
  clearInterval(timer)
  if (code !== 0) throw new Error(`halfturn ${args.join(' ')} ended with ${code}`)
  return { marks, total: { cpu: used.cpu, wall: (performance.now() - start) / 1000 }, peak: used.peak }
}

async function usageOf(pid: number): Promise<{ cpu: number; peak: number }> {
  const [stat, status] = await Promise.all(['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')))
  // The name of the process, in brackets, may hold anything.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return { cpu: (user + system) * TICK, peak: Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024 }
}
