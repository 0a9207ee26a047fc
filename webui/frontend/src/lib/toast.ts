/* Short notes at the edge of the page. */

import { maybe } from './dom';

export interface ToastAction {
  words: string;
  run: () => void;
}

export function toast(words: string, kind: 'good' | 'bad' | 'info' = 'info', action?: ToastAction): void {
  const place = maybe(document, '[data-toasts]', HTMLElement);
  if (!place) return;
  const note = document.createElement('div');
  note.className = `note ${kind}`;
  const text = document.createElement('div');
  text.textContent = words;
  note.append(text);
  if (action) note.append(actionButton(action, note));
  place.append(note);
  window.setTimeout(() => {
    note.remove();
  }, action ? 12_000 : 6000);
}

function actionButton(action: ToastAction, note: HTMLElement): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button slim';
  button.textContent = action.words;
  button.addEventListener('click', () => {
    note.remove();
    action.run();
  });
  return button;
}
