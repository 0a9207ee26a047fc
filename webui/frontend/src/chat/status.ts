/* What the conversation is doing, and what can be done about it: stop, try again; and how the stream is. */

import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { all, maybe, need } from '../lib/dom';
import { toast } from '../lib/toast';
import type { Model } from './model';
import type { LinkState } from './stream';
import type { Conversation, Permission, Status } from './types';

/* As the templates word it. */
const STATUS: Record<Status, [look: string, words: string]> = {
  idle: ['good', 'Idle'],
  working: ['accent busy', 'Working'],
  waiting: ['warn', 'Waiting for you'],
  failed: ['bad', 'Failed'],
};
const MANNERS: Record<Permission, string> = {
  ask: 'asks first',
  edits: 'edits without asking',
  all: 'asks nothing',
};
const LINK: Record<LinkState, string> = { connecting: 'Connecting…', live: '', lost: 'No connection. Trying again…' };

export class StatusBar {
  constructor(
    private readonly page: HTMLElement,
    private readonly model: Model,
  ) {
    const id = model.conversation.id;
    for (const [name, path] of [
      ['stop', 'cancel'],
      ['retry', 'retry'],
    ] as const) {
      for (const press of all(page, `[data-do="${name}"]`, HTMLButtonElement)) {
        press.addEventListener('click', (event) => {
          event.preventDefault();
          void act(press, apiAddress(`conversations/${id}/${path}`));
        });
      }
    }
  }

  link(state: LinkState): void {
    const place = need(this.page, '[data-link-state]', HTMLElement);
    place.textContent = LINK[state];
    place.hidden = state === 'live';
    this.page.dataset.link = state;
  }

  draw(): void {
    const { status, title } = this.model.conversation;
    const [look, words] = STATUS[status];
    this.page.dataset.status = status;
    const chip = need(this.page, '[data-chat-status]', HTMLElement);
    chip.className = `chip ${look}`;
    need(chip, '[data-words]', HTMLElement).textContent = words;
    const heading = need(this.page, '[data-chat-title]', HTMLElement);
    heading.textContent = title || 'New conversation';
    for (const stop of all(this.page, '[data-do="stop"]', HTMLElement)) stop.hidden = !this.model.busy;
    for (const place of all(this.page, '[data-chat-manner]', HTMLElement)) place.textContent = mannerWords(this.model.conversation);
    this.#drawManner();
    this.#drawTurn();
  }

  /* What the dialog offers follows what others choose, but not under the hands of a person. */
  #drawManner(): void {
    const dialog = maybe(this.page, '[data-manner]', HTMLDialogElement);
    if (!dialog || dialog.open) return;
    const { permission, model } = this.model.conversation;
    need(dialog, 'select', HTMLSelectElement).value = permission;
    need(dialog, 'input[name="model"]', HTMLInputElement).value = model ?? '';
  }

  #drawTurn(): void {
    const turn = this.model.turn;
    const failed = need(this.page, '[data-failed]', HTMLElement);
    const problem = turn?.state === 'failed' ? turn.problem : null;
    failed.hidden = turn?.state !== 'failed' || this.model.busy;
    need(failed, '[data-failed-words]', HTMLElement).textContent = problem?.message ?? 'The turn failed.';
    for (const retry of all(failed, '[data-do="retry"]', HTMLElement)) retry.hidden = problem?.retryable === false;
    need(this.page, '[data-stopped]', HTMLElement).hidden = turn?.state !== 'cancelled' || this.model.busy;
    need(this.page, '[data-working]', HTMLElement).hidden = this.model.conversation.status !== 'working';
  }
}

export function mannerWords(conversation: Conversation): string {
  const manner = MANNERS[conversation.permission];
  return conversation.model === null ? manner : `${manner} · ${conversation.model}`;
}

async function act(press: HTMLButtonElement, address: string): Promise<void> {
  press.disabled = true;
  try {
    await send('POST', address);
  } catch (error) {
    toast(error instanceof Refusal ? error.message : 'That did not arrive. Try again.', 'bad');
  } finally {
    press.disabled = false;
  }
}
