/* Searching in the terminal and its history. */

import type { ISearchOptions } from '@xterm/addon-search';
import { need } from '../lib/dom';
import type { Screen } from './screen';

const OPTIONS: ISearchOptions = {
  decorations: {
    matchBackground: '#5a4310',
    matchOverviewRuler: '#f1c45e',
    activeMatchBackground: '#b3450e',
    activeMatchColorOverviewRuler: '#ff9d61',
  },
};

export class Find {
  readonly #box: HTMLFormElement;
  readonly #text: HTMLInputElement;

  constructor(
    page: HTMLElement,
    readonly screen: Screen,
  ) {
    this.#box = need(page, '[data-find]', HTMLFormElement);
    this.#text = need(this.#box, 'input', HTMLInputElement);
    const count = need(this.#box, '[data-find-count]', HTMLOutputElement);
    screen.search.onDidChangeResults(({ resultIndex, resultCount }) => {
      const many = resultIndex < 0 && resultCount > 0;
      count.value = !this.#text.value ? '' : many ? `${resultCount}+` : `${resultIndex + 1} of ${resultCount}`;
    });
    this.#text.addEventListener('input', () => {
      screen.search.findPrevious(this.#text.value, { ...OPTIONS, incremental: true });
    });
    this.#box.addEventListener('submit', (event) => {
      event.preventDefault();
      screen.search.findNext(this.#text.value, OPTIONS);
    });
    this.#box.addEventListener('keydown', (event) => {
      this.#key(event);
    });
    need(this.#box, '[data-find-step="back"]', HTMLButtonElement).addEventListener('click', () => {
      screen.search.findPrevious(this.#text.value, OPTIONS);
    });
    need(this.#box, '[data-find-close]', HTMLButtonElement).addEventListener('click', () => {
      this.close();
    });
  }

  open(): void {
    this.#box.hidden = false;
    const selection = this.screen.term.getSelection();
    if (selection && !selection.includes('\n')) this.#text.value = selection;
    this.#text.focus();
    this.#text.select();
  }

  close(): void {
    this.#box.hidden = true;
    this.screen.search.clearDecorations();
    this.screen.term.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && event.shiftKey) {
      event.preventDefault();
      this.screen.search.findPrevious(this.#text.value, OPTIONS);
    }
  }
}
