/* Buttons that copy what another element shows. */

import { around } from '../lib/dom';
import { copyText } from '../lib/clipboard';

export function copyButtons(): void {
  document.addEventListener('click', (event) => {
    const button = around(event, '[data-copies]', HTMLButtonElement);
    if (!button) return;
    const text = document.getElementById(button.dataset.copies ?? '')?.textContent ?? '';
    void copyText(text).then((done) => {
      button.textContent = done ? 'Copied' : 'Select it and press Ctrl+C';
    });
  });
}
