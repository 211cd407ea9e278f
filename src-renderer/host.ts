/**
 * Where the window runs and how it reaches the engine: inside the desktop shell by a message port, in a browser tab by a
 * WebSocket for messages (JSON out, MessagePack in) and HTTP for bytes. Everything above sees one interface.
 */
import { type BirpcReturn, createBirpc } from 'birpc'
import { Packr } from 'msgpackr'
import type { Chosen, Down, MenuCommand, Shell } from '../src-main/app/channels.ts'
import { LIMITS } from '../src-main/engine/limits.ts'
import type { BlobId, EngineApi, EngineEvent, FileOut, Method, Reply } from '../src-main/session/api.ts'
import type { EngineFunctions, WindowFunctions } from '../src-main/session/rpc-server.ts'
import { type Message, message } from '../src-main/words/message.ts'
import { language } from './strings.ts'

declare global {
  interface Window {
    halfturn?: Shell
  }
}

/** What the engine or the window refused or failed at. */
export class Refusal extends Error {
  readonly problem: Message

  constructor(problem: Message) {
    super(problem.code)
    this.name = 'Refusal'
    this.problem = problem
  }
}

export type HostState = 'connecting' | 'ready' | Down

export type NamedBlob = Pick<FileOut, 'name' | 'blob'>

interface Host {
  readonly kind: 'desktop' | 'browser'
  readonly engine: EngineApi
  put(bytes: Uint8Array): Promise<BlobId>
  get(id: BlobId): Promise<Uint8Array<ArrayBuffer>>
  /** Asks where to save, where the surroundings have a dialog for it. Nothing where the person cancels. */
  choose(name: string, extension: string): Promise<Chosen | undefined>
  /** Saves files made by the engine where `choose` said, or downloads them. */
  save(chosen: Chosen, files: readonly NamedBlob[]): Promise<void>
  /** Where files are known to the system: only in the desktop app. */
  readonly outside?: {
    /** Writes files where they can be dragged from. @returns a ticket, as one of `choose` */
    place(files: readonly NamedBlob[]): Promise<number>
    /** Shows what was saved in its folder. */
    reveal(ticket: number): void
    /** Goes on with a drag that began in the window. */
    drag(ticket: number): void
    /** Shows the folder that keeps all heads. */
    showFolder(): void
    /** Asks for another one and copies all heads there. @returns it; nothing where the person cancels */
    moveFolder(): Promise<string | undefined>
  }
  openExternal(url: string): void
  /** Opens the line; what comes over it is told from now on. */
  connect(listeners: Listeners): void
}

interface Listeners {
  onState(state: HostState): void
  onEvent(event: EngineEvent): void
  onCommand(command: MenuCommand): void
}

type Remote = BirpcReturn<EngineFunctions, WindowFunctions>

