/** What every command is. */
import { type Given, type Options, readArguments } from './arguments.ts'

export interface Command {
  /** @returns the process's exit code */
  run(argv: readonly string[]): Promise<number>
}

interface Described<T extends Options> {
  readonly name: string
  readonly options: T
  /** What `--help` says; then nothing else is done. */
  help(): string
  /** @returns the process's exit code */
  run(given: Given<T>, argv: readonly string[]): Promise<number>
}

/** A command that reads its arguments before it runs. */
export function command<T extends Options & { help: { type: 'boolean' } }>(described: Described<T>): Command {
  const { name, options, help } = described
  return {
    async run(argv) {
      const given = readArguments(name, argv, options)
      if (!(given.values as { help?: boolean }).help) return described.run(given, argv)
      process.stdout.write(help())
      return 0
    },
  }
}
