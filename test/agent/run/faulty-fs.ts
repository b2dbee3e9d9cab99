import * as nodeFs from 'node:fs/promises';
import type { FileSystem } from '../../../src/agent/run/atomic.ts';

export type Call = 'mkdir' | 'open' | 'write' | 'sync' | 'rename' | 'rm';

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
  const fs = {
    async mkdir(path: string, options?: object) {
      enter('mkdir', path);
      return nodeFs.mkdir(path, options);
    },
    async open(path: string, flags: string) {
      enter('open', path);
      const file = await nodeFs.open(path, flags);
      return {
        async writeFile(data: Uint8Array | string) {
          try {
            enter('write', path);
          } catch (error) {
            await file.writeFile(data.slice(0, data.length / 2));
            throw error;
          }
          await file.writeFile(data);
        },
        async sync() {
          enter('sync', path);
          await file.sync();
        },
        close: () => file.close(),
      };
    },
    async rename(from: string, to: string) {
      enter('rename', from);
      await nodeFs.rename(from, to);
    },
    async rm(path: string, options?: object) {
      enter('rm', path);
      await nodeFs.rm(path, options);
    },
  };
  return { fs: fs as unknown as FileSystem, calls };
}
