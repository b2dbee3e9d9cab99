import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';

interface RelayOptions {
  socket: WebSocket;
  /** Aborting it ends the command. */
  gone: AbortSignal;
  /** How long the command may take to end then, in ms. */
  patienceMs: number;
  /** Gives the command what to read; what it returns ends that. Default: nothing to read. */
  input?: (stdin: Writable) => () => void;
}

/**
 * Sends each line that a command prints as a message, as fast as the page receives them.
 * @param args of Node.js
 * @throws Error with the end of the command's stderr if it fails
 */
export async function relayCommand(
  args: string[],
  { socket, gone, patienceMs, input }: RelayOptions,
): Promise<void> {
  const child = spawn(process.execPath, args);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-1000);
  });
  const deaf = input ? input(child.stdin) : void child.stdin.end();
  let kill: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    child.stdout.destroy();
    // An environment that does not answer would keep the process alive.
    kill = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  };
  gone.addEventListener('abort', end, { once: true });
  if (gone.aborted) end();
  try {
    let rest = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) await new Promise((sent) => socket.send(line, sent));
    }
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener('abort', end);
    deaf?.();
  }
  const code = await closed;
  clearTimeout(kill);
  if (code !== 0) throw new Error(words.trim().replace(/^error: /, '') || `exit code ${code}`);
}
