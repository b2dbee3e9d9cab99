import * as nodeFs from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The file-system calls that the atomic writers make; a test may pass ones that fail. */
export type FileSystem = Pick<typeof nodeFs, 'mkdir' | 'open' | 'rename' | 'rm'>;

/** The files that an interrupted write may leave beside `name`: an unfinished copy (`tmp`) or the replaced one (`old`). */
export const LEFTOVER = /^(?<name>.+)\.(?<kind>tmp|old)-\d+$/;

/**
 * Writes a file so that `path` holds either all of `data` or its earlier contents, even if the
 * machine stops: it writes a copy beside `path`, then fsync, rename, fsync of the directory.
 * One writer per path at a time.
 *
 * @throws Error naming `path` and the cause (no space, read-only, …); `path` then keeps its earlier contents
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  fs: FileSystem = nodeFs,
): Promise<void> {
  const copy = `${path}.tmp-${process.pid}`;
  try {
    await writeSynced(copy, data, fs);
    await fs.rename(copy, path);
  } catch (cause) {
    await fs.rm(copy, { force: true }).catch(() => {});
    throw untouched(path, cause);
  }
  await syncDir(dirname(path), fs);
}

/**
 * Writes a directory of files so that it appears whole or not at all, in place of one of the same
 * name where there is one. The parent directory must exist.
 *
 * Replacing takes two renames: a machine that stops between them leaves the old directory as
 * `<dir>.old-<pid>`, whole.
 *
 * @param files contents by file name
 * @param check examines the written files before they appear as `dir`; they do not appear where it throws
 * @throws Error naming `dir` and the cause; `dir` then keeps its earlier contents
 */
export async function writeDirAtomic(
  dir: string,
  files: Record<string, Uint8Array | string>,
  fs: FileSystem = nodeFs,
  check: (copy: string) => Promise<void> = async () => {},
): Promise<void> {
  const copy = `${dir}.tmp-${process.pid}`;
  try {
    await fs.rm(copy, { recursive: true, force: true });
    await fs.mkdir(copy);
    for (const [name, data] of Object.entries(files)) await writeSynced(join(copy, name), data, fs);
    await syncDir(copy, fs);
    await check(copy);
    await replaceDir(copy, dir, fs);
  } catch (cause) {
    await fs.rm(copy, { recursive: true, force: true }).catch(() => {});
    throw untouched(dir, cause);
  }
  await syncDir(dirname(dir), fs);
}

async function replaceDir(copy: string, dir: string, fs: FileSystem): Promise<void> {
  try {
    return await fs.rename(copy, dir);
  } catch (error) {
    // A directory that holds files cannot be renamed over.
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES', 'EISDIR'].includes(errorCode(error)))
      throw error;
  }
  const old = `${dir}.old-${process.pid}`;
  await fs.rm(old, { recursive: true, force: true });
  await fs.rename(dir, old);
  try {
    await fs.rename(copy, dir);
  } catch (error) {
    await fs.rename(old, dir);
    throw error;
  }
  // The new directory is in place, so failing to delete the old one is no failure.
  await fs.rm(old, { recursive: true, force: true }).catch(() => {});
}

async function writeSynced(path: string, data: Uint8Array | string, fs: FileSystem) {
  const file = await fs.open(path, 'w');
  try {
    await file.writeFile(data);
    await file.sync().catch((error) => {
      if (!cannotSync(error)) throw error;
    });
  } finally {
    await file.close();
  }
}

/** Syncs a directory, so that names in it are on the disk; nothing where the file system has no such thing. */
async function syncDir(path: string, fs: FileSystem): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  try {
    const dir = await fs.open(path, 'r');
    try {
      await dir.sync();
    } finally {
      await dir.close();
    }
  } catch (cause) {
    const refused = ['EPERM', 'EACCES', 'EISDIR', 'EBADF'].includes(errorCode(cause));
    if (refused || cannotSync(cause)) return;
    throw new Error(`cannot sync the directory ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Whether an error says that a file system has no sync; callers ignore it, since nothing safer exists there. */
export function cannotSync(error: unknown): boolean {
  return ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error));
}

function untouched(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`cannot write ${path}: ${reason}; what was there is untouched`, { cause });
}

/** The system's name of an error (`ENOENT`, `ENOSPC`, …), or an empty string. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}
