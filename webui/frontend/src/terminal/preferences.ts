/* What a person chose for terminals in this browser. */

const FONT = 'hutch.terminal.font';
const COPY = 'hutch.terminal.programs-may-copy';
const KEYS = 'hutch.terminal.keys';
const READER = 'hutch.terminal.screen-reader';

export class Preferences {
  readonly #store: Storage;

  constructor(store: Storage) {
    this.#store = store;
  }

  get fontSize(): number {
    const kept = Number(this.#store.getItem(FONT));
    if (kept >= 8 && kept <= 28) return kept;
    return window.matchMedia('(max-width: 48rem)').matches ? 13 : 14;
  }

  set fontSize(size: number) {
    this.#store.setItem(FONT, String(Math.min(28, Math.max(8, size))));
  }

  get programsMayCopy(): boolean {
    return this.#store.getItem(COPY) === 'yes';
  }

  set programsMayCopy(yes: boolean) {
    this.#store.setItem(COPY, yes ? 'yes' : 'no');
  }

  get keysShown(): boolean {
    return this.#store.getItem(KEYS) === 'yes';
  }

  set keysShown(yes: boolean) {
    this.#store.setItem(KEYS, yes ? 'yes' : 'no');
  }

  get screenReader(): boolean {
    return this.#store.getItem(READER) === 'yes';
  }

  set screenReader(yes: boolean) {
    this.#store.setItem(READER, yes ? 'yes' : 'no');
  }
}
