/**
 * The engine's door: everything a window sends comes through here, is checked, and goes to the engine; events go back.
 * A window can only name what the schemas of api.ts allow: no path, no function, no object of another shape.
 */
import { z } from 'zod'
import { quote } from '../engine/checkpoint/quote.ts'
import { valueFault } from '../engine/checkpoint/value-fault.ts'
import { clipText, type Message, message, messageOf, UserError } from '../engine/errors.ts'
import type { BlobId, EngineEvent, Reply } from './api.ts'
import { type Method, requests } from './api.ts'
import type { Engine } from './engine.ts'
import type { Uploads } from './uploads.ts'

/** What a window may call, over whatever carrier. */
export interface EngineFunctions {
  call(method: string, request: unknown): Promise<Reply<unknown>>
  put(bytes: Uint8Array): Promise<Reply<BlobId>>
  get(id: BlobId): Promise<Reply<Uint8Array>>
}

/** What the engine may call in a window. */
export interface WindowFunctions {
  event(event: EngineEvent): void | Promise<void>
}

/** Calls a window may have under way: it needs a handful. */
const MOST_CALLS = 100
/** Projects a window hears of, the latest it named. */
const MOST_WATCHED = 100
const MOST_LOGGED = 2000
const method = z.enum(Object.keys(requests) as [Method, ...Method[]])
const bytes = z.instanceof(Uint8Array)
const blobId = z.string().regex(/^[0-9a-f]{32}$/)

/**
 * @param uploads where bytes wait that come over this line
 * @param send takes an event to the window and resolves when the window has dealt with it. Previews wait for that, and
 *   only the latest of those that pile up meanwhile is sent: a busy window is not buried.
 */
export function serveRpc(engine: Engine, uploads: Uploads, send: (event: EngineEvent) => Promise<void>) {
  const watched = new Set<string>()
  const watch = (project: string) => {
    watched.delete(project)
    watched.add(project)
    if (watched.size > MOST_WATCHED) watched.delete(watched.values().next().value!)
  }
  let busy = false
  let waiting: EngineEvent | undefined
  const show = async (event: EngineEvent): Promise<void> => {
    if (event.type !== 'preview') return send(event)
    if (busy) {
      waiting = event
      return
    }
    busy = true
    await send(event).catch(() => {})
    busy = false
    const next = waiting
    waiting = undefined
    if (next) await show(next)
  }
  const owner = {}
  let isOpen = true
  const unlisten = engine.listen((event) => {
    if (event.project === undefined || watched.has(event.project)) show(event).catch(() => {})
  })

  let calls = 0
  const answer = async <T>(work: () => Promise<T>): Promise<Reply<T>> => {
    if (calls >= MOST_CALLS) return { failure: message('too-many-calls') }
    calls++
    try {
      return { value: await work() }
    } catch (error) {
      return { failure: failureOfCall(error, (line) => engine.note(line)) }
    } finally {
      calls--
    }
  }

  const functions: EngineFunctions = {
    call: (name, request) =>
      answer(async () => {
        const known = method.safeParse(name).data
        if (!known) throw new UserError('request-unknown', { request: quote(name) })
        const checked = check<z.ZodType<never>>(requests[known] as never, request)
        // From here on the types hold: the schema of `known` made `checked`. Events may come before the answer.
        const { project } = checked as { project?: string }
        if (project !== undefined) watch(project)
        const value: unknown = await engine[known](checked)
        if (isProject(value)) watch(value.id)
        return value
      }),
    put: (value) =>
      answer(async () => {
        const id = engine.blobs.putUpload(await uploads.receive([check(bytes, value)]), owner)
        if (!isOpen) engine.blobs.drop(id)
        return id
      }),
    get: (id) => answer(async () => engine.blobs.get(check(blobId, id))),
  }
  const close = () => {
    isOpen = false
    unlisten()
    engine.blobs.dropUploads(owner)
  }
  return { functions, close }
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new UserError('request-unfit', { field: issue.path.join('.'), reason: valueFault(issue, value) })
}

/** An error on its way out, and into the log. */
export function failureOfCall(error: unknown, note: (line: string) => void): Message {
  if (error instanceof UserError) {
    note(`refused: ${error.message}`)
    return messageOf(error)
  }
  const { message: what, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  note(`error: ${(stack ?? what).slice(0, MOST_LOGGED)}`)
  return message('defect', { what: clipText(what, 300) })
}

const isProject = (value: unknown): value is { id: string; job: unknown } =>
  typeof value === 'object' && value !== null && 'id' in value && 'job' in value
