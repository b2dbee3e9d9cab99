/** An action to hand over: environments may write into what they are given, which others go on reading. */
export function copied(action: unknown): unknown {
  if (ArrayBuffer.isView(action)) return (action as Float32Array).slice();
  return typeof action === 'object' ? structuredClone(action) : action;
}
