type Child = Node | string | number | null | undefined | false;
type Properties = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/**
 * Makes an element. A property that is a function becomes a listener. Any other becomes an attribute: true sets it
 * without a value, false and undefined leave it out.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value as EventListener);
    else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(element, children);
  return element;
}

/** Replaces the children of an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === 'number' ? String(child) : child);
  }
}

/** Sets a text only where it differs, so that a screen reader reads only new text. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
