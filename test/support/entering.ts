// By its types alone: a test that mocks the module makes of it what this gives.
import type * as nodeFs from 'node:fs/promises';

export type Call = 'mkdir' | 'open' | 'write' | 'sync' | 'rename' | 'rm';

/** What atomic writers call of `fs`, each call told first; what that throws is what the call fails with. */
export function entering(fs: typeof nodeFs, enter: (call: Call, path: string) => void) {
  return {
    async mkdir(path: string, options?: object) {
      enter('mkdir', path);
      return fs.mkdir(path, options);
    },
    async open(path: string, flags: string) {
      enter('open', path);
      const file = await fs.open(path, flags);
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
      await fs.rename(from, to);
    },
    async rm(path: string, options?: object) {
      enter('rm', path);
      await fs.rm(path, options);
    },
  };
}
