let meant = false;

/** Ends the process, as this command means to. @param code process.exitCode unless given */
export function end(code = process.exitCode): never {
  meant = true;
  process.exit(code);
}

/**
 * Told where the process ends before its command does: an environment called process.exit, or nothing is left that
 * could go on. The exit code is then 1, whatever was asked for: others mean something of ours.
 *
 * @returns what ends that
 */
export function onUnmeantExit(on: (message: string) => void): () => void {
  const exiting = (code: number): void => {
    if (meant) return;
    process.exitCode = 1;
    on(
      code === UNSETTLED
        ? 'nothing is left to wait for, and the command is not done: a promise was never settled'
        : `process.exit(${code}) was called before the command was done`,
    );
  };
  process.on('exit', exiting);
  return () => process.off('exit', exiting);
}

/** Node.js's own exit code where top-level await is left waiting for nothing. */
const UNSETTLED = 13;
