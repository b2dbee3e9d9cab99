/**
 * Says that the connection, process or worker of an environment is gone: the episode is lost, but the environment can
 * begin another. Methods of an environment reject with it; the next `reset`, with a seed, works again.
 */
export class EnvDisconnectedError extends Error {
  override readonly name = 'EnvDisconnectedError';
}
