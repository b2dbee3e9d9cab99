import { isatty } from 'node:tty';

let meant = false;
let hungUp = false;
/** Asked while it is there. */
const onTerminal = [0, 1, 2].some((fd) => isatty(fd));

/** The terminal may have closed. */
export function noteHangUp(): void {
  hungUp = true;
}

/** Ends the process, as this command means to. @param code process.exitCode unless given */
export function end(code = process.exitCode): never {
  meant = true;
  if (hungUp && onTerminal) dieOfHangUp();
  process.exit(code);
}

/** Ends the process by the signal itself: where its terminal is gone, Node.js aborts as it exits. */
function dieOfHangUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/**
 * Calls `on` if the process ends before its command does: an environment called process.exit, or the command waits for
 * what can no longer come. The exit code is then 1, even if the environment gave another, since the commands give other
 * codes a meaning of their own.
 *
 * @returns a function that ends the watching
 */
export function onUnmeantExit(on: (message: string) => void): () => void {
  const exiting = (code: number): void => {
    if (meant) return;
    process.exitCode = 1;
    on(
      code === UNSETTLED
        ? 'the process ran out of work before the command was done: a promise never settled'
        : `process.exit(${code}) was called before the command was done`,
    );
  };
  process.on('exit', exiting);
  return () => process.off('exit', exiting);
}

/** Node.js's exit code where a top-level await waits for a promise that can no longer settle. */
const UNSETTLED = 13;
