/* The messages, drawn once a frame at most, however fast words come. */

import { since } from '../lib/ago';
import { make } from '../lib/make';
import type { Model } from './model';
import { holdsDiffs, viewOf, type PartView } from './parts';
import type { Message, Part } from './types';
import { UsageView } from './usage';

export class Messages {
  readonly #views = new Map<string, MessageView>();

  constructor(
    private readonly list: HTMLElement,
    private readonly model: Model,
    private readonly lookAtTurn: (turn: string) => void,
  ) {}

  drawAll(): void {
    const fresh = [...this.model.messages.values()].map((message) => this.#draw(message).element);
    for (const id of [...this.#views.keys()]) if (!this.model.messages.has(id)) this.#views.delete(id);
    // Elements that stay where they are keep their focus and what is open in them.
    fresh.forEach((element, at) => {
      if (this.list.children[at] !== element) this.list.insertBefore(element, this.list.children[at] ?? null);
    });
    while (this.list.children.length > fresh.length) this.list.lastElementChild?.remove();
  }

  draw(ids: Iterable<string>): void {
    for (const id of ids) {
      const message = this.model.messages.get(id);
      if (!message) continue;
      const known = this.#views.has(id);
      const view = this.#draw(message);
      if (!known) this.list.append(view.element);
    }
  }

  #draw(message: Message): MessageView {
    const view = this.#views.get(message.id) ?? new MessageView(message, this.model.conversation.id, this.lookAtTurn);
    this.#views.set(message.id, view);
    view.show(message);
    return view;
  }
}

class MessageView {
  readonly element: HTMLElement;
  readonly #body = make('div', 'message-body');
  readonly #changes: HTMLElement;
  readonly #usage = new UsageView();
  readonly #parts = new Map<string, PartView>();
  readonly #mine: boolean;

  constructor(
    message: Message,
    private readonly conversation: string,
    lookAtTurn: (turn: string) => void,
  ) {
    this.#mine = message.role === 'user';
    const who = this.#mine ? message.by || 'You' : 'Agent';
    const at = new Date(message.created_at);
    const when = make('time', { text: since(at, new Date()), attrs: { datetime: message.created_at, 'data-ago': '', title: at.toLocaleString() } });
    this.#changes = make('button', { class: 'button slim quiet', text: 'What changed', hidden: true, attrs: { type: 'button' } });
    this.#changes.addEventListener('click', () => {
      lookAtTurn(message.turn_id);
    });
    this.element = make(
      'li',
      { class: `message ${this.#mine ? 'mine' : 'theirs'}`, data: { message: message.id } },
      make('p', 'message-head small muted', make('span', { class: 'who-said', text: who }), when),
      this.#body,
      this.#changes,
      this.#usage.element,
    );
  }

  show(message: Message): void {
    const finished = message.completed_at !== null;
    this.element.classList.toggle('growing', !finished);
    for (const [at, part] of message.parts.entries()) {
      this.#part(part, finished || at < message.parts.length - 1);
    }
    const wrote = message.parts.some((part) => part.kind === 'diff' || (part.kind === 'tool' && part.tool_kind === 'edit'));
    this.#usage.show(message.usage);
    this.#changes.hidden = this.#mine || !finished || !wrote;
  }

  #part(part: Part, finished: boolean): void {
    let view = this.#parts.get(part.id);
    if (view?.kind !== part.kind) {
      const fresh = viewOf(part, this.conversation, this.#mine);
      if (view) view.element.replaceWith(fresh.element);
      else this.#place(part, fresh.element);
      view = fresh;
      this.#parts.set(part.id, view);
    }
    view.show(part, finished);
    if (part.kind === 'tool') view.element.dataset.call = part.call_id;
  }

  #place(part: Part, element: HTMLElement): void {
    const call = part.kind === 'diff' ? part.call_id : null;
    const tool = [...this.#parts.values()].find((view) => call !== null && view.element.dataset.call === call);
    if (tool && holdsDiffs(tool)) tool.hold(element);
    else this.#body.append(element);
  }
}
