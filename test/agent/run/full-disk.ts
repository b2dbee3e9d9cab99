import type * as nodeFs from 'node:fs';

/** Bytes that may still be written by writeSync. */
export const disk = { room: Number.POSITIVE_INFINITY };

/** node:fs on a disk that gets full at the byte, as a real one does; for vi.mock. */
export function onFullDisk(fs: typeof nodeFs) {
  const writeSync = (file: number, data: Uint8Array) => {
    const fits = Math.min(data.length, disk.room);
    if (fits === 0) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
    disk.room -= fits;
    return fs.writeSync(file, data.subarray(0, fits));
  };
  return { ...fs, writeSync };
}
