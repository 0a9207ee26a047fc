/* Tells the other end what has been shown: the highest number, once in 200 ms, or sooner after much output. */

export const ACK_MS = 200;
export const ACK_BYTES = 64 * 1024;

export class Acks {
  #highest = -1;
  #sent = -1;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly send: (seq: number) => void) {}

  shown(seq: number, bytes = 0): void {
    this.#highest = Math.max(this.#highest, seq);
    this.#bytes += bytes;
    if (this.#bytes >= ACK_BYTES) {
      this.#flush();
      return;
    }
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
    this.#bytes = 0;
  }

  #flush(): void {
    this.#bytes = 0;
    if (this.#highest <= this.#sent) return;
    this.#sent = this.#highest;
    this.send(this.#highest);
  }
}
