/**
 * The episode is lost, but the environment can begin another: what a verb rejects with where a
 * connection, a process or a worker is gone. The next `reset`, which gets a seed, goes on.
 */
export class EnvDisconnectedError extends Error {
  override readonly name = 'EnvDisconnectedError';
}
