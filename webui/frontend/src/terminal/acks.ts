/* Tells the other end what has been shown: the highest number, each 200 ms, or sooner once 64 KiB more are on the
   screen, so that a burst does not have to wait for the clock. */

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
    if (this.#bytes >= ACK_BYTES) this.#flush();
    else
      this.#timer ??= setTimeout(() => {
        this.#flush();
      }, ACK_MS);
  }

  /* A fresh snapshot starts the count anew. */
  reset(): void {
    this.#rest();
    this.#highest = -1;
    this.#sent = -1;
  }

  #flush(): void {
    this.#rest();
    if (this.#highest <= this.#sent) return;
    this.#sent = this.#highest;
    this.send(this.#highest);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#bytes = 0;
  }
}
