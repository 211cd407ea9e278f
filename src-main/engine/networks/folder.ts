/** Where the small networks of the face front end lie: `resources/networks/`, filled when the product is built. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../errors.ts'

/**
 * The path of the first of `names` that is there, looked for in `resources/networks/` of every folder above this file,
 * so that it is found from the sources and from the built bundle alike.
 *
 * @throws UserError where none is there.
 */
export function networkFile(...names: string[]): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    for (const name of names) {
      const file = join(folder, 'resources', 'networks', name)
      if (existsSync(file)) return file
    }
    if (dirname(folder) === folder) break
  }
  throw new UserError('network-missing', { file: `resources/networks/${names.at(-1)}` })
}
