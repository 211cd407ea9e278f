/** Files named by what is in them: the same name means the same bytes, so that none is ever written over. */
import { createHash } from 'node:crypto'
import { type Text, UserError } from '../engine/errors.ts'
import { nameOfPart, type Part } from './project-record.ts'

const digests = new WeakMap<Uint8Array, string>()

/** @param bytes not to be changed afterwards */
export function partName(part: Part, bytes: Uint8Array): string {
  let digest = digests.get(bytes)
  if (digest === undefined) {
    digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
    digests.set(bytes, digest)
  }
  return `${part}-${digest}`
}

/** @throws UserError where the bytes are not those that were given this name */
export function checkPart(part: Part, name: string, bytes: Uint8Array, whose: Text): void {
  // A part from before there were digests.
  if (name === part || name === partName(part, bytes)) return
  throw new UserError('part-changed', { part: nameOfPart(part), whose })
}
