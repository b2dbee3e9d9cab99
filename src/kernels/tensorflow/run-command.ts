import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the command's output goes to our own output, rather than into the result. */
  readonly shown?: boolean;
}

/** How many of a command's last lines are in the error if it fails. */
const LAST_LINES = 12;

/** A command did not start, failed or was killed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Runs a command to its end. If the signal aborts, kills the command and its children.
 *
 * @returns its output
 * @throws CommandError with its last lines, if it fails
 * @throws the signal's reason, if the signal aborts
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, env, shown = false }: RunOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  // A process group of its own, so that a compiler's children end with it.
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', shown ? 'inherit' : 'pipe', 'pipe'],
  });
  const end = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The command has just ended by itself.
    }
  };
  signal?.addEventListener('abort', end);
  process.on('exit', end);
  let [out, output] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    out += text;
    output += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  try {
    const how = await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, by) => resolve(by ? `ended by ${by}` : code ? `exit ${code}` : ''));
    });
    signal?.throwIfAborted();
    if (how === '') return out;
    const last = output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    throw new CommandError(`${command} ${args[0] ?? ''} failed (${how})${last && `:\n${last}`}`);
  } finally {
    signal?.removeEventListener('abort', end);
    process.off('exit', end);
  }
}
