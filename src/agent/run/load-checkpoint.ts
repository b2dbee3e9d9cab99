import { readFile } from 'node:fs/promises';
import { errorCode } from './atomic.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint-files.ts';

/**
 * Reads a checkpoint directory, as `openCheckpoint` does.
 *
 * @throws CheckpointError naming the file, the expectation and the finding
 */
export async function loadCheckpoint(dir: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(dir, readIfThere);
  const [weights, optimizer, state] = await Promise.all([
    checkpoint.weights(),
    checkpoint.optimizer(),
    checkpoint.state(),
  ]);
  return { step: checkpoint.step, weights, optimizer, state };
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
