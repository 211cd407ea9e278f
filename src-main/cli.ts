#!/usr/bin/env node
/** The command line: `halfturn <command>`. Each command is a file in cli/; errors of the user's making exit with 2. */
import { commands, help } from './cli/commands.ts'
import { UserError } from './engine/errors.ts'
import { say } from './words/message.ts'
import { words } from './words/terminal.ts'

const [name, ...rest] = process.argv.slice(2)
try {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help())
  } else if (name === '--version') {
    process.stdout.write(`${(await import('./engine/version.ts')).VERSION}\n`)
  } else {
    const command = commands[name]
    if (!command) throw new UserError('no-command', { name, known: Object.keys(commands) })
    process.exitCode = await (await command.load()).run(rest)
  }
} catch (error) {
  if (error instanceof UserError) {
    const { text, cure } = say(words, error, 'cli')
    process.stderr.write(`halfturn: ${text}\n${cure}\n`)
    process.exitCode = 2
  } else {
    process.stderr.write(`halfturn: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 1
  }
}
// The landmarker keeps timers alive; everything that matters is written by now.
process.exit()
