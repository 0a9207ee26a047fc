/* Files that go along with the next message: each is uploaded at once, with its progress, and can be taken out again. */

import { apiAddress } from '../lib/address';
import { make } from '../lib/make';

const MOST = 20;
const LARGEST = 20 * 1024 * 1024;

interface Waiting {
  id: string | null;
  request: XMLHttpRequest | null;
}

export class Attachments {
  readonly #files = new Set<Waiting>();

  constructor(
    private readonly list: HTMLElement,
    private readonly conversation: string,
    private readonly changed: () => void,
  ) {}

  get ids(): string[] {
    return [...this.#files].map((file) => file.id).filter((id) => id !== null);
  }

  get uploading(): boolean {
    return [...this.#files].some((file) => file.request !== null);
  }

  add(files: Iterable<File>): void {
    for (const file of files) this.#add(file);
    this.changed();
  }

  clear(): void {
    this.#files.clear();
    this.list.replaceChildren();
    this.list.hidden = true;
    this.changed();
  }

  #add(file: File): void {
    const entry: Waiting = { id: null, request: null };
    const name = file.name || 'picture';
    const bar = make('progress', { attrs: { max: '1', value: '0', 'aria-label': `Upload of ${name}` } });
    const words = make('span', { class: 'clip', text: name });
    const row = make('li', {}, words, bar);
    const remove = make('button', { class: 'button slim quiet', text: '×', attrs: { type: 'button', 'aria-label': `Take ${name} out` } });
    remove.addEventListener('click', () => {
      entry.request?.abort();
      this.#files.delete(entry);
      row.remove();
      this.list.hidden = this.list.childElementCount === 0;
      this.changed();
    });
    row.append(remove);
    this.list.append(row);
    this.list.hidden = false;
    const failed = (sentence: string): void => {
      this.#files.delete(entry);
      bar.replaceWith(make('span', { class: 'wrong small', text: sentence, attrs: { role: 'alert' } }));
      this.changed();
    };
    if (this.#files.size >= MOST) failed(`At most ${MOST} files go with a message.`);
    else if (file.size > LARGEST) failed('It is larger than 20 MB. Put it into the folder instead.');
    else {
      this.#files.add(entry);
      this.#upload(file, name, entry, bar, failed);
    }
  }

  // XMLHttpRequest, because fetch does not tell how far an upload is.
  #upload(file: File, name: string, entry: Waiting, bar: HTMLProgressElement, failed: (sentence: string) => void): void {
    const request = new XMLHttpRequest();
    entry.request = request;
    const query = new URLSearchParams({ name });
    request.open('POST', apiAddress(`conversations/${this.conversation}/attachments?${query.toString()}`));
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.setRequestHeader('X-CSRF-Token', document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '');
    request.upload.addEventListener('progress', (event) => {
      bar.value = event.loaded / Math.max(1, event.total);
    });
    request.addEventListener('load', () => {
      entry.request = null;
      if (request.status === 201) {
        entry.id = (JSON.parse(request.responseText) as { id: string }).id;
        bar.remove();
        this.changed();
      } else failed(sentenceOf(request));
    });
    request.addEventListener('error', () => {
      entry.request = null;
      failed('The device cannot be reached. Add it again.');
    });
    request.send(file);
  }
}

function sentenceOf(request: XMLHttpRequest): string {
  try {
    const answer = JSON.parse(request.responseText) as { error?: { message?: string } };
    return answer.error?.message ?? 'It was not taken. Add it again.';
  } catch {
    return 'It was not taken. Add it again.';
  }
}
