import { UsageError } from '../common/errors.ts';

/**
 * Reads a file by its address.
 * @returns undefined where the server has none there (404)
 * @throws UsageError where the server refuses it or cannot be reached
 */
export async function fetchFile(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url).catch((cause) => {
    throw new UsageError(`${url}: cannot be fetched: ${(cause as Error).message}`, { cause });
  });
  if (response.status === 404) return undefined;
  if (!response.ok) {
    throw new UsageError(`${url}: expected the file, got HTTP status ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
