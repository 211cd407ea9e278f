/** Builds main, engine process, served form, preload and window into out/. */
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

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
