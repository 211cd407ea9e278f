/** Bundles the command line into out/cli. Packages stay packages: native libraries and WebAssembly must not be bundled. */
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const outdir = 'out/cli'
/** What only tests start from here: the window's build has its own. */
const forTests = process.argv[2] === 'tests' ? { 'engine-process': 'src-main/session/engine-process.ts' } : {}
const { metafile } = await build({
  // The provider probe, the decoder of photos and what makes the heads of batches run as processes of their own, found beside their caller.
  entryPoints: {
    cli: 'src-main/cli.ts',
    probe: 'src-main/engine/runtime/probe.ts',
    'decode-process': 'src-main/engine/images/decode-process.ts',
    'head-process': 'src-main/cli/batch/head-process.ts',
    ...forTests,
  },
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  outdir,
  bundle: true,
  // What a command does not need is not loaded.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  legalComments: 'none',
  metafile: true,
})

// Pieces are named after their content: those of before stay behind.
const folder = new URL(`../${outdir}/`, import.meta.url)
for (const name of readdirSync(folder)) {
  if (!(`${outdir}/${name}` in metafile.outputs)) rmSync(new URL(name, folder))
}
