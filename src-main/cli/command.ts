/** What every command is. */
export interface Command {
  /** @returns the process's exit code */
  run(argv: readonly string[]): Promise<number>
}
