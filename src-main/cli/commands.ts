/** The list of commands. */
import { generate } from './generate.ts'
import { importGenerator } from './import.ts'
import { info } from './info.ts'
import { reconstruct } from './reconstruct.ts'

export interface Command {
  readonly summary: string
  /** @returns the process's exit code */
  run(argv: readonly string[]): Promise<number>
}

export const commands: Readonly<Record<string, Command>> = { reconstruct, generate, import: importGenerator, info }

export function help(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`)
  return `Halfturn: one portrait in, a 3D head out. Nothing leaves this machine.

usage: halfturn <command> [options]

${lines.join('\n')}

halfturn <command> --help says more.
`
}
