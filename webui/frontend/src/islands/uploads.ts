/* Uploads into the folder that is shown: chosen or dropped, several at once, with progress, and to be cancelled. */

import { maybe, need } from '../lib/dom';
import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { chunksOf } from '../lib/chunks';

interface Started {
  transfer_id: string;
  chunk_size: number;
  total_chunks: number;
}

export function uploadFiles(): void {
  const place = maybe(document, '[data-uploads]', HTMLElement);
  if (!place) return;
  const input = need(place, '[data-upload-input]', HTMLInputElement);
  maybe(document, '[data-upload-pick]', HTMLButtonElement)?.addEventListener('click', () => {
    input.click();
  });
  const queue = new Queue(place.dataset.uploads ?? '', need(place, '[data-upload-list]', HTMLElement));
  input.addEventListener('change', () => {
    queue.add([...(input.files ?? [])]);
    input.value = '';
  });
  takeDrops(place, (files) => {
    queue.add(files);
  });
}

function takeDrops(place: HTMLElement, take: (files: File[]) => void): void {
  let depth = 0;
  const over = (change: number): void => {
    depth += change;
    place.classList.toggle('over', depth > 0);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  place.addEventListener('dragenter', (event) => {
    if (hasFiles(event)) over(1);
  });
  place.addEventListener('dragleave', (event) => {
    if (hasFiles(event)) over(-1);
  });
  place.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  place.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(-depth);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/* One file after the other: a small device and a phone's uplink gain nothing from more. */
class Queue {
  #waiting: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: string,
    readonly list: HTMLElement,
  ) {}

  add(files: File[]): void {
    for (const file of files) {
      const row = new Row(this.list, file.name);
      this.#waiting = this.#waiting.then(() => this.#upload(file, row));
    }
  }

  async #upload(file: File, row: Row): Promise<void> {
    if (row.isCancelled()) return;
    let transfer: string | null = null;
    try {
      const path = this.folder ? `${this.folder}/${file.name}` : file.name;
      const answer = await send('POST', apiAddress('files/uploads'), { json: { path, size: file.size } });
      const started = (await answer.json()) as Started;
      transfer = started.transfer_id;
      await sendChunks(file, started, row);
      await send('POST', apiAddress(`files/uploads/${transfer}/end`), { json: {} });
      row.done();
    } catch (error) {
      if (transfer) await send('DELETE', apiAddress(`files/uploads/${transfer}`)).catch(() => undefined);
      if (!row.isCancelled()) row.failed(error instanceof Refusal ? error.message : 'The file cannot be read.');
    }
  }
}

async function sendChunks(file: File, started: Started, row: Row): Promise<void> {
  for (const [seq, start, end] of chunksOf(file.size, started.chunk_size)) {
    await send('PUT', apiAddress(`files/uploads/${started.transfer_id}/chunks/${seq}`), {
      body: file.slice(start, end, 'application/octet-stream'),
      signal: row.cancelled.signal,
    });
    row.progress(end / Math.max(1, file.size));
  }
}

class Row {
  readonly cancelled = new AbortController();
  readonly #item = document.createElement('li');
  readonly #bar = document.createElement('progress');
  readonly #button = document.createElement('button');

  constructor(list: HTMLElement, name: string) {
    list.hidden = false;
    const words = document.createElement('span');
    words.className = 'clip';
    words.textContent = name;
    this.#bar.max = 1;
    this.#bar.value = 0;
    this.#bar.setAttribute('aria-label', `Upload of ${name}`);
    this.#button.type = 'button';
    this.#button.className = 'button slim';
    this.#button.textContent = 'Cancel';
    this.#button.addEventListener('click', () => {
      this.cancelled.abort();
      this.#remove();
    });
    this.#item.append(words, this.#button, this.#bar);
    list.append(this.#item);
  }

  isCancelled(): boolean {
    return this.cancelled.signal.aborted;
  }

  progress(share: number): void {
    this.#bar.value = share;
  }

  done(): void {
    this.#remove();
  }

  failed(message: string): void {
    const words = document.createElement('p');
    words.className = 'wrong';
    words.setAttribute('role', 'alert');
    words.textContent = message;
    this.#bar.replaceWith(words);
    this.#button.textContent = 'Dismiss';
  }

  #remove(): void {
    const list = this.#item.parentElement;
    this.#item.remove();
    if (list?.children.length === 0) list.hidden = true;
  }
}
