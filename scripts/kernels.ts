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

/** For a crew (engine/runtime/crew.ts). A memory that threads share says how large it may get: 1 GiB. */
export const THREADS = ['--enable', 'threads', '--importMemory', '--sharedMemory', '--maximumMemory', '16384']

/** Source and module of each kernel, under `src-main/engine/`. */
export const kernels = [
  { source: 'generator/planes.kernel.ts', module: 'generator/planes.wasm.ts', options: [] as string[] },
  {
    source: 'generator/render.kernel.ts',
    module: 'generator/render.wasm.ts',
    options: THREADS,
  },
] as const
type Kernel = (typeof kernels)[number]

/**
 * @param source path under `src-main/engine/`, or AssemblyScript that stands there instead of a file
 * @returns WebAssembly
 */
export async function compile(source: string, options: readonly string[], text?: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    [source, '--outFile', 'kernel.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', ...options],
    {
      readFile: (name) => {
        if (name === source && text !== undefined) return text
        // What is no kernel is the compiler's own.
        return /^\w+\/\w+\.kernel\.ts$/.test(name) ? readFile(pathOf(name), 'utf8') : null
      },
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') wasm = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !wasm) throw new Error(`${source} does not compile: ${stderr.toString()}`)
  return wasm
}

/** The text of a kernel's module, as it should be for its source. */
export async function compileKernel({ source, options }: Pick<Kernel, 'source' | 'options'>): Promise<string> {
  const bytes = Buffer.from(await compile(source, options)).toString('base64')
  return `/** Made from ${source} by scripts/kernels.ts: a WebAssembly module in base64. */\nexport default '${bytes}'\n`
}

/** The text of a kernel's module, as it is. */
export const readKernel = ({ module }: Pick<Kernel, 'module'>): Promise<string> => readFile(pathOf(module), 'utf8')

async function buildKernels(): Promise<void> {
  for (const kernel of kernels) await writeFileAtomic(pathOf(kernel.module), await compileKernel(kernel))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels()
