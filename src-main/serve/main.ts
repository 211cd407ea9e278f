/** Starts the served window and opens it in the browser: `serve [--port N] [--no-open]`. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { dataFolder } from '../session/folders.ts'
import { words } from '../words/terminal.ts'
import { serve } from './serve.ts'

const { values } = parseArgs({ options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } } })
const port = Number(values.port ?? 0)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(words.serve.notAPort(String(values.port)))
  process.exit(2)
}

const here = dirname(fileURLToPath(import.meta.url))
const served = await serve({
  window: join(here, '..', 'renderer'),
  engine: join(here, 'engine-process.js'),
  data: dataFolder().folder,
  port,
})
console.log(words.serve.at(served.url))
if (!values['no-open']) openInBrowser(served.url)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await served.close()
    process.exit(0)
  })
}

function openInBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  spawn(command, [url], { stdio: 'ignore', detached: true })
    // Without a browser to open, the address above is enough.
    .on('error', () => {})
    .unref()
}
