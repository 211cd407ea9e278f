/** `--edit age=-1,hair=0.6` or `--edit "older, short hair"`: what a command is to change of a head. */
import { UserError } from '../engine/errors.ts'
import type { Edit } from '../engine/head/edit.ts'
import { understand } from '../words/guidance.ts'
import { words } from '../words/terminal.ts'
import type { Options } from './arguments.ts'

export const editOption = { edit: { type: 'string' } } as const satisfies Options

/**
 * @returns strengths as they are given, and those that words stand for; which traits there are, a generator says
 * @throws UserError where something is neither
 */
export function readEdit(text = ''): Edit {
  const parts = text.split(',')
  const given = new Map<string, number>()
  for (const part of parts.filter((part) => part.includes('='))) {
    const [, trait, strength] = /^\s*([^\s=]+)\s*=\s*(\S+)\s*$/.exec(part) ?? []
    const value = Number(strength)
    if (trait === undefined || Number.isNaN(value) || given.has(trait)) throw new UserError('edit-unreadable', { part })
    given.set(trait, value)
  }
  const { edit, unknown } = understand(parts.filter((part) => !part.includes('=')).join(','))
  if (unknown.length > 0) {
    const known = Object.values(words.guidance.traits).flatMap(({ more, less }) => [more[0], less[0]])
    throw new UserError('edit-words-unknown', { unknown, known })
  }
  return { ...edit, ...Object.fromEntries(given) }
}
