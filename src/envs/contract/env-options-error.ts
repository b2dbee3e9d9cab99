/** Says that an environment does not take the options it was given. */
export class EnvOptionsError extends Error {
  override readonly name = 'EnvOptionsError';
}
