/* A bundle from this person's machine: sent in pieces, installed when it is there; how that goes the page says by itself. */

import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { chunksOf } from '../lib/chunks';
import { maybe, need } from '../lib/dom';

export function uploadBundle(): void {
  const place = maybe(document, '[data-bundle]', HTMLElement);
  if (!place) return;
  const row = new Row(place);
  const input = need(place, '[data-bundle-input]', HTMLInputElement);
  need(place, '[data-bundle-pick]', HTMLButtonElement).addEventListener('click', () => {
    input.click();
  });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (file) void upload(file, Number(place.dataset.piece), row);
  });
}

async function upload(file: File, piece: number, row: Row): Promise<void> {
  const cancelled = row.begin(file.name);
  try {
    for (const [, start, end] of chunksOf(file.size, piece)) {
      const address = apiAddress(`updates/bundle?offset=${start}&size=${file.size}`);
      const body = file.slice(start, end, 'application/octet-stream');
      await send('PUT', address, { body, signal: cancelled });
      row.progress(end / file.size);
    }
    await send('POST', apiAddress('updates/install'), { json: { file: 'upload' } });
    row.end();
  } catch (error) {
    if (cancelled.aborted) row.end();
    else row.failed(error instanceof Refusal ? error.message : 'The file cannot be read.');
  }
}

class Row {
  #cancel = new AbortController();

  constructor(readonly place: HTMLElement) {
    need(place, '[data-bundle-cancel]', HTMLButtonElement).addEventListener('click', () => {
      this.#cancel.abort();
    });
  }

  begin(name: string): AbortSignal {
    this.#cancel = new AbortController();
    need(this.place, '[data-bundle-says]', HTMLElement).textContent = name;
    this.#show(true, '');
    this.progress(0);
    return this.#cancel.signal;
  }

  progress(share: number): void {
    need(this.place, '[data-bundle-bar]', HTMLProgressElement).value = share;
  }

  end(): void {
    this.#show(false, '');
  }

  failed(message: string): void {
    this.#show(false, message);
  }

  #show(busy: boolean, wrong: string): void {
    need(this.place, '[data-bundle-row]', HTMLElement).hidden = !busy;
    need(this.place, '[data-bundle-pick]', HTMLButtonElement).disabled = busy;
    const words = need(this.place, '[data-bundle-wrong]', HTMLElement);
    words.hidden = wrong === '';
    words.textContent = wrong;
  }
}
