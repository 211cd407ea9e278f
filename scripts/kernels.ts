/**
 * Compiles the engine's WebAssembly kernels: `npx tsx scripts/kernels.ts` after changing a `*.kernel.ts`. The few
 * kilobytes that come out are kept as a module beside their source, so that every way to start the product has them
 * without a file to find or a build to run first; `kernels.test.ts` holds the two against each other.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { writeFileAtomic } from '../src-main/engine/files/atomic.ts'

const pathOf = (file: string) => fileURLToPath(new URL(`../src-main/engine/${file}`, import.meta.url))

/** Source and module of each kernel, under `src-main/engine/`. */
export const kernels = [{ source: 'generator/planes.kernel.ts', module: 'generator/planes.wasm.ts' }] as const

/** The text of a kernel's module, as it should be for its source. */
export async function compileKernel({ source }: { source: string }): Promise<string> {
  const text = await readFile(pathOf(source), 'utf8')
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    ['kernel.ts', '--outFile', 'kernel.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
    {
      readFile: (name) => (name === 'kernel.ts' ? text : null),
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') wasm = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !wasm) throw new Error(`${source} does not compile: ${stderr.toString()}`)
  const bytes = Buffer.from(wasm).toString('base64')
  return `/** Made from ${source} by scripts/kernels.ts: a WebAssembly module in base64. */\nexport default '${bytes}'\n`
}

/** The text of a kernel's module, as it is. */
export const readKernel = ({ module }: { module: string }): Promise<string> => readFile(pathOf(module), 'utf8')

async function buildKernels(): Promise<void> {
  for (const kernel of kernels) await writeFileAtomic(pathOf(kernel.module), await compileKernel(kernel))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels()
