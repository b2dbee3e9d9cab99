import type { InspectorContext } from './inspector-context.ts';

/**
 * Shows the thought inspector of a run in `element`.
 * @returns what takes it down again
 */
export function mountInspector(element: HTMLElement, { run }: InspectorContext): () => void {
  element.textContent = `No thought of ${run} has been recorded.`;
  return () => element.replaceChildren();
}
