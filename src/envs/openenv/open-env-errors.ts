/** OpenEnv's codes (WSErrorCode); the last three end the connection. */
export const openEnvCodes = [
  'INVALID_JSON',
  'UNKNOWN_TYPE',
  'VALIDATION_ERROR',
  'EXECUTION_ERROR',
  'CAPACITY_REACHED',
  'FACTORY_ERROR',
  'SESSION_ERROR',
] as const;

export type OpenEnvCode = (typeof openEnvCodes)[number];

/** The error of an OpenEnv server in place of an observation. */
export class OpenEnvError extends Error {
  override readonly name = 'OpenEnvError';
  readonly code: OpenEnvCode;
  /** Facts beside the message, by code: `errors`, `active_sessions`, `factory_name`. */
  readonly details: Record<string, unknown>;

  constructor(
    code: OpenEnvCode,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** Whether the server closes the connection after it. */
  get final(): boolean {
    return openEnvCodes.indexOf(this.code) >= openEnvCodes.indexOf('CAPACITY_REACHED');
  }

  /** The message that carries it. */
  get frame(): object {
    const { message, code, details } = this;
    return { type: 'error', data: { message, code, ...details } };
  }
}
