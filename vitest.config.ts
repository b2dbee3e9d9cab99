import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * A test file of the project `process` has a process to itself: it, or a helper of `test/` that it imports, does one
 * of these. The others are of the project `unit`: two processes run them, file after file, and load each module once.
 */
const NEEDS_ITS_OWN_PROCESS = [
  // It replaces modules or globals.
  /\bvi\.(mock|stubEnv|stubGlobal)\(/,
  // It changes the process, or how it ends, other than in a program that it gives to another.
  /^[^'"`]*(\bprocess\.(on|once|exit|chdir)\b|\bprocess\.env\.\w+ = |\(process, )/m,
  // It drives a browser.
  /'playwright-core'/,
];

/** A file and the helpers that it imports. */
function* sources(path: string, seen = new Set<string>()): Generator<string> {
  if (seen.has(path) || !path.startsWith('test/') || !existsSync(path)) return;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  yield text;
  for (const [, specifier] of text.matchAll(/\bfrom '(\.[^']*)'/g)) {
    yield* sources(join(dirname(path), specifier), seen);
  }
}

const needsItsOwnProcess = (text: string) =>
  NEEDS_ITS_OWN_PROCESS.some((pattern) => pattern.test(text));

const isolated = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file))
  .filter((file) => [...sources(file)].some(needsItsOwnProcess));

export default defineConfig({
  resolve: {
    // What starts threads and processes takes them from the build, and `pondera` is as in a project that has installed
    // the package; tsconfig.json says the same.
    alias: [
      { find: './common/thread.ts', replacement: resolve('test/support/thread.ts') },
      {
        find: /^(\.\.\/){1,2}common\/own-command\.ts$/,
        replacement: resolve('test/support/built.ts'),
      },
      { find: /^pondera$/, replacement: resolve('src/index.ts') },
      { find: 'pondera/act', replacement: resolve('src/agent/act/index.ts') },
      { find: /^pondera\/(.*)$/, replacement: resolve('src/$1/index.ts') },
    ],
  },
  test: {
    globalSetup: ['test/setup-temp.ts', 'test/setup-build.ts'],
    setupFiles: ['test/setup.ts'],
    // Two cores: more workers only contend, and each loads its own copy of the WebAssembly backend.
    maxWorkers: 2,
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'process', include: isolated } },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: isolated,
          isolate: false,
          setupFiles: ['test/setup-unit.ts'],
        },
      },
    ],
  },
});
