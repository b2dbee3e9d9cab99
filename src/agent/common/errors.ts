/** Says that a config, an option or a path is wrong; nothing has been changed. Exit code 2 of the commands. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says that training or a study failed while it ran. Exit code 1 of the commands. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** A directory holds a run already, and what is to become of it was not said. */
export class RunExistsError extends UsageError {
  readonly runDir: string;

  constructor(runDir: string) {
    super(
      `${runDir} already holds a run: pass overwrite: true to replace it, resume: true to continue it, ` +
        'or another runDir',
    );
    this.runDir = runDir;
  }
}

/**
 * What an environment, a hook or an encoder does to the process outside of what is called of it: an error of a timer,
 * a rejected promise that nobody waits for, process.exit. As the reason of an aborted signal it ends training as an
 * interrupt does, and is what `train` then throws.
 */
export class StrayError extends Error {
  override readonly name = 'StrayError';
  /** Whether the process is ending with it, so that nothing more can be awaited. */
  readonly exits: boolean;

  constructor(
    message: string,
    { cause, exits = false }: { cause?: unknown; exits?: boolean } = {},
  ) {
    super(message, { cause });
    this.exits = exits;
    // Where it came from is what helps.
    if (cause instanceof Error) this.stack = cause.stack;
  }
}
