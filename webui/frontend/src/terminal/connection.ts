/* The socket of one session: keeps itself connected and says how it is. Knows nothing of the page. */

import type { ClientMessage, ServerMessage } from '../generated/terminal';
import { apiAddress, socketAddress } from '../lib/address';
import { Backoff } from './backoff';
import { decodeOutput, encodeInput, type OutputFrame } from './frames';

export type LinkState =
  | { name: 'connecting' }
  | { name: 'live' }
  | { name: 'waiting'; until: number }
  | { name: 'over' }
  | { name: 'logged-out' };

export interface ConnectionEvents {
  state(state: LinkState): void;
  message(message: ServerMessage): void;
  output(frame: OutputFrame): void;
}

const LOGGED_OUT = 4401;
const STABLE_MS = 5000;
const INPUT_CHUNK = 32 * 1024;
/* Above this much unsent input a paste waits, so that the socket's buffer stays small. */
const HIGH_WATER = 256 * 1024;

export class Connection {
  #socket: WebSocket | null = null;
  #retry: number | undefined;
  #stable: number | undefined;
  #finished = false;
  #inputSeq = 0;
  #pasting = 0;
  #typing: Promise<void> = Promise.resolve();
  readonly #backoff = new Backoff();

  /* `path` is where the session is below the API: of this device, or of one that a hub shows. */
  constructor(
    readonly sessionId: string,
    readonly path: string,
    readonly scrollback: number,
    readonly events: ConnectionEvents,
  ) {}

  connect(): void {
    window.clearTimeout(this.#retry);
    this.#drop();
    if (this.#finished) return;
    this.events.state({ name: 'connecting' });
    const socket = new WebSocket(socketAddress(`${this.path}/terminal?scrollback=${this.scrollback}`));
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.#socket) this.#take(event.data);
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
  }

  /* Goes on now instead of when the wait is over, with a wait from the start again. */
  reconnectNow(): void {
    this.#backoff.reset();
    this.connect();
  }

  /* The network is gone: the socket would find out only minutes later. */
  lose(): void {
    if (this.#finished || !this.#socket) return;
    this.#closed(0);
  }

  finish(state: 'over' | 'logged-out'): void {
    this.#finished = true;
    window.clearTimeout(this.#retry);
    this.#drop();
    this.events.state({ name: state });
  }

  send(message: ClientMessage): void {
    if (this.#isOpen()) this.#socket?.send(JSON.stringify(message));
  }

  /* Types bytes; big ones go in pieces, one after the other, as fast as the socket takes them. */
  type(bytes: Uint8Array): void {
    if (bytes.length <= INPUT_CHUNK && (this.#socket?.bufferedAmount ?? 0) === 0 && !this.#pasting) {
      this.#frame(bytes);
      return;
    }
    this.#pasting += 1;
    this.#typing = this.#typing
      .then(() => this.#typeInPieces(bytes))
      .finally(() => {
        this.#pasting -= 1;
      });
  }

  async #typeInPieces(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    for (let start = 0; start < bytes.length && socket === this.#socket; start += INPUT_CHUNK) {
      this.#frame(bytes.subarray(start, start + INPUT_CHUNK));
      while (this.#isOpen() && (this.#socket?.bufferedAmount ?? 0) > HIGH_WATER) {
        await new Promise((done) => window.setTimeout(done, 20));
      }
    }
  }

  #frame(bytes: Uint8Array): void {
    if (!this.#isOpen()) return;
    this.#socket?.send(encodeInput(this.sessionId, this.#inputSeq, bytes));
    this.#inputSeq += 1;
  }

  #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #take(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const frame = decodeOutput(data, this.sessionId);
      if (frame) this.events.output(frame);
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === 'session.snapshot') this.#live();
    this.events.message(message);
    if (message.type === 'session.ended') this.finish('over');
  }

  #live(): void {
    this.events.state({ name: 'live' });
    window.clearTimeout(this.#stable);
    this.#stable = window.setTimeout(() => {
      this.#backoff.reset();
    }, STABLE_MS);
  }

  #closed(code: number): void {
    this.#drop();
    if (this.#finished) return;
    if (code === LOGGED_OUT) {
      this.finish('logged-out');
      return;
    }
    const wait = this.#backoff.next();
    this.events.state({ name: 'waiting', until: Date.now() + wait });
    this.#retry = window.setTimeout(() => {
      void this.#askThenConnect();
    }, wait);
  }

  /* A socket that is refused does not say why; the session's own address does. */
  async #askThenConnect(): Promise<void> {
    if (this.#backoff.tries > 1) {
      const status = await this.#status();
      if (this.#finished) return;
      if (status === 401) this.finish('logged-out');
      if (status === 404) this.finish('over');
    }
    this.connect();
  }

  async #status(): Promise<number> {
    try {
      return (await fetch(apiAddress(this.path), { headers: { Accept: 'application/json' }, credentials: 'same-origin' })).status;
    } catch {
      return 0;
    }
  }

  #drop(): void {
    window.clearTimeout(this.#stable);
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close();
  }
}
