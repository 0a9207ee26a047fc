/* The keys a phone's keyboard lacks. Pressing one never takes the focus away, or the phone's keyboard would go. */

import { all, around } from '../lib/dom';
import { bytesOfKey, modified, type Modifiers } from './keys';
import type { Screen } from './screen';

export class KeyBar {
  readonly #modifiers: Modifiers = { ctrl: false, alt: false };

  constructor(
    readonly bar: HTMLElement,
    readonly screen: Screen,
    readonly type: (text: string) => void,
  ) {
    bar.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') event.preventDefault();
    });
    bar.addEventListener('mousedown', (event) => {
      event.preventDefault();
    });
    bar.addEventListener('click', (event) => {
      this.#pressed(event);
    });
  }

  /* Applies what is held down to typed text, and lets go of it. */
  take(text: string): string {
    if (!this.#modifiers.ctrl && !this.#modifiers.alt) return text;
    const changed = modified(text, this.#modifiers);
    this.#letGo();
    return changed;
  }

  #pressed(event: Event): void {
    const button = around(event, 'button', HTMLButtonElement);
    if (!button) return;
    const { key, sticky, text } = button.dataset;
    if (sticky === 'ctrl' || sticky === 'alt') this.#toggle(button, sticky);
    else if (key === 'keyboard') this.#keyboard();
    else if (key) this.#key(key);
    else if (text) this.type(this.take(text));
  }

  #key(key: string): void {
    const application = this.screen.term.modes.applicationCursorKeysMode;
    this.type(bytesOfKey(key, this.#modifiers, application));
    this.#letGo();
  }

  #keyboard(): void {
    const field = this.screen.term.textarea;
    if (field && document.activeElement === field) field.blur();
    else this.screen.term.focus();
  }

  #toggle(button: HTMLButtonElement, which: keyof Modifiers): void {
    this.#modifiers[which] = !this.#modifiers[which];
    button.setAttribute('aria-pressed', String(this.#modifiers[which]));
  }

  #letGo(): void {
    this.#modifiers.ctrl = false;
    this.#modifiers.alt = false;
    for (const button of all(this.bar, '[data-sticky]', HTMLButtonElement)) button.setAttribute('aria-pressed', 'false');
  }
}
