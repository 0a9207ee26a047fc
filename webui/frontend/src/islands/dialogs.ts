/* Dialogs of the page, opened by whatever has data-opens; without script the same element is a plain link or absent. */

import { all, around } from '../lib/dom';

export function openDialogs(): void {
  document.addEventListener('click', (event) => {
    const opener = around(event, '[data-opens]', HTMLElement);
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens ?? '');
      if (dialog instanceof HTMLDialogElement) {
        event.preventDefault();
        fill(dialog, opener.dataset);
        dialog.showModal();
        select(dialog);
      }
      return;
    }
    const closer = around(event, '[data-closes]', HTMLElement);
    const dialog = closer?.closest('dialog');
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener('mousedown', (event) => {
    if (event.target instanceof HTMLDialogElement && isOutside(event.target, event)) event.target.close();
  });
}

/* Puts the opener's data where the dialog says it wants it: a form's action, an input's value, a word in the text. */
function fill(dialog: HTMLDialogElement, data: DOMStringMap): void {
  for (const place of all(dialog, '[data-fills]', HTMLElement)) {
    const value = data[place.dataset.fills ?? ''];
    if (value === undefined) continue;
    if (place instanceof HTMLFormElement) place.action = value;
    else if (place instanceof HTMLInputElement) place.value = value;
    else place.textContent = value;
  }
}

function select(dialog: HTMLDialogElement): void {
  const field = dialog.querySelector<HTMLInputElement>('input.input:not([type="hidden"])');
  if (field && window.matchMedia('(pointer: fine)').matches) {
    field.focus();
    field.select();
    return;
  }
  // On a phone the keyboard would cover the dialog before it is read.
  const title = dialog.querySelector('h2');
  if (!title) return;
  title.tabIndex = -1;
  title.focus();
}

function isOutside(dialog: HTMLDialogElement, event: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return (
    event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom
  );
}
