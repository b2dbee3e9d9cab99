/** The user asked for something that cannot be: bad usage or a bad config. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Training or evaluation failed while running. Exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** A directory holds a run already, and what is to become of it was not said. */
export class RunExists extends UsageError {
  readonly runDir: string;

  constructor(runDir: string) {
    super(
      `${runDir} holds a run already: give overwrite: true to replace it, resume: true to go on with it, ` +
        'or another runDir',
    );
    this.runDir = runDir;
  }
}
