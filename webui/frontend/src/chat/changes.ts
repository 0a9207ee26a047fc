/* What a turn changed, or what is not committed: the files as diffs, and commit, push, discard. */

import { apiAddress } from '../lib/address';
import { Refusal, send } from '../lib/api';
import { need } from '../lib/dom';
import { make } from '../lib/make';
import { toast } from '../lib/toast';
import { diffElement } from './differences';
import type { DiffPart } from './types';

interface FileChange {
  path: string;
  added: number | null;
  removed: number | null;
  diff: DiffPart | null;
}

interface Changes {
  available: boolean;
  branch: string | null;
  files: FileChange[];
}

export class ChangesDialog {
  readonly #dialog: HTMLDialogElement;
  readonly #list: HTMLElement;
  readonly #actions: HTMLElement | null;
  #turn: string | null = null;

  constructor(
    page: HTMLElement,
    private readonly conversation: string,
  ) {
    this.#dialog = need(page, '[data-changes]', HTMLDialogElement);
    this.#list = need(this.#dialog, '[data-changes-list]', HTMLElement);
    this.#actions = this.#dialog.querySelector<HTMLElement>('[data-changes-actions]');
    this.#dialog.addEventListener('click', (event) => {
      const pressed = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-change]') : null;
      if (pressed) void this.#act(pressed.dataset.change ?? '');
    });
  }

  open(turn: string | null): void {
    this.#turn = turn;
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#load();
  }

  async #load(): Promise<void> {
    need(this.#dialog, '[data-changes-title]', HTMLElement).textContent = this.#turn ? 'What this turn changed' : 'Not committed yet';
    this.#list.replaceChildren(make('p', { class: 'muted', text: 'Looking…' }));
    const query = this.#turn ? `?turn=${encodeURIComponent(this.#turn)}` : '';
    try {
      const answer = await send('GET', this.#address(`changes${query}`));
      this.#show((await answer.json()) as Changes);
    } catch (error) {
      this.#list.replaceChildren(make('p', { class: 'note bad', text: words(error), attrs: { role: 'alert' } }));
    }
  }

  #show(changes: Changes): void {
    need(this.#dialog, '[data-changes-branch]', HTMLElement).textContent = changes.branch ? `on ${changes.branch}` : '';
    const none = changes.available ? 'Nothing is changed.' : 'There is no git here, or no trace of this turn. Nothing to show.';
    this.#list.replaceChildren(
      ...(changes.files.length === 0 ? [make('p', { class: 'muted', text: none })] : changes.files.map((file) => fileElement(file, changes.files.length))),
    );
    if (this.#actions) this.#actions.hidden = !changes.available;
  }

  async #act(what: string): Promise<void> {
    const buttons = [...this.#dialog.querySelectorAll<HTMLButtonElement>('[data-change]')];
    for (const one of buttons) one.disabled = true;
    try {
      if (what === 'commit') await this.#commit();
      else if (what === 'push') await this.#push();
      else if (what === 'discard') await this.#discard();
      else if (what === 'all') {
        this.#turn = null;
        await this.#load();
      }
    } catch (error) {
      toast(words(error), 'bad');
      this.#say(words(error), 'bad');
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  }

  async #commit(): Promise<void> {
    const field = need(this.#dialog, '[data-commit-message]', HTMLInputElement);
    if (field.value.trim() === '') {
      field.focus();
      this.#say('Say in one line what the commit changes.', 'bad');
      return;
    }
    const answer = await send('POST', this.#address('commit'), { json: { message: field.value.trim() } });
    const { commit } = (await answer.json()) as { commit: string };
    field.value = '';
    this.#say(`Committed as ${commit.slice(0, 10)}.`, 'good');
    await this.#load();
  }

  async #push(): Promise<void> {
    const answer = await send('POST', this.#address('push'));
    const { branch } = (await answer.json()) as { branch: string };
    this.#say(`Pushed ${branch}.`, 'good');
  }

  /* Asked twice, in place: what is discarded is gone. */
  async #discard(): Promise<void> {
    const press = need(this.#dialog, '[data-change="discard"]', HTMLButtonElement);
    if (press.dataset.sure !== 'yes') {
      press.dataset.sure = 'yes';
      press.textContent = 'Really discard';
      return;
    }
    delete press.dataset.sure;
    press.textContent = 'Discard';
    await send('POST', this.#address('discard'), { json: { turn: this.#turn } });
    this.#say('The changes are gone.', 'good');
    await this.#load();
  }

  #say(sentence: string, kind: 'good' | 'bad'): void {
    const place = need(this.#dialog, '[data-changes-says]', HTMLElement);
    place.className = `note ${kind}`;
    place.hidden = false;
    place.textContent = sentence;
  }

  #address(rest: string): string {
    return apiAddress(`conversations/${this.conversation}/${rest}`);
  }
}

function fileElement(file: FileChange, of: number): HTMLElement {
  if (file.diff) return diffElement({ ...file.diff, path: file.path }, of === 1);
  return make('p', 'diff diff-head', make('span', { class: 'mono clip', text: file.path }), make('span', { class: 'chip', text: 'not text, or too long' }));
}

function words(error: unknown): string {
  return error instanceof Refusal ? error.message : 'That did not work. Try again.';
}
