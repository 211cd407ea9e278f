/**
 * The engine as a process of its own. In the desktop app it is a utility process that is handed one message port a
 * window; served, it is a child process whose messages name the connection they belong to. Both talk birpc.
 */
import { join } from 'node:path'
import type { MessagePortMain, ParentPort } from 'electron'
import { z } from 'zod'
import { writeFileAtomic } from '../engine/files/atomic.ts'
import type { DecodeAnswer } from '../engine/images/decode-process.ts'
import { type ProviderName, providerNames, type Trial } from '../engine/runtime/provider.ts'
import { Engine } from './engine.ts'
import { MOST_TEXT, parseMessage, readMessage } from './envelope.ts'
import type { Done } from './errands.ts'
import { Lines } from './lines.ts'
import { failureOfCall } from './rpc-server.ts'
import { Uploads } from './uploads.ts'

const ticket = z.int()
/** What the parent, and only it, may ask for: it knows paths, windows do not. */
const order = z.discriminatedUnion('type', [
  /** Desktop: the port that comes with it is a window's line, in the place of the one it had. */
  z.object({ type: z.literal('window'), connection: z.int() }),
  /** Desktop: write a blob to where the person said in the system's dialog. */
  z.object({ type: z.literal('write'), ticket, blob: z.string(), path: z.string() }),
  /** Served: a message of one connection, or its end. */
  z.object({ type: z.literal('data'), connection: z.int(), data: z.string().max(MOST_TEXT) }),
  z.object({ type: z.literal('gone'), connection: z.int() }),
  /** Served: take a file over that was uploaded, or give a blob out. */
  z.object({ type: z.literal('upload'), ticket, path: z.string(), bytes: z.int() }),
  z.object({ type: z.literal('download'), ticket, blob: z.string() }),
  z.object({ type: z.literal('quit') }),
  /** Desktop: how the trial of a provider ended. */
  z.object({
    type: z.literal('tried'),
    name: z.enum(providerNames),
    answer: z.union([z.object({ deviation: z.number() }), z.object({ error: z.string() })]).optional(),
    said: z.string(),
    end: z.custom<Trial['end']>(),
  }),
  /** Desktop: what the decoder said of a photo; nothing where it died. */
  z.object({ type: z.literal('decoded'), ticket, answer: z.custom<DecodeAnswer>().optional() }),
])
const environment = z.object({
  HALFTURN_DATA: z.string().min(1),
  HALFTURN_PROVIDER: z.enum(providerNames).optional(),
})

const { HALFTURN_DATA, HALFTURN_PROVIDER } = environment.parse(process.env)
const parentPort = (process as { parentPort?: ParentPort }).parentPort
const tell = (message: unknown) => {
  if (parentPort) parentPort.postMessage(message)
  // A parent that is gone is told by 'disconnect'.
  else process.send?.(message, undefined, undefined, () => {})
}
const trials = new Map<ProviderName, (trial: Trial) => void>()
const decodings = new Map<number, (answer: DecodeAnswer | undefined) => void>()
let decodingTickets = 0

// What a window asked for must not end what others are working at.
process.on('unhandledRejection', (reason) => note(`unhandled: ${reason instanceof Error ? reason.stack : reason}`))
if (parentPort) parentPort.on('message', ({ data, ports }) => obey(data, ports))
else {
  process.on('message', (message) => obey(message, []))
  // Without its parent it has nobody to work for.
  process.on('disconnect', quit)
}
const uploads = new Uploads(join(HALFTURN_DATA, 'uploads'))
/** The engine and the lines to it: a message that comes earlier waits for both. */
const ready = Engine.create({
  folder: HALFTURN_DATA,
  runtime: {
    ...(HALFTURN_PROVIDER && { provider: HALFTURN_PROVIDER }),
    // The packaged app's program starts as nothing but the app: its shell has to start the trial.
    ...(parentPort && { tryOut }),
  },
  ...(parentPort && { decoding }),
}).then((engine) => ({ engine, lines: new Lines(engine, uploads) }))
ready.then(
  ({ engine }) => engine.warm().catch((error: Error) => note(`warming up: ${error.message}`)),
  (error) => {
    console.error(error)
    process.exit(1)
  },
)

function tryOut(name: ProviderName): Promise<Trial> {
  const trial = new Promise<Trial>((resolve) => trials.set(name, resolve))
  tell({ tryOut: name })
  return trial
}

function decoding(bytes: Uint8Array): Promise<DecodeAnswer | undefined> {
  const ticket = ++decodingTickets
  const answer = new Promise<DecodeAnswer | undefined>((resolve) => decodings.set(ticket, resolve))
  tell({ decode: ticket, bytes })
  return answer
}

/** Into the log, where there is one already. */
function note(line: string): void {
  console.error(line)
  ready.then(
    ({ engine }) => engine.note(line),
    () => {},
  )
}

async function quit(): Promise<void> {
  try {
    await (await ready).engine.close()
    await uploads.close()
  } finally {
    process.exit(0)
  }
}

function connectPort(lines: Lines, connection: number, port: MessagePortMain): void {
  const line = lines.open(connection, { post: (data) => port.postMessage(data), hangUp: () => port.close() })
  port.on('message', ({ data }) => line.receive(readMessage(data)))
  port.on('close', () => line.close())
  port.start()
}

function receive(lines: Lines, connection: number, text: string): void {
  const carrier = { post: (data: unknown) => tell({ connection, data }), hangUp: () => tell({ hangUp: connection }) }
  const line = lines.get(connection) ?? lines.open(connection, carrier)
  line.receive(parseMessage(text))
}

async function run(ticket: number, work: () => Promise<unknown>): Promise<void> {
  const answer = await work().then(
    (value) => ({ value }),
    (error) => ({ failure: failureOfCall(error, note) }),
  )
  tell({ ticket, answer } as Done)
}

async function obey(message: unknown, ports: readonly MessagePortMain[]): Promise<void> {
  const known = order.parse(message)
  if (known.type === 'tried') return trials.get(known.name)?.(known)
  if (known.type === 'decoded') {
    decodings.get(known.ticket)?.(known.answer)
    decodings.delete(known.ticket)
    return
  }
  const { engine, lines } = await ready
  switch (known.type) {
    case 'window':
      return connectPort(lines, known.connection, ports[0])
    case 'write':
      return run(known.ticket, async () => writeFileAtomic(known.path, engine.blobs.get(known.blob)))
    case 'data':
      return receive(lines, known.connection, known.data)
    case 'gone':
      return lines.get(known.connection)?.close()
    case 'upload':
      return run(known.ticket, async () => engine.blobs.putUpload(known))
    case 'download':
      return run(known.ticket, async () => engine.blobs.get(known.blob))
    case 'quit':
      return quit()
  }
}
