import { copyFileSync, statSync, truncateSync } from 'node:fs';

/** Bytes at which a log starts anew. */
const MOST = 4 * 2 ** 20;

/**
 * Bounds a log to which another process appends: beyond 4 MiB it copies the log to `<path>.old`, replacing the earlier
 * copy, and empties it.
 */
export function boundSize(path: string): void {
  try {
    if (statSync(path).size < MOST) return;
    // A copy and not a rename, since the writing process keeps the file open.
    copyFileSync(path, `${path}.old`);
    truncateSync(path);
  } catch {
    // The file does not exist yet, or the disk is full; the next call tries again.
  }
}
