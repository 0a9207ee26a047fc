/* A conversation as far as this page knows it. Events go in, and out comes what has to be drawn anew: no element here. */

import type { ChatEvent, Conversation, Message, Opening, Part, PermissionRequest, Turn } from './types';

/* Who speaks where Hutch itself says something. */
const OURS = 'hutch';

export interface Change {
  /* Everything is another one. */
  all?: boolean;
  /* Messages by id. */
  messages: Set<string>;
  permissions?: boolean;
  turn?: boolean;
  conversation?: boolean;
  removed?: boolean;
  /* Messages that are finished now. */
  finished: string[];
}

export class Model {
  conversation: Conversation;
  readonly messages = new Map<string, Message>();
  readonly permissions = new Map<string, PermissionRequest>();
  turn: Turn | null = null;

  constructor(id: string) {
    this.conversation = { id, title: '', status: 'idle', awake: false, permission: 'ask', model: null, commands: [] };
  }

  get busy(): boolean {
    return this.conversation.status === 'working' || this.conversation.status === 'waiting';
  }

  apply(event: ChatEvent, change: Change): void {
    switch (event.type) {
      case 'opening':
        this.#open(event);
        change.all = true;
        break;
      case 'conversation.removed':
        change.removed = true;
        break;
      case 'conversation.changed':
        this.#change(event);
        change.conversation = true;
        break;
      case 'conversation.commands':
        this.conversation = { ...this.conversation, commands: event.commands };
        break;
      case 'turn.started':
        this.turn = { id: event.turn_id, state: 'running', usage: null, problem: null };
        change.turn = true;
        break;
      case 'turn.ended':
        this.turn = { id: event.turn_id, state: event.state, usage: event.usage, problem: event.problem };
        change.turn = true;
        this.#take(event, change);
        break;
      case 'conversation.created':
        break;
      case 'permission.asked':
        this.permissions.set(event.request.id, event.request);
        change.permissions = true;
        break;
      case 'permission.answered':
        this.permissions.delete(event.permission_id);
        change.permissions = true;
        break;
      default:
        this.#message(event, change);
    }
  }

  /* Older messages, asked for by the person; they come before all that are known. */
  addEarlier(earlier: Message[]): void {
    const known = [...this.messages.values()];
    this.messages.clear();
    for (const message of [...earlier, ...known]) this.messages.set(message.id, message);
  }

  #open(opening: Opening): void {
    const first = opening.messages[0]?.id;
    const earlier = [...this.messages.values()].filter((message) => first !== undefined && message.id < first);
    this.conversation = opening.conversation;
    this.messages.clear();
    this.permissions.clear();
    for (const message of [...earlier, ...opening.messages]) this.messages.set(message.id, message);
    for (const request of opening.permissions) this.permissions.set(request.id, request);
    this.turn = opening.turn;
  }

  /* What a turn took stands at its answer. */
  #take(event: Extract<ChatEvent, { type: 'turn.ended' }>, change: Change): void {
    for (const message of this.messages.values()) {
      if (message.turn_id !== event.turn_id || message.role !== 'agent' || message.by === OURS) continue;
      this.messages.set(message.id, { ...message, usage: event.usage });
      change.messages.add(message.id);
    }
  }

  #change(event: Extract<ChatEvent, { type: 'conversation.changed' }>): void {
    const { title, status, awake, permission, model } = event;
    this.conversation = { ...this.conversation, title, status, awake, permission, model };
  }

  #message(event: Extract<ChatEvent, { type: `message.${string}` }>, change: Change): void {
    if (event.type === 'message.added') {
      this.messages.set(event.message.id, event.message);
      change.messages.add(event.message.id);
      return;
    }
    const message = this.messages.get(event.message_id);
    if (!message) return;
    change.messages.add(message.id);
    if (event.type === 'message.completed') {
      this.messages.set(message.id, { ...message, completed_at: new Date().toISOString() });
      change.finished.push(message.id);
    } else if (event.type === 'message.part') {
      const parts = [...message.parts];
      parts[Math.min(event.index, parts.length)] = event.part;
      this.messages.set(message.id, { ...message, parts });
    } else {
      const parts = message.parts.map((part) => (part.id === event.part_id ? grown(part, event.text) : part));
      this.messages.set(message.id, { ...message, parts });
    }
  }
}

function grown(part: Part, text: string): Part {
  if (part.kind === 'text' || part.kind === 'reasoning') return { ...part, text: part.text + text };
  if (part.kind === 'tool') return { ...part, output: part.output + text };
  return part;
}
