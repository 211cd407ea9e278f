/** A process with those it starts, watched from outside: CPU seconds and peak memory of all together. */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second. */
const TICK = 0.01
const LOOK = 200

export class Family {
  /** Seconds of the processor, and of the clock. */
  cpu = 0
  wall = 0
  /** The largest sum of what was resident at a time, MiB. */
  peak = 0
  /** To the exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>

  /** @param look is told what is resident, MiB, some times a second */
  constructor(child: ChildProcess, look: (resident: number) => void = () => {}) {
    const [start, before] = [performance.now(), endedChildren()]
    const timer = setInterval(() => {
      const now = resident(child.pid!)
      this.peak = Math.max(this.peak, now)
      look(now)
    }, LOOK)
    this.ended = new Promise((settle) => {
      child.on('close', (code) => {
        clearInterval(timer)
        this.wall = (performance.now() - start) / 1000
        this.cpu = endedChildren() - before
        settle(code)
      })
    })
  }
}

/** CPU seconds of this process's ended children and theirs. */
const endedChildren = (): number =>
  fieldsOf(process.pid)
    .slice(13, 15)
    .reduce((sum, ticks) => sum + ticks * TICK, 0)

/** MiB resident in a process and those below it. */
function resident(pid: number): number {
  const below = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const [, parent = 0] = fieldsOf(Number(name))
    below.set(parent, [...(below.get(parent) ?? []), Number(name)])
  }
  const sum = (one: number): number => {
    const own = (fieldsOf(one)[21] ?? 0) / 256
    return (below.get(one) ?? []).reduce((total, child) => total + sum(child), own)
  }
  return sum(pid)
}

/** From the state on; none where the process has gone. */
function fieldsOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the process, in brackets, may hold anything.
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
  } catch {
    return []
  }
}
