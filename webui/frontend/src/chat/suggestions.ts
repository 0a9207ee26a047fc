/* Slash commands and files, offered while somebody types: a listbox under the arrow keys, named to screen readers by
   aria-activedescendant, so that the focus stays in the text. */

import { apiAddress } from '../lib/address';
import { send } from '../lib/api';
import { make } from '../lib/make';
import type { SlashCommand } from './types';

const PAUSE_MS = 120;
const MOST = 8;

export interface Wanted {
  kind: 'command' | 'file';
  /* What was typed after the sign. */
  text: string;
  start: number;
  end: number;
}

interface Offer {
  insert: string;
  words: string;
  detail: string;
}

/* What the word at the caret asks for. */
export function wantedAt(text: string, caret: number): Wanted | null {
  const before = text.slice(0, caret);
  const command = /^\/(\S*)$/.exec(before);
  if (command) return { kind: 'command', text: command[1] ?? '', start: 0, end: caret };
  const file = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!file) return null;
  const typed = file[1] ?? '';
  return { kind: 'file', text: typed, start: caret - typed.length - 1, end: caret };
}

export class Suggestions {
  #offers: Offer[] = [];
  #chosen = 0;
  #wanted: Wanted | null = null;
  #timer = 0;
  #asked: AbortController | null = null;

  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly list: HTMLElement,
    private readonly status: HTMLElement,
    private readonly conversation: string,
    private readonly commands: () => readonly SlashCommand[],
    private readonly changed: () => void,
  ) {
    field.addEventListener('input', () => {
      this.#look();
    });
    field.addEventListener('click', () => {
      this.#look();
    });
    field.addEventListener('blur', () => {
      this.close();
    });
    list.addEventListener('mousedown', (event) => {
      // The field keeps the focus, and a phone its keyboard.
      event.preventDefault();
    });
    list.addEventListener('click', (event) => {
      const item = event.target instanceof Element ? event.target.closest('[role="option"]') : null;
      if (item) this.#take([...list.children].indexOf(item));
    });
  }

  get open(): boolean {
    return !this.list.hidden;
  }

  /* True where the key was for the list. */
  key(event: KeyboardEvent): boolean {
    if (!this.open) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      this.#choose((this.#chosen + step + this.#offers.length) % this.#offers.length);
    } else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') this.#take(this.#chosen);
    else if (event.key === 'Escape') this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close(): void {
    window.clearTimeout(this.#timer);
    this.#asked?.abort();
    this.list.hidden = true;
    this.list.replaceChildren();
    this.field.removeAttribute('aria-activedescendant');
    this.status.textContent = '';
  }

  #look(): void {
    const wanted = this.field.selectionStart === this.field.selectionEnd ? wantedAt(this.field.value, this.field.selectionStart) : null;
    this.#wanted = wanted;
    window.clearTimeout(this.#timer);
    this.#asked?.abort();
    if (!wanted) {
      if (this.open) this.close();
      return;
    }
    if (wanted.kind === 'command') {
      this.#show(commandsFor(wanted.text, this.commands()));
      return;
    }
    this.#timer = window.setTimeout(() => void this.#files(wanted), PAUSE_MS);
  }

  async #files(wanted: Wanted): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    const query = new URLSearchParams({ q: wanted.text, limit: String(MOST) });
    try {
      const answer = await send('GET', apiAddress(`conversations/${this.conversation}/files?${query.toString()}`), { signal: asked.signal });
      const { paths } = (await answer.json()) as { paths: string[] };
      if (asked.signal.aborted || this.#wanted !== wanted) return;
      this.#show(paths.map((path) => ({ insert: `@${path} `, words: path, detail: '' })));
    } catch {
      // Without suggestions one can still type the path.
    }
  }

  #show(offers: Offer[]): void {
    if (offers.length === 0) {
      this.close();
      return;
    }
    this.#offers = offers.slice(0, MOST);
    this.list.replaceChildren(
      ...this.#offers.map((offer, at) =>
        make(
          'li',
          { attrs: { role: 'option', id: `${this.list.id}-${at}` } },
          make('span', { class: 'mono', text: offer.words }),
          offer.detail ? make('span', { class: 'muted small clip', text: offer.detail }) : null,
        ),
      ),
    );
    this.list.hidden = false;
    this.status.textContent = `${this.#offers.length} suggestions. Arrow keys choose, Enter takes one.`;
    this.#choose(0);
  }

  #choose(at: number): void {
    this.#chosen = at;
    [...this.list.children].forEach((item, index) => {
      item.setAttribute('aria-selected', String(index === at));
      if (index !== at) return;
      this.field.setAttribute('aria-activedescendant', item.id);
      item.scrollIntoView({ block: 'nearest' });
    });
  }

  #take(at: number): void {
    const offer = this.#offers[at];
    const wanted = this.#wanted;
    if (!offer || !wanted) return;
    this.field.setRangeText(offer.insert, wanted.start, wanted.end, 'end');
    this.close();
    this.changed();
  }
}

export function commandsFor(typed: string, commands: readonly SlashCommand[]): Offer[] {
  const text = typed.toLowerCase();
  return commands
    .filter((command) => command.name.toLowerCase().includes(text))
    .sort((one, other) => one.name.toLowerCase().indexOf(text) - other.name.toLowerCase().indexOf(text))
    .map((command) => ({
      insert: `/${command.name} `,
      words: `/${command.name}${command.hint ? ` ${command.hint}` : ''}`,
      detail: command.description,
    }));
}
