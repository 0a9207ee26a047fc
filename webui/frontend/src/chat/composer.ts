/* Where people write. Enter sends where there is a real keyboard; on a phone it begins a new line and the button sends. */

import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { need } from '../lib/dom';
import { toast } from '../lib/toast';
import { Attachments } from './attachments';
import { keepDraft, readDraft } from './drafts';
import type { Model } from './model';
import { Suggestions } from './suggestions';

/* An agent that was woken ahead of a message sleeps again after two minutes. */
const WAKES_MS = 120_000;

export class Composer {
  readonly #form: HTMLFormElement;
  readonly #field: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #attachments: Attachments;
  readonly #suggestions: Suggestions;
  /* The same id until the device has the message: sent twice it is one. */
  #id = randomId();
  #sending = false;
  #woken = -WAKES_MS;

  constructor(
    page: HTMLElement,
    private readonly model: Model,
    private readonly sent: () => void,
  ) {
    this.#form = need(page, '[data-composer]', HTMLFormElement);
    this.#field = need(this.#form, '[data-composer-text]', HTMLTextAreaElement);
    this.#send = need(this.#form, '[data-composer-send]', HTMLButtonElement);
    const changed = (): void => {
      this.#changed();
    };
    const id = model.conversation.id;
    this.#attachments = new Attachments(need(this.#form, '[data-attachments]', HTMLElement), id, changed);
    this.#suggestions = new Suggestions(
      this.#field,
      need(this.#form, '[data-suggestions]', HTMLElement),
      need(this.#form, '[data-suggestions-status]', HTMLElement),
      id,
      () => this.model.conversation.commands,
      changed,
    );
    if (this.#field.value === '') this.#field.value = readDraft(id);
    this.#listen();
    this.#takeFiles(page);
    this.#changed();
  }

  #listen(): void {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#field.addEventListener('input', () => {
      this.#changed();
      this.#wake();
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.isComposing || this.#suggestions.key(event)) return;
      if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
      if (!window.matchMedia('(pointer: fine)').matches && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      void this.#submit();
    });
  }

  #takeFiles(page: HTMLElement): void {
    const input = need(this.#form, '[data-attach-input]', HTMLInputElement);
    need(this.#form, '[data-attach]', HTMLButtonElement).addEventListener('click', () => {
      input.click();
    });
    input.addEventListener('change', () => {
      this.#attachments.add(input.files ?? []);
      input.value = '';
    });
    this.#field.addEventListener('paste', (event) => {
      const files = event.clipboardData?.files;
      if (!files || files.length === 0) return;
      event.preventDefault();
      this.#attachments.add(files);
    });
    page.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      page.classList.add('over');
    });
    for (const type of ['dragleave', 'drop']) {
      page.addEventListener(type, () => {
        page.classList.remove('over');
      });
    }
    page.addEventListener('drop', (event) => {
      const files = event.dataTransfer?.files;
      if (!files || files.length === 0) return;
      event.preventDefault();
      this.#attachments.add(files);
    });
  }

  #changed(): void {
    keepDraft(this.model.conversation.id, this.#field.value);
    const empty = this.#field.value.trim() === '' && this.#attachments.ids.length === 0;
    this.#send.disabled = this.#sending || empty || this.#attachments.uploading;
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
  }

  /* The agent starts while the person writes. */
  #wake(): void {
    const { awake, id } = this.model.conversation;
    const now = performance.now();
    if (awake || this.model.busy || this.#field.value.trim() === '' || now - this.#woken < WAKES_MS) return;
    this.#woken = now;
    // What goes wrong is told with the message.
    send('POST', apiAddress(`conversations/${id}/wake`)).catch(() => undefined);
  }

  async #submit(): Promise<void> {
    this.#suggestions.close();
    this.#changed();
    if (this.#send.disabled) return;
    const json = {
      text: this.#field.value,
      files: this.#attachments.ids.map((attachment) => ({ attachment })),
      id: this.#id,
    };
    this.#sending = true;
    this.#changed();
    try {
      await send('POST', apiAddress(`conversations/${this.model.conversation.id}/messages`), { json });
      this.#id = randomId();
      // What was typed meanwhile stays.
      if (this.#field.value.startsWith(json.text)) this.#field.value = this.#field.value.slice(json.text.length);
      this.#attachments.clear();
      this.sent();
    } catch (error) {
      toast(error instanceof Refusal ? error.message : 'The message was not sent. Try again.', 'bad');
    } finally {
      this.#sending = false;
      this.#changed();
    }
  }
}

// crypto.randomUUID is there on https only; devices are reached over plain http, too.
function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
