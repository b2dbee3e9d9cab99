import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // Two cores: more workers only contend, and each loads its own copy of the WebAssembly backend.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
