/** Bundles the stub worker: run from its source, every process would compile it anew. */
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
export const stubWorker = join(root, 'out/testing/stub-worker.js')

export async function buildStubs(): Promise<void> {
  await build({
    entryPoints: ['stub-worker', 'stub-process'].map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: join(root, 'out/testing'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
}
