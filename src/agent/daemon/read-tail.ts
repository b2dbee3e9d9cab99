import { open } from 'node:fs/promises';
import { errorCode } from '../run/index.ts';

/** The last bytes of a file, at most `most` and none before `from`; nothing where there is no file. */
export async function readTail(path: string, most: number, from = 0): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      // The file is shorter than `from` where its log has started anew.
      const length = Math.min(most, size < from ? size : size - from);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
