import { defineConfig } from 'vitest/config';

/* Two entries: what every page loads, and the terminal on top of it. The server finds the hashed names in the manifest. */
export default defineConfig({
  base: '/static/',
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { main: 'src/main.ts', terminal: 'src/terminal/main.ts' } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
