/* One conversation, alive. The page stands as the server made it until the stream has said how everything is. */

import '../styles/chat.css';
import { apiAddress } from '../lib/address';
import { send } from '../lib/api';
import { maybe, need } from '../lib/dom';
import { toast } from '../lib/toast';
import { followViewport } from '../terminal/viewport';
import { Asking } from './asking';
import { ChangesDialog } from './changes';
import { Composer } from './composer';
import { Messages } from './messages';
import { Model, type Change } from './model';
import { Scrolling } from './scrolling';
import { StatusBar } from './status';
import { ChatStream } from './stream';
import type { ChatEvent, Message } from './types';

const EARLIER = 50;
const SPOKEN = 600;
/* Pages of earlier messages that are looked through for one that an address names. */
const PAGES_BACK = 20;
/* A drawing that took longer than a frame's worth is followed by three times as long a pause: the person can still scroll
   and press stop, however much an agent says. */
const QUICK_MS = 8;

class Chat {
  readonly #id: string;
  readonly #model: Model;
  readonly #messages: Messages;
  readonly #asking: Asking;
  readonly #status: StatusBar;
  readonly #scrolling: Scrolling;
  readonly #earlier: HTMLButtonElement;
  #change: Change = { messages: new Set(), finished: [] };
  #drawing = false;
  #pause = 0;
  #wanted = window.location.hash.slice(1);

  constructor(private readonly page: HTMLElement) {
    this.#id = page.dataset.chat ?? '';
    this.#model = new Model(this.#id);
    const changes = new ChangesDialog(page, this.#id);
    this.#messages = new Messages(need(page, '[data-messages]', HTMLElement), this.#model, (turn) => {
      changes.open(turn);
    });
    this.#asking = new Asking(need(page, '[data-asking]', HTMLElement), this.#model, page.dataset.mayWrite === 'yes');
    this.#status = new StatusBar(page, this.#model);
    this.#scrolling = new Scrolling(need(page, '[data-scroll]', HTMLElement), need(page, '[data-jump]', HTMLElement));
    this.#earlier = need(page, '[data-earlier]', HTMLButtonElement);
    this.#earlier.addEventListener('click', () => void this.#loadEarlier());
    for (const press of page.querySelectorAll('[data-do="changes"]')) {
      press.addEventListener('click', () => {
        changes.open(null);
      });
    }
    if (maybe(page, '[data-composer]', HTMLFormElement)) {
      new Composer(page, this.#model, () => {
        this.#scrolling.toEnd();
      });
    }
    followViewport(page);
    this.#scrolling.settle();
  }

  start(): void {
    new ChatStream(
      this.#id,
      (event) => {
        this.#heard(event);
      },
      (state) => {
        this.#status.link(state);
      },
    ).start();
  }

  #heard(event: ChatEvent): void {
    this.#model.apply(event, this.#change);
    if (this.#drawing) return;
    this.#drawing = true;
    const soon = (): void => {
      // A hidden page gets no frames, and still has to say what is finished.
      if (document.hidden) this.#draw();
      else window.requestAnimationFrame(() => { this.#draw(); });
    };
    if (this.#pause > 0 || document.hidden) window.setTimeout(soon, this.#pause);
    else soon();
  }

  #draw(): void {
    const began = performance.now();
    this.#drawChange();
    const took = performance.now() - began;
    this.#pause = took > QUICK_MS ? 3 * took : 0;
  }

  #drawChange(): void {
    const change = this.#change;
    this.#change = { messages: new Set(), finished: [] };
    this.#drawing = false;
    if (change.removed) {
      window.location.assign(need(this.page, '[data-home]', HTMLAnchorElement).href);
      return;
    }
    if (change.all) {
      this.#messages.drawAll();
      this.#earlier.hidden = this.#model.messages.size < EARLIER;
      need(this.page, '[data-nothing]', HTMLElement).hidden = this.#model.messages.size > 0;
    } else this.#messages.draw(change.messages);
    if (change.messages.size > 0) need(this.page, '[data-nothing]', HTMLElement).hidden = true;
    if (change.all || change.permissions) this.#asking.draw();
    if (change.all || change.turn || change.conversation) this.#status.draw();
    if (change.permissions) this.#sayAsked();
    for (const id of change.finished) this.#say(this.#model.messages.get(id));
    this.#scrolling.settle();
    if (change.all) void this.#goToWanted();
  }

  /* To the message that the address names, once; a search leads here. */
  async #goToWanted(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = '';
    if (!/^msg_\w+$/.test(wanted)) return;
    for (let page = 0; page < PAGES_BACK && !this.#model.messages.has(wanted) && !this.#earlier.hidden; page += 1) {
      await this.#loadEarlier();
    }
    const found = maybe(this.page, `[data-message="${wanted}"]`, HTMLElement);
    found?.classList.add('wanted');
    found?.scrollIntoView({ block: 'center' });
  }

  async #loadEarlier(): Promise<void> {
    const first = this.#model.messages.keys().next().value;
    if (first === undefined) return;
    this.#earlier.disabled = true;
    try {
      const query = new URLSearchParams({ before: first, limit: String(EARLIER) });
      const answer = await send('GET', apiAddress(`conversations/${this.#id}/messages?${query.toString()}`));
      const { messages } = (await answer.json()) as { messages: Message[] };
      this.#scrolling.keeping(() => {
        this.#model.addEarlier(messages);
        this.#messages.drawAll();
      });
      this.#earlier.hidden = messages.length < EARLIER;
    } catch {
      toast('The earlier messages cannot be loaded now. Try again.', 'bad');
    } finally {
      this.#earlier.disabled = false;
    }
  }

  /* Finished answers are read out, not each word as it comes. */
  #say(message: Message | undefined): void {
    if (message?.role !== 'agent') return;
    const words = message.parts.map((part) => (part.kind === 'text' ? part.text : '')).join(' ').trim();
    if (words) this.#aloud(`Agent: ${words.length > SPOKEN ? `${words.slice(0, SPOKEN)}…` : words}`);
  }

  #sayAsked(): void {
    const asked = [...this.#model.permissions.values()].at(-1);
    if (asked) this.#aloud(`The agent asks: ${asked.title}`);
  }

  #aloud(words: string): void {
    need(this.page, '[data-aloud]', HTMLElement).textContent = words;
  }
}

const page = maybe(document, '[data-chat]', HTMLElement);
if (page) new Chat(page).start();