const NAME_SAFE = /[\\/:*?"<>|\p{Cc}]+/gu
export const safeName = (name: string) => name.replace(NAME_SAFE, ' ').trim().slice(0, 120) || 'head'

export function createHost(): Host {
  const line = new Line()
  return window.halfturn ? desktop(window.halfturn, line) : browser(line)
}

/** The current connection, and the calls that go over it. */
class Line {
  private remote: Remote | undefined
  private listeners: Listeners | undefined
  private waiting: (() => void)[] = []

  listen(listeners: Listeners): void {
    this.listeners = listeners
  }

  tell(state: HostState): void {
    this.listeners?.onState(state)
  }

  readonly engine = new Proxy({} as EngineApi, {
    get:
      (_, method: Method) =>
      (request: unknown): Promise<unknown> =>
        this.ask((remote) => remote.call(method, request)),
  })

  async ask<T>(work: (remote: Remote) => Promise<Reply<unknown>>): Promise<T> {
    if (!this.remote) await new Promise<void>((resolve) => this.waiting.push(resolve))
    const answer = await work(this.remote!)
    if ('failure' in answer) throw new Refusal(answer.failure)
    return answer.value as T
  }

  open(post: (data: unknown) => void, on: (listener: (data: unknown) => void) => void): void {
    this.close('restarting')
    this.remote = createBirpc<EngineFunctions, WindowFunctions>(
      { event: (event) => this.listeners?.onEvent(event) },
      { post, on, timeout: -1 },
    )
    for (const resolve of this.waiting.splice(0)) resolve()
    this.tell('ready')
  }

  /** Calls under way fail: nobody will answer them. */
  close(state: HostState): void {
    const { remote } = this
    this.remote = undefined
    remote?.$close(new Refusal(message('engine-ended')))
    if (remote || state === 'lost') this.tell(state)
  }
}

function desktop(shell: Shell, line: Line): Host {
  const connect = (listeners: Listeners) => {
    line.listen(listeners)
    window.addEventListener('message', ({ data, source, origin, ports }) => {
      if (source !== window || origin !== window.location.origin || data !== 'halfturn:port' || !ports[0]) return
      const [port] = ports
      line.open(
        (data) => port.postMessage(data),
        (listener) => {
          port.onmessage = ({ data }) => listener(data)
        },
      )
    })
    shell.onDown((down) => line.close(down))
    shell.onCommand(listeners.onCommand)
    shell.speak(language)
    shell.connect()
  }
  return {
    kind: 'desktop',
    engine: line.engine,
    put: (bytes) => line.ask((remote) => remote.put(bytes)),
    get: (id) => line.ask((remote) => remote.get(id)),
    choose: (name, extension) => shell.choose({ name: safeName(name), extension }),
    save: async ({ ticket }, files) => {
      const failure = await shell.save({ ticket, files: bare(files) })
      if (failure) throw new Refusal(failure)
    },
    outside: {
      place: async (files) => {
        const placed = await shell.place({ files: bare(files) })
        if ('failure' in placed) throw new Refusal(placed.failure)
        return placed.ticket
      },
      reveal: (ticket) => shell.reveal(ticket),
      drag: (ticket) => shell.drag(ticket),
      showFolder: () => shell.showFolder(),
      moveFolder: async () => {
        const moved = await shell.moveFolder()
        if (moved && 'failure' in moved) throw new Refusal(moved.failure)
        return moved?.folder
      },
    },
    openExternal: (url) => void shell.openExternal(url),
    connect,
  }
}

/** What the shell takes, and nothing more. */
const bare = (files: readonly NamedBlob[]) => files.map(({ name, blob }) => ({ name, blob }))

const RETRY = 500
const RETRIES = 40

function browser(line: Line): Host {
  const token = takeToken()
  const packr = new Packr({ moreTypes: true, structuredClone: true, useRecords: false })
  let failures = 0
  const open = () => {
    const socket = new WebSocket(`ws://${window.location.host}/engine`, ['halfturn', token])
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      failures = 0
      line.open(
        (data) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(data))
        },
        (listener) => {
          socket.onmessage = ({ data }) => listener(packr.unpack(new Uint8Array(data)))
        },
      )
    }
    socket.onclose = () => {
      if (++failures > RETRIES) return line.close('lost')
      line.close('restarting')
      if (failures === 1) line.tell('restarting')
      setTimeout(open, RETRY)
    }
  }
  const authorization = { Authorization: `Bearer ${token}` }
  const get = async (id: BlobId): Promise<Uint8Array<ArrayBuffer>> => {
    const response = await fetch(`/blob/${id}`, { headers: authorization })
    if (!response.ok) throw new Refusal(message('blob-gone'))
    return new Uint8Array(await response.arrayBuffer())
  }
  return {
    kind: 'browser',
    engine: line.engine,
    get,
    put: async (bytes) => {
      // The server ends the connection of one that is too large, which fetch cannot tell from other failures.
      if (bytes.byteLength > LIMITS.upload.most) throw new Refusal(message('blob-too-large', { most: '700 MiB' }))
      const body = bytes as Uint8Array<ArrayBuffer>
      const response = await fetch('/blob', { method: 'PUT', headers: authorization, body })
      if (!response.ok) throw new Refusal(message('upload-failed'))
      const answer = (await response.json()) as Reply<BlobId>
      if ('failure' in answer) throw new Refusal(answer.failure)
      return answer.value
    },
    choose: (name) => Promise.resolve({ ticket: 0, name: safeName(name) }),
    save: async (_, files) => {
      for (const { name, blob } of files) download(name, await get(blob))
    },
    openExternal: (url) => void window.open(url, '_blank', 'noopener'),
    connect: (listeners) => {
      line.listen(listeners)
      open()
    },
  }
}

/** The launch's token, from the address the person opened; kept for reloads of this tab only. */
function takeToken(): string {
  const given = window.location.hash.slice(1)
  if (given) {
    sessionStorage.setItem('token', given)
    history.replaceState(null, '', window.location.pathname)
  }
  return given || sessionStorage.getItem('token') || 'none'
}

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes]))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
