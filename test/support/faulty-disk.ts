import type * as nodeFs from 'node:fs';
import type * as nodeFsPromises from 'node:fs/promises';
import { type Call, entering } from './entering.ts';

/** The disk that `node:fs` and `node:fs/promises` are on in a test file that mocks them with what is below. */
export const disk = {
  /** Bytes that writeSync may still write. */
  room: Number.POSITIVE_INFINITY,
  /** The code with which a call on a path fails, if it is to. */
  fault: (_call: Call, _path: string): string | undefined => undefined,
  repair(): void {
    disk.room = Number.POSITIVE_INFINITY;
    disk.fault = () => undefined;
  },
};

function enter(call: Call, path: string): void {
  const code = disk.fault(call, path);
  if (code) throw Object.assign(new Error(`${code}: injected, ${call} '${path}'`), { code });
}

export function onFaultyDisk(fs: typeof nodeFs) {
  const paths = new Map<number, string>();
  return {
    ...fs,
    openSync(path: string, flags: string) {
      enter('open', path);
      const file = fs.openSync(path, flags);
      paths.set(file, path);
      return file;
    },
    /** It writes what there is room for, as a disk that gets full does. */
    writeSync(file: number, data: Uint8Array) {
      enter('write', paths.get(file)!);
      const fits = Math.min(data.length, disk.room);
      if (fits === 0) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
      disk.room -= fits;
      return fs.writeSync(file, data.subarray(0, fits));
    },
    fsyncSync(file: number) {
      enter('sync', paths.get(file)!);
      fs.fsyncSync(file);
    },
  };
}

export function promisesOnFaultyDisk(fs: typeof nodeFsPromises) {
  return { ...fs, ...entering(fs, enter) };
}
