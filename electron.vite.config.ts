/** Builds main, engine process, served form, preload and window into out/. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

/** Bundled into the window; the engine's packages lie beside it. */
const IN_THE_WINDOW = [
  'react',
  'react-dom',
  'three',
  '@react-three/fiber',
  '@react-three/drei',
  'zustand',
  'mp4-muxer',
  'webm-muxer',
]
const packageOf = (folder: string) => JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
const LICENCES = [...Object.keys(packageOf('.').dependencies), ...IN_THE_WINDOW].sort().map((name) => {
  const { version, license } = packageOf(`node_modules/${name}`)
  return { name, version, licence: license }
})

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      externalizeDeps: true,
      rollupOptions: {
        input: {
          main: resolve('src-main/app/main.ts'),
          'engine-process': resolve('src-main/session/engine-process.ts'),
          // Tries an execution provider; found beside the engine process.
          probe: resolve('src-main/engine/runtime/probe.ts'),
          // Decodes photos; found beside the engine process.
          'decode-process': resolve('src-main/engine/images/decode-process.ts'),
          serve: resolve('src-main/serve/main.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: {
        input: resolve('src-main/app/preload.ts'),
        // A sandboxed preload cannot be an ES module.
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [react()],
    define: { LICENCES: JSON.stringify(LICENCES) },
    build: {
      outDir: 'out/renderer',
      rollupOptions: { input: resolve('src-renderer/index.html') },
      // Everything lies on disk beside it: one file is as good as many.
      chunkSizeWarningLimit: 4000,
      // The content security policy knows no data: scripts or fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  },
})
