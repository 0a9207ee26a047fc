/* Tells the other end what has been shown: the highest number, at most once in 200 ms. */

export const ACK_MS = 200;

export class Acks {
  #highest = -1;
  #sent = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly send: (seq: number) => void) {}

  shown(seq: number): void {
    this.#highest = Math.max(this.#highest, seq);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, ACK_MS);
  }

  /* A fresh snapshot starts the count anew. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#highest = -1;
    this.#sent = -1;
  }

  #flush(): void {
    if (this.#highest <= this.#sent) return;
    this.#sent = this.#highest;
    this.send(this.#highest);
  }
}
