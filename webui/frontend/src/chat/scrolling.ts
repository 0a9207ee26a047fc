/* Stays at the end while words come, unless the person has scrolled up to read. */

const NEAR = 48;

export class Scrolling {
  #atEnd = true;

  constructor(
    private readonly place: HTMLElement,
    private readonly jump: HTMLElement,
  ) {
    place.addEventListener(
      'scroll',
      () => {
        this.#atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR;
        this.jump.hidden = this.#atEnd;
      },
      { passive: true },
    );
    jump.addEventListener('click', () => {
      this.toEnd();
    });
    // The keyboard of a phone, the growing composer, a question that appears: the end stays in sight.
    new ResizeObserver(() => {
      this.settle();
    }).observe(place);
  }

  settle(): void {
    if (this.#atEnd) this.place.scrollTop = this.place.scrollHeight;
    else this.jump.hidden = false;
  }

  toEnd(): void {
    this.#atEnd = true;
    this.jump.hidden = true;
    this.settle();
  }

  /* Keeps what is read where it is while something is put above it. */
  keeping(change: () => void): void {
    const before = this.place.scrollHeight - this.place.scrollTop;
    change();
    this.place.scrollTop = this.place.scrollHeight - before;
  }
}
