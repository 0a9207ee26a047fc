/* What the page says about the link and about who types. */

import type { TerminalControl } from '../generated/terminal';
import { maybe, need } from '../lib/dom';
import type { LinkState } from './connection';

/* Shorter breaks are not worth a box over the screen. */
const PATIENCE_MS = 1200;

export class Status {
  readonly #chip: HTMLElement;
  readonly #words: HTMLElement;
  readonly #screen: HTMLElement;
  readonly #offline: HTMLElement;
  readonly #over: HTMLElement;
  #clock: number | undefined;
  #lostAt: number | null = null;

  constructor(readonly page: HTMLElement) {
    this.#chip = need(page, '[data-link-state]', HTMLElement);
    this.#words = need(page, '[data-link-words]', HTMLElement);
    this.#screen = need(page, '[data-screen]', HTMLElement);
    this.#offline = need(page, '[data-offline]', HTMLElement);
    this.#over = need(page, '[data-over]', HTMLElement);
  }

  link(state: LinkState): void {
    window.clearInterval(this.#clock);
    this.page.dataset.link = state.name;
    if (state.name === 'live' || state.name === 'over') this.#lostAt = null;
    else this.#lostAt ??= Date.now();
    this.#screen.classList.toggle('stale', state.name !== 'live' && state.name !== 'over');
    this.#show(state);
    if (state.name === 'waiting' || state.name === 'connecting') {
      this.#clock = window.setInterval(() => {
        this.#show(state);
      }, 250);
    }
  }

  /* A hub stops passing on what a session writes when it is too much; a device itself never does. */
  runsAway(away: boolean): void {
    const note = maybe(this.page, '[data-runaway]', HTMLElement);
    if (note) note.hidden = !away;
  }

  ended(exitCode: number | undefined): void {
    const words = exitCode === undefined ? '' : `It ended with exit code ${exitCode}. `;
    need(this.#over, '[data-over-words]', HTMLElement).textContent = `${words}Its folder is as it was.`;
    this.#over.hidden = false;
  }

  #show(state: LinkState): void {
    const lostFor = this.#lostAt === null ? 0 : Date.now() - this.#lostAt;
    this.#offline.hidden = state.name === 'live' || state.name === 'over' || lostFor < PATIENCE_MS;
    switch (state.name) {
      case 'live':
        this.#chipSays('Live', 'good');
        break;
      case 'connecting':
        this.#chipSays('Connecting', 'info busy');
        this.#offlineSays('Connecting…', 'The session goes on without you.');
        break;
      case 'waiting': {
        const seconds = Math.max(0, Math.ceil((state.until - Date.now()) / 1000));
        this.#chipSays('Offline', 'bad');
        this.#offlineSays('Connection lost', `The session goes on. Trying again in ${seconds} s.`);
        break;
      }
      case 'over':
        this.#chipSays('Over', '');
        break;
      case 'logged-out':
        this.#chipSays('Logged out', 'bad');
        this.#offlineSays('You are logged out', 'Log in again to go on.');
        break;
    }
  }

  #chipSays(words: string, kind: string): void {
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#chip.className = `chip link-state ${kind}`;
  }

  #offlineSays(words: string, detail: string): void {
    need(this.#offline, '[data-offline-words]', HTMLElement).textContent = words;
    need(this.#offline, '[data-offline-detail]', HTMLElement).textContent = detail;
  }
}

export class ControlBar {
  readonly #bar: HTMLElement;
  readonly #words: HTMLElement;
  readonly #take: HTMLButtonElement;

  constructor(
    page: HTMLElement,
    readonly person: string,
  ) {
    this.#bar = need(page, '[data-control]', HTMLElement);
    this.#words = need(this.#bar, '[data-control-words]', HTMLElement);
    this.#take = need(this.#bar, '[data-do="take"]', HTMLButtonElement);
  }

  show(control: TerminalControl): void {
    const words = wordsOf(control, this.person);
    this.#bar.hidden = words === null;
    this.#words.textContent = words ?? '';
    this.#take.hidden = !control.may_write || control.yours || !control.holder;
  }
}

export function wordsOf(control: TerminalControl, person: string): string | null {
  if (control.yours) return null;
  const holder = control.holder === person ? 'You are typing in another window' : `${control.holder ?? ''} is typing`;
  if (!control.may_write) return control.holder ? `${holder}. You are watching.` : 'You are watching.';
  return control.holder ? `${holder}.` : null;
}
