import { z } from 'zod';
import { CheckpointError } from './checkpoint-error.ts';

/** JSON text of an object that ends in a hash of the rest. */
export async function sealed(value: object): Promise<string> {
  const hash = await sha256(JSON.stringify(value));
  return `${JSON.stringify({ ...value, sha256: hash }, null, 2)}\n`;
}

/** The inverse of `sealed`; text without a hash (older versions) passes. @throws CheckpointError where the hash differs */
export async function unsealed(bytes: Uint8Array, path: string): Promise<object> {
  let value: { sha256?: unknown };
  try {
    value = parseJson(bytes) as typeof value;
  } catch (error) {
    throw new CheckpointError(`${path} is damaged: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || !('sha256' in value)) return value;
  const { sha256: expected, ...rest } = value;
  await compareHash(expected, JSON.stringify(rest), path);
  return rest;
}

/** @throws CheckpointError where the value is not as the schema has it */
export function validate<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw new CheckpointError(`${path} is damaged: ${z.prettifyError(error)}`);
  return data;
}

/** @throws CheckpointError where the data's hash is another */
export async function compareHash(
  expected: unknown,
  data: Uint8Array | string,
  path: string,
): Promise<void> {
  const hash = await sha256(data);
  if (hash === undefined || hash === expected) return;
  throw new CheckpointError(`${path} is altered: expected sha256 ${expected}, got ${hash}`);
}

/** SHA-256 in hexadecimal; undefined in a page that came by plain HTTP, where a browser does not compute it. */
export async function sha256(data: Uint8Array | string): Promise<string | undefined> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const hash = await globalThis.crypto.subtle?.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  if (hash === undefined) return undefined;
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}
