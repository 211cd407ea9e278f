/**
 * The window in a browser tab: an HTTP and WebSocket server on loopback, behind a token that changes with every launch.
 * It only carries: files of the window, blobs, and the messages between the tab and the engine process. Whatever comes
 * in is somebody else's until the token was shown; nothing a stranger sends is interpreted further than that.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { extname, join, sep } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { messageOf, UserError } from '../engine/errors.ts'
import { LIMITS } from '../engine/limits.ts'
import { contentSecurityPolicy, WINDOW_TYPES } from '../policy.ts'
import { EngineChild } from '../session/engine-child.ts'
import { MOST_TEXT } from '../session/envelope.ts'

/** Sent as a WebSocket subprotocol, since a browser cannot set headers there: `halfturn`, then the token. */
const PROTOCOL = 'halfturn'
/** Connections that have not shown the token, and windows that have. */
const MOST_STRANGERS = 64
const MOST_WINDOWS = 32
/** Uploads and downloads under way. */
const MOST_TRANSFERS = 16
/** Milliseconds between signs of life of a window; one that gave none is gone. */
const HEARTBEAT = 30_000
/** Milliseconds for the head of a request, for all of it, and for a connection on which nothing moves. */
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 300_000, connectionsCheckingInterval: 2_000 }
const IDLE = 120_000

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=(), display-capture=()',
  'Cache-Control': 'no-store',
}

interface ServeOptions {
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
  readonly engine: EngineChild
  close(): Promise<void>
}

export async function serve({ window, engine: entry, data, port = 0 }: ServeOptions): Promise<Served> {
  const token = randomBytes(32).toString('base64url')
  const files = await filesOf(window)
  const server = createServer(PATIENCE)
  server.timeout = IDLE
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_TEXT,
    handleProtocols: () => PROTOCOL,
    perMessageDeflate: false,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  server.on('error', (error) => console.error(error))
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

  // Strangers have so many connections; a new one takes the place of the oldest, so that they cannot keep a window out.
  const strangers = new Set<Duplex>()
  server.on('connection', (socket: Socket) => {
    strangers.add(socket)
    socket.once('close', () => strangers.delete(socket))
    if (strangers.size > MOST_STRANGERS) strangers.values().next().value?.destroy()
  })

  let transfers = 0
  server.on('request', async (request, response) => {
    response.on('error', () => response.destroy())
    try {
      if (!fromHere(request)) return refuse(response, 403)
      const [path] = (request.url ?? '').split('?')
      if (!path.startsWith('/blob')) return await sendFile(files.get(path), policy, request, response)
      if (!allowed(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1])) return refuse(response, 401)
      strangers.delete(request.socket)
      if (transfers >= MOST_TRANSFERS) return refuse(response, 503)
      transfers++
      try {
        if (path === '/blob' && request.method === 'PUT') return await upload(engine, request, response)
        const id = /^\/blob\/([0-9a-f]{32})$/.exec(path)?.[1]
        if (id && request.method === 'GET') return await download(engine, id, response)
      } finally {
        transfers--
      }
      refuse(response, 404)
    } catch (error) {
      // Whoever went away in the middle is no defect of ours.
      if (!request.destroyed && !response.destroyed) console.error(error)
      refuse(response, 500)
    }
  })

  server.on('upgrade', (request, socket, head) => {
    // The server has let go of the socket: whoever resets it now would end the process.
    socket.on('error', () => socket.destroy())
    try {
      const [protocol, given] = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim())
      const isKnown = fromHere(request) && request.headers.origin !== undefined
      if (!isKnown || request.url !== '/engine' || protocol !== PROTOCOL || !allowed(given)) return hangUp(socket, 403)
      if (sockets.clients.size >= MOST_WINDOWS) return hangUp(socket, 503)
      strangers.delete(socket)
      sockets.handleUpgrade(request, socket, head, (client) => {
        beating.add(client)
        client.on('pong', () => beating.add(client))
        engine.attach(client)
      })
    } catch (error) {
      console.error(error)
      socket.destroy()
    }
  })

  const beating = new WeakSet<object>()
  const heart = setInterval(() => {
    for (const client of sockets.clients) {
      if (!beating.delete(client)) client.terminate()
      else client.ping()
    }
  }, HEARTBEAT).unref()

  return {
    url: `${origins[0]}/#${token}`,
    token,
    engine,
    close: async () => {
      clearInterval(heart)
      for (const client of sockets.clients) client.terminate()
      await engine.close()
      server.closeAllConnections()
      for (const socket of strangers) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface WindowFile {
  readonly path: string
  readonly type: string
}

/** All that is ever delivered, by what a request calls it: no request's path is turned into a name on the disk. */
async function filesOf(folder: string): Promise<Map<string, WindowFile>> {
  const files = new Map<string, WindowFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = WINDOW_TYPES[extname(entry.name)]
    if (!type || !entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(folder.length).replaceAll(sep, '/'), { path, type })
  }
  const index = files.get('/index.html')
  return index ? files.set('/', index) : files
}

async function sendFile(
  file: WindowFile | undefined,
  policy: string,
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405)
  const bytes = file && (await readFile(file.path).catch(() => undefined))
  if (!bytes) return refuse(response, 404)
  response
    .writeHead(200, { ...HEADERS, 'Content-Security-Policy': policy, 'Content-Type': file.type })
    .end(method === 'GET' ? bytes : undefined)
}

async function upload(engine: EngineChild, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (Number(request.headers['content-length']) > LIMITS.upload.most) return refuse(response, 413)
  // Left in the middle, the request is still needed for its answer.
  const chunks = request.iterator({ destroyOnReturn: false })
  const answer = await engine.upload(chunks).catch((error) => {
    if (!(error instanceof UserError)) throw error
    return { failure: messageOf(error) }
  })
  if (!request.complete) response.shouldKeepAlive = false
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
}

async function download(engine: EngineChild, id: string, response: ServerResponse): Promise<void> {
  const answer = await engine.download(id)
  if ('failure' in answer) return refuse(response, 404)
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/octet-stream' }).end(answer.value)
}

/** Says no, and ends the connection: what is still to come of the request is not waited for. */
function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) return void response.destroy()
  response.shouldKeepAlive = false
  response.writeHead(status, HEADERS).end()
}

/** The same for a connection that wanted to become another. */
function hangUp(socket: Duplex, status: number): void {
  ;(socket as Socket).end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  ;(socket as Socket).destroySoon()
}
