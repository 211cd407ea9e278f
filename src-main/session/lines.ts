/**
 * The lines from the engine to its windows, whatever carries them. A line on which comes what no window of ours sends is
 * hung up on; the engine and the other lines go on.
 */
import { type BirpcReturn, createBirpc } from 'birpc'
import type { Engine } from './engine.ts'
import type { Envelope } from './envelope.ts'
import { type EngineFunctions, serveRpc, type WindowFunctions } from './rpc-server.ts'
import type { Uploads } from './uploads.ts'

interface Carrier {
  post(data: unknown): void
  hangUp(): void
}

interface Line {
  /** Deals with a message; with nothing, where what came was none. */
  receive(message: Envelope | undefined): void
  close(): void
}

export class Lines {
  private readonly engine: Engine
  private readonly uploads: Uploads
  private readonly lines = new Map<number, Line>()

  constructor(engine: Engine, uploads: Uploads) {
    this.engine = engine
    this.uploads = uploads
  }

  get(connection: number): Line | undefined {
    return this.lines.get(connection)
  }

  /** Opens the line of a connection, in the place of the one it had. */
  open(connection: number, { post, hangUp }: Carrier): Line {
    let deliver: (message: Envelope) => void = () => {}
    let remote: BirpcReturn<WindowFunctions, EngineFunctions> | undefined
    const door = serveRpc(this.engine, this.uploads, async (event) => {
      // Only previews wait for the window.
      if (event.type === 'preview') await remote?.event(event)
      else await remote?.event.asEvent(event)
    })
    remote = createBirpc<WindowFunctions, EngineFunctions>(door.functions, {
      post,
      on: (receive) => {
        deliver = receive
      },
      timeout: -1,
      onGeneralError: (error) => {
        this.engine.note(`the line to a window: ${error.message}`)
        return true
      },
    })
    const line: Line = {
      receive: (message) => {
        if (message) return deliver(message)
        this.engine.note('hung up: a window sent what is no message')
        line.close()
        hangUp()
      },
      close: () => {
        door.close()
        remote.$close()
        if (this.lines.get(connection) === line) this.lines.delete(connection)
      },
    }
    this.lines.get(connection)?.close()
    this.lines.set(connection, line)
    return line
  }
}
