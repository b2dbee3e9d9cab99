/** Says that a config, an option or a path is wrong; nothing has been changed. Exit code 2 of the commands. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says that training or a study failed while it ran. Exit code 1 of the commands. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** A directory already holds a run, and the options say neither to resume nor to replace it. */
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
 * An environment, a hook or an encoder disturbs the process outside of the calls that training makes: a timer throws,
 * a promise that nobody awaits rejects, or code calls process.exit. As the reason of an aborted signal this error ends
 * training as an interrupt does, and `train` throws it.
 */
export class StrayError extends Error {
  override readonly name = 'StrayError';
  /** Whether the process is exiting, so that no asynchronous work can finish. */
  readonly exits: boolean;

  constructor(
    message: string,
    { cause, exits = false }: { cause?: unknown; exits?: boolean } = {},
  ) {
    super(message, { cause });
    this.exits = exits;
    // The stack of the cause shows the faulty code; the stack of this error does not.
    if (cause instanceof Error) this.stack = cause.stack;
  }
}
