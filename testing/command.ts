/** The command line as it is built: run from its source, each process would compile it anew. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
export const builtCommand = join(root, 'out/cli/cli.js')

/** @param what `tests` for all that they start besides */
export function buildCommand(...what: 'tests'[]): void {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), ...what], { stdio: 'inherit' })
}
