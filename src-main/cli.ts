#!/usr/bin/env node
/** The command line: `halfturn <command>`. Each command is a file in cli/; errors of the user's making exit with 2. */
import { commands, help } from './cli/commands.ts'
import { UserError } from './engine/errors.ts'

const [name, ...rest] = process.argv.slice(2)
try {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help())
  } else if (name === '--version') {
    process.stdout.write(`${(await import('./engine/version.ts')).VERSION}\n`)
  } else {
    const command = commands[name]
    if (!command)
      throw new UserError(`There is no command '${name}'.`, `Use one of ${Object.keys(commands).join(', ')}.`)
    process.exitCode = await (await command.load()).run(rest)
  }
} catch (error) {
  if (error instanceof UserError) {
    process.stderr.write(`halfturn: ${error.message}\n${error.cure}\n`)
    process.exitCode = 2
  } else {
    process.stderr.write(`halfturn: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  }
}
// The landmarker keeps timers alive; everything that matters is written by now.
process.exit()
