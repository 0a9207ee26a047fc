/* The stream of one conversation. It comes back by itself, and each time begins with how everything stands. */

import { apiAddress } from '../lib/address';
import { checkLogin } from '../lib/login';
import { Backoff } from '../terminal/backoff';
import { onWaking } from '../terminal/waking';
import type { ChatEvent } from './types';

export type LinkState = 'connecting' | 'live' | 'lost';


export class ChatStream {
  readonly #backoff = new Backoff();
  readonly #address: string;
  #source: EventSource | null = null;
  #timer = 0;
  #over = false;

  constructor(
    conversation: string,
    private readonly heard: (event: ChatEvent) => void,
    private readonly tell: (state: LinkState) => void,
  ) {
    this.#address = apiAddress(`conversations/${encodeURIComponent(conversation)}/events`);
  }

  start(): void {
    this.#open();
    onWaking(
      () => {
        this.reconnect();
      },
      () => {
        this.#lose();
      },
    );
  }

  reconnect(): void {
    if (this.#over) return;
    this.#backoff.reset();
    this.#open();
  }

  #open(): void {
    this.#close();
    this.tell('connecting');
    const source = new EventSource(this.#address);
    this.#source = source;
    source.addEventListener('message', (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as ChatEvent;
      if (event.type === 'opening') {
        this.#backoff.reset();
        this.tell('live');
      }
      if (event.type === 'conversation.removed') {
        this.#over = true;
        this.#close();
      }
      this.heard(event);
    });
    source.addEventListener('reset', () => {
      this.#open();
    });
    source.addEventListener('error', () => {
      // The browser's own retry would come back without a word to the person: ours says what it does.
      if (source.readyState === EventSource.CLOSED) void checkLogin();
      this.#lose();
    });
  }

  #lose(): void {
    if (this.#over) return;
    this.#close();
    this.tell('lost');
    this.#timer = window.setTimeout(() => {
      this.#open();
    }, this.#backoff.next());
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
