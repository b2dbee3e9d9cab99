import { z } from 'zod';
import { stringifyExact, VERSION } from '../../envs/common/index.ts';
import { CheckpointError, CheckpointTooNewError } from './checkpoint-error.ts';
import { renamedState } from './renamed-state.ts';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.ts';
import { compareHash, parseJson, sealed, sha256, unsealed, validate } from './sealed-json.ts';

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
const bestSchema = z.strictObject({ step: z.int().nonnegative() });
const versionSchema = z.looseObject({ version: z.int() });

/** The files of a checkpoint's directory by name, the manifest last. */
export async function checkpointFiles({
  step,
  weights,
  optimizer,
  state,
}: Checkpoint): Promise<Record<string, Uint8Array | string>> {
  const files: Record<(typeof FILES)[number], Uint8Array> = {
    'weights.safetensors': encodeSafetensors(weights),
    'optimizer.safetensors': encodeSafetensors(optimizer),
    'state.json': new TextEncoder().encode(`${stringifyExact(state)}\n`),
  };
  const entries = FILES.map(async (name) => {
    return [name, { size: files[name].length, sha256: await sha256(files[name]) }];
  });
  const manifest = {
    version: FORMAT_VERSION,
    step,
    createdBy: `pondera ${VERSION}`,
    files: Object.fromEntries(await Promise.all(entries)),
  };
  return { ...files, 'manifest.json': await sealed(manifest) };
}

/** Reads a file, wherever it is; undefined where there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** A checkpoint whose manifest has been read. Each file is checked against it when it is read. */
export interface OpenCheckpoint {
  /** Environment steps at the time of the checkpoint. */
  step: number;
  weights(): Promise<Tensors>;
  optimizer(): Promise<Tensors>;
  state(): Promise<unknown>;
}

/**
 * Opens a checkpoint. It checks version, sizes and hashes before it uses any contents.
 *
 * @param dir the path or the address of its directory, without the last slash
 * @throws CheckpointError naming the file, the expectation and the finding; so do the functions of the result
 */
export async function openCheckpoint(dir: string, read: ReadFile): Promise<OpenCheckpoint> {
  const path = `${dir}/manifest.json`;
  const manifestBytes = await read(path);
  if (!manifestBytes)
    throw new CheckpointError(`${dir}: expected a checkpoint, found no manifest.json`);
  const manifest = await unsealed(manifestBytes, path);
  const { version } = validate(versionSchema, manifest, path);
  if (version > FORMAT_VERSION) {
    throw new CheckpointTooNewError(
      `${path}: expected a checkpoint format of at most ${FORMAT_VERSION}, got ${version}; update Pondera (this is ${VERSION}) to read it`,
    );
  }
  const { step, files } = validate(manifestSchema, manifest, path);
  const tensors = (bytes: Uint8Array) => decodeSafetensors(bytes).tensors;
  const readAs = async <T>(decode: (bytes: Uint8Array) => T, name: keyof typeof files) => {
    const file = `${dir}/${name}`;
    const bytes = await verified(file, files[name], read);
    try {
      return decode(bytes);
    } catch (cause) {
      // Its hash is right, so the writer is at fault and not the disk.
      throw new CheckpointError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
  return {
    step,
    weights: () => readAs(tensors, 'weights.safetensors'),
    optimizer: () =>
      readAs(tensors, OLD_OPTIMIZER in files ? OLD_OPTIMIZER : 'optimizer.safetensors'),
    state: () => readAs(parseState, 'state.json'),
  };
}

/**
 * The step of the checkpoint with the mark of the best one; undefined where none has it.
 * @param path of `best.json`
 * @throws CheckpointError where it is damaged
 */
export async function bestStep(path: string, read: ReadFile): Promise<number | undefined> {
  const bytes = await read(path);
  return bytes && validate(bestSchema, await unsealed(bytes, path), path).step;
}

async function verified(
  path: string,
  expected: z.infer<typeof fileSchema> | undefined,
  read: ReadFile,
): Promise<Uint8Array> {
  const bytes = await read(path);
  if (!bytes || !expected) throw new CheckpointError(`${path} is missing from its checkpoint`);
  if (bytes.length !== expected.size) {
    const fault = bytes.length < expected.size ? 'truncated' : 'altered';
    throw new CheckpointError(
      `${path} is ${fault}: expected ${expected.size} bytes, got ${bytes.length}`,
    );
  }
  await compareHash(expected.sha256, bytes, path);
  return bytes;
}

function parseState(bytes: Uint8Array): unknown {
  const state = parseJson(bytes);
  return typeof state === 'object' && state !== null ? renamedState(state) : state;
}
