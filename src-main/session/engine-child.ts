/** The served form's engine process: started, spoken with, started again when it dies. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { Packr } from 'msgpackr'
import type { WebSocket } from 'ws'
import { words } from '../words/terminal.ts'
import type { BlobId, Reply } from './api.ts'
import { type Done, Errands } from './errands.ts'
import { RESTARTS, restartDelay } from './restart.ts'
import { Uploads } from './uploads.ts'

/** Bytes a window may leave unread: several times what is sent while it does one thing. */
const MOST_UNREAD = 256 * 2 ** 20
/** Reasons to close a connection (RFC 6455): no text, no message of ours, the engine is started again. */
const [BINARY, REFUSED, RESTART] = [1003, 1008, 1012]

type Said = Done | { connection: number; data: unknown } | { hangUp: number }

/** Connections end with the process, and the tabs come back by themselves. */
export class EngineChild {
  process: ChildProcess
  private readonly entry: string
  private readonly data: string
  private readonly clients = new Map<number, WebSocket>()
  private readonly packr = new Packr({ moreTypes: true, structuredClone: true, useRecords: false })
  private readonly errands = new Errands()
  private uploads: Uploads
  private connections = 0
  private deaths: number[] = []
  private closing = false

  constructor(entry: string, data: string) {
    this.entry = entry
    this.data = data
    this.uploads = this.newUploads()
    this.process = this.start()
  }

  /** Carries a window's messages, text in and MessagePack out, until either end hangs up. */
  attach(socket: WebSocket): void {
    const connection = ++this.connections
    this.clients.set(connection, socket)
    socket.on('message', (bytes, isBinary) => {
      // What was under way when it was hung up on.
      if (socket.readyState !== socket.OPEN) return
      if (isBinary) return socket.close(BINARY)
      // One at a time: the window waits when the engine does.
      socket.pause()
      this.send({ type: 'data', connection, data: String(bytes) }, () => socket.resume())
    })
    socket.on('close', () => {
      this.clients.delete(connection)
      this.send({ type: 'gone', connection })
    })
    socket.on('error', () => socket.terminate())
  }

  /** @throws UserError where it is too large or the disk refuses */
  async upload(chunks: AsyncIterable<Uint8Array>): Promise<Reply<BlobId>> {
    const upload = await this.uploads.receive(chunks)
    return this.errands.run((ticket) => this.send({ type: 'upload', ticket, ...upload }))
  }

  download(blob: BlobId): Promise<Reply<Uint8Array>> {
    return this.errands.run((ticket) => this.send({ type: 'download', ticket, blob }))
  }

  async close(): Promise<void> {
    this.closing = true
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve))
      this.send({ type: 'quit' })
      const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    }
    await this.uploads.close()
  }

  /** @param sent called when it is, or cannot be */
  private send(message: object, sent: () => void = () => {}): void {
    if (this.process.connected) this.process.send(message, undefined, undefined, sent)
    else {
      if ('ticket' in message) this.errands.fail()
      sent()
    }
  }

  private newUploads(): Uploads {
    return new Uploads(join(this.data, 'uploads'))
  }

  private start(): ChildProcess {
    const child = fork(this.entry, { serialization: 'advanced', env: { ...process.env, HALFTURN_DATA: this.data } })
    child.on('message', (message) => this.hear(message as Said))
    let isAlive = true
    const die = () => {
      if (isAlive) this.onDeath()
      isAlive = false
    }
    // A program that cannot be started ends with an error instead of an exit.
    child.on('error', (error) => {
      console.error(error)
      if (child.pid === undefined) die()
    })
    child.on('exit', die)
    return child
  }

  private hear(message: Said): void {
    if ('ticket' in message) this.errands.finish(message)
    else if ('hangUp' in message) this.clients.get(message.hangUp)?.close(REFUSED)
    else {
      const client = this.clients.get(message.connection)
      if (client && client.bufferedAmount > MOST_UNREAD) client.terminate()
      else client?.send(this.packr.pack(message.data))
    }
  }

  private onDeath(): void {
    for (const client of this.clients.values()) client.close(RESTART)
    this.clients.clear()
    this.errands.fail()
    // Nobody knows of the files it was given.
    this.uploads.close()
    if (this.closing) return
    this.uploads = this.newUploads()
    this.deaths.push(Date.now())
    const delay = restartDelay(this.deaths)
    if (delay === undefined) {
      console.error(words.serve.engineLost(RESTARTS))
      return
    }
    setTimeout(() => {
      this.process = this.start()
    }, delay)
  }
}
