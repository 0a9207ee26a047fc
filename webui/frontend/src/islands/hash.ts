/* A secret that stands behind the # of a link goes into the form that asks for it, and out of the address. */

import { all, maybe } from '../lib/dom';

export function takeHash(): void {
  for (const form of all(document, 'form[data-hash]', HTMLFormElement)) {
    const secret = window.location.hash.slice(1);
    const field = maybe(form, `[name="${form.dataset.hash ?? ''}"]`, HTMLInputElement);
    if (!secret || !field) continue;
    field.value = secret;
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    form.requestSubmit();
  }
}
