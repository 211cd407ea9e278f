/** `--edit smile=0.6,age=-1`: what a command is to change of a head. */
import { UserError } from '../engine/errors.ts'
import type { Edit } from '../engine/head/edit.ts'
import type { Options } from './arguments.ts'

export const editOption = { edit: { type: 'string' } } as const satisfies Options

/** @throws UserError where it is no list of traits with their strengths; which there are, a generator says */
export function readEdit(text: string | undefined): Edit {
  const edit: Record<string, number> = {}
  for (const part of text?.split(',') ?? []) {
    const [, trait, strength] = /^\s*([^\s=]+)\s*=\s*(\S+)\s*$/.exec(part) ?? []
    const value = Number(strength)
    if (trait === undefined || Number.isNaN(value) || trait in edit) throw new UserError('edit-unreadable', { part })
    edit[trait] = value
  }
  return edit
}
