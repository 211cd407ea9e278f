/** What Ctrl-C and the like do: end the command at once, or first let what is under way come to an end. */
import { constants } from 'node:os'

/** Ctrl-C; the system shutting down; the terminal being closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interruption {
  /** What to return to the shell, once the command has been asked to end. */
  code: number | undefined
  /** Said where the command is ended at once. */
  parting = ''
  private gentle = false
  private readonly first = new AbortController()
  /** Aborted by the first signal. */
  readonly asked = this.first.signal

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const isFirst = this.code === undefined
        this.code = 128 + constants.signals[signal]
        this.first.abort()
        // Who asks twice does not wait.
        if (this.gentle && isFirst) return
        if (this.parting !== '') process.stderr.write(`${this.parting}\n`)
        // Claims on files clean up when the process exits.
        process.exit(this.code)
      })
    }
  }

  /** While `work` runs the first signal only sets {@link code}: it ends when it sees that. */
  async gently<T>(work: () => Promise<T>): Promise<T> {
    this.gentle = true
    try {
      return await work()
    } finally {
      this.gentle = false
    }
  }
}
