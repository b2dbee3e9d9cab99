import { statfs } from 'node:fs/promises';
import { run } from './run-command.ts';

/** Says what the machine or its network lacks; nothing has been changed. */
export class MissingRequirementError extends Error {
  override readonly name = 'MissingRequirementError';
}

const TOOLS = [
  ['python3', ['--version'], 'python3, to unpack TensorFlow’s wheel (Debian: apt install python3)'],
  [
    'python3',
    ['-m', 'pip', '--version'],
    'pip of python3, to download that wheel (Debian: apt install python3-pip)',
  ],
  ['g++', ['--version'], 'g++, to compile the addon (Debian: apt install g++)'],
  ['npm', ['--version'], 'npm, to download the addon’s sources'],
  ['tar', ['--version'], 'tar, to unpack them'],
] as const;

const GIB = 2 ** 30;

/**
 * Checks that TensorFlow can be installed here.
 *
 * @param parent the folder to build in
 * @param bytes that will be written there
 * @throws MissingRequirementError with all that is missing
 */
export async function checkMachine(
  parent: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64' || !glibc()) {
    const here = `${platform} ${arch}${platform === 'linux' && !glibc() ? ' without glibc' : ''}`;
    throw new MissingRequirementError(
      `TensorFlow can be installed on Linux x64 with glibc only; this is ${here}`,
    );
  }
  const lacks: string[] = [];
  for (const [command, args, what] of TOOLS) {
    await run(command, args, { signal }).catch(() => lacks.push(what));
    signal?.throwIfAborted();
  }
  const { bavail, bsize } = await statfs(parent);
  if (bavail * bsize < bytes) {
    const [wanted, free] = [bytes, bavail * bsize].map((n) => (n / GIB).toFixed(1));
    lacks.push(`${wanted} GiB of free disk space at ${parent}, which has ${free} GiB`);
  }
  if (lacks.length === 0) return;
  throw new MissingRequirementError(
    `TensorFlow cannot be installed; missing:\n- ${lacks.join('\n- ')}`,
  );
}

function glibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}
