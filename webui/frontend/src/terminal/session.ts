/* One session on the page: what comes over the link goes to the screen, what the person does goes over the link. */

import type { ServerMessage, TerminalControl } from '../generated/terminal';
import { maybe, need } from '../lib/dom';
import { logInAgain } from '../lib/login';
import { toast } from '../lib/toast';
import { Acks } from './acks';
import { Connection, type LinkState } from './connection';
import { Copying } from './copying';
import { KeyBar } from './keybar';
import { Preferences } from './preferences';
import { Screen, type Size } from './screen';
import { Find } from './search';
import { Sizing } from './sizing';
import { ControlBar, Status } from './status';

const HISTORY_LINES = 2000;
/* What a terminal says by itself, without anybody working in it: focus and the mouse. */
// eslint-disable-next-line no-control-regex
const PASSIVE = /^\x1b\[(?:[IO]|[<M])/;

export class Session {
  readonly preferences = new Preferences(window.localStorage);
  readonly screen: Screen;
  readonly sizing: Sizing;
  readonly connection: Connection;
  readonly find: Find;
  readonly copying: Copying;
  readonly #status: Status;
  readonly #controlBar: ControlBar;
  readonly #keyBar: KeyBar | null;
  readonly #acks: Acks;
  readonly #mayWrite: boolean;
  #control: TerminalControl | null = null;

  constructor(readonly page: HTMLElement) {
    this.#mayWrite = page.dataset.mayWrite === 'yes';
    this.screen = new Screen(need(page, '[data-screen]', HTMLElement), this.preferences.fontSize);
    this.screen.term.options.disableStdin = !this.#mayWrite;
    this.screen.term.options.screenReaderMode = this.preferences.screenReader;
    this.#status = new Status(page);
    this.#controlBar = new ControlBar(page, page.dataset.person ?? '');
    this.find = new Find(page, this.screen);
    this.copying = new Copying(this.screen, this.preferences);
    const id = page.dataset.session ?? '';
    this.connection = new Connection(id, page.dataset.api ?? `sessions/${encodeURIComponent(id)}`, HISTORY_LINES, {
      state: (state) => {
        this.#linkChanged(state);
      },
      message: (message) => {
        this.#message(message);
      },
      output: (frame) => {
        this.screen.output(frame, () => {
          this.#acks.shown(frame.seq, frame.payload.length);
        });
      },
    });
    this.#acks = new Acks((seq) => {
      this.connection.send({ type: 'session.ack', seq });
    });
    this.sizing = new Sizing(
      this.screen,
      (size) => {
        this.connection.send({ type: 'session.resize', ...size });
      },
      this.preferences.fontSize,
    );
    const bar = maybe(page, '[data-keys]', HTMLElement);
    this.#keyBar = bar && new KeyBar(bar, this.screen, (text) => {
      this.#type(text);
    });
    this.#listen();
  }

  takeControl(): void {
    this.connection.send({ type: 'session.take_control' });
    this.screen.term.focus();
  }

  #listen(): void {
    this.screen.term.onData((data) => {
      if (PASSIVE.test(data) && !this.#control?.yours) return;
      this.#type(this.#keyBar ? this.#keyBar.take(data) : data);
    });
    this.screen.term.onBinary((data) => {
      if (this.#control?.yours) this.connection.type(Uint8Array.from(data, (letter) => letter.charCodeAt(0)));
    });
    this.screen.term.onTitleChange((title) => {
      this.#titled(title);
    });
    this.screen.place.addEventListener('pointerdown', () => {
      if (this.#mayOwn() && !this.sizing.owner) this.sizing.own();
    });
  }

  #type(text: string): void {
    if (this.#mayWrite) this.connection.type(new TextEncoder().encode(text));
  }

  #mayOwn(): boolean {
    return this.#mayWrite && this.#control !== null && (this.#control.yours || !this.#control.holder);
  }

  #linkChanged(state: LinkState): void {
    this.#status.link(state);
    if (state.name === 'connecting') this.#control = null;
    if (state.name === 'logged-out') {
      logInAgain();
    }
  }

  #message(message: ServerMessage): void {
    switch (message.type) {
      case 'session.snapshot':
        this.#acks.reset();
        this.#status.runsAway(false);
        this.screen.snapshot(message, () => {
          this.#acks.shown(message.seq - 1);
          this.#became(message);
        });
        this.#titled(message.title);
        break;
      case 'session.resized':
        this.screen.resized(message, () => {
          this.#became(message);
        });
        break;
      case 'session.control':
        this.#controlled(message);
        break;
      case 'session.ended':
        this.#status.ended(message.exit_code);
        this.screen.term.options.disableStdin = true;
        break;
      case 'session.error':
        if (message.code === 'runaway_output') this.#status.runsAway(true);
        else if (message.code !== 'not_in_control' && message.code !== 'session_ended') toast(message.error, 'bad');
        break;
    }
  }

  /* tmux gives a terminal without a title the name of the device, which says nothing here. */
  #titled(title: string): void {
    if (title && title !== this.page.dataset.device) need(this.page, '[data-title]', HTMLElement).textContent = title;
  }

  #became(size: Size): void {
    this.sizing.became({ cols: size.cols, rows: size.rows });
    this.page.dataset.size = `${size.cols}x${size.rows}`;
  }

  #controlled(control: TerminalControl): void {
    const first = this.#control === null;
    const hadIt = this.#control?.yours === true;
    this.#control = control;
    this.#controlBar.show(control);
    this.page.dataset.control = control.yours ? 'yours' : control.holder ? 'theirs' : 'free';
    if (control.yours && !hadIt) this.sizing.own();
    else if (first && this.#mayOwn()) this.sizing.own();
    else if (control.holder && !control.yours) this.sizing.follow();
  }
}
