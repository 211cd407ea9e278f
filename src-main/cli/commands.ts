/** The list of commands. One is loaded when it is asked for, and with it the libraries that it needs. */

export interface Command {
  /** @returns the process's exit code */
  run(argv: readonly string[]): Promise<number>
}

interface Listed {
  readonly summary: string
  load(): Promise<Command>
}

export const commands: Readonly<Record<string, Listed>> = {
  reconstruct: {
    summary: 'a photo to a head',
    load: async () => (await import('./reconstruct.ts')).reconstruct,
  },
  generate: {
    summary: 'a person who does not exist',
    load: async () => (await import('./generate.ts')).generate,
  },
  import: {
    summary: 'an EG3D checkpoint (.pkl) to a generator file',
    load: async () => (await import('./import.ts')).importGenerator,
  },
  info: {
    summary: 'providers, adapters, generators; or what a file is',
    load: async () => (await import('./info.ts')).info,
  },
}

export function help(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`)
  return `Halfturn: one portrait in, a 3D head out. Nothing leaves this machine.

usage: halfturn <command> [options]

${lines.join('\n')}

halfturn <command> --help says more.
`
}
