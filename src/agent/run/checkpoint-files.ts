import { join } from 'node:path';
import { z } from 'zod';
import { stringifyExact, VERSION } from '../../envs/common/index.ts';
import { CheckpointError, CheckpointTooNewError } from './checkpoint-error.ts';
import { renamedState } from './renamed-state.ts';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.ts';
import { parseJson, readIfThere, sealed, sha256, unsealed, validate } from './sealed-json.ts';

/** The complete state of a run: training continues from it exactly. */
export interface Checkpoint {
  /** Environment steps at the time of the checkpoint; names the directory. */
  step: number;
  weights: Tensors;
  optimizer: Tensors;
  /** Plain JSON data, its numbers kept exactly. */
  state: unknown;
}

/** Version 1 had no hash of the manifest itself. */
const FORMAT_VERSION = 2;
/** The name of optimizer.safetensors until 0.2. */
const OLD_OPTIMIZER = 'optimiser.safetensors';
const FILES = ['weights.safetensors', 'optimizer.safetensors', 'state.json'] as const;

const fileSchema = z.strictObject({
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const manifestSchema = z.strictObject({
  version: z.int().min(1).max(FORMAT_VERSION),
  step: z.int().nonnegative(),
  createdBy: z.string(),
  files: z.strictObject({
    'weights.safetensors': fileSchema,
    'optimizer.safetensors': fileSchema.optional(),
    [OLD_OPTIMIZER]: fileSchema.optional(),
    'state.json': fileSchema,
  }),
});
type Manifest = z.infer<typeof manifestSchema>;
const versionSchema = z.looseObject({ version: z.int() });

/** The files of a checkpoint's directory by name, the manifest last. */
export function checkpointFiles({
  step,
  weights,
  optimizer,
  state,
}: Checkpoint): Record<string, Uint8Array | string> {
  const files: Record<(typeof FILES)[number], Uint8Array> = {
    'weights.safetensors': encodeSafetensors(weights),
    'optimizer.safetensors': encodeSafetensors(optimizer),
    'state.json': new TextEncoder().encode(`${stringifyExact(state)}\n`),
  };
  const manifest = {
    version: FORMAT_VERSION,
    step,
    createdBy: `pondera ${VERSION}`,
    files: Object.fromEntries(
      FILES.map((name) => [name, { size: files[name].length, sha256: sha256(files[name]) }]),
    ),
  };
  return { ...files, 'manifest.json': sealed(manifest) };
}

/**
 * Reads a checkpoint directory. It checks version, sizes and hashes before it uses any contents.
 *
 * @throws CheckpointError naming the file, the expectation and the finding
 */
export async function loadCheckpoint(dir: string): Promise<Checkpoint> {
  const path = join(dir, 'manifest.json');
  const manifestBytes = await readIfThere(path);
  if (!manifestBytes)
    throw new CheckpointError(`${dir}: expected a checkpoint, found no manifest.json`);
  const manifest = unsealed(manifestBytes, path);
  const { version } = validate(versionSchema, manifest, path);
  if (version > FORMAT_VERSION) {
    throw new CheckpointTooNewError(
      `${path}: expected a checkpoint format of at most ${FORMAT_VERSION}, got ${version}; update Pondera (this is ${VERSION}) to read it`,
    );
  }
  const { step, files } = validate(manifestSchema, manifest, path);
  const tensors = (bytes: Uint8Array) => decodeSafetensors(bytes).tensors;
  const optimizerFile = OLD_OPTIMIZER in files ? OLD_OPTIMIZER : 'optimizer.safetensors';
  const [weights, optimizer, state] = await Promise.all([
    readAs(tensors, dir, 'weights.safetensors', files),
    readAs(tensors, dir, optimizerFile, files),
    readAs(parseState, dir, 'state.json', files),
  ]);
  return { step, weights, optimizer, state };
}

/** Reads a file of a checkpoint and checks it against the manifest. @throws CheckpointError naming the file */
async function readAs<T>(
  decode: (bytes: Uint8Array) => T,
  dir: string,
  name: keyof Manifest['files'],
  files: Manifest['files'],
): Promise<T> {
  const path = join(dir, name);
  const bytes = await readVerified(path, files[name]);
  try {
    return decode(bytes);
  } catch (cause) {
    // Its hash is right, so the writer is at fault and not the disk.
    throw new CheckpointError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

async function readVerified(path: string, expected: z.infer<typeof fileSchema> | undefined) {
  const bytes = await readIfThere(path);
  if (!bytes || !expected) throw new CheckpointError(`${path} is missing from its checkpoint`);
  if (bytes.length !== expected.size) {
    const fault = bytes.length < expected.size ? 'truncated' : 'altered';
    throw new CheckpointError(
      `${path} is ${fault}: expected ${expected.size} bytes, got ${bytes.length}`,
    );
  }
  const hash = sha256(bytes);
  if (hash !== expected.sha256) {
    throw new CheckpointError(
      `${path} is altered: expected sha256 ${expected.sha256}, got ${hash}`,
    );
  }
  return bytes;
}

function parseState(bytes: Uint8Array): unknown {
  const state = parseJson(bytes);
  return typeof state === 'object' && state !== null ? renamedState(state) : state;
}
