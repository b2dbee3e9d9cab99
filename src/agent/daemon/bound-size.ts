import { copyFileSync, statSync, truncateSync } from 'node:fs';

/** Bytes at which a log begins anew. */
const MOST = 4 * 2 ** 20;

/**
 * Keeps a log that is appended to by another process from growing without end: beyond a few MiB it is moved to
 * `<path>.old`, in place of the one before, and begins anew.
 */
export function boundSize(path: string): void {
  try {
    if (statSync(path).size < MOST) return;
    // Copied, since who writes it has it open.
    copyFileSync(path, `${path}.old`);
    truncateSync(path);
  } catch {
    // It is not there yet, or the disk is full; the next look tries again.
  }
}
