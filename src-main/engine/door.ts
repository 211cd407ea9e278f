/**
 * The engine's door: everything a window sends comes through here, is checked, and goes to the engine; events go back.
 * A window can only name what the schemas of api.ts allow: no path, no function, no object of another shape.
 */
import { z } from 'zod'
import type { Answer, BlobId, EngineEvent, Failure } from './api.ts'
import { type Method, requests } from './api.ts'
import type { Engine } from './engine.ts'
import { UserError } from './errors.ts'

/** What a window may call, over whatever carrier. */
export interface DoorFunctions {
  call(method: string, request: unknown): Promise<Answer<unknown>>
  put(bytes: Uint8Array): Promise<Answer<BlobId>>
  get(id: BlobId): Promise<Answer<Uint8Array>>
}

/** What the engine may call in a window. */
export interface WindowFunctions {
  event(event: EngineEvent): void | Promise<void>
}

const MOST_UPLOAD = 700 * 2 ** 20
const method = z.enum(Object.keys(requests) as [Method, ...Method[]])
const bytes = z.instanceof(Uint8Array).refine((value) => value.byteLength <= MOST_UPLOAD, 'too large')
const blobId = z.string().regex(/^[0-9a-f]{32}$/)

/**
 * @param send takes an event to the window and resolves when the window has dealt with it. Previews wait for that, and
 *   only the latest of those that pile up meanwhile is sent: a busy window is not buried.
 */
export function openDoor(engine: Engine, send: (event: EngineEvent) => Promise<void>) {
  const watched = new Set<string>()
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
  const close = engine.listen((event) => {
    if (event.project === undefined || watched.has(event.project)) show(event).catch(() => {})
  })

  const functions: DoorFunctions = {
    call: (name, request) =>
      answer(engine, async () => {
        const known = check(method, name, 'The method')
        const checked = check<z.ZodType<never>>(requests[known] as never, request, `${known}:`)
        // From here on the types hold: the schema of `known` made `checked`. Events may come before the answer.
        const { project } = checked as { project?: string }
        if (project !== undefined) watched.add(project)
        const value: unknown = await engine[known](checked)
        if (isProject(value)) watched.add(value.id)
        return value
      }),
    put: (value) => answer(engine, async () => engine.blobs.put(check(bytes, value, 'The upload'))),
    get: (id) => answer(engine, async () => engine.blobs.get(check(blobId, id, 'The name of the data'))),
  }
  return { functions, close }
}

function check<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new UserError(
    `${what} ${z.prettifyError(result.error).replaceAll('\n', ' ')}`,
    'This is a defect of the window: please report it with the log.',
  )
}

async function answer<T>(engine: Engine, work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    const known = error instanceof UserError
    engine.note(known ? `refused: ${error.message}` : `error: ${(error as Error)?.stack ?? error}`)
    const failure: Failure = known
      ? { message: error.message, cure: error.cure }
      : { message: `Something went wrong: ${(error as Error)?.message ?? error}`, cure: 'Copy the log and report it.' }
    return { failure }
  }
}

const isProject = (value: unknown): value is { id: string; job: unknown } =>
  typeof value === 'object' && value !== null && 'id' in value && 'job' in value
