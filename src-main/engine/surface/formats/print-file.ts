/** A surface as the print formats take it. */
import { message } from '../../errors.ts'
import { type Print, printable } from '../print.ts'
import type { Asset } from './writer.ts'

/** Says how thin it gets: only who prints knows what is too thin. */
export async function printOf({ surface, choices, tell }: Asset): Promise<Print> {
  const print = await printable(surface, choices)
  tell(message('thinnest-wall', { millimetres: print.thinnest }))
  return print
}
