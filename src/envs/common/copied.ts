/** Copies an action for an environment, which may write into its argument while other code still reads the original. */
export function copied(action: unknown): unknown {
  if (ArrayBuffer.isView(action)) return (action as Float32Array).slice();
  return typeof action === 'object' ? structuredClone(action) : action;
}
