/** The user asked for something that cannot be: bad usage or a bad config. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Training or evaluation failed while running. Exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
}
