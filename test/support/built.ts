import { join } from 'node:path';

/** Where the build has a module of the repository: `src/envs/index.ts`, `test/support/count-env.ts`. */
export function built(path: string): string {
  return join(process.env.PONDERA_TEST_BUILD!, path.replace(/\.ts$/, '.js'));
}

/** As `ownCommand` of `src`, in whose place the test runner puts it. */
export function ownCommand(): [string] {
  return [built('src/agent/cli/main.ts')];
}

/** The program and the first arguments of the command. */
export function pondera(): [string, string] {
  return [process.execPath, ...ownCommand()];
}
