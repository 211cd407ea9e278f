/**
 * The engine as a process of its own. In the desktop app it is a utility process that is handed one message port a
 * window; served, it is a child process whose messages name the connection they belong to. Both talk birpc.
 */
import { type BirpcReturn, createBirpc } from 'birpc'
import type { MessagePortMain, ParentPort } from 'electron'
import { z } from 'zod'
import { type DoorFunctions, openDoor, type WindowFunctions } from './engine/door.ts'
import { Engine } from './engine/engine.ts'
import { writeFileAtomic } from './engine/files.ts'
import { type ProviderName, providerNames, type Trial } from './engine/runtime/provider.ts'

/** What the parent, and only it, may ask for: it knows paths, windows do not. */
const order = z.discriminatedUnion('type', [
  /** Desktop: the port that comes with it belongs to a new window. */
  z.object({ type: z.literal('window') }),
  /** Desktop: write a blob to where the person said in the system's dialog. */
  z.object({ type: z.literal('write'), ticket: z.number(), blob: z.string(), path: z.string() }),
  /** Served: bytes of one connection, or its end. */
  z.object({ type: z.literal('data'), connection: z.number(), data: z.unknown() }),
  z.object({ type: z.literal('gone'), connection: z.number() }),
  z.object({ type: z.literal('quit') }),
  /** Desktop: how the trial of a provider ended. */
  z.object({
    type: z.literal('tried'),
    name: z.enum(providerNames),
    answer: z.union([z.object({ deviation: z.number() }), z.object({ error: z.string() })]).optional(),
    said: z.string(),
    end: z.string(),
  }),
])
const environment = z.object({
  HALFTURN_DATA: z.string().min(1),
  HALFTURN_PROVIDER: z.enum(providerNames).optional(),
})

const { HALFTURN_DATA, HALFTURN_PROVIDER } = environment.parse(process.env)
const parentPort = (process as { parentPort?: ParentPort }).parentPort
const tell = (message: unknown) => (parentPort ? parentPort.postMessage(message) : process.send?.(message))
const trials = new Map<ProviderName, (trial: Trial) => void>()

if (parentPort) parentPort.on('message', ({ data, ports }) => obey(data, ports))
else {
  process.on('message', (message) => obey(message, []))
  // Without its parent it has nobody to work for.
  process.on('disconnect', quit)
}
const ready = Engine.create({
  folder: HALFTURN_DATA,
  runtime: {
    ...(HALFTURN_PROVIDER && { provider: HALFTURN_PROVIDER }),
    // The packaged app's program starts as nothing but the app: its shell has to start the trial.
    ...(parentPort && { tryOut }),
  },
})
const engine = await ready
engine.warm().catch((error: Error) => engine.note(`warming up: ${error.message}`))

function tryOut(name: ProviderName): Promise<Trial> {
  const trial = new Promise<Trial>((resolve) => trials.set(name, resolve))
  tell({ tryOut: name })
  return trial
}

async function quit(): Promise<void> {
  await (await ready).close()
  process.exit(0)
}

function connect(post: (data: unknown) => void, on: (listener: (data: unknown) => void) => void): () => void {
  let remote: BirpcReturn<WindowFunctions, DoorFunctions> | undefined
  const door = openDoor(engine, async (event) => {
    await remote?.event(event)
  })
  remote = createBirpc<WindowFunctions, DoorFunctions>(door.functions, { post, on, timeout: -1 })
  return () => {
    door.close()
    remote.$close()
  }
}

function connectPort(port: MessagePortMain): void {
  const close = connect(
    (data) => port.postMessage(data),
    (listener) => port.on('message', ({ data }) => listener(data)),
  )
  port.on('close', close)
  port.start()
}

const connections = new Map<number, { receive(data: unknown): void; close(): void }>()

function receive(connection: number, data: unknown): void {
  let entry = connections.get(connection)
  if (!entry) {
    let listener: (data: unknown) => void = () => {}
    const close = connect(
      (data) => tell({ connection, data }),
      (f) => {
        listener = f
      },
    )
    entry = { receive: (data) => listener(data), close }
    connections.set(connection, entry)
  }
  entry.receive(data)
}

async function obey(message: unknown, ports: readonly MessagePortMain[]): Promise<void> {
  const known = order.parse(message)
  if (known.type === 'tried') return trials.get(known.name)?.(known)
  await ready
  switch (known.type) {
    case 'window':
      return connectPort(ports[0])
    case 'write': {
      const { ticket, blob, path } = known
      const failure = await writeFileAtomic(path, engine.blobs.take(blob)).then(
        () => undefined,
        (error: Error) => error.message,
      )
      return void tell({ ticket, failure })
    }
    case 'data':
      return receive(known.connection, known.data)
    case 'gone':
      connections.get(known.connection)?.close()
      connections.delete(known.connection)
      return
    case 'quit':
      return quit()
  }
}
