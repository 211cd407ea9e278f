/** The engine's utility process: started, handed to windows, started again when it dies. */
import { MessageChannelMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron'
import { restartDelay } from '../restart.ts'
import { channels } from './channels.ts'

export class EngineHost {
  private process: UtilityProcess | undefined
  private readonly entry: string
  private readonly probe: string
  private readonly data: string
  private readonly windows = new Set<WebContents>()
  private readonly writes = new Map<number, (failure: string | undefined) => void>()
  private tickets = 0
  private deaths: number[] = []
  private closing = false

  /**
   * @param entry the engine's program
   * @param probe the one that tries an execution provider
   * @param data where projects are kept
   */
  constructor(entry: string, probe: string, data: string) {
    this.entry = entry
    this.probe = probe
    this.data = data
    this.start()
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  /** Gives a window its own line to the engine. */
  connect(window: WebContents): void {
    if (!this.windows.has(window)) {
      this.windows.add(window)
      window.once('destroyed', () => this.windows.delete(window))
    }
    if (!this.process) return
    const { port1, port2 } = new MessageChannelMain()
    this.process.postMessage({ type: 'window' }, [port1])
    window.postMessage(channels.port, null, [port2])
  }

  /** Has the engine write bytes it holds to a path the person chose. @returns why it failed, or nothing */
  write(blob: string, path: string): Promise<string | undefined> {
    const engine = this.process
    if (!engine) return Promise.resolve('The engine is not running.')
    const ticket = ++this.tickets
    return new Promise((resolve) => {
      this.writes.set(ticket, resolve)
      engine.postMessage({ type: 'write', ticket, blob, path })
    })
  }

  /** Lets the engine save everything and end. */
  async close(): Promise<void> {
    this.closing = true
    const engine = this.process
    if (!engine) return
    const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()))
    engine.postMessage({ type: 'quit' })
    const timer = setTimeout(() => engine.kill(), 10_000)
    await ended
    clearTimeout(timer)
  }

  private start(): void {
    const engine = utilityProcess.fork(this.entry, [], {
      serviceName: 'Halfturn engine',
      stdio: 'inherit',
      env: { ...process.env, HALFTURN_DATA: this.data },
    })
    this.process = engine
    engine.on('message', async (message: { ticket?: number; failure?: string; tryOut?: string }) => {
      if (message.tryOut !== undefined) {
        engine.postMessage({ type: 'tried', name: message.tryOut, ...(await tryOut(this.probe, message.tryOut)) })
      }
      if (message.ticket === undefined) return
      this.writes.get(message.ticket)?.(message.failure)
      this.writes.delete(message.ticket)
    })
    engine.on('exit', () => this.onDeath())
    for (const window of this.windows) this.connect(window)
  }

  private onDeath(): void {
    this.process = undefined
    for (const resolve of this.writes.values()) resolve('The engine ended while writing.')
    this.writes.clear()
    if (this.closing) return
    this.deaths.push(Date.now())
    const delay = restartDelay(this.deaths)
    for (const window of this.windows) window.send(channels.down, delay !== undefined)
    if (delay !== undefined) setTimeout(() => this.start(), delay)
  }
}

/** Milliseconds a provider has to answer in: drivers compile shaders at their first use. */
const PATIENCE = 60_000

/** Tries an execution provider in a process of its own, which a driver may take down. */
function tryOut(probe: string, name: string): Promise<{ answer?: unknown; said: string; end: string }> {
  const child = utilityProcess.fork(probe, [name], {
    serviceName: 'Halfturn probe',
    stdio: 'pipe',
    // Makes the Vulkan loader name the device it hands out.
    env: { ...process.env, VK_LOADER_DEBUG: 'driver' },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
    })
  }
  return new Promise((resolve) => {
    let late = false
    let answer: unknown
    const timer = setTimeout(() => {
      late = true
      child.kill()
    }, PATIENCE)
    child.once('message', (message) => {
      answer = message
      child.kill()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      const end = late ? `it did not answer within ${PATIENCE / 1000} s` : `it crashed (exit code ${code})`
      resolve({ ...(answer !== undefined && { answer }), said, end })
    })
  })
}
