import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const PICTURES = ['mark.svg', 'icon-192.png', 'icon-512.png'];

/* The mark and the icons are named by the server only, so no source brings them into the build. */
const withPictures: Plugin = {
  name: 'pictures',
  apply: 'build',
  buildStart() {
    for (const name of PICTURES) {
      const file = `src/assets/${name}`;
      this.emitFile({ type: 'asset', name, originalFileName: file, source: readFileSync(file) });
    }
  },
};

/* Beside each text file its gzip, which the server sends as it is: a small device has better things to do. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  generateBundle(_options, bundle) {
    for (const [fileName, file] of Object.entries(bundle)) {
      const source = file.type === 'chunk' ? file.code : file.source;
      if (!/\.(js|css|svg)$/.test(fileName)) continue;
      this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
    }
  },
};

/* The entries: what every page of a device loads, the terminal and the chat on top of it, what every page of a hub loads,
   and the worker that shows notifications. The
   server finds the hashed names in the manifest. Chunks name each other relative to themselves, because a hub shows a
   device's pages below a prefix. */
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [withPictures, compressed],
  build: {
    outDir: '../../foundation/web/static',
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        main: 'src/main.ts',
        terminal: 'src/terminal/main.ts',
        chat: 'src/chat/main.ts',
        hub: 'src/hub/main.ts',
        worker: 'src/worker/service-worker.ts',
      },
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
