/** Bundles the command line into out/cli. Packages stay packages: native libraries and WebAssembly must not be bundled. */
import { build } from 'esbuild'

await build({
  // The provider probe and the decoder of photos run as processes of their own, found beside their caller.
  entryPoints: {
    cli: 'src-main/cli.ts',
    probe: 'src-main/engine/runtime/probe.ts',
    'decode-process': 'src-main/engine/face/decode-process.ts',
  },
  outdir: 'out/cli',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  legalComments: 'none',
})
