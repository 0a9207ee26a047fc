/* Finding elements, with a clear error where a page lacks one its script needs. */

type Of<T extends Element> = abstract new (...args: never[]) => T;

export function maybe<T extends Element>(root: ParentNode, selector: string, type: Of<T>): T | null {
  const found = root.querySelector(selector);
  return found instanceof type ? found : null;
}

export function need<T extends Element>(root: ParentNode, selector: string, type: Of<T>): T {
  const found = maybe(root, selector, type);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

export function all<T extends Element>(root: ParentNode, selector: string, type: Of<T>): T[] {
  return [...root.querySelectorAll(selector)].filter((found): found is T => found instanceof type);
}

/* The closest element around an event's target that matches. */
export function around<T extends Element>(event: Event, selector: string, type: Of<T>): T | null {
  const found = event.target instanceof Element ? event.target.closest(selector) : null;
  return found instanceof type ? found : null;
}
