/* What the agent asks before it goes on, with buttons that a thumb finds. */

import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { button, make } from '../lib/make';
import { toast } from '../lib/toast';
import { diffElement } from './differences';
import { inputWords } from './parts';
import type { Model } from './model';
import type { PermissionRequest, Reply } from './types';

const CHOICES: readonly [reply: Reply, words: string, look: string, kind: string][] = [
  ['once', 'Allow once', 'button main', 'allow_once'],
  ['always', 'Always allow', 'button', 'allow_always'],
  ['reject', 'Reject', 'button danger', 'reject_once'],
];

export class Asking {
  readonly #cards = new Map<string, HTMLElement>();

  constructor(
    private readonly place: HTMLElement,
    private readonly model: Model,
    private readonly mayAnswer: boolean,
  ) {}

  draw(): void {
    for (const [id, card] of this.#cards) {
      if (this.model.permissions.has(id)) continue;
      const hadFocus = card.contains(document.activeElement);
      card.remove();
      this.#cards.delete(id);
      if (hadFocus) document.querySelector<HTMLElement>('[data-composer-text]')?.focus();
    }
    for (const request of this.model.permissions.values()) {
      if (this.#cards.has(request.id)) continue;
      const card = this.#card(request);
      this.#cards.set(request.id, card);
      this.place.append(card);
    }
    this.place.hidden = this.#cards.size === 0;
  }

  #card(request: PermissionRequest): HTMLElement {
    const id = `ask-${request.id}`;
    const details = inputWords(request.input);
    const card = make(
      'section',
      { class: 'asks', attrs: { 'aria-labelledby': id }, data: { permission: request.id } },
      make('h2', { text: 'May the agent do this?', attrs: { id } }),
      make('p', { class: 'mono break', text: request.title }),
      details && details !== `$ ${request.title}`
        ? make('pre', { text: details, attrs: { tabindex: '0', role: 'group', 'aria-label': 'Details' } })
        : null,
      ...request.diffs.map((diff) => diffElement(diff, request.diffs.length === 1)),
    );
    if (this.mayAnswer) card.append(this.#choices(request));
    else card.append(make('p', { class: 'muted small', text: 'An operator or admin has to answer.' }));
    return card;
  }

  #choices(request: PermissionRequest): HTMLElement {
    const row = make('div', 'asks-choices');
    const offered = CHOICES.filter(([reply, , , kind]) => reply !== 'always' || request.options.length === 0 || request.options.some((one) => one.kind === kind));
    for (const [reply, words, look] of offered) {
      row.append(
        button(words, look, () => {
          void this.#answer(request, reply, row);
        }),
      );
    }
    return row;
  }

  async #answer(request: PermissionRequest, reply: Reply, row: HTMLElement): Promise<void> {
    const buttons = [...row.querySelectorAll('button')];
    for (const one of buttons) one.disabled = true;
    try {
      await send('POST', apiAddress(`permissions/${encodeURIComponent(request.id)}`), { json: { reply } });
    } catch (error) {
      toast(error instanceof Refusal ? error.message : 'The answer did not arrive. Try again.', 'bad');
      for (const one of buttons) one.disabled = false;
    }
  }
}
