import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// The web console: dist/console, every file but index.html and scheme.js named by a digest of its content.
export default defineConfig({
  root: here('.'),
  base: '/console/',
  plugins: [react()],
  logLevel: 'warn',
  build: {
    outDir: here('../dist/console'),
    emptyOutDir: true,
    // What knows light-dark(), popover and dialog as they are written here.
    target: ['chrome125', 'firefox125', 'safari17.5'],
    // The policy of the page lets nothing in but files of our own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    sourcemap: false,
    reportCompressedSize: false,
  },
})
