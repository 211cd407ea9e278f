/** The engine's utility process: started, handed to windows, started again when it dies. */
import { MessageChannelMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron'
import { type Message, message, messageOf, UserError } from '../engine/errors.ts'
import { type Done, Errands } from '../session/errands.ts'
import { restartDelay } from '../session/restart.ts'
import { channels } from './channels.ts'

export class EngineHost {
  private process: UtilityProcess | undefined
  private readonly entry: string
  private readonly probe: string
  private readonly decoder: string
  private data: string
  private readonly windows = new Set<WebContents>()
  private readonly errands = new Errands()
  private deaths: number[] = []
  private closing = false

  /**
   * @param entry the engine's program
   * @param probe the one that tries an execution provider
   * @param decoder the one that decodes a photo
   * @param data where projects are kept
   */
  constructor(entry: string, probe: string, decoder: string, data: string) {
    this.entry = entry
    this.probe = probe
    this.decoder = decoder
    this.data = data
    this.start()
  }

  /** Where projects are kept. */
  get folder(): string {
    return this.data
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
    // The engine ends the line the window had: a page that asks again and again gets one all the same.
    this.process.postMessage({ type: 'window', connection: window.id }, [port1])
    window.postMessage(channels.port, null, [port2])
  }

  /** Has the engine write bytes it holds to a path the person chose. @returns why it failed, or nothing */
  async write(blob: string, path: string): Promise<Message | undefined> {
    const engine = this.process
    if (!engine) return message('engine-absent')
    const answer = await this.errands.run((ticket) => engine.postMessage({ type: 'write', ticket, blob, path }))
    return 'failure' in answer ? answer.failure : undefined
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

  /**
   * Has the engine save everything and end, and start again on the folder that `prepare` has made ready.
   * @returns why it goes on with the one it had, or nothing
   */
  async move(data: string, prepare: () => Promise<void>): Promise<Message | undefined> {
    for (const window of this.windows) window.send(channels.down, 'moving')
    await this.close()
    let failure: Message | undefined
    try {
      await prepare()
      this.data = data
    } catch (error) {
      failure = error instanceof UserError ? messageOf(error) : message('defect', { what: String(error) })
    }
    this.closing = false
    this.start()
    return failure
  }

  private start(): void {
    const engine = utilityProcess.fork(this.entry, [], {
      serviceName: 'Halfturn engine',
      stdio: 'inherit',
      env: { ...process.env, HALFTURN_DATA: this.data },
    })
    this.process = engine
    engine.on('message', async (asked: Done | { tryOut: string } | { decode: number; bytes: Uint8Array }) => {
      if ('ticket' in asked) return this.errands.finish(asked)
      if ('decode' in asked) {
        const answer = await decode(this.decoder, asked.bytes)
        return engine.postMessage({ type: 'decoded', ticket: asked.decode, answer })
      }
      engine.postMessage({ type: 'tried', name: asked.tryOut, ...(await tryOut(this.probe, asked.tryOut)) })
    })
    // Its exit follows; unheard, this event would end the app.
    engine.on('error', () => {})
    engine.on('exit', () => this.onDeath())
    for (const window of this.windows) this.connect(window)
  }

  private onDeath(): void {
    this.process = undefined
    this.errands.fail()
    if (this.closing) return
    this.deaths.push(Date.now())
    const delay = restartDelay(this.deaths)
    for (const window of this.windows) window.send(channels.down, delay === undefined ? 'lost' : 'restarting')
    if (delay !== undefined) setTimeout(() => this.start(), delay)
  }
}

/** Milliseconds a provider has to answer in: drivers compile shaders at their first use. */
const PATIENCE = 60_000
/** The decoder ends itself long before, by the processor's time it took. */
const DECODING_PATIENCE = 300_000

/** Tries an execution provider in a process of its own, which a driver may take down. */
function tryOut(probe: string, name: string): Promise<{ answer?: unknown; said: string; end: Message }> {
  const child = utilityProcess.fork(probe, [name], {
    serviceName: 'Halfturn probe',
    stdio: 'pipe',
    // Makes the Vulkan loader name the device it hands out.
    env: { ...process.env, VK_LOADER_DEBUG: 'driver' },
  })
  child.on('error', () => {})
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
    child.once('message', (given) => {
      answer = given
      child.kill()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      const end = late
        ? message('provider-silent', { seconds: PATIENCE / 1000 })
        : message('provider-crashed', { end: message('exit-code', { exit: code }) })
      resolve({ ...(answer !== undefined && { answer }), said, end })
    })
  })
}

/** Decodes a photo in a process of its own, which may take too much and end. @returns its answer, if it gave one */
function decode(decoder: string, bytes: Uint8Array): Promise<unknown> {
  const child = utilityProcess.fork(decoder, [], { serviceName: 'Halfturn decoder', stdio: 'ignore' })
  child.on('error', () => {})
  return new Promise((resolve) => {
    let answer: unknown
    const timer = setTimeout(() => child.kill(), DECODING_PATIENCE)
    child.once('message', (given) => {
      answer = given
      child.kill()
    })
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(answer)
    })
    child.once('spawn', () => child.postMessage(bytes))
  })
}
