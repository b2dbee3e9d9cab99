/** Emits a warning of the process; where there is no Node.js, it goes to the console. */
export function warn(message: string, options?: { type: string; code: string }): void {
  if (typeof process === 'undefined') console.warn(message);
  else process.emitWarning(message, options);
}
