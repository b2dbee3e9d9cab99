import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode } from './atomic.ts';
import { CheckpointError } from './checkpoint-error.ts';

/** JSON text of an object that ends in a hash of the rest. */
export function sealed(value: object): string {
  return `${JSON.stringify({ ...value, sha256: sha256(JSON.stringify(value)) }, null, 2)}\n`;
}

/** The inverse of `sealed`; text without a hash (older versions) passes. @throws CheckpointError where the hash differs */
export function unsealed(bytes: Uint8Array, path: string): object {
  let value: { sha256?: unknown };
  try {
    value = parseJson(bytes) as typeof value;
  } catch (error) {
    throw new CheckpointError(`${path} is damaged: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || !('sha256' in value)) return value;
  const { sha256: expected, ...rest } = value;
  const hash = sha256(JSON.stringify(rest));
  if (hash !== expected) {
    throw new CheckpointError(`${path} is altered: expected sha256 ${expected}, got ${hash}`);
  }
  return rest;
}

/** @throws CheckpointError where the value is not as the schema has it */
export function validate<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw new CheckpointError(`${path} is damaged: ${z.prettifyError(error)}`);
  return data;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

/** The contents of a file; undefined where there is none. @throws CheckpointError where it cannot be read */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new CheckpointError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
