/* How long to wait before the next try: doubling from half a second to 15, with jitter, from the start after success. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

export class Backoff {
  #tries = 0;

  constructor(readonly random: () => number = Math.random) {}

  next(): number {
    const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries);
    this.#tries += 1;
    return Math.round(whole * (0.7 + 0.3 * this.random()));
  }

  get tries(): number {
    return this.#tries;
  }

  reset(): void {
    this.#tries = 0;
  }
}
