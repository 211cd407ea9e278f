/**
 * The processes that make heads. Each one makes one head at a time: a photo that ends its process is one photo that
 * failed, and the next is made by a new process. Whoever has a crew is free meanwhile.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { type Message, message, UserError } from '../../engine/errors.ts'
import type { GeneratorChoice } from '../chosen-generator.ts'
import type { Reporter } from '../reporter.ts'
import type { Outcome, Task } from './make-one.ts'
import type { Person } from './people.ts'
import type { Making } from './record.ts'

export const silent: Reporter = { say: () => {}, warn: () => {}, progress: () => {} }

export type StudioOptions = GeneratorChoice
export type Request = Task | 'stop'
export type Answer =
  /** Why it runs where it runs. */
  | { readonly ready: Message }
  | { readonly refusal: Message }
  | { readonly warning: Message; readonly data?: Record<string, unknown> }
  | { readonly outcome: Outcome }

/** A process ended while it made a head: too little memory, or a library that crashed. */
interface Crash {
  readonly crash: Message
}

/** What became of one who was given to a process. */
export type Made = Outcome | Crash

/** Makes the heads, here or elsewhere, and tells what became of each; ends early, with the rest undone, when asked. */
export type Make = (
  people: readonly Person[],
  told: (person: Person, made: Made) => void,
  asked: AbortSignal,
) => Promise<void>

export class Crew {
  private readonly options: StudioOptions
  private readonly script: URL
  private readonly report: Reporter
  private readonly idle: (ChildProcess | undefined)[]
  private readonly all = new Set<ChildProcess>()
  private stopped = false

  private constructor(options: StudioOptions, script: URL, first: ChildProcess, size: number, report: Reporter) {
    this.options = options
    this.script = script
    this.report = report
    this.idle = [first, ...Array.from({ length: size - 1 }, () => undefined)]
    this.all.add(first)
  }

  /**
   * @param size how many heads are made at a time; the processor's cores are shared out
   * @param script what the processes run; others than the default are for tests
   * @throws UserError where the provider, the generator or a network cannot be used
   */
  static async open(options: GeneratorChoice, size: number, report: Reporter, script = scriptBeside()): Promise<Crew> {
    const { provider, generator, 'allow-software': software } = options
    const asked = { provider, generator, 'allow-software': software }
    const shared = { ...asked, threads: Math.max(1, Math.floor(availableParallelism() / size)) }
    const { child, reason } = await start(script, shared)
    report.say(message('running-on', { provider: reason }))
    return new Crew(shared, script, child, size, report)
  }

  /** Makes a head; of no more at a time than the crew has processes. */
  async make(task: Task): Promise<Made> {
    const free = this.idle.pop()
    const child = free?.connected ? free : await this.hire()
    const outcome = await this.ask(child, task)
    this.idle.push(child)
    return outcome
  }

  /** Heads under way stop after the step at hand, and are gone on with by the next who takes them. */
  stop(): void {
    this.stopped = true
    for (const child of this.all) if (child.connected) child.send('stop' satisfies Request)
  }

  /** Ends the processes, which have nothing to do any more. (One that was let go never says 'close'.) */
  async close(): Promise<void> {
    const ends = [...this.all].filter((child) => child.connected).map((child) => once(child, 'exit'))
    for (const child of this.all) if (child.connected) child.disconnect()
    await Promise.all(ends)
  }

  private async hire(): Promise<ChildProcess> {
    const { child } = await start(this.script, this.options)
    this.all.add(child)
    if (this.stopped) child.send('stop' satisfies Request)
    return child
  }

  private ask(child: ChildProcess, task: Task): Promise<Made> {
    return new Promise((resolve) => {
      const settle = (result: Made) => {
        child.off('message', hear)
        child.off('close', gone)
        resolve(result)
      }
      const hear = (answer: Answer) => {
        if ('warning' in answer) this.report.warn(answer.warning, answer.data)
        if ('outcome' in answer) settle(answer.outcome)
      }
      const gone = (code: number | null, signal: string | null) => {
        this.all.delete(child)
        settle({ crash: crashed(signal ?? `code ${code}`) })
      }
      child.on('message', hear)
      child.on('close', gone)
      // A process that is gone already is told of by 'close'.
      child.send(task satisfies Request, () => {})
    })
  }
}

/** Makes heads by processes on this machine, `jobs` at a time. */
export function makeHere(options: GeneratorChoice, jobs: number, root: string, making: Making, report: Reporter): Make {
  return async (people, told, asked) => {
    const crew = await Crew.open(options, Math.min(jobs, people.length), report)
    asked.addEventListener('abort', () => crew.stop())
    const waiting = [...people]
    let ended = false
    const work = async () => {
      for (let person = waiting.shift(); person && !ended && !asked.aborted; person = waiting.shift()) {
        const made = await crew.make({ root, person, making })
        if (made !== 'stopped' && 'ends' in made) {
          ended = true
          crew.stop()
        }
        told(person, made)
      }
    }
    try {
      await Promise.all(Array.from({ length: jobs }, work))
    } finally {
      await crew.close()
    }
  }
}

const crashed = (end: string): Message => message('head-process-ended', { end })

/** @throws UserError where it says that it cannot work */
function start(script: URL, options: StudioOptions): Promise<{ child: ChildProcess; reason: Message }> {
  const loader = script.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  const child = fork(script, [JSON.stringify(options)], {
    execArgv: loader,
    // Ctrl-C reaches all processes of a terminal's group; whoever started this one says what it means.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', (answer: Answer) => {
      if ('ready' in answer) resolve({ child, reason: answer.ready })
      if ('refusal' in answer) reject(UserError.of(answer.refusal))
    })
    child.once('error', reject)
    child.once('close', (code, signal) => reject(UserError.of(crashed(signal ?? `code ${code}`))))
  })
}

/** Beside this file: source under tsx and in tests, an entry of its own in the build. */
function scriptBeside(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'head-process.ts' : 'head-process.js', import.meta.url)
}
