/* Brings a backup to the device in pieces, each checked there as it comes; and waits for a device that starts anew. */

import { apiAddress, pageAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { chunksOf } from '../lib/chunks';
import { maybe, need } from '../lib/dom';

const TRIES = 5;
const PAUSE_MS = 2000;

export function bringBackup(): void {
  const place = maybe(document, '[data-restore]', HTMLElement);
  if (!place) return;
  const view = new View(place);
  need(place, '[data-restore-form]', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const file = need(place, '[data-restore-file]', HTMLInputElement).files?.[0];
    const passphrase = need(place, '[data-restore-passphrase]', HTMLInputElement).value;
    if (file) void bring(file, passphrase, Number(place.dataset.piece), view);
  });
}

async function bring(file: File, passphrase: string, piece: number, view: View): Promise<void> {
  const cancelled = view.begin(file.name);
  try {
    if (file.size === 0) throw new Refusal('The file is empty. Choose the backup.', 0, 'invalid_request');
    await send('POST', apiAddress('care/restore'), { json: { passphrase, size: file.size }, signal: cancelled });
    for (const [, start, end] of chunksOf(file.size, piece)) {
      await sendPiece(file.slice(start, end, 'application/octet-stream'), start, cancelled);
      view.progress(end / file.size);
    }
    view.end('');
    // On a phone what became of it would stand above the window.
    maybe(document, '[data-care]', HTMLElement)?.scrollIntoView({ block: 'start' });
  } catch (error) {
    if (cancelled.aborted) {
      view.end('');
      await send('DELETE', apiAddress('care/restore')).catch(() => undefined);
    } else {
      view.end(error instanceof Refusal ? error.message : 'The file cannot be read.');
    }
  }
}

/* A piece whose answer was lost is sent again: the device knows that it has it. */
async function sendPiece(body: Blob, offset: number, signal: AbortSignal): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await send('PUT', apiAddress(`care/restore/file?offset=${offset}`), { body, signal });
      return;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'unreachable' || tried === TRIES) throw error;
      await new Promise((done) => window.setTimeout(done, PAUSE_MS));
    }
  }
}

class View {
  #cancel = new AbortController();

  constructor(readonly place: HTMLElement) {
    need(place, '[data-restore-cancel]', HTMLButtonElement).addEventListener('click', () => {
      this.#cancel.abort();
    });
  }

  begin(name: string): AbortSignal {
    this.#cancel = new AbortController();
    need(this.place, '[data-restore-says]', HTMLElement).textContent = name;
    this.#show(true, '');
    this.progress(0);
    return this.#cancel.signal;
  }

  progress(share: number): void {
    need(this.place, '[data-restore-bar]', HTMLProgressElement).value = share;
  }

  end(wrong: string): void {
    this.#show(false, wrong);
    if (wrong === '') need(this.place, '[data-restore-form]', HTMLFormElement).reset();
  }

  #show(busy: boolean, wrong: string): void {
    need(this.place, '[data-restore-row]', HTMLElement).hidden = !busy;
    need(this.place, '[data-restore-start]', HTMLButtonElement).disabled = busy;
    const words = need(this.place, '[data-restore-wrong]', HTMLElement);
    words.hidden = wrong === '';
    words.textContent = wrong;
  }
}

/* Once the device has gone away and answers again, to its first page: that asks for a login, or for the setup code. */
export function waitForNewStart(): void {
  let waiting = false;
  let away = false;
  window.setInterval(() => {
    const said = maybe(document, '[data-starts-anew]', HTMLElement) !== null;
    waiting = waiting || said;
    if (!waiting) return;
    void answers().then((there) => {
      // What no longer says that it starts anew is what the new start shows.
      if (there && (away || !said)) window.location.assign(pageAddress('/'));
      away = away || !there;
    });
  }, PAUSE_MS / 2);
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch(pageAddress('/health'), { cache: 'no-store' })).status < 500;
  } catch {
    return false;
  }
}
