/**
 * The window in a browser tab: an HTTP and WebSocket server on loopback, behind a token that changes with every launch.
 * It only carries: files of the window, blobs, and the messages between the tab and the engine process.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { createBirpc } from 'birpc'
import { Packr } from 'msgpackr'
import { type WebSocket, WebSocketServer } from 'ws'
import type { DoorFunctions, WindowFunctions } from './engine/door.ts'
import { contentSecurityPolicy } from './policy.ts'
import { RESTARTS, restartDelay } from './restart.ts'

/** Sent as a WebSocket subprotocol, since a browser cannot set headers there: `halfturn`, then the token. */
const PROTOCOL = 'halfturn'
const MOST_UPLOAD = 700 * 2 ** 20
const MOST_MESSAGE = 2 ** 20
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
}
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=(), display-capture=()',
  'Cache-Control': 'no-store',
}

export interface ServeOptions {
  /** Built window. */
  readonly window: string
  /** Built engine process. */
  readonly engine: string
  /** Where projects are kept. */
  readonly data: string
  /** 0: any free one. */
  readonly port?: number
}

export interface Served {
  /** To be opened by the user: the token is in its fragment, which no request carries. */
  readonly url: string
  readonly token: string
  /** The engine's process, for tests. */
  engine(): ChildProcess
  close(): Promise<void>
}

export async function serve({ window, engine: entry, data, port = 0 }: ServeOptions): Promise<Served> {
  const token = randomBytes(32).toString('base64url')
  const server = createServer()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE,
    handleProtocols: () => PROTOCOL,
    perMessageDeflate: false,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  const origins = [`http://127.0.0.1:${bound}`, `http://localhost:${bound}`]
  const policy = contentSecurityPolicy(...origins.map((origin) => origin.replace('http', 'ws')))
  const engine = new EngineChild(entry, data)

  /** A page of another site cannot fake these two; the token keeps other programs of this machine out. */
  const fromHere = ({ headers: { host, origin } }: IncomingMessage) =>
    origins.some((known) => known === `http://${host}`) && (origin === undefined || origins.includes(origin))
  const allowed = (given: string | undefined) => {
    const [a, b] = [Buffer.from(given ?? ''), Buffer.from(token)]
    return a.length === b.length && timingSafeEqual(a, b)
  }

  server.on('request', async (request, response) => {
    try {
      if (!fromHere(request)) return refuse(response, 403)
      const { pathname } = new URL(request.url ?? '/', origins[0])
      if (!pathname.startsWith('/blob')) return await sendFile(window, pathname, policy, request, response)
      if (!allowed(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1])) return refuse(response, 401)
      if (request.method === 'PUT') return await upload(engine, request, response)
      if (request.method === 'GET') return await download(engine, pathname.slice('/blob/'.length), response)
      refuse(response, 405)
    } catch (error) {
      console.error(error)
      refuse(response, 500)
    }
  })

  server.on('upgrade', (request, socket, head) => {
    const [protocol, given] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim())
    const { pathname } = new URL(request.url ?? '/', origins[0])
    const { origin } = request.headers
    if (!fromHere(request) || !origin || pathname !== '/engine' || protocol !== PROTOCOL || !allowed(given)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => engine.attach(client))
  })

  return {
    url: `${origins[0]}/#${token}`,
    token,
    engine: () => engine.process,
    close: async () => {
      for (const client of sockets.clients) client.terminate()
      await engine.close()
      server.closeAllConnections()
      await new Promise((resolve) => (server as Server).close(resolve))
    },
  }
}

/** The engine process, started again when it dies; connections end with it and the tabs come back by themselves. */
class EngineChild {
  process: ChildProcess
  /** The server's own line to the engine, for blobs. */
  private own: DoorFunctions
  private readonly entry: string
  private readonly data: string
  private readonly clients = new Map<number, WebSocket>()
  private readonly packr = new Packr({ moreTypes: true, structuredClone: true, useRecords: false })
  private connections = 0
  private deaths: number[] = []
  private closing = false
  private receiveOwn: (data: unknown) => void = () => {}

  constructor(entry: string, data: string) {
    this.entry = entry
    this.data = data
    this.process = this.start()
    this.own = this.ownLine()
  }

  attach(socket: WebSocket): void {
    const connection = ++this.connections
    this.clients.set(connection, socket)
    socket.on('message', (bytes) => {
      try {
        this.send({ type: 'data', connection, data: this.packr.unpack(bytes as Buffer) })
      } catch {
        socket.close(1007)
      }
    })
    socket.on('close', () => {
      this.clients.delete(connection)
      this.send({ type: 'gone', connection })
    })
    socket.on('error', () => socket.terminate())
  }

  put = (bytes: Uint8Array) => this.own.put(bytes)
  get = (id: string) => this.own.get(id)

  async close(): Promise<void> {
    this.closing = true
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.send({ type: 'quit' })
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }

  private send(message: unknown): void {
    if (this.process.connected) this.process.send(message as never)
  }

  private start(): ChildProcess {
    const child = fork(this.entry, { serialization: 'advanced', env: { ...process.env, HALFTURN_DATA: this.data } })
    child.on('message', (message) => {
      const { connection, data } = message as { connection?: number; data: unknown }
      if (connection === 0) this.receiveOwn(data)
      else if (connection !== undefined) this.clients.get(connection)?.send(this.packr.pack(data))
    })
    child.on('exit', () => this.onDeath())
    return child
  }

  private onDeath(): void {
    for (const client of this.clients.values()) client.close(1012)
    this.clients.clear()
    if (this.closing) return
    this.deaths.push(Date.now())
    const delay = restartDelay(this.deaths)
    if (delay === undefined) {
      console.error(`The engine ended ${RESTARTS} times in a row. Please report it with what is printed above.`)
      return
    }
    setTimeout(() => {
      this.process = this.start()
      this.own = this.ownLine()
    }, delay)
  }

  private ownLine(): DoorFunctions {
    return createBirpc<DoorFunctions, WindowFunctions>(
      { event: () => {} },
      {
        post: (data) => this.send({ type: 'data', connection: 0, data }),
        on: (listener) => {
          this.receiveOwn = listener
        },
      },
    )
  }
}

async function upload(engine: EngineChild, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > MOST_UPLOAD) return refuse(response, 413)
    chunks.push(chunk as Buffer)
  }
  const answer = await engine.put(Buffer.concat(chunks))
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
}

async function download(engine: EngineChild, id: string, response: ServerResponse): Promise<void> {
  const answer = await engine.get(id)
  if ('failure' in answer) return refuse(response, 404)
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/octet-stream' }).end(answer.value)
}

async function sendFile(
  folder: string,
  pathname: string,
  policy: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  const path = normalize(join(folder, decodeURIComponent(pathname === '/' ? '/index.html' : pathname)))
  if (!path.startsWith(folder + sep)) return refuse(response, 404)
  const bytes = await readFile(path).catch(() => undefined)
  const type = TYPES[extname(path)]
  if (!bytes || !type) return refuse(response, 404)
  response.writeHead(200, { ...HEADERS, 'Content-Security-Policy': policy, 'Content-Type': type }).end(bytes)
}

function refuse(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, HEADERS)
  response.end()
}
