/* Who decides the size. Whoever works in the session does; everybody else sees that size, made smaller until it fits,
   and scrolls where it would become unreadable. */

import type { Screen, Size } from './screen';

const SMALLEST = 7;
/* How long a size that was asked for may take. Until then other sizes are from before the question. */
const PATIENCE_MS = 3000;

export class Sizing {
  #owner = false;
  #asked: Size | null = null;
  #granted = false;
  #doubt: number | undefined;
  #frame = 0;

  constructor(
    readonly screen: Screen,
    readonly ask: (size: Size) => void,
    public fontSize: number,
  ) {
    new ResizeObserver(() => {
      this.soon();
    }).observe(screen.place);
  }

  get owner(): boolean {
    return this.#owner;
  }

  /* From now on this viewer's window gives the size. */
  own(): void {
    this.#owner = true;
    this.#forget();
    this.soon();
  }

  follow(): void {
    this.#owner = false;
    this.#forget();
    this.soon();
  }

  /* The session has this size now, whoever asked for it. */
  became(size: Size): void {
    if (same(this.#asked, size)) {
      this.#granted = true;
      window.clearTimeout(this.#doubt);
    } else if (this.#granted) {
      this.follow();
    }
    this.soon();
  }

  soon(): void {
    window.cancelAnimationFrame(this.#frame);
    this.#frame = window.requestAnimationFrame(() => {
      if (this.#owner) this.#fit();
      else this.#shrink();
    });
  }

  #fit(): void {
    this.screen.place.classList.remove('scrolls');
    this.#useFont(this.fontSize);
    const size = this.screen.fitting();
    if (!size || same(this.#asked, size)) return;
    this.#forget();
    this.#asked = size;
    this.#granted = same(this.screen.term, size);
    if (this.#granted) return;
    this.#doubt = window.setTimeout(() => {
      this.follow();
    }, PATIENCE_MS);
    this.ask(size);
  }

  #forget(): void {
    window.clearTimeout(this.#doubt);
    this.#asked = null;
    this.#granted = false;
  }

  #shrink(): void {
    const { place } = this.screen;
    this.#useFont(this.fontSize);
    const drawn = place.querySelector<HTMLElement>('.xterm-screen');
    if (!drawn) return;
    const width = (place.clientWidth - 16) / (drawn.offsetWidth || 1);
    const height = (place.clientHeight - 8) / (drawn.offsetHeight || 1);
    const share = Math.min(1, width, height);
    this.#useFont(Math.max(SMALLEST, Math.floor(this.fontSize * share * 2) / 2));
    const overflows = share < 1 && this.fontSize * share < SMALLEST;
    place.classList.toggle('scrolls', overflows);
  }

  #useFont(size: number): void {
    if (this.screen.term.options.fontSize !== size) this.screen.term.options.fontSize = size;
  }
}

function same(one: Size | null, other: Size): boolean {
  return one?.cols === other.cols && one.rows === other.rows;
}
