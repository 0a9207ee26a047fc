/* Brings a part of the page to new HTML without disturbing the person: rows with the same key stay, an open menu and
   the element that has the focus are left alone until they are let go. */

import { all } from './dom';

export function morph(part: HTMLElement, html: string): void {
  const next = document.createElement('template');
  next.innerHTML = html;
  const rows = keyed(part);
  const wanted = keyed(next.content);
  if (!sameKeys(rows, wanted)) {
    if (!isInUse(part)) part.replaceChildren(next.content);
    return;
  }
  if (rows.size === 0) {
    if (part.innerHTML.trim() !== html.trim() && !isInUse(part)) part.replaceChildren(next.content);
    return;
  }
  for (const [key, row] of rows) {
    const fresh = wanted.get(key);
    if (fresh && fresh.outerHTML !== row.outerHTML && !isInUse(row)) row.replaceWith(fresh);
  }
}

function keyed(root: ParentNode): Map<string, HTMLElement> {
  return new Map(all(root, '[data-key]', HTMLElement).map((row) => [row.dataset.key ?? '', row]));
}

function sameKeys(one: Map<string, HTMLElement>, other: Map<string, HTMLElement>): boolean {
  return [...one.keys()].join('\n') === [...other.keys()].join('\n');
}

function isInUse(element: HTMLElement): boolean {
  return element.querySelector('details[open]') !== null || element.contains(document.activeElement);
}
