/* A form of filters is sent when a choice in it changes; empty fields stay out of the address. */

import { all } from '../lib/dom';

export function sendFilters(): void {
  for (const form of all(document, 'form[data-sends-itself]', HTMLFormElement)) {
    form.addEventListener('change', (event) => {
      if (event.target instanceof HTMLSelectElement) form.requestSubmit();
    });
    form.addEventListener('formdata', (event) => {
      for (const [name, value] of [...event.formData.entries()]) if (value === '') event.formData.delete(name);
    });
  }
}

/* A time zone that nobody chose is the one of this browser. */
export function fillTimezone(): void {
  for (const field of all(document, 'input[data-timezone]', HTMLInputElement)) {
    if (field.value === 'UTC') field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}
