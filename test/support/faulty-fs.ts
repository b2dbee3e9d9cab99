import * as nodeFs from 'node:fs/promises';
import type { FileSystem } from '../../src/agent/run/atomic.ts';
import { type Call, entering } from './entering.ts';

/**
 * A file system that records its calls and fails at call number `failAt` (counted from 0) with
 * `code`; a write that fails has written half of its data, as a full disk does. With `crash`,
 * everything after it fails too, as if the machine had stopped there.
 */
export function faultyFs(failAt = Number.POSITIVE_INFINITY, code = 'ENOSPC', crash = false) {
  const calls: string[] = [];
  const enter = (call: Call, path: string) => {
    const index = calls.push(`${call} ${path}`) - 1;
    if (index === failAt || (crash && index > failAt)) {
      throw Object.assign(new Error(`${code}: injected, ${call}`), { code });
    }
  };
  return { fs: entering(nodeFs, enter) as unknown as FileSystem, calls };
}
