/** The list of commands. One is loaded when it is asked for, and with it the libraries that it needs. */
import { words } from '../words/terminal.ts'
import type { Command } from './command.ts'

export const commands: Readonly<Record<string, { load(): Promise<Command> }>> = {
  reconstruct: {
    load: async () => (await import('./reconstruct.ts')).reconstruct,
  },
  batch: {
    load: async () => (await import('./batch.ts')).batch,
  },
  worker: {
    load: async () => (await import('./worker.ts')).worker,
  },
  generate: {
    load: async () => (await import('./generate.ts')).generate,
  },
  import: {
    load: async () => (await import('./import.ts')).importGenerator,
  },
  info: {
    load: async () => (await import('./info.ts')).info,
  },
}

export function help(): string {
  const lines = Object.entries(words.cli.summaries).map(([name, summary]) => `  ${name.padEnd(13)}${summary}`)
  return words.cli.help(lines.join('\n'))
}
