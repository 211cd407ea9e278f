/** What a command says while it works: a line that rewrites itself on a terminal, plain lines elsewhere, or JSON. */
import { type Message, say, type Words } from '../words/message.ts'
import { words } from '../words/terminal.ts'

const BAR = 24

type Label = keyof Words['cli']['labels']

export interface Reporter {
  /** Something that has come about, as a line of its own. */
  say(fact: Message, data?: Record<string, unknown>): void
  warn(fact: Message, data?: Record<string, unknown>): void
  /** Progress of something long; `text` stands behind the bar. */
  progress(label: Label, done: number, total: number, text: string, data?: Record<string, unknown>): void
}

export function createReporter(json: boolean): Reporter {
  return json ? jsonReporter() : new TerminalReporter()
}

function jsonReporter(): Reporter {
  const write = (type: string, data: Record<string, unknown>) =>
    process.stdout.write(`${JSON.stringify({ type, ...data })}\n`)
  return {
    say: (fact, data) => write('message', { message: textOf(fact), ...fact, ...data }),
    warn: (fact, data) => write('warning', { message: textOf(fact), ...fact, ...data }),
    progress: (label, done, total, _, data) => write('progress', { label, done, total, ...data }),
  }
}

class TerminalReporter implements Reporter {
  private readonly live = process.stderr.isTTY
  private open = false
  private shown = -1

  say(fact: Message): void {
    this.closeLine()
    process.stdout.write(`${textOf(fact)}\n`)
  }

  warn(fact: Message): void {
    this.closeLine()
    process.stderr.write(`${words.cli.note(textOf(fact))}\n`)
  }

  progress(label: Label, done: number, total: number, text: string): void {
    const share = total > 0 ? done / total : 1
    const filled = Math.round(share * BAR)
    const line = `${words.cli.labels[label].padEnd(9)} ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${text}`
    if (this.live) {
      process.stderr.write(`\r\x1b[2K${line}`)
      this.open = true
      if (done >= total) this.closeLine()
      return
    }
    // A log wants a tenth now and then, not every step.
    const tenth = Math.floor(share * 10)
    if (tenth !== this.shown || done >= total) process.stderr.write(`${line}\n`)
    this.shown = tenth
  }

  private closeLine(): void {
    if (this.open) process.stderr.write('\n')
    this.open = false
  }
}

const textOf = (fact: Message) => say(words, fact, 'cli').text

/** 75 to '1:15', 3675 to '1:01:15'. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const parts = hours > 0 ? [hours, minutes, whole % 60] : [minutes, whole % 60]
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
