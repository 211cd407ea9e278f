/** Where files lie that the product brings along. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from './errors.ts'

/**
 * Found above this file, so that sources and bundles find it alike.
 * @throws UserError where it is missing
 */
export function productFile(...path: string[]): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, ...path)
    if (existsSync(file)) return file
    if (dirname(folder) === folder) throw new UserError('file-missing', { path: path.join('/') })
  }
}
