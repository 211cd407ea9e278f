/**
 * What may come in at the door: birpc looks its functions up by whatever name a message gives and takes messages of any
 * form, so none reaches it that is not exactly one of its own, for a function that is there.
 */
import { z } from 'zod'
import type { EngineFunctions } from './rpc-server.ts'

/** Characters of a message's text: a window's requests are names, numbers and the ids of blobs. */
export const MOST_TEXT = 2 ** 16

const names = ['call', 'put', 'get'] as const satisfies readonly (keyof EngineFunctions)[]
const id = z.string().min(1).max(64)

const message = z.discriminatedUnion('t', [
  /** A request: function, arguments. */
  z.strictObject({ t: z.literal('q'), i: id, m: z.enum(names), a: z.array(z.unknown()).max(2) }),
  /** What the window says of an event, which is nothing, or that it failed. */
  z.object({ t: z.literal('s'), i: id, e: z.unknown().optional() }),
])
export type Envelope = z.output<typeof message>

/** @returns the message, or nothing where `data` is none */
export function readMessage(data: unknown): Envelope | undefined {
  return message.safeParse(data).data
}

/** The same for a message as JSON. */
export function parseMessage(text: string): Envelope | undefined {
  if (text.length > MOST_TEXT) return undefined
  try {
    return readMessage(JSON.parse(text))
  } catch {
    return undefined
  }
}
